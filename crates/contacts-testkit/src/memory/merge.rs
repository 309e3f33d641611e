//! Merging contacts in memory.

use contacts_core::contact::{ActivityKind, AddressSource, ContactId, MergeRequest, Merged};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Result};
use time::OffsetDateTime;

use super::contacts::check_version;
use super::record::Record;
use crate::world::Rows;

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
        let Some(gone) = self.contacts.remove(other) else { return Ok(None) };
        let Some(stored) = self.contacts.records.get_mut(&survivor) else { return Ok(None) };
        let (changes, tags) = stored.contact.absorb(&gone.contact, from_other, now);
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
        self.contacts.index_keys(survivor, now, AddressSource::Merge);
        let after = self.contacts.records.get(&survivor).map(|record| record.contact.clone());
        let contact = after.unwrap_or(contact);
        self.move_all(other, survivor);
        self.events.push(ContactEvent::of(
            other,
            EventKind::Merged(survivor),
            Vec::new(),
            actor,
            now,
        ));
        let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
        if !tags.is_empty() {
            fields.push("tags".to_owned());
        }
        if contact.consent != before {
            fields.push("consent".to_owned());
        }
        if !fields.is_empty() {
            self.events.push(ContactEvent::of(survivor, EventKind::Updated, fields, actor, now));
        }
        Ok(Some(Merged { contact, changes, tags }))
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
