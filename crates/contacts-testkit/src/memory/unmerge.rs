//! Undoing merges in memory (R53).

use std::collections::BTreeSet;

use contacts_core::campaign::Delivery;
use contacts_core::contact::{
    ActivityKind, AddressSource, Contact, ContactId, EmailAddress, ExternalId, Source,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::journal::{JournalEffect, JournalEntry, MergeState, Split};
use contacts_core::tag::{TagId, TagName};
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoOutcome};
use time::OffsetDateTime;

use super::duplicates::ordered;
use super::merge::StoredMerge;
use super::record::Record;
use crate::world::Rows;

impl Rows {
    /// Returns whether a merged contact is merged into the survivor of its merge, and not into one
    /// of a later merge. `None` when it is not merged.
    pub(super) fn is_last_merge(&self, other: ContactId) -> Option<bool> {
        let survivor = self.merged.get(&other)?;
        Some(self.merges.get(&other).is_none_or(|merge| merge.trace.survivor == *survivor))
    }

    /// Undoes the merge of a contact. Returns the outcome, and what was kept.
    pub(super) fn unmerge(
        &mut self,
        other: ContactId,
        undo: &Undo,
        now: OffsetDateTime,
    ) -> (UndoOutcome, Vec<KeptItem>) {
        let kept = |reason| vec![KeptItem { contact: other, field: None, reason }];
        match self.is_last_merge(other) {
            None if self.contacts.records.contains_key(&other) => {
                return (UndoOutcome::Unchanged, Vec::new());
            }
            None => return (UndoOutcome::Gone, kept(KeptReason::Deleted)),
            Some(false) => return (UndoOutcome::Kept, kept(KeptReason::Merged)),
            Some(true) => {}
        }
        let Some(merge) = self.merges.remove(&other) else {
            return (UndoOutcome::Kept, kept(KeptReason::Merged));
        };
        let split = self.state_of_merge(&merge).and_then(|state| merge.trace.undo(&state, now));
        let Some(split) = split else {
            self.merges.insert(other, merge);
            return (UndoOutcome::Kept, kept(KeptReason::Edited));
        };
        let kept = split.kept.clone();
        self.split(&merge, split, undo, now);
        (if kept.is_empty() { UndoOutcome::Restored } else { UndoOutcome::Kept }, kept)
    }

    fn state_of_merge(&self, merge: &StoredMerge) -> Option<MergeState> {
        let trace = &merge.trace;
        let record = self.contacts.records.get(&trace.survivor)?;
        let effect = JournalEffect::TagsAdded(trace.tags.iter().copied().collect());
        let entry = JournalEntry { contact: trace.survivor, effect };
        let is_third = |owner: &&ContactId| **owner != trace.survivor;
        let taken = trace.other.emails().map(EmailAddress::key);
        let taken =
            taken.filter(|key| self.contacts.by_address.get(*key).filter(is_third).is_some());
        let is_taken =
            |id: &&ExternalId| self.contacts.by_external_id.get(*id).filter(is_third).is_some();
        let external_ids = trace.external_ids().into_iter().filter(is_taken);
        Some(MergeState {
            survivor: record.contact.clone(),
            tags: self.state_of(&entry, None, trace.at)?,
            subscriptions: record.subscriptions.values().cloned().collect(),
            taken_emails: taken.map(str::to_owned).collect(),
            taken_external_ids: external_ids.map(ToString::to_string).collect(),
        })
    }

