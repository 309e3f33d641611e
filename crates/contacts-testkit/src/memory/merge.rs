//! Merging contacts in memory.

use contacts_core::contact::{ActivityKind, Contact, ContactId, Merged};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Result};
use time::OffsetDateTime;

use super::contacts::{Record, check_version};
use crate::world::Rows;

impl Rows {
    /// Folds a contact into another.
    pub(crate) fn merge(
        &mut self,
        survivor: ContactId,
        other: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>> {
        let records = &self.contacts.records;
        let (Some(kept), true) = (records.get(&survivor), records.contains_key(&other)) else {
            return Ok(None);
        };
        check_version(&kept.contact, if_version)?;
        let Some(gone) = self.contacts.remove(other) else { return Ok(None) };
        let Some(kept) = self.contacts.records.get_mut(&survivor) else { return Ok(None) };
        let (changes, tags) = kept.contact.absorb(&gone.contact, now);
        let contact = kept.contact.clone();
        let called = gone.contact.called();
        let unsubscribed_at = gone.unsubscribed_at;
        kept.inherit(gone);
        let names: Vec<_> = tags.iter().map(ToString::to_string).collect();
        let what = ActivityKind::Merged { other, called, changes: changes.clone(), tags: names };
        kept.note(now, actor, what);
        self.contacts.claim_address(&contact);
        self.contacts.suppress(survivor, unsubscribed_at);
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
        if !fields.is_empty() {
            self.events.push(ContactEvent::of(survivor, EventKind::Updated, fields, actor, now));
        }
        Ok(Some(Merged { contact, changes, tags }))
    }

    /// What hangs on a contact beside its record hangs on the other from now on.
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

    /// What hangs on a contact beside its record goes with it.
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
    /// Takes over how another came, and what happened to it. That it was made is told by its
    /// having come: a contact is made once.
    fn inherit(&mut self, mut other: Self) {
        self.inherit_campaigns(&mut other);
        other.activity.retain(|_, entry| entry.what != ActivityKind::Created);
        self.activity.append(&mut other.activity);
        self.senders.extend(other.senders);
        for arrival in other.arrivals {
            self.arrive(arrival.at, arrival.origin);
        }
        for ((visitor, conversation), said) in other.said {
            self.hear(&visitor, conversation, said);
        }
    }
}

impl super::contacts::Contacts {
    /// Takes a contact out, and its address with it.
    pub(crate) fn remove(&mut self, id: ContactId) -> Option<Record> {
        let record = self.records.remove(&id)?;
        self.release_address(&record.contact);
        Some(record)
    }

    fn release_address(&mut self, contact: &Contact) {
        self.by_address.remove(contact.email_key());
    }
}
