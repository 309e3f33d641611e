//! What the rows of a chunk do (R33), decided before any of it is written.
//!
//! A store reads the contacts that the rows may be about, plans the chunk, and writes what is
//! planned as sets. The plan needs no store, so imports and dry runs of every store share it.

mod contacts;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub(super) use self::contacts::PlannedContacts;
use super::{
    Decision, DryOutcome, DryRow, FieldEdit, Fingerprint, Import, ImportEffect, ImportRow, Issue,
    PlannedRow, Policy, Skip, Tally, Trace, added, decide, match_row,
};
use crate::Actor;
use crate::consent::{ConsentReason, Unsubscribe};
use crate::contact::{Contact, ContactId, EmailAddress, changed_fields};
use crate::event::{ContactEvent, EventGroups};
use crate::tag::{TagId, TagName};

/// A contact that has a key of a row, as it is before the chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct ExistingContact {
    /// Contact as it is stored.
    pub contact: Contact,
    /// False in a dry run, for a contact that only an earlier row would have added.
    pub is_stored: bool,
    /// Ids in rows that mean this contact because they were merged into it.
    pub former_ids: Vec<ContactId>,
}

impl From<Contact> for ExistingContact {
    /// A stored contact that no row refers to by a former id.
    fn from(contact: Contact) -> Self {
        Self { contact, is_stored: true, former_ids: Vec::new() }
    }
}

/// A contact that at least one row of the chunk is about, after these rows.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedContact {
    /// The contact after the chunk. Its tags are spelled as the rows spell them.
    pub contact: Contact,
    /// The version that was read; `None` for a contact that is not stored.
    pub stored_version: Option<u64>,
    /// The contact before the chunk; `None` when it is added or does not change.
    pub before: Option<Contact>,
    /// Whether the profile changes, so that the contact itself must be written.
    pub is_profile_changed: bool,
    /// The tags that the chunk puts on.
    pub tags: Vec<TagName>,
    /// Whether the chunk unsubscribes the contact. Its consent is then the one after the chunk.
    pub is_unsubscribed: bool,
    /// The number of the first row that is about the contact; 0 when none is.
    pub first_row: u64,
}

/// What a store has to write for a chunk.
#[derive(Clone, Debug, Default)]
pub struct ChunkWrites {
    /// The contacts that the rows are about, sorted by the keys of their addresses.
    pub contacts: Vec<PlannedContact>,
    /// The tags that are put on contacts, by their keys, each in its first spelling.
    pub tags: BTreeMap<String, TagName>,
    /// The counts of these rows alone.
    pub tally: Tally,
    /// The addresses of an opt-out list that no contact has, in order (R52).
    pub suppressed: Vec<EmailAddress>,
    /// The skipped rows and lost cells.
    pub issues: Vec<Issue>,
    /// The events for the change feed.
    pub events: Vec<ContactEvent>,
    /// What happens row by row; empty unless the plan is a dry run's.
    pub rows: Vec<DryRow>,
}

/// Decides row by row what a chunk does.
#[derive(Clone, Debug)]
pub struct ChunkPlan<'a> {
    import: &'a Import,
    rows: &'a [PlannedRow],
    policy: Policy,
    now: OffsetDateTime,
    is_dry: bool,
    contacts: PlannedContacts,
    /// The outcome of each row.
    outcomes: Vec<RowOutcome>,
}

#[derive(Clone, Debug)]
enum RowOutcome {
    Added,
    Updated {
        contact: ContactId,
        fields: Vec<String>,
        tags: Vec<TagName>,
        described: Option<DryOutcome>,
    },
    Skipped(Skip),
}

impl PlannedContact {
    fn of(existing: ExistingContact) -> Self {
        let ExistingContact { contact, is_stored, .. } = existing;
        Self {
            stored_version: is_stored.then_some(contact.version),
            contact,
            before: None,
            is_profile_changed: false,
            tags: Vec::new(),
            is_unsubscribed: false,
            first_row: 0,
        }
    }

    /// Returns a contact that a row adds.
    pub(super) fn added(contact: Contact, row: u64) -> Self {
        Self {
            tags: contact.tags.clone(),
            is_unsubscribed: !contact.consent.is_subscribed(),
            contact,
            stored_version: None,
            before: None,
            is_profile_changed: true,
            first_row: row,
        }
    }

