//! Possible duplicates in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    ComparedValues, Contact, ContactId, Duplicate, DuplicateCursor, DuplicatePair, DuplicateReason,
    DuplicateRepository, PairCursor, PairQuery, SharedValues,
};
use contacts_core::page::Page;
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

/// What is recorded of two contacts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair {
    /// A capture found that they may be the same person.
    captured: bool,
    /// A user dismissed the pair: they are different people.
    dismissed: bool,
}

pub(super) fn ordered(one: ContactId, other: ContactId) -> (ContactId, ContactId) {
    (one.min(other), one.max(other))
}

impl Rows {
    /// Records that a capture found that two contacts may be the same person.
    pub(crate) fn pair(&mut self, one: ContactId, other: ContactId) {
        self.pairs.entry(ordered(one, other)).or_default().captured = true;
    }

    /// Moves every recorded pair of one contact to another contact.
    pub(crate) fn move_pairs(&mut self, from: ContactId, to: ContactId) {
        for ((one, other), pair) in std::mem::take(&mut self.pairs) {
            let moved = |id: ContactId| if id == from { to } else { id };
            let (one, other) = (moved(one), moved(other));
            if one != other {
                let known = self.pairs.entry(ordered(one, other)).or_default();
                known.captured |= pair.captured;
                known.dismissed |= pair.dismissed;
            }
        }
    }

    /// Returns why one contact may be the same person as another. Empty if the pair is not a
    /// possible duplicate.
    fn reasons(
        &self,
        one: &Contact,
        other: &Contact,
        shared: &SharedValues,
    ) -> Vec<DuplicateReason> {
        let pair = self.pairs.get(&ordered(one.id, other.id)).copied().unwrap_or_default();
        if one.id == other.id || pair.dismissed {
            return Vec::new();
        }
        let captured = pair.captured.then_some(DuplicateReason::Captured);
        let values = DuplicateReason::between(&one.into(), &other.into(), shared);
        captured.into_iter().chain(values).collect()
    }

    /// Returns whether a contact has possible duplicates. Similar names do not count: the filter
    /// would have to compare every contact with its neighbours.
    pub(crate) fn has_duplicates(&self, contact: &Contact) -> bool {
        let shared = self.shared_values();
        let mut others = self.contacts.records.values().map(|record| &record.contact);
        others.any(|other| {
            let reasons = self.reasons(contact, other, &shared);
            reasons.iter().any(|reason| *reason != DuplicateReason::SimilarName)
        })
    }

    /// Returns the values that too many contacts share.
    fn shared_values(&self) -> SharedValues {
        let (mut numbers, mut names) = (BTreeMap::new(), BTreeMap::new());
        for record in self.contacts.records.values() {
            let values = ComparedValues::from(&record.contact);
            *names.entry(values.name).or_insert(0_usize) += 1;
            if let Some(number) = values.number {
                *numbers.entry(number).or_insert(0_usize) += 1;
            }
        }
        let many = |counts: BTreeMap<String, usize>| {
            let many = counts.into_iter().filter(|(_, count)| *count > SharedValues::MAX_CONTACTS);
            many.map(|(value, _)| value).collect()
        };
        SharedValues { numbers: many(numbers), names: many(names) }
    }

    /// Returns the contacts whose names are compared with the name of a contact.
    fn name_neighbours(&self, contact: &Contact) -> BTreeSet<ContactId> {
        let mut keys: Vec<_> = self
            .contacts
            .records
            .values()
            .map(|record| (record.contact.name_key(), record.contact.id))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        keys.sort();
        let name = contact.name_key();
        let before = keys.iter().rev().filter(|(other, _)| *other < name);
        let after = keys.iter().filter(|(other, _)| *other > name);
        let before = before.take(Duplicate::NAME_NEIGHBOURS);
        before.chain(after.take(Duplicate::NAME_NEIGHBOURS)).map(|(_, id)| *id).collect()
    }

    /// Returns the possible duplicates of a contact, strongest first.
    fn duplicates_of(&self, contact: &Contact) -> Vec<Duplicate> {
        let (shared, neighbours) = (self.shared_values(), self.name_neighbours(contact));
        let others = self.contacts.records.values().map(|record| &record.contact);
        let mut found: Vec<_> = others
            .filter_map(|other| {
                let mut reasons = self.reasons(contact, other, &shared);
                if !neighbours.contains(&other.id) {
                    reasons.retain(|reason| *reason != DuplicateReason::SimilarName);
                }
                let contact = self.shown(other.clone());
                (!reasons.is_empty()).then_some(Duplicate { contact, reasons })
            })
            .collect();
        found.sort_by_key(Duplicate::cursor);
        found
    }

    /// Returns all pairs of possible duplicates in the order of their list.
    fn all_pairs(&self) -> Vec<DuplicatePair> {
        let shared = self.shared_values();
        let contacts: Vec<_> =
            self.contacts.records.values().map(|record| &record.contact).collect();
        let mut pairs = Vec::new();
        for (at, one) in contacts.iter().enumerate() {
            for other in &contacts[at + 1..] {
                let reasons = self.reasons(one, other, &shared);
                if !reasons.is_empty() {
                    let (one, other) = if one.id < other.id { (one, other) } else { (other, one) };
                    let (one, other) = (self.shown((*one).clone()), self.shown((*other).clone()));
                    pairs.push(DuplicatePair { one, other, reasons });
                }
            }
        }
        pairs.sort_by_key(DuplicatePair::cursor);
        pairs
    }
}

impl DuplicateRepository for World {
    fn duplicates(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<DuplicateCursor>,
        limit: usize,
    ) -> Result<Vec<Duplicate>> {
        self.read(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(Vec::new()) };
            let found = rows.duplicates_of(&record.contact).into_iter();
            let found = found.filter(|found| after.is_none_or(|after| found.cursor() > after));
            Ok(found.take(limit).collect())
        })
    }

    fn pairs(&self, org: OrgId, query: &PairQuery) -> Result<Page<DuplicatePair, PairCursor>> {
        self.read(org, |rows| {
            let reasons: Vec<_> = query.reasons().collect();
            let pairs = rows.all_pairs().into_iter().filter(|pair| {
                let cursor = pair.cursor();
                reasons.contains(&cursor.reason)
                    && query.after.as_ref().is_none_or(|after| cursor > *after)
            });
            let mut items: Vec<_> = pairs.take(query.limit + 1).collect();
            let is_last = items.len() <= query.limit;
            items.truncate(query.limit);
            let next = if is_last { None } else { items.last().map(DuplicatePair::cursor) };
            Ok(Page { items, next })
        })
    }

    fn set_dismissed(
        &self,
        org: OrgId,
        pair: [ContactId; 2],
        dismissed: bool,
        _: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            if !pair.iter().all(|id| rows.contacts.records.contains_key(id)) {
                return Ok(false);
            }
            let key = ordered(pair[0], pair[1]);
            rows.pairs.entry(key).or_default().dismissed = dismissed;
            rows.pairs.retain(|_, pair| pair.captured || pair.dismissed);
            Ok(true)
        })
    }
}