    fn split(&mut self, merge: &StoredMerge, split: Split, undo: &Undo, now: OffsetDateTime) {
        let (survivor, other) = (split.survivor.id, split.other.id);
        let (tags, untagged) = (self.names_of(&split.tags), self.names_of(&split.untagged));
        let fields = split.fields();
        let Some(holder) = self.contacts.records.get_mut(&survivor) else { return };
        let mut record = holder.give_back(merge, Contact { tags, ..split.other.clone() });
        for subscription in split.subscribed {
            record.subscriptions.insert(subscription.campaign, subscription);
        }
        for (campaign, own) in split.restored {
            holder.subscriptions.remove(&campaign);
            holder.subscriptions.extend(own.map(|own| (campaign, own)));
        }
        if !split.changes.is_empty() {
            holder.note(now, undo.actor, ActivityKind::Edited(split.changes));
        }
        holder.note_tags(now, undo.actor, &[], &untagged);
        let undone = |of: &Contact| ActivityKind::MergeUndone { other: of.id, called: of.called() };
        holder.note(now, undo.actor, undone(&split.other));
        record.note(now, undo.actor, undone(&split.survivor));
        let consent = split.other.consent;
        let mut contact = split.survivor;
        contact.tags.retain(|tag| !untagged.contains(tag));
        self.contacts.replace(contact, AddressSource::Manual);
        let addresses = std::mem::take(&mut record.addresses);
        self.contacts.records.insert(other, record);
        self.contacts.index_keys(other, now, AddressSource::Manual);
        if let Some(record) = self.contacts.records.get_mut(&other) {
            let known = addresses.into_iter().filter(|(key, _)| record.contact.has_email(key));
            record.addresses.extend(known);
        }
        self.contacts.suppress(other, consent.unsubscribe().cloned());
        self.give_back(merge, survivor, other);
        let event = |id, kind, fields| ContactEvent::of(id, kind, fields, undo.actor, now);
        self.publish([event(other, EventKind::Created, Vec::new())]);
        if !fields.is_empty() {
            self.publish([event(survivor, EventKind::Updated, fields)]);
        }
    }

    fn names_of(&self, tags: &BTreeSet<TagId>) -> Vec<TagName> {
        let names: BTreeSet<_> = tags.iter().filter_map(|tag| self.tags.name_of(*tag)).collect();
        names.into_iter().collect()
    }

    /// Gives back what is stored outside the records, as far as the survivor still has it.
    fn give_back(&mut self, merge: &StoredMerge, survivor: ContactId, other: ContactId) {
        self.merged.remove(&other);
        for old in &merge.pointers {
            if let Some(pointer) = self.merged.get_mut(old) {
                *pointer = other;
            }
        }
        for id in &merge.notes {
            if let Some(note) = self.notes.get_mut(id) {
                note.contact = other;
            }
        }
        self.conversations.give_back(&merge.conversations, survivor, other);
        for visitor in &merge.visitors {
            if let Some(owner) = self.visitors.get_mut(visitor).filter(|owner| **owner == survivor)
            {
                *owner = other;
            }
        }
        self.give_back_links(&merge.links, survivor, other);
        for ((one, two), pair) in &merge.pairs {
            let partner = if *one == other { *two } else { *one };
            if merge.new_pairs.contains(&partner) {
                self.pairs.remove(&ordered(survivor, partner));
            }
            if self.contacts.records.contains_key(&partner) {
                self.pairs.insert((*one, *two), *pair);
            }
        }
    }
}

impl Record {
    /// Returns the record of the merged contact again, without subscriptions, and with what this
    /// record has of it. The sources that only the merge has added are removed from this one.
    fn give_back(&mut self, merge: &StoredMerge, contact: Contact) -> Self {
        let mut record = merge.record.clone();
        record.subscriptions.clear();
        record.deliveries.clear();
        for id in merge.record.deliveries.keys() {
            let moved = self.deliveries.remove(id);
            let moved = moved.map(|moved| Delivery { contact: contact.id, ..moved });
            record.deliveries.extend(moved.map(|moved| (id.clone(), moved)));
        }
        record.activity.retain(|_, entry| entry.what == ActivityKind::Created);
        for number in merge.record.activity.keys() {
            record.activity.extend(self.activity.remove(number).map(|entry| (*number, entry)));
        }
        let is_new = |source: &Source| {
            merge.new_sources.iter().any(|new| new.has_same_detail(&source.detail))
        };
        self.sources.retain(|source| !is_new(source));
        let theirs = &merge.record.stated;
        self.stated.retain(|key, _| merge.stated_before.contains(key) || !theirs.contains_key(key));
        record.contact = contact;
        record
    }
}
