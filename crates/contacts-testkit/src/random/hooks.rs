//! A random webhook: messages are queued, attempted, given up and sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, FeedAdvance, MessageType, NewDelivery, Webhook,
    WebhookId, WebhookPatch, WebhookService, WebhookUrl,
};
use contacts_core::{Actor, Ids};
use proptest::option;
use proptest::prelude::*;

use super::run::Run;

/// A step of the webhook test.
#[derive(Clone, Debug)]
pub enum Step {
    /// Queues messages for this many events. If the flag is set, starts at a wrong cursor.
    TakeIn(usize, bool),
    /// Attempts the delivery that is due, if any.
    Attempt {
        /// State of the delivery after the attempt.
        state: DeliveryState,
        /// Delay before the next attempt, in seconds.
        pause: u64,
        /// Whether the receiver answers that the endpoint is gone.
        gone: bool,
        /// Whether the attempt is recorded twice.
        twice: bool,
    },
    /// Sends a delivery again, by index, newest first, modulo their number. `None` sends all that
    /// were given up.
    Redeliver(Option<usize>),
    /// Resumes the webhook if it is paused.
    Resume,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![
        2 => Just(DeliveryState::Delivered),
        2 => Just(DeliveryState::Pending),
        1 => Just(DeliveryState::Dead),
    ];
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.2));
    prop_oneof![
        3 => (1..4usize, prop::bool::weighted(0.1))
            .prop_map(|(events, elsewhere)| Step::TakeIn(events, elsewhere)),
        5 => (state, 0..9u64, flags).prop_map(|(state, pause, (gone, twice))| Step::Attempt {
            state,
            pause,
            gone,
            twice
        }),
        2 => option::of(0..4usize).prop_map(Step::Redeliver),
        1 => Just(Step::Resume),
    ]
}

impl Run<'_> {
    pub(super) fn hook(&self, step: &Step) -> String {
        let id = *self.webhook.get_or_init(|| self.hear());
        let (org, now, webhooks) = (self.org, self.now(), &self.ports.webhooks);
        let webhook = webhooks.get(org, id).unwrap().unwrap();
        let values = match step {
            Step::TakeIn(events, elsewhere) => self.append_events(&webhook, *events, *elsewhere),
            Step::Attempt { state, pause, gone, twice } => {
                let Some(due) = webhooks.queue(org, id, now).unwrap().due else {
                    return self.hooked("nothing is due".to_owned());
                };
                let attempt = Attempt {
                    delivery: due.id,
                    attempts_before: due.attempts,
                    state: *state,
                    due_at: now + Duration::from_secs(*pause),
                    status: (*state == DeliveryState::Delivered).then_some(204),
                    problem: (*state != DeliveryState::Delivered).then(|| "no".to_owned()),
                    failures: webhook.failures + 1,
                    rests_until: Some(now + Duration::from_secs(*pause)),
                    gone: *gone,
                    webhook_version: webhook.version,
                };
                for _ in 0..=u8::from(*twice) {
                    webhooks.attempted(org, id, &attempt, now).unwrap();
                }
                self.delivery(&due)
            }
            Step::Redeliver(which) => {
                let all = webhooks.deliveries(org, id, None, None, 1_000).unwrap();
                let one = which.and_then(|which| all.get(which.checked_rem(all.len())?));
                let one = one.map(|delivery| delivery.id);
                format!("again: {}", webhooks.redeliver(org, id, one, now).unwrap())
            }
            Step::Resume => {
                let resume = WebhookPatch { paused: Some(false), ..WebhookPatch::default() };
                let resumed = webhooks.patch(org, id, &resume, None, Actor::System, now).unwrap();
                format!("version {}", resumed.unwrap().version)
            }
        };
        self.hooked(values)
    }

    /// Creates the webhook, which receives every event from the start.
    fn hear(&self) -> WebhookId {
        let webhook = Webhook {
            org: self.org,
            id: WebhookId(self.ports.ids.next()),
            url: WebhookUrl::parse("https://example.org/hook").unwrap(),
            types: BTreeSet::new(),
            include_contacts: false,
            paused: None,
            secret: vec![7],
            old_secret: None,
            cursor: 0,
            failures: 0,
            rests_until: None,
            missed_at: None,
            created_at: self.now(),
            version: 1,
        };
        self.ports.webhooks.insert(&webhook, WebhookService::MAX_WEBHOOKS, Actor::System).unwrap();
        webhook.id
    }

    fn append_events(&self, webhook: &Webhook, events: usize, elsewhere: bool) -> String {
        let (org, now) = (self.org, self.now());
        let cursor = Some(webhook.cursor).filter(|cursor| *cursor > 0);
        let events = self.ports.feed.after(org, cursor, events).unwrap();
        let Some(last) = events.last() else { return "nothing has happened".to_owned() };
        let deliveries = events.iter().map(|values| NewDelivery {
            id: DeliveryId(self.ports.ids.next()),
            kind: MessageType::from(values.event.kind),
            number: Some(values.number),
        });
        let taken = FeedAdvance {
            from: webhook.cursor + u64::from(elsewhere),
            to: last.number,
            deliveries: deliveries.collect(),
            missed: false,
        };
        let taken = self.ports.webhooks.append_events(org, webhook.id, &taken, self.begins, now);
        format!("taken in: {}", taken.unwrap())
    }

    /// Returns a result together with the state of the webhook and its deliveries.
    fn hooked(&self, values: String) -> String {
        let Some(id) = self.webhook.get() else { return values };
        let webhook = self.ports.webhooks.get(self.org, *id).unwrap().unwrap();
        let rests = webhook.rests_until.map(|until| self.tell.at(until));
        let (paused, failures, version) = (webhook.paused, webhook.failures, webhook.version);
        let health = format!("{paused:?} {failures} {rests:?} version {version}");
        let queue = self.ports.webhooks.queue(self.org, *id, self.now()).unwrap();
        let next = queue.due.map(|due| self.delivery(&due));
        let at = queue.next_at.map(|at| self.tell.at(at));
        let pending = self.ports.webhooks.pending(self.org, *id, 3).unwrap();
        let waits = format!("{pending} wait, {next:?} {at:?}");
        self.tell.lines([values, health, waits].into_iter())
    }

    fn delivery(&self, delivery: &Delivery) -> String {
        let Delivery { kind, number, state, attempts, status, problem, .. } = delivery;
        let due = self.tell.at(delivery.due_at);
        let tried = delivery.attempted_at.map(|at| self.tell.at(at));
        format!("{number:?} {kind:?} {state:?} {attempts} {due} {tried:?} {status:?} {problem:?}")
    }

    pub(super) fn deliveries(&self) -> String {
        let Some(id) = self.webhook.get() else { return String::new() };
        let all = self.ports.webhooks.deliveries(self.org, *id, None, None, 1_000).unwrap();
        self.tell.lines(all.iter().map(|delivery| self.delivery(delivery)))
    }
}
