//! Captures in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    ActivityKind, AddressSource, Capture, CaptureMatch, CaptureRepository, ContactId, MergeFields,
    MergeRequest, VisitorContact, is_only_captured,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::record::Record;
use crate::world::Rows;

impl Rows {
    fn match_contacts(&self, capture: &Capture) -> CaptureMatch {
        let of_address = capture.email.as_ref();
        let of_address = of_address.and_then(|email| {
            let mut records = self.contacts.records.values();
            records.find(|record| record.contact.has_email(email.key()))
        });
        let own = self.visitors.get(&capture.visitor);
        let own = own.and_then(|id| self.contacts.records.get(id)).map(|own| VisitorContact {
            contact: &own.contact,
            is_only_captured: is_only_captured(&own.contact, &own.sources, own.activity.values())
                && !self.has_more(own),
        });
        capture.match_contacts(of_address.map(|record| &record.contact), own)
    }

    /// Returns whether a contact has notes, subscriptions, deliveries or an unsubscribe.
    fn has_more(&self, record: &Record) -> bool {
        self.notes.values().any(|note| note.contact == record.contact.id)
            || !record.subscriptions.is_empty()
            || !record.deliveries.is_empty()
            || !record.contact.consent.is_subscribed()
    }

    fn capture(
        &mut self,
        capture: &Capture,
        id: ContactId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<ContactId> {
        if let Some(contact) = capture.is_repeated(&self.stated_before(capture)) {
            return Ok(contact);
        }
        let (contact, possible_duplicate) = match self.match_contacts(capture) {
            CaptureMatch::New { possible_duplicate } => {
                self.contacts.insert(capture.to_contact(id, now), actor)?;
                let event = ContactEvent::of(id, EventKind::Created, Vec::new(), actor, now);
                self.publish([event]);
                self.sent_by(id, capture, actor);
                (id, possible_duplicate)
            }
            CaptureMatch::Known { contact, possible_duplicate } => (contact, possible_duplicate),
            CaptureMatch::Folded { contact, from } => {
                self.merge(
                    &MergeRequest {
                        survivor: contact,
                        other: from,
                        from_other: MergeFields::default(),
                        if_version: None,
                    },
                    actor,
                    now,
                )?;
                (contact, None)
            }
        };
        self.fill(contact, capture, actor, now);
        if let Some(record) = self.contacts.records.get_mut(&contact) {
            record.add_stated(&capture.visitor, capture.conversation, capture.stated());
        }
        if let Some(possible_duplicate) = possible_duplicate {
            self.pair(contact, possible_duplicate);
        }
        if !self.visitors.contains_key(&capture.visitor) {
            self.visitors.insert(capture.visitor.clone(), contact);
            self.conversations.adopt(&capture.visitor, contact);
        }
        let takes = capture.takes_conversation();
        self.conversations.link(capture.conversation(), contact, takes);
        Ok(contact)
    }

    /// Returns the details captured earlier from the visitor in the conversation, by contact.
    fn stated_before(&self, capture: &Capture) -> BTreeMap<ContactId, BTreeSet<String>> {
        let of_address = capture.email.as_ref().and_then(|email| {
            let mut records = self.contacts.records.values();
            records.find(|record| record.contact.has_email(email.key()))
        });
        let own = self.visitors.get(&capture.visitor).copied();
        let told = self.conversations.linked(capture.conversation);
        let contact_ids =
            of_address.map(|record| record.contact.id).into_iter().chain(own).chain(told);
        let place = (capture.visitor.clone(), capture.conversation);
        contact_ids
            .filter_map(|id| {
                Some((id, self.contacts.records.get(&id)?.stated.get(&place)?.clone()))
            })
            .collect()
    }

    fn sent_by(&mut self, id: ContactId, capture: &Capture, actor: Actor) {
        if let (Some(record), Actor::Key(_)) = (self.contacts.records.get_mut(&id), actor) {
            record.senders.push((capture.source().detail, actor));
        }
    }

    fn fill(&mut self, id: ContactId, capture: &Capture, actor: Actor, now: OffsetDateTime) {
        let Some(record) = self.contacts.records.get_mut(&id) else { return };
        let key = (capture.visitor.clone(), capture.conversation);
        let without_known =
            record.stated.get(&key).map(|stated_before| capture.without_known(stated_before));
        let changes = without_known.as_ref().unwrap_or(capture).fill(&mut record.contact, now);
        let source = capture.source();
        if record.add_source(source.at, source.detail) {
            self.sent_by(id, capture, actor);
        }
        let Some(record) = self.contacts.records.get_mut(&id) else { return };
        if changes.is_empty() {
            return;
        }
        let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
        record.note(now, actor, ActivityKind::Captured(changes));
        if self.contacts.index_keys(id, now, AddressSource::Chat) {
            fields.push("consent".to_owned());
        }
        self.publish([ContactEvent::of(id, EventKind::Updated, fields, actor, now)]);
    }
}

impl CaptureRepository for World {
    fn capture(
        &self,
        capture: &Capture,
        id: ContactId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<ContactId> {
        self.rows(capture.org, |rows| rows.capture(capture, id, actor, now))
    }
}
