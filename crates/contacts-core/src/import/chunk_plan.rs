//! What the rows of a chunk do (R33), decided before any of it is written.
//!
//! A store reads the contacts that the rows may be about, plans the chunk, and writes what is
//! planned as sets. The plan needs no store, so imports, dry runs and batches of every store share
//! it.

mod contacts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

pub(super) use self::contacts::PlannedContacts;
use super::{
    Decision, DryOutcome, DryRow, Fingerprint, ImportEffect, ImportRow, Issue, PlannedRow, Policy,
    RowOrigin, Skip, Tally, Trace, added, decide,
};
use crate::Actor;
use crate::consent::{ConsentReason, Unsubscribe};
use crate::contact::{
    Activity, ActivityKind, Contact, ContactId, EmailAddress, FieldEdit, changed_fields,
};
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
    /// The addresses that rows opt out and that no contact had before the chunk, in order of their
    /// keys (R52). They must be suppressed before the contacts are written: a contact that gets one
    /// of them is unsubscribed.
    pub suppressed: Vec<EmailAddress>,
    /// The skipped rows and lost cells.
    pub issues: Vec<Issue>,
    /// The events for the change feed.
    pub events: Vec<ContactEvent>,
    /// The outcome of each row, in the order of the rows.
    pub outcomes: Vec<RowOutcome>,
    /// What happens row by row; empty unless the plan is a dry run's.
    pub rows: Vec<DryRow>,
}

/// The outcome of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// The row added the contact.
    Added(ContactId),
    /// The row changed the contact.
    Updated(ContactId),
    /// The row has no effect.
    Skipped {
        /// The reason.
        skip: Skip,
        /// The contact that the row is about, if the row means one contact.
        contact: Option<ContactId>,
    },
}

/// Decides row by row what a chunk does.
#[derive(Clone, Debug)]
pub struct ChunkPlan<'a> {
    origin: &'a dyn RowOrigin,
    rows: &'a [PlannedRow],
    now: OffsetDateTime,
    is_dry: bool,
    contacts: PlannedContacts,
    /// The effect of each row.
    effects: Vec<RowEffect>,
    /// Contacts that are unsubscribed by rows that have no other effect on them.
    opted_out: Vec<ContactId>,
    /// Addresses, by their keys, that nobody had when a row opted them out.
    suppressed: BTreeMap<String, EmailAddress>,
}

#[derive(Clone, Debug)]
enum RowEffect {
    Added,
    Updated {
        contact: ContactId,
        fields: Vec<String>,
        tags: Vec<TagName>,
        described: Option<DryOutcome>,
    },
    Skipped {
        skip: Skip,
        contact: Option<ContactId>,
    },
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

    /// Returns the activity of a contact that a batch adds or changes. It is that of a single
    /// change of the profile and a single change of the tags. `tags` are the tags that are put on,
    /// in their stored spelling.
    pub fn activity(&self, tags: &[TagName], actor: Actor, at: OffsetDateTime) -> Vec<Activity> {
        let entry = |what| Activity { at, actor, what };
        if self.is_new() {
            return vec![entry(ActivityKind::Created)];
        }
        let before = self.before.as_ref();
        let edits = before.map(|before| FieldEdit::between(before, &self.contact));
        let changes: Vec<_> = edits.iter().flatten().map(FieldEdit::change).collect();
        let added: Vec<_> = tags.iter().map(ToString::to_string).collect();
        let edited = (!changes.is_empty()).then(|| entry(ActivityKind::Edited(changes)));
        let tagged =
            (!added.is_empty()).then(|| entry(ActivityKind::Tagged { added, removed: Vec::new() }));
        edited.into_iter().chain(tagged).collect()
    }
}

impl<'a> ChunkPlan<'a> {
    /// Plans the rows of an import or a batch. `existing` are the stored contacts that have the
    /// [keys](super::RowKeys) of the rows.
    pub fn new(
        origin: &'a dyn RowOrigin,
        rows: &'a [PlannedRow],
        existing: impl IntoIterator<Item = impl Into<ExistingContact>>,
        now: OffsetDateTime,
    ) -> Self {
        Self::plan(origin, rows, existing.into_iter().map(Into::into), now, false)
    }

