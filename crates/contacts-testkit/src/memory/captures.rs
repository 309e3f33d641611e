//! Captures in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    ActivityKind, Capture, CaptureRepository, ContactId, Meeting, OwnContact, is_only_captured,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::contacts::Record;
use crate::world::Rows;

impl Rows {
    fn meet(&self, capture: &Capture) -> Meeting {
        let of_address = capture.email.as_ref();
        let of_address = of_address.and_then(|email| {
            let mut records = self.contacts.records.values();
            records.find(|record| record.contact.email_key() == email.key())
        });
        let own = self.visitors.get(&capture.visitor);
        let own = own.and_then(|id| self.contacts.records.get(id)).map(|own| OwnContact {
            contact: &own.contact,
            is_only_captured: is_only_captured(&own.contact, &own.arrivals, own.activity.values())
                && !self.has_more(own),
        });
        capture.meet(of_address.map(|record| &record.contact), own)
    }

    /// Whether there is anything of a contact that its record does not tell of.
    fn has_more(&self, record: &Record) -> bool {
        self.notes.values().any(|note| note.contact == record.contact.id)
            || !record.subscriptions.is_empty()
            || !record.deliveries.is_empty()
            || record.unsubscribed_at.is_some()
    }

    fn capture(
        &mut self,
        capture: &Capture,
        id: ContactId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<ContactId> {
        if let Some(contact) = capture.is_repeated(&self.said(capture)) {
            return Ok(contact);
        }
        let (contact, beside) = match self.meet(capture) {
            Meeting::New { beside } => {
                self.contacts.insert(capture.to_contact(id, now), actor)?;
                let event = ContactEvent::of(id, EventKind::Created, Vec::new(), actor, now);
                self.events.push(event);
                self.sent_by(id, capture, actor);
                (id, beside)
            }
            Meeting::Known { contact, beside } => (contact, beside),
            Meeting::Folded { contact, from } => {
                self.merge(contact, from, None, actor, now)?;
                (contact, None)
            }
        };
        self.fill(contact, capture, actor, now);
        if let Some(record) = self.contacts.records.get_mut(&contact) {
            record.hear(&capture.visitor, capture.conversation, capture.said());
        }
        if let Some(beside) = beside {
            self.pair(contact, beside);
        }
        if !self.visitors.contains_key(&capture.visitor) {
            self.visitors.insert(capture.visitor.clone(), contact);
            self.conversations.adopt(&capture.visitor, contact);
        }
        let takes = capture.takes_conversation();
        self.conversations.link(capture.conversation(), contact, takes);
        Ok(contact)
    }

    /// What the visitor said in the conversation before, by whom it was about.
    fn said(&self, capture: &Capture) -> BTreeMap<ContactId, BTreeSet<String>> {
        let of_address = capture.email.as_ref().and_then(|email| {
            let mut records = self.contacts.records.values();
            records.find(|record| record.contact.email_key() == email.key())
        });
        let own = self.visitors.get(&capture.visitor).copied();
        let told = self.conversations.linked(capture.conversation);
        let met = of_address.map(|record| record.contact.id).into_iter().chain(own).chain(told);
        let place = (capture.visitor.clone(), capture.conversation);
        met.filter_map(|id| Some((id, self.contacts.records.get(&id)?.said.get(&place)?.clone())))
            .collect()
    }

    fn sent_by(&mut self, id: ContactId, capture: &Capture, actor: Actor) {
        if let (Some(record), Actor::Key(_)) = (self.contacts.records.get_mut(&id), actor) {
            record.senders.push((capture.arrival().origin, actor));
        }
    }

    fn fill(&mut self, id: ContactId, capture: &Capture, actor: Actor, now: OffsetDateTime) {
        let Some(record) = self.contacts.records.get_mut(&id) else { return };
        let place = (capture.visitor.clone(), capture.conversation);
        let unsaid = record.said.get(&place).map(|said| capture.unsaid(said));
        let changes = unsaid.as_ref().unwrap_or(capture).fill(&mut record.contact, now);
        let arrival = capture.arrival();
        if record.arrive(arrival.at, arrival.origin) {
            self.sent_by(id, capture, actor);
        }
        let Some(record) = self.contacts.records.get_mut(&id) else { return };
        if changes.is_empty() {
            return;
        }
        let fields = changes.iter().map(|change| change.field.clone()).collect();
        record.note(now, actor, ActivityKind::Captured(changes));
        let contact = record.contact.clone();
        self.contacts.claim_address(&contact);
        self.contacts.suppress(id, None);
        self.events.push(ContactEvent::of(id, EventKind::Updated, fields, actor, now));
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
