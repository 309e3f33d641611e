//! A random webhook: what it is to hear of is queued, tried, given up and tried again.

use std::collections::BTreeSet;
use std::time::Duration;

use contacts_core::Ids;
use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, MessageType, NewDelivery, TakenIn, Webhook,
    WebhookId, WebhookUrl,
};
use proptest::option;
use proptest::prelude::*;

use super::run::Run;

/// A step of a webhook's way.
#[derive(Clone, Debug)]
pub enum Step {
    /// So many events are taken in, or that is tried from where the cursor is not.
    TakeIn(usize, bool),
    /// What is due is tried: it arrives, is tried again after so many seconds, or is given up.
    Attempt {
        /// What came of it.
        state: DeliveryState,
        /// After how long it is tried again.
        pause: u64,
        /// Whether the webhook said that it is gone.
        gone: bool,
        /// Whether it is noted twice.
        twice: bool,
    },
    /// One is sent again, the newest first, counted round; or all that were given up.
    Redeliver(Option<usize>),
    /// It goes on, if it was paused.
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
        let told = match step {
            Step::TakeIn(events, elsewhere) => self.take_in(&webhook, *events, *elsewhere),
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
                let resumed = Webhook { paused: None, ..webhook };
                format!("there: {}", webhooks.update(&resumed, now).unwrap())
            }
        };
        self.hooked(told)
    }

    /// Makes the webhook: it hears of everything from the beginning.
    fn hear(&self) -> WebhookId {
        let webhook = Webhook {
            org: self.org,
            id: WebhookId(self.ports.ids.next()),
            url: WebhookUrl::parse("https://example.org/hook").unwrap(),
            types: BTreeSet::new(),
            paused: None,
            secret: vec![7],
            old_secret: None,
            cursor: 0,
            failures: 0,
            rests_until: None,
            missed_at: None,
            created_at: self.now(),
        };
        self.ports.webhooks.insert(&webhook).unwrap();
        webhook.id
    }

    fn take_in(&self, webhook: &Webhook, events: usize, elsewhere: bool) -> String {
        let (org, now) = (self.org, self.now());
        let cursor = Some(webhook.cursor).filter(|cursor| *cursor > 0);
        let events = self.ports.feed.after(org, cursor, events).unwrap();
        let Some(last) = events.last() else { return "nothing has happened".to_owned() };
        let deliveries = events.iter().map(|told| NewDelivery {
            id: DeliveryId(self.ports.ids.next()),
            kind: MessageType::from(told.event.kind),
            number: Some(told.number),
        });
        let taken = TakenIn {
            from: webhook.cursor + u64::from(elsewhere),
            to: last.number,
            deliveries: deliveries.collect(),
            missed: false,
        };
        let taken = self.ports.webhooks.take_in(org, webhook.id, &taken, self.begins, now);
        format!("taken in: {}", taken.unwrap())
    }

    /// What was told, how the webhook is, and what it waits for.
    fn hooked(&self, told: String) -> String {
        let Some(id) = self.webhook.get() else { return told };
        let webhook = self.ports.webhooks.get(self.org, *id).unwrap().unwrap();
        let rests = webhook.rests_until.map(|until| self.tell.at(until));
        let health = format!("{:?} {} {rests:?}", webhook.paused, webhook.failures);
        let queue = self.ports.webhooks.queue(self.org, *id, self.now()).unwrap();
        let next = queue.due.map(|due| self.delivery(&due));
        let at = queue.next_at.map(|at| self.tell.at(at));
        let pending = self.ports.webhooks.pending(self.org, *id, 3).unwrap();
        let waits = format!("{pending} wait, {next:?} {at:?}");
        self.tell.lines([told, health, waits].into_iter())
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
