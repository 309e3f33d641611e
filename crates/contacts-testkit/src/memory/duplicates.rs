//! Possible duplicates in memory.

use contacts_core::contact::{Contact, ContactId, Duplicate, DuplicateReason, DuplicateRepository};
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

/// Whether somebody said that a pair are two people.
pub(crate) type Dismissed = bool;

fn ordered(one: ContactId, other: ContactId) -> (ContactId, ContactId) {
    (one.min(other), one.max(other))
}

impl Rows {
    /// Records that two may be one person.
    pub(crate) fn pair(&mut self, one: ContactId, other: ContactId) {
        self.pairs.entry(ordered(one, other)).or_insert(false);
    }

    /// Whatever was recorded of one is recorded of the other.
    pub(crate) fn move_pairs(&mut self, from: ContactId, to: ContactId) {
        for ((one, other), dismissed) in std::mem::take(&mut self.pairs) {
            let moved = |id: ContactId| if id == from { to } else { id };
            let (one, other) = (moved(one), moved(other));
            if one != other {
                *self.pairs.entry(ordered(one, other)).or_default() |= dismissed;
            }
        }
    }

    /// Why a contact may be another; empty when it is not offered as it.
    fn reasons(&self, one: &Contact, other: &Contact) -> Vec<DuplicateReason> {
        let pair = self.pairs.get(&ordered(one.id, other.id));
        if one.id == other.id || pair == Some(&true) {
            return Vec::new();
        }
        let captured = pair.map(|_| DuplicateReason::Captured);
        captured.into_iter().chain(DuplicateReason::between(one, other)).collect()
    }

    /// Whether a contact has possible duplicates.
    pub(crate) fn has_duplicates(&self, contact: &Contact) -> bool {
        let records = self.contacts.records.values();
        records.map(|record| &record.contact).any(|other| !self.reasons(contact, other).is_empty())
    }
}

impl DuplicateRepository for World {
    fn duplicates(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Duplicate>> {
        self.rows(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(Vec::new()) };
            let others = rows.contacts.records.values().map(|record| &record.contact);
            let found = others.filter(|other| after.is_none_or(|after| other.id > after));
            let found = found.filter_map(|other| {
                let reasons = rows.reasons(&record.contact, other);
                let contact = rows.shown(other.clone());
                (!reasons.is_empty()).then_some(Duplicate { contact, reasons })
            });
            Ok(found.take(limit).collect())
        })
    }

    fn dismiss(
        &self,
        org: OrgId,
        contact: ContactId,
        other: ContactId,
        _: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let is_there = |id| rows.contacts.records.contains_key(&id);
            if !is_there(contact) || !is_there(other) {
                return Ok(false);
            }
            rows.pairs.insert(ordered(contact, other), true);
            Ok(true)
        })
    }
}
