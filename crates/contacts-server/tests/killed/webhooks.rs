//! Webhooks (R42): each event arrives at least once and none is lost, and what is known of each
//! delivery in the end is what an undisturbed run knows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contacts_core::contact::NewContact;
use contacts_core::webhook::{
    DeliveryId, Message, NewWebhook, Sent, WebhookId, WebhookSender, WebhookUrl,
};
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::walk::{Stage, Walk, finish};

/// How many events there are.
const EVENTS: u64 = 3;

/// Whoever is told, and how they answer.
struct Receiver {
    /// The status, by the event's number and how often the delivery was counted as sent.
    answer: fn(u64, u32) -> u16,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// To whom, while there is one.
    of: Option<(Contacts, OrgId, WebhookId)>,
    /// What has arrived and was taken.
    taken: BTreeSet<(u64, DeliveryId)>,
}

impl WebhookSender for Receiver {
    fn accepts(&self, _url: &WebhookUrl) -> Result<(), String> {
        Ok(())
    }

    fn send<'a>(&self, message: &Message<'a>) -> Sent {
        let number = message.event.unwrap().number;
        let mut told = self.told.lock().unwrap();
        let (contacts, org, webhook) = told.of.as_ref().unwrap();
        let delivery = contacts.webhooks.webhooks.delivery(*org, *webhook, message.id);
        let status = (self.answer)(number, delivery.unwrap().unwrap().attempts);
        if status == 204 {
            told.taken.insert((number, message.id));
        }
        Sent::Answered(status)
    }
}

/// A webhook that hears of people who are added.
struct Hearing {
    receiver: Arc<Receiver>,
    /// The numbers of the events that are taken.
    taken: &'static [u64],
}

impl Walk for Hearing {
    fn queue(&self, contacts: &Contacts, org: OrgId) {
        let new = NewWebhook { url: "https://example.org/hook", types: &[], random: [7; 32] };
        let (webhook, _secret) = contacts.webhooks.create(org, &new).unwrap();
        *self.receiver.told.lock().unwrap() =
            Told { of: Some((contacts.clone(), org, webhook.id)), taken: BTreeSet::new() };
        for n in 0..EVENTS {
            let (name, email) = (format!("Person {n}"), format!("p{n}@example.org"));
            let new =
                NewContact { name: Some(&name), email: Some(&email), ..NewContact::default() };
            contacts.contacts.create(org, &new, Actor::System).unwrap();
        }
    }

    /// Longer than anything is tried again.
    fn settle(&self, stage: &Stage, org: OrgId) {
        for _ in 0..10 {
            stage.clock.advance(Duration::from_secs(15 * 60 * 60));
            finish(&stage.services);
        }
        let told = self.receiver.told.lock().unwrap();
        let numbers: Vec<_> = told.taken.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, self.taken, "each is one delivery, and arrived");
        let (contacts, of, webhook) = told.of.as_ref().unwrap();
        assert_eq!(*of, org);
        for (number, delivery) in &told.taken {
            let kept = contacts.webhooks.webhooks.delivery(org, *webhook, *delivery).unwrap();
            assert_eq!(kept.unwrap().number, Some(*number));
        }
    }

    fn close(&self, contacts: &Contacts, org: OrgId) {
        for webhook in contacts.webhooks.list(org).unwrap() {
            contacts.webhooks.delete(org, webhook.id).unwrap();
        }
    }
}

fn walk(answer: fn(u64, u32) -> u16, taken: &'static [u64]) {
    let receiver = Arc::new(Receiver { answer, told: Mutex::default() });
    Stage::new().sending(&receiver).walk(Hearing { receiver, taken });
}

#[test]
fn every_event_arrives() {
    walk(|_, _| 204, &[1, 2, 3]);
}

#[test]
fn what_is_not_taken_is_sent_again() {
    walk(|number, attempts| if number == 2 && attempts < 2 { 503 } else { 204 }, &[1, 2, 3]);
}

#[test]
fn what_is_never_taken_is_given_up() {
    walk(|number, _| if number == 2 { 500 } else { 204 }, &[1, 3]);
}

#[test]
fn one_that_is_gone_is_left_alone() {
    walk(|number, _| if number == 2 { 410 } else { 204 }, &[1]);
}