    /// Plans the rows of a dry run, given the contacts as they are and as earlier rows would have
    /// left them, and describes what happens to each row.
    pub fn dry(
        origin: &'a dyn RowOrigin,
        rows: &'a [PlannedRow],
        existing: impl IntoIterator<Item = ExistingContact>,
        now: OffsetDateTime,
    ) -> Self {
        Self::plan(origin, rows, existing.into_iter(), now, true)
    }

    fn plan(
        origin: &'a dyn RowOrigin,
        rows: &'a [PlannedRow],
        existing: impl Iterator<Item = ExistingContact>,
        now: OffsetDateTime,
        is_dry: bool,
    ) -> Self {
        let contacts = PlannedContacts::of(existing);
        let effects = Vec::with_capacity(rows.len());
        let (opted_out, suppressed) = Default::default();
        let mut plan = Self { origin, rows, now, is_dry, contacts, effects, opted_out, suppressed };
        for row in rows {
            let effect = plan.plan_row(row);
            plan.effects.push(effect);
            if let Some(keys) = row.opt_out() {
                plan.opt_out(row.number, keys);
            }
        }
        plan
    }

    /// Returns the stored contacts whose profile or consent changes, with the versions that were
    /// read. A store must lock them before it writes anything. When one of them has another
    /// version, the whole chunk must be planned again: the keys of each contact may decide what
    /// other rows are about.
    pub fn changed_contacts(&self) -> Vec<(ContactId, u64)> {
        let is_changed = |p: &&PlannedContact| p.is_profile_changed || p.is_unsubscribed;
        let changed = self.contacts.iter().filter(is_changed);
        changed.filter_map(|planned| Some((planned.contact.id, planned.stored_version?))).collect()
    }

    /// Returns what has to be written.
    pub fn finish(self) -> ChunkWrites {
        let mut writes = ChunkWrites::default();
        let mut events = EventGroups::default();
        for (planned, effect) in self.rows.iter().zip(self.effects) {
            writes.outcomes.push(effect.outcome(planned));
            let (skipped, described) = match effect {
                RowEffect::Added => {
                    writes.tally.added += 1;
                    events.created(planned.id);
                    writes.note_tags(planned.row.iter().flat_map(|row| &row.tags));
                    (None, DryOutcome::Added)
                }
                RowEffect::Updated { contact, fields, tags, described } => {
                    writes.tally.updated += 1;
                    events.updated(contact, fields);
                    writes.note_tags(&tags);
                    (None, described.unwrap_or(DryOutcome::Added))
                }
                RowEffect::Skipped { skip, .. } => (Some(skip), DryOutcome::skipped(skip)),
            };
            writes.tally.count(skipped, planned.warnings.len());
            if skipped.is_none_or(Skip::is_issue) {
                writes.issues.extend(Issue::of(planned, skipped));
            }
            if self.is_dry {
                writes.rows.push(DryRow::new(planned, described));
            }
        }
        for contact in self.opted_out {
            events.updated(contact, ["consent".to_owned()]);
        }
        writes.events = events.into_events(self.origin.actor(), self.now);
        writes.suppressed = self.suppressed.into_values().collect();
        writes.contacts = self.contacts.into_contacts();
        writes.contacts.retain(|contact| contact.first_row > 0);
        // Contacts that exist come first: a new one may have an address or an external id that they
        // give up. Two chunks insert contacts in the same order, so that they cannot deadlock.
        writes.contacts.sort_unstable_by(|one, other| {
            let keys = [one, other].map(|c| (c.is_new(), c.contact.email_key(), c.contact.id));
            keys[0].cmp(&keys[1])
        });
        writes
    }

    fn plan_row(&mut self, planned: &PlannedRow) -> RowEffect {
        match &planned.row {
            Ok(row) => self.plan_valid_row(planned, row),
            Err(skipped) => RowEffect::Skipped { skip: skipped.skip, contact: None },
        }
    }

