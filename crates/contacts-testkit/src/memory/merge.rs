//! Merging contacts in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    ActivityKind, AddressSource, ContactId, FieldEdit, MergeRequest, Merged, SourceDetail,
};
use contacts_core::conversation::{ConversationId, Visitor};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::journal::{MergeTrace, UnitedSubscription};
use contacts_core::note::NoteId;
use contacts_core::sync::SourceId;
use contacts_core::tag::TagName;
use contacts_core::{Actor, Result};
use time::OffsetDateTime;

use super::contacts::check_version;
use super::duplicates::{Pair, ordered};
use super::record::Record;
use crate::world::Rows;

/// What a merge did, so that it can be undone (R53).
pub(crate) struct StoredMerge {
    pub(super) trace: MergeTrace,
    /// The merged contact, with everything that belonged to it.
    pub(super) record: Record,
    /// Its sources that the survivor did not have.
    pub(super) new_sources: Vec<SourceDetail>,
    /// Conversations in which visitors had stated details to the survivor.
    pub(super) stated_before: BTreeSet<(Visitor, ConversationId)>,
    pub(super) notes: Vec<NoteId>,
    pub(super) conversations: Vec<ConversationId>,
    pub(super) visitors: Vec<Visitor>,
    pub(super) links: Vec<(SourceId, String)>,
    /// Ids of contacts that were merged into the merged contact before.
    pub(super) pointers: Vec<ContactId>,
    pub(super) pairs: Vec<((ContactId, ContactId), Pair)>,
    /// Contacts that the survivor was not paired with.
    pub(super) new_pairs: BTreeSet<ContactId>,
}

