//! Webhooks (R42): each event arrives at least once and none is lost, and the final state of each
//! delivery equals that of an undisturbed run.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contacts_core::contact::NewContact;
use contacts_core::webhook::{
    DeliveryId, Message, NewWebhook, SendOutcome, WebhookId, WebhookSender, WebhookUrl,
};
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::fault::Moment;
use crate::walk::{Stage, Walk, finish};

/// Number of events.
const EVENTS: u64 = 3;

/// A receiver of messages, and how it answers.
struct Receiver {
    /// Returns the HTTP status for an event's number and the number of attempts that are recorded.
    answer: fn(u64, u32) -> u16,
    reported: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// The webhook whose messages arrive; `None` before a run.
    of: Option<(Contacts, OrgId, WebhookId)>,
    /// The messages that arrived and were accepted.
    result: BTreeSet<(u64, DeliveryId)>,
}

impl WebhookSender for Receiver {
    fn accepts(&self, _url: &WebhookUrl) -> Result<(), String> {
        Ok(())
    }

    fn send<'a>(&self, message: &Message<'a>) -> SendOutcome {
        let number = message.event.unwrap().number;
        let mut reported = self.reported.lock().unwrap();
        let (contacts, org, webhook) = reported.of.as_ref().unwrap();
        let delivery = contacts.ports().webhooks.delivery(*org, *webhook, message.id);
        let status = (self.answer)(number, delivery.unwrap().unwrap().attempts);
        if status == 204 {
            reported.result.insert((number, message.id));
        }
        SendOutcome::Answered(status)
    }
}

/// A webhook that receives events about added contacts.
struct Hearing {
    receiver: Arc<Receiver>,
    /// The numbers of the events that are accepted.
    result: &'static [u64],
}

impl Walk for Hearing {
    /// When two workers deliver at the same time, one may send another message after the other has
    /// learnt that the receiver is gone. Such a message cannot be recalled, so this case is left
    /// out.
    fn freezes(&self) -> &[Moment] {
        let is_gone = (self.receiver.answer)(2, 0) == 410;
        if is_gone { &[Moment::Begin] } else { &[Moment::Begin, Moment::BeforeCommit] }
    }

    fn queue(&self, contacts: &Contacts, org: OrgId) {
        let new = NewWebhook {
            url: "https://example.org/hook",
            types: &[],
            include: &[],
            random: [7; 32],
        };
        let (webhook, _secret) = contacts.webhooks.create(org, &new, Actor::System).unwrap();
        *self.receiver.reported.lock().unwrap() =
            Told { of: Some((contacts.clone(), org, webhook.id)), result: BTreeSet::new() };
        for n in 0..EVENTS {
            let (name, email) = (format!("Person {n}"), format!("p{n}@example.org"));
            let new =
                NewContact { name: Some(&name), email: Some(&email), ..NewContact::default() };
            contacts.contacts.create(org, &new, Actor::System).unwrap();
        }
    }

    /// Advances the clock past the last retry.
    fn settle(&self, stage: &Stage, org: OrgId) {
        for _ in 0..10 {
            stage.clock.advance(Duration::from_secs(15 * 60 * 60));
            finish(&stage.services);
        }
        let reported = self.receiver.reported.lock().unwrap();
        let numbers: Vec<_> = reported.result.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, self.result, "each is one delivery, and arrived");
        let (contacts, of, webhook) = reported.of.as_ref().unwrap();
        assert_eq!(*of, org);
        for (number, delivery) in &reported.result {
            let kept = contacts.ports().webhooks.delivery(org, *webhook, *delivery).unwrap();
            assert_eq!(kept.unwrap().number, Some(*number));
        }
    }

    fn close(&self, contacts: &Contacts, org: OrgId) {
        for webhook in contacts.webhooks.list(org).unwrap() {
            contacts.webhooks.delete(org, webhook.id, Actor::System).unwrap();
        }
    }
}

fn walk(answer: fn(u64, u32) -> u16, result: &'static [u64]) {
    let receiver = Arc::new(Receiver { answer, reported: Mutex::default() });
    Stage::new().sending(&receiver).walk(Hearing { receiver, result });
}

#[test]
fn every_event_arrives() {
    walk(|_, _| 204, &[1, 2, 3]);
}

#[test]
fn an_undelivered_message_is_sent_again() {
    walk(|number, attempts| if number == 2 && attempts < 2 { 503 } else { 204 }, &[1, 2, 3]);
}

#[test]
fn a_message_that_always_fails_is_given_up() {
    walk(|number, _| if number == 2 { 500 } else { 204 }, &[1, 3]);
}

#[test]
fn one_that_is_gone_is_left_alone() {
    walk(|number, _| if number == 2 { 410 } else { 204 }, &[1]);
}