    /// Whether the contact is not stored yet.
    pub fn is_new(&self) -> bool {
        self.stored_version.is_none()
    }

    /// Whether the chunk changes the contact or adds it.
    pub fn is_changed(&self) -> bool {
        self.is_profile_changed || !self.tags.is_empty() || self.is_unsubscribed
    }

    /// Returns the unsubscribe by the chunk, if there is one.
    pub fn unsubscribe(&self) -> Option<&Unsubscribe> {
        self.contact.consent.unsubscribe().filter(|_| self.is_unsubscribed)
    }

    /// Returns what the chunk does to the contact, for a later undo (R37). `again` is whether an
    /// earlier chunk of the import was about the contact; `tags` are the ids of the tags that are
    /// put on.
    pub fn trace(&self, again: bool, tags: Vec<TagId>) -> Trace {
        let effect = match &self.before {
            _ if self.is_new() => {
                ImportEffect::Added { profile: Fingerprint::of(&self.contact), tags }
            }
            Some(before) => {
                ImportEffect::Updated { edits: FieldEdit::between(before, &self.contact), tags }
            }
            None => ImportEffect::Updated { edits: Vec::new(), tags },
        };
        Trace { contact: self.contact.id, row: self.first_row, again, effect }
    }
}

impl<'a> ChunkPlan<'a> {
    /// Plans the rows of an import. `existing` are the stored contacts that have the
    /// [keys](super::RowKeys) of the rows.
    pub fn new(
        import: &'a Import,
        rows: &'a [PlannedRow],
        existing: impl IntoIterator<Item = impl Into<ExistingContact>>,
        now: OffsetDateTime,
    ) -> Self {
        Self::plan(import, rows, existing.into_iter().map(Into::into), now, false)
    }

    /// Plans the rows of a dry run, given the contacts as they are and as earlier rows would have
    /// left them, and describes what happens to each row.
    pub fn dry(
        import: &'a Import,
        rows: &'a [PlannedRow],
        existing: impl IntoIterator<Item = ExistingContact>,
        now: OffsetDateTime,
    ) -> Self {
        Self::plan(import, rows, existing.into_iter(), now, true)
    }

    fn plan(
        import: &'a Import,
        rows: &'a [PlannedRow],
        existing: impl Iterator<Item = ExistingContact>,
        now: OffsetDateTime,
        is_dry: bool,
    ) -> Self {
        let policy = import.plan.as_ref().map(|plan| plan.policy).unwrap_or_default();
        let contacts = PlannedContacts::of(existing);
        let outcomes = Vec::with_capacity(rows.len());
        let mut plan = Self { import, rows, policy, now, is_dry, contacts, outcomes };
        for row in rows {
            let outcome = plan.plan_row(row);
            plan.outcomes.push(outcome);
        }
        plan
    }

    /// Returns the stored contacts whose profile or consent changes, with the versions that were read. A store
    /// must lock them before it writes anything. When one of them has another version, the whole
    /// chunk must be planned again: the keys of each contact may decide what other rows are about.
    pub fn changed_contacts(&self) -> Vec<(ContactId, u64)> {
        let is_changed = |p: &&PlannedContact| p.is_profile_changed || p.is_unsubscribed;
        let changed = self.contacts.iter().filter(is_changed);
        changed.filter_map(|planned| Some((planned.contact.id, planned.stored_version?))).collect()
    }

