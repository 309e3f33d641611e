//! The journal of bulk actions in memory, and their undo.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::action::{ActionId, ActionKind, Chunk};
use contacts_core::campaign::Subscription;
use contacts_core::contact::{ActivityKind, AddressSource, Contact, ContactId, FieldEdit};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::journal::{
    JournalChunk, JournalEffect, JournalEntry, JournalReversal, JournalState,
};
use contacts_core::tag::{TagId, TagName};
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoOutcome, UndoSubject};
use time::OffsetDateTime;

use super::record::Record;
use crate::world::Rows;

/// Contacts and their subscriptions to the campaign of an action, before a part of it.
pub(super) type Before = BTreeMap<ContactId, (Contact, Option<Subscription>)>;

impl Rows {
    /// Returns the state of contacts that a part of an action may change.
    pub(super) fn before(&self, kind: &ActionKind, contacts: &[ContactId]) -> Before {
        let records = contacts.iter().filter_map(|id| self.contacts.records.get(id));
        let states = records.map(|record| {
            let subscription = kind.campaign().and_then(|id| record.subscriptions.get(&id));
            (record.contact.id, (record.contact.clone(), subscription.cloned()))
        });
        states.collect()
    }

    /// Adds what a part did to its contacts to the journal.
    pub(super) fn write_journal(
        &mut self,
        (action, kind): (ActionId, &ActionKind),
        before: &Before,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) {
        let entries = chunk.changed.iter().filter_map(|contact| {
            let effect = match kind {
                ActionKind::Merge(_) => JournalEffect::Merged,
                _ => self.effect(kind, *contact, before.get(contact)?)?,
            };
            Some(JournalEntry { contact: *contact, effect })
        });
        let entries: Vec<_> = entries.collect();
        if !entries.is_empty() {
            self.journal.entry(action).or_default().push(JournalChunk::new(now, entries));
        }
    }

    fn effect(
        &self,
        kind: &ActionKind,
        contact: ContactId,
        (before, subscription): &(Contact, Option<Subscription>),
    ) -> Option<JournalEffect> {
        let current = &self.contacts.records.get(&contact)?.contact;
        let missing = |from: &[TagName], of: &[TagName]| {
            let names: Vec<_> = of.iter().filter(|tag| !from.contains(tag)).cloned().collect();
            self.tags.ids_of(&names)
        };
        match kind {
            ActionKind::AddTags(_) => {
                Some(JournalEffect::TagsAdded(missing(&before.tags, &current.tags)))
            }
            ActionKind::RemoveTags(_) => {
                Some(JournalEffect::TagsRemoved(missing(&current.tags, &before.tags)))
            }
            ActionKind::SetField(_) => {
                FieldEdit::between(before, current).pop().map(JournalEffect::FieldSet)
            }
            ActionKind::AddToCampaign(campaign) => Some(JournalEffect::Subscribed(*campaign)),
            ActionKind::RemoveFromCampaign(campaign) => {
                let Subscription { pending_at, actor, .. } = *subscription.as_ref()?;
                Some(JournalEffect::Unsubscribed { campaign: *campaign, pending_at, actor })
            }
            ActionKind::Unsubscribe
            | ActionKind::Export(_)
            | ActionKind::Delete
            | ActionKind::Merge(_) => None,
        }
    }

    /// Takes contacts out of the journal.
    pub(super) fn forget_journal(&mut self, contacts: &BTreeSet<ContactId>) {
        for chunk in self.journal.values_mut().flatten() {
            chunk.entries.retain(|entry| !contacts.contains(&entry.contact));
        }
    }

    /// Deletes what actions and merges that are not being undone did until a time.
    pub(super) fn sweep_journal(&mut self, until: OffsetDateTime) {
        let undos = &self.undos;
        self.merges.retain(|other, merge| {
            let undo = undos.get(&UndoSubject::Merge(*other));
            merge.trace.at > until || undo.is_some_and(|undo| undo.open().is_some())
        });
        for (action, chunks) in &mut self.journal {
            let undo = self.undos.get(&UndoSubject::Action(*action));
            if undo.is_none_or(|undo| undo.open().is_none()) {
                chunks.retain(|chunk| chunk.at > until);
            }
        }
    }