impl Rows {
    /// Merges a contact into another.
    pub(crate) fn merge(
        &mut self,
        request: &MergeRequest,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>> {
        let MergeRequest { survivor, other, ref from_other, if_version } = *request;
        let records = &self.contacts.records;
        let (Some(stored), true) = (records.get(&survivor), records.contains_key(&other)) else {
            return Ok(None);
        };
        check_version(&stored.contact, if_version)?;
        if let Some(other) = records.get(&other) {
            stored.contact.check_merge(&other.contact)?;
        }
        let mut merge = self.stored_merge(survivor, other, now);
        let Some(gone) = self.contacts.remove(other) else { return Ok(None) };
        let Some(stored) = self.contacts.records.get_mut(&survivor) else { return Ok(None) };
        let unmerged = stored.contact.clone();
        let (changes, tags) = stored.contact.absorb(&gone.contact, from_other, now);
        if let Some(merge) = &mut merge {
            merge.trace.edits = FieldEdit::between(&unmerged, &stored.contact);
        }
        self.merges.extend(merge.map(|merge| (other, merge)));
        let contact = stored.contact.clone();
        let called = gone.contact.called();
        let before = stored.contact.consent.clone();
        let unsubscribe = gone.contact.consent.unsubscribe().cloned();
        stored.inherit(gone);
        let names: Vec<_> = tags.iter().map(ToString::to_string).collect();
        let what = ActivityKind::Merged { other, called, changes: changes.clone(), tags: names };
        stored.note(now, actor, what);
        // Before the addresses, whose hashes have no notes.
        self.contacts.suppress(survivor, unsubscribe);
        self.contacts.release_external_id(&unmerged);
        self.contacts.index_keys(survivor, now, AddressSource::Merge);
        let after = self.contacts.records.get(&survivor).map(|record| record.contact.clone());
        let contact = after.unwrap_or(contact);
        self.move_all(other, survivor);
        self.publish([ContactEvent::of(
            other,
            EventKind::Merged(survivor),
            Vec::new(),
            actor,
            now,
        )]);
        let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
        if !tags.is_empty() {
            fields.push("tags".to_owned());
        }
        if contact.consent != before {
            fields.push("consent".to_owned());
        }
        if !fields.is_empty() {
            self.publish([ContactEvent::of(survivor, EventKind::Updated, fields, actor, now)]);
        }
        Ok(Some(Merged { contact, changes, tags }))
    }

    fn stored_merge(
        &self,
        survivor: ContactId,
        other: ContactId,
        at: OffsetDateTime,
    ) -> Option<StoredMerge> {
        let own = self.contacts.records.get(&survivor)?;
        let record = self.contacts.records.get(&other)?.clone();
        let lacks = |tag: &&TagName| !own.contact.tags.contains(tag);
        let gained: Vec<_> = record.contact.tags.iter().filter(lacks).cloned().collect();
        let subscriptions = record.subscriptions.values().map(|subscription| UnitedSubscription {
            other: subscription.clone(),
            own: own.subscriptions.get(&subscription.campaign).cloned(),
        });
        let is_new = |detail: &&SourceDetail| {
            !own.sources.iter().any(|source| source.detail.has_same_detail(detail))
        };
        let pairs = self.pairs.iter().filter(|((one, two), _)| *one == other || *two == other);
        let pairs: Vec<_> = pairs.map(|(ids, pair)| (*ids, *pair)).collect();
        let partners = pairs.iter().map(|((one, two), _)| if *one == other { *two } else { *one });
        let is_new_pair = |partner: &ContactId| {
            *partner != survivor && !self.pairs.contains_key(&ordered(survivor, *partner))
        };
        Some(StoredMerge {
            trace: MergeTrace {
                at,
                survivor,
                other: record.contact.clone(),
                tags: self.tags.ids_of(&record.contact.tags).into_iter().collect(),
                gained_tags: self.tags.ids_of(&gained).into_iter().collect(),
                edits: Vec::new(),
                was_subscribed: own.contact.consent.is_subscribed(),
                subscriptions: subscriptions.collect(),
            },
            new_sources: record.sources.iter().map(|s| &s.detail).filter(is_new).cloned().collect(),
            stated_before: own.stated.keys().cloned().collect(),
            notes: keys_of(&self.notes, |note| note.contact == other),
            conversations: self.conversations.ids_of(other),
            visitors: keys_of(&self.visitors, |owner| *owner == other),
            links: self.links_of(other),
            pointers: keys_of(&self.merged, |survivor| *survivor == other),
            new_pairs: partners.filter(is_new_pair).collect(),
            pairs,
            record,
        })
    }

    /// Moves everything stored outside a contact's record to another contact.
    fn move_all(&mut self, from: ContactId, to: ContactId) {
        for survivor in self.merged.values_mut().filter(|survivor| **survivor == from) {
            *survivor = to;
        }
        self.merged.insert(from, to);
        self.move_pairs(from, to);
        self.conversations.move_all(from, to);
        self.move_links(from, to);
        self.visitors.values_mut().filter(|owner| **owner == from).for_each(|owner| *owner = to);
        for note in self.notes.values_mut().filter(|note| note.contact == from) {
            note.contact = to;
        }
    }

    /// Deletes everything stored outside a contact's record.
    pub(crate) fn forget(&mut self, contact: ContactId) {
        self.merged.retain(|_, survivor| *survivor != contact);
        self.merges.retain(|other, _| self.merged.contains_key(other));
        self.pairs.retain(|(one, other), _| *one != contact && *other != contact);
        self.conversations.release(contact);
        self.visitors.retain(|_, owner| *owner != contact);
        self.forget_links(contact);
        self.notes.retain(|_, note| note.contact != contact);
    }
}

impl Record {
    /// Takes over the sources and activities of a merged contact. Its creation is not copied,
    /// because its sources report it and a contact is created once.
    fn inherit(&mut self, mut other: Self) {
        self.inherit_campaigns(&mut other);
        other.activity.retain(|_, entry| entry.what != ActivityKind::Created);
        self.activity.append(&mut other.activity);
        self.senders.extend(other.senders);
        for source in other.sources {
            self.add_source(source.at, source.detail);
        }
        for ((visitor, conversation), said) in other.stated {
            self.add_stated(&visitor, conversation, said);
        }
    }
}

fn keys_of<K: Clone + Ord, V>(map: &BTreeMap<K, V>, is_meant: impl Fn(&V) -> bool) -> Vec<K> {
    map.iter().filter(|(_, value)| is_meant(value)).map(|(key, _)| key.clone()).collect()
}

impl super::contacts::Contacts {
    /// Removes a contact and frees its addresses and its external id.
    pub(crate) fn remove(&mut self, id: ContactId) -> Option<Record> {
        let record = self.records.remove(&id)?;
        for key in record.addresses.keys() {
            self.by_address.remove(key);
        }
        self.release_external_id(&record.contact);
        Some(record)
    }
}