    /// Returns what has to be written.
    pub fn finish(self) -> ChunkWrites {
        let mut writes = ChunkWrites::default();
        let mut events = EventGroups::default();
        for (planned, outcome) in self.rows.iter().zip(self.outcomes) {
            let (skipped, described) = match outcome {
                RowOutcome::Added => {
                    writes.tally.added += 1;
                    events.created(planned.id);
                    writes.note_tags(planned.row.iter().flat_map(|row| &row.tags));
                    (None, DryOutcome::Added)
                }
                RowOutcome::Updated { contact, fields, tags, described } => {
                    writes.tally.updated += 1;
                    events.updated(contact, fields);
                    writes.note_tags(&tags);
                    (None, described.unwrap_or(DryOutcome::Added))
                }
                RowOutcome::Skipped(skip) => {
                    let rows = planned.row.iter().filter(|_| skip == Skip::Suppressed);
                    writes.suppressed.extend(rows.filter_map(|row| row.email.clone()));
                    (Some(skip), DryOutcome::skipped(skip))
                }
            };
            writes.tally.count(skipped, planned.warnings.len());
            if skipped.is_none_or(Skip::is_issue) {
                writes.issues.extend(Issue::of(planned, skipped));
            }
            if self.is_dry {
                writes.rows.push(DryRow::new(planned, described));
            }
        }
        writes.events = events.into_events(Actor::Import(self.import.id), self.now);
        writes.suppressed.sort_unstable_by(|one, other| one.key().cmp(other.key()));
        writes.suppressed.dedup_by(|one, other| one.key() == other.key());
        writes.contacts = self.contacts.into_contacts();
        writes.contacts.retain(|contact| contact.first_row > 0);
        // Two chunks insert the same contacts in the same order, so that they cannot deadlock.
        writes.contacts.sort_unstable_by(|one, other| {
            let keys = [one, other].map(|c| (c.contact.email_key(), c.contact.id));
            keys[0].cmp(&keys[1])
        });
        writes
    }

    fn plan_row(&mut self, planned: &PlannedRow) -> RowOutcome {
        match &planned.row {
            Ok(row) => self.plan_valid_row(planned, row),
            Err(skip) => RowOutcome::Skipped(*skip),
        }
    }

    fn plan_valid_row(&mut self, planned: &PlannedRow, row: &ImportRow) -> RowOutcome {
        let matched = match match_row(self.contacts.look_up(row)) {
            Ok(matched) => matched,
            Err(skip) => return RowOutcome::Skipped(skip),
        };
        let existing = matched.contact().map(|contact| contact.id);
        match (decide(matched, row, self.policy, self.now), existing) {
            (Decision::Skip(skip), existing) => {
                if let (Skip::Unchanged, Some(contact)) = (skip, existing) {
                    self.contacts.get_mut(contact).find(planned.number);
                }
                RowOutcome::Skipped(skip)
            }
            (Decision::Add, _) => {
                let source = self.import.source(planned.number, self.now);
                let mut contact = added(row, self.import.org, planned.id, source);
                if row.is_opted_out {
                    contact.consent.lower(self.unsubscribe());
                }
                self.contacts.add(PlannedContact::added(contact, planned.number));
                RowOutcome::Added
            }
            (Decision::Update { mut contact, profile, tags, unsubscribes }, _) => {
                if unsubscribes {
                    contact.consent.lower(self.unsubscribe());
                }
                self.update(planned, *contact, profile, tags)
            }
        }
    }

    /// Returns the unsubscribe of the contacts whose rows say that they want no messages.
    fn unsubscribe(&self) -> Unsubscribe {
        let actor = Actor::Import(self.import.id);
        Unsubscribe { reason: ConsentReason::Imported, at: self.now, actor, note: None }
    }

    fn update(
        &mut self,
        planned: &PlannedRow,
        contact: Contact,
        profile: bool,
        tags: Vec<TagName>,
    ) -> RowOutcome {
        let id = contact.id;
        let before = self.contacts.replace(contact);
        let changed = self.contacts.get_mut(id);
        let described = self.is_dry.then(|| {
            let stored = changed.stored_version.map(|_| id);
            DryOutcome::updated(stored, &before, &changed.contact, &tags)
        });
        let fields = changed_fields(&before, &changed.contact);
        changed.find(planned.number);
        changed.is_profile_changed |= profile;
        changed.is_unsubscribed |= before.consent != changed.contact.consent;
        changed.tags.extend(tags.iter().cloned());
        changed.before.get_or_insert(before);
        RowOutcome::Updated { contact: id, fields, tags, described }
    }
}

impl PlannedContact {
    /// Records the first row that is about the contact.
    fn find(&mut self, row: u64) {
        if self.first_row == 0 {
            self.first_row = row;
        }
    }
}

impl ChunkWrites {
    fn note_tags<'t>(&mut self, tags: impl IntoIterator<Item = &'t TagName>) {
        for tag in tags {
            self.tags.entry(tag.key().to_owned()).or_insert_with(|| tag.clone());
        }
    }
}