    /// Undoes the last part of an action. Returns the outcomes of its contacts and what was kept,
    /// or `None` when no part is left.
    pub(super) fn undo_part(
        &mut self,
        undo: &Undo,
        action: ActionId,
        now: OffsetDateTime,
    ) -> Option<(Vec<UndoOutcome>, Vec<KeptItem>)> {
        let chunk = self.journal.get_mut(&action)?.pop()?;
        let (mut outcomes, mut kept, mut updated) = (Vec::new(), Vec::new(), Vec::new());
        // Of several merges into one contact, the last one is undone first.
        for entry in chunk.entries.iter().rev() {
            let contact = entry.contact;
            if entry.effect == JournalEffect::Merged {
                let (outcome, items) = self.unmerge(contact, undo, now);
                outcomes.push(outcome);
                kept.extend(items);
                continue;
            }
            let mut keep = |field, reason| kept.push(KeptItem { contact, field, reason });
            let outcome = match self.state_of(entry, Some(action), chunk.at) {
                Some(state) => {
                    let reversal = entry.reverse(chunk.at, &state, now);
                    if let Some(reason) = reversal.kept {
                        keep(Some(entry.effect.field()), reason);
                    }
                    if reversal.is_updating() {
                        updated.push(contact);
                    }
                    let outcome = reversal.outcome();
                    self.carry_out(contact, reversal, undo, now);
                    outcome
                }
                None if self.merged.contains_key(&contact) => {
                    keep(None, KeptReason::Merged);
                    UndoOutcome::Kept
                }
                None => {
                    keep(None, KeptReason::Deleted);
                    UndoOutcome::Gone
                }
            };
            outcomes.push(outcome);
        }
        let (kind, fields) = (EventKind::Updated, chunk.field().into_iter().collect::<Vec<_>>());
        self.publish(ContactEvent::of_many(&updated, kind, &fields, undo.actor, now));
        Some((outcomes, kept))
    }

    /// Returns the state of the contact of an entry, if it exists.
    pub(super) fn state_of(
        &self,
        entry: &JournalEntry,
        action: Option<ActionId>,
        at: OffsetDateTime,
    ) -> Option<JournalState> {
        let record = self.contacts.records.get(&entry.contact)?;
        let tags = entry.effect.tags().iter();
        let tags: Vec<_> = tags.filter_map(|tag| Some((*tag, self.tags.name_of(*tag)?))).collect();
        let mut removed_since = removed_since(record, &tags, at);
        let campaign = entry.effect.campaign();
        let mut left_since = false;
        let others = self.journal.iter().filter(|(other, _)| Some(**other) != action);
        let later = others.flat_map(|(_, chunks)| chunks).filter(|chunk| chunk.at >= at);
        for other in later.flat_map(|chunk| &chunk.entries) {
            match &other.effect {
                _ if other.contact != entry.contact => {}
                JournalEffect::TagsRemoved(tags) => removed_since.extend(tags),
                JournalEffect::Unsubscribed { .. } => {
                    left_since |= campaign.is_some() && other.effect.campaign() == campaign;
                }
                _ => {}
            }
        }
        let has = |name| record.contact.tags.contains(name);
        Some(JournalState {
            tags: tags.iter().map(|(tag, name)| (*tag, has(name))).collect(),
            removed_since,
            subscription: campaign.and_then(|id| record.subscriptions.get(&id)).cloned(),
            left_since,
            is_unsubscribed: !record.contact.consent.is_subscribed(),
            is_reachable: record.contact.is_reachable(),
            contact: Some(record.contact.clone()),
        })
    }

    fn carry_out(
        &mut self,
        contact: ContactId,
        reversal: JournalReversal,
        undo: &Undo,
        now: OffsetDateTime,
    ) {
        let names = |tags: &[TagId]| -> Vec<TagName> {
            let names: BTreeSet<_> = tags.iter().filter_map(|id| self.tags.name_of(*id)).collect();
            names.into_iter().collect()
        };
        let (added, removed) = (names(&reversal.tags_added), names(&reversal.tags_removed));
        let Some(record) = self.contacts.records.get_mut(&contact) else { return };
        record.contact.tags.retain(|tag| !removed.contains(tag));
        record.contact.tags.extend(added.iter().cloned());
        record.contact.tags.sort();
        record.note_tags(now, undo.actor, &added, &removed);
        if let Some(restored) = &reversal.restored {
            let what = ActivityKind::Edited(vec![restored.1.clone()]);
            record.note(now, undo.actor, what);
        }
        if let Some(subscription) = reversal.unsubscribed {
            record.subscriptions.remove(&subscription.campaign);
        }
        if let Some(subscription) = reversal.subscribed {
            record.subscriptions.insert(subscription.campaign, subscription);
        }
        if let Some(restored) = reversal.restored {
            self.contacts.replace(restored.0, AddressSource::Manual);
        }
    }
}

/// Returns the tags that were removed from a contact alone since a time.
fn removed_since(
    record: &Record,
    tags: &[(TagId, TagName)],
    at: OffsetDateTime,
) -> BTreeSet<TagId> {
    let later = record.activity.values().filter(|activity| activity.at >= at);
    let removed = later.flat_map(|activity| match &activity.what {
        ActivityKind::Tagged { removed, .. } => removed.as_slice(),
        _ => &[],
    });
    let removed = removed.filter_map(|name| TagName::parse(name).ok());
    let removed: BTreeSet<_> = removed.collect();
    tags.iter().filter(|(_, name)| removed.contains(name)).map(|(tag, _)| *tag).collect()
}