    fn plan_valid_row(&mut self, planned: &PlannedRow, row: &ImportRow) -> RowEffect {
        let rules = self.origin.rules();
        let matched = match rules.match_row(self.contacts.look_up(row)) {
            Ok(matched) => matched,
            Err(skip) => return RowEffect::Skipped { skip, contact: None },
        };
        let existing = matched.contact().map(|contact| contact.id);
        match (decide(matched, row, rules, self.now), existing) {
            (Decision::Skip(skip), contact) => {
                if let (Skip::Unchanged, Some(contact)) = (skip, contact) {
                    self.contacts.get_mut(contact).find(planned.number);
                }
                RowEffect::Skipped { skip, contact }
            }
            (Decision::Add, _) => {
                let source = self.origin.source(planned.number, self.now);
                let mut contact = added(row, self.origin.org(), planned.id, source);
                if row.is_opted_out {
                    contact.consent.lower(self.unsubscribe());
                }
                self.contacts.add(PlannedContact::added(contact, planned.number));
                RowEffect::Added
            }
            (Decision::Update { mut contact, profile, tags, unsubscribes }, _) => {
                if unsubscribes {
                    contact.consent.lower(self.unsubscribe());
                }
                self.update(planned, *contact, profile, tags)
            }
        }
    }

    /// Unsubscribes every contact that has a key of a row, and suppresses its address if nobody has
    /// it, whatever the row is about and even if it is skipped (R52).
    fn opt_out(&mut self, number: u64, keys: &ImportRow) {
        let lookups = self.contacts.look_up(keys);
        let owner = |email| self.contacts.owner(email);
        for email in keys.emails().filter(|email| owner(email).is_none()) {
            self.suppressed.insert(email.key().to_owned(), email.clone());
        }
        if self.origin.rules().policy == Policy::AddOnly {
            return;
        }
        let found = lookups.contacts().chain(keys.emails().filter_map(owner));
        let subscribed = found.filter(|contact| contact.consent.is_subscribed());
        let subscribed: BTreeSet<_> = subscribed.map(|contact| contact.id).collect();
        for id in subscribed {
            let unsubscribe = self.unsubscribe();
            self.contacts.get_mut(id).opt_out(number, unsubscribe);
            self.opted_out.push(id);
        }
    }

    /// Returns the unsubscribe of the contacts whose rows say that they want no messages.
    fn unsubscribe(&self) -> Unsubscribe {
        let actor = self.origin.actor();
        Unsubscribe { reason: ConsentReason::Imported, at: self.now, actor, note: None }
    }

    fn update(
        &mut self,
        planned: &PlannedRow,
        contact: Contact,
        profile: bool,
        tags: Vec<TagName>,
    ) -> RowEffect {
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
        RowEffect::Updated { contact: id, fields, tags, described }
    }
}

impl RowEffect {
    fn outcome(&self, planned: &PlannedRow) -> RowOutcome {
        match self {
            Self::Added => RowOutcome::Added(planned.id),
            Self::Updated { contact, .. } => RowOutcome::Updated(*contact),
            Self::Skipped { skip, contact } => {
                RowOutcome::Skipped { skip: *skip, contact: *contact }
            }
        }
    }
}

impl PlannedContact {
    /// Records the first row that is about the contact.
    fn find(&mut self, row: u64) {
        if self.first_row == 0 {
            self.first_row = row;
        }
    }

    /// Unsubscribes the contact, whatever else the row does.
    fn opt_out(&mut self, row: u64, unsubscribe: Unsubscribe) {
        self.before.get_or_insert_with(|| self.contact.clone());
        self.contact.consent.lower(unsubscribe);
        self.is_unsubscribed = true;
        self.find(row);
    }
}

impl ChunkWrites {
    /// Returns whether a row of the chunk unsubscribes a contact.
    pub fn unsubscribes(&self, contact: ContactId) -> bool {
        self.contacts.iter().any(|p| p.contact.id == contact && p.is_unsubscribed)
    }

    fn note_tags<'t>(&mut self, tags: impl IntoIterator<Item = &'t TagName>) {
        for tag in tags {
            self.tags.entry(tag.key().to_owned()).or_insert_with(|| tag.clone());
        }
    }
}
