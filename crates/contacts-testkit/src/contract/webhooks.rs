//! What a [`contacts_core::webhook::WebhookRepository`] promises, and what is sent (R42).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contacts_core::event::FeedService;
use contacts_core::import::Turn;
use contacts_core::job::{Job, Lane, Outcome};
use contacts_core::webhook::{
    Attempt, DeliveryId, DeliveryState, MessageType, NewDelivery, NewWebhook, Paused, Sent,
    TakenIn, Webhook, WebhookId, WebhookPatch, WebhookService, WebhookUrl,
};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};
use time::OffsetDateTime;

use crate::{FakeSender, Ports, SentMessage};

const LEASE: Duration = Duration::from_secs(30);

struct Always;

impl Turn for Always {
    fn may_go_on(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// The use cases over a sender that notes.
fn service(ports: &Ports) -> (WebhookService, FakeSender) {
    let sender = FakeSender::default();
    (ports.webhook_service(Arc::new(sender.clone())), sender)
}

fn made(service: &WebhookService, org: OrgId, types: &[&str]) -> Webhook {
    let types: Vec<_> = types.iter().map(|kind| (*kind).to_owned()).collect();
    let new = NewWebhook { url: "https://example.org/hook", types: &types, random: [7; 32] };
    service.create(org, &new).unwrap().0
}

/// Runs every webhook job that is due, as a worker does; returns when the last one rests until.
fn run(ports: &Ports, service: &WebhookService) -> Option<OffsetDateTime> {
    let mut rests = None;
    let worker = ports.ids.next();
    while let Some(job) = ports.jobs.claim(Lane::Work, worker, LEASE, ports.clock.now()).unwrap() {
        let Job::DeliverWebhook(id) = job.job else { panic!("{job:?}") };
        let outcome = service.deliver(job.org, id, &Always).unwrap();
        if let Outcome::Rest(at) = outcome {
            rests = Some(at);
        }
        ports.jobs.finish(&job, worker, outcome, ports.clock.now()).unwrap();
    }
    rests
}

fn numbers(sent: &[SentMessage]) -> Vec<u64> {
    sent.iter().filter_map(|message| message.number).collect()
}

fn states(service: &WebhookService, webhook: &Webhook) -> Vec<(DeliveryState, u32)> {
    let mut all = service.deliveries(webhook.org, webhook.id, None, None, 100).unwrap();
    all.reverse();
    all.iter().map(|delivery| (delivery.state, delivery.attempts)).collect()
}

pub fn a_webhook_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let webhook = Webhook {
        org,
        id: WebhookId(ports.ids.next()),
        url: WebhookUrl::parse("https://example.org/a?b=c").unwrap(),
        types: BTreeSet::from([MessageType::Created, MessageType::Merged]),
        paused: None,
        secret: vec![0, 255, 7],
        old_secret: None,
        cursor: 7,
        failures: 0,
        rests_until: None,
        missed_at: None,
        created_at: ports.clock.now(),
    };
    ports.webhooks.insert(&webhook).unwrap();
    assert_eq!(ports.webhooks.get(org, webhook.id).unwrap(), Some(webhook.clone()));
    let changed = Webhook {
        url: WebhookUrl::parse("https://example.com/").unwrap(),
        types: BTreeSet::new(),
        paused: Some(Paused::ByHand),
        secret: vec![1],
        old_secret: Some((webhook.secret.clone(), ports.clock.tick())),
        ..webhook
    };
    assert!(ports.webhooks.update(&changed, ports.clock.now()).unwrap());
    assert_eq!(ports.webhooks.list(org).unwrap(), [changed]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    let test = service.test(org, webhook.id).unwrap();
    let (id, now) = (webhook.id, ports.clock.now());
    let webhooks = &ports.webhooks;
    assert_eq!(webhooks.get(other, id).unwrap(), None);
    assert_eq!(webhooks.list(other).unwrap(), []);
    assert!(!webhooks.update(&Webhook { org: other, ..webhook.clone() }, now).unwrap());
    assert!(!webhooks.delete(other, id).unwrap());
    assert_eq!(webhooks.delivery(other, id, test.id).unwrap(), None);
    assert_eq!(webhooks.deliveries(other, id, None, None, 10).unwrap(), []);
    assert_eq!(webhooks.queue(other, id, now).unwrap().due, None);
    assert_eq!(webhooks.redeliver(other, id, Some(test.id), now).unwrap(), 0);
    let new =
        NewDelivery { id: DeliveryId(ports.ids.next()), kind: MessageType::Test, number: None };
    assert!(!webhooks.add_delivery(other, id, new, now).unwrap());
    ports.add(other, "Ann", "");
    run(ports, &service);
    let sent = sender.take();
    assert_eq!(sent.iter().map(|message| message.id).collect::<Vec<_>>(), [test.id]);
}

pub fn what_happens_is_sent_once_and_in_order(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    ports.add(org, "Before", "");
    let webhook = made(&service, org, &[]);
    let ann = ports.add(org, "Ann", "");
    let bo = ports.add(org, "Bo", "");
    ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap();
    run(ports, &service);
    let sent = sender.take();
    assert_eq!(numbers(&sent), [2, 3, 4], "what was before it is not told");
    let kinds: Vec<_> = sent.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, [MessageType::Created, MessageType::Created, MessageType::Deleted]);
    assert!(sent.iter().all(|message| message.secrets == [vec![7; 32]]));
    assert_eq!(states(&service, &webhook), [(DeliveryState::Delivered, 1); 3]);
    // Woken by the next event.
    ports.clock.advance(Duration::from_secs(60));
    run(ports, &service);
    assert_eq!(sender.take(), []);
    ports.contacts.delete(org, bo.id, None, Actor::System, ports.clock.now()).unwrap();
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [5]);
}

pub fn a_webhook_hears_of_what_it_asked_for(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &["contacts.deleted"]);
    let ann = ports.add(org, "Ann", "");
    ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap();
    ports.add(org, "Bo", "");
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [2]);
    assert_eq!(service.get(org, webhook.id).unwrap().cursor, 3);
}

pub fn a_message_that_fails_comes_again_beside_later_ones_and_is_given_up(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    ports.add(org, "Ann", "");
    ports.add(org, "Bo", "");
    sender.answers([Sent::Answered(500)]);
    let rests = run(ports, &service).unwrap();
    assert_eq!(numbers(&sender.take()), [1]);
    assert_eq!(rests, ports.clock.now() + Duration::from_secs(5), "it is left alone for a while");
    assert_eq!(service.get(org, webhook.id).unwrap().failures, 1);
    ports.clock.advance(Duration::from_secs(10));
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [2, 1], "what is new is not held up");
    assert_eq!(service.get(org, webhook.id).unwrap().failures, 0);
    let (arrived, again) = (DeliveryState::Delivered, 2);
    assert_eq!(states(&service, &webhook), [(arrived, again), (arrived, 1)]);

    ports.add(org, "Cy", "");
    sender.answers(std::iter::repeat_n(Sent::Failed("no route".to_owned()), 20));
    let began = ports.clock.now();
    let mut attempts = 0;
    while let Some(rests) = run(ports, &service) {
        attempts += sender.take().len();
        let dead = service.deliveries(org, webhook.id, Some(DeliveryState::Dead), None, 10);
        if let [dead] = dead.unwrap().as_slice() {
            assert_eq!((dead.attempts, dead.problem.as_deref()), (9, Some("no route")));
            break;
        }
        let wait = rests - ports.clock.now();
        ports.clock.advance(wait.try_into().unwrap());
    }
    assert_eq!(attempts, 9);
    let hours = (ports.clock.now() - began).whole_hours();
    assert!((24..30).contains(&hours), "{hours}");
}

pub fn what_was_given_up_can_be_sent_again(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    ports.add(org, "Ann", "");
    run(ports, &service);
    let first = sender.take().remove(0);
    let now = ports.clock.now();
    let again = service.redeliver(org, webhook.id, first.id).unwrap();
    assert_eq!((again.state, again.attempts), (DeliveryState::Pending, 0));
    let dead = Attempt {
        delivery: first.id,
        attempts_before: 0,
        state: DeliveryState::Dead,
        due_at: now,
        status: Some(500),
        problem: Some("it answered with 500".to_owned()),
        failures: 1,
        rests_until: None,
        gone: false,
    };
    ports.webhooks.attempted(org, webhook.id, &dead, now).unwrap();
    // Another worker was slower, and its attempt is not counted.
    let late = Attempt { state: DeliveryState::Delivered, ..dead.clone() };
    ports.webhooks.attempted(org, webhook.id, &late, now).unwrap();
    assert_eq!(states(&service, &webhook), [(DeliveryState::Dead, 1)]);
    ports.clock.advance(Duration::from_secs(600));
    assert_eq!(service.redeliver_dead(org, webhook.id).unwrap(), 1);
    assert_eq!(service.redeliver_dead(org, webhook.id).unwrap(), 0);
    run(ports, &service);
    let sent = sender.take();
    assert_eq!((sent.len(), sent[0].id), (1, first.id), "the same message");
    let unknown = DeliveryId(ports.ids.next());
    let refused = service.redeliver(org, webhook.id, unknown);
    assert!(matches!(refused, Err(Error::NotFound("delivery"))));
}

pub fn one_that_says_it_is_gone_is_paused_and_goes_on_where_it_was(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    ports.add(org, "Ann", "");
    sender.answers([Sent::Answered(410)]);
    run(ports, &service);
    assert_eq!(service.get(org, webhook.id).unwrap().paused, Some(Paused::Gone));
    assert!(matches!(service.test(org, webhook.id), Err(Error::Conflict(_))));
    ports.add(org, "Bo", "");
    ports.clock.advance(Duration::from_secs(3_600));
    assert_eq!(run(ports, &service), None);
    assert_eq!(numbers(&sender.take()), [1]);
    let resume = WebhookPatch { paused: Some(false), ..WebhookPatch::default() };
    assert_eq!(service.update(org, webhook.id, &resume).unwrap().paused, None);
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [1, 2]);
}

pub fn one_that_was_deleted_is_sent_nothing(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    let test = service.test(org, webhook.id).unwrap();
    ports.add(org, "Ann", "");
    service.delete(org, webhook.id).unwrap();
    assert!(matches!(service.delete(org, webhook.id), Err(Error::NotFound("webhook"))));
    assert_eq!(run(ports, &service), None);
    assert_eq!((sender.take(), ports.webhooks.list(org).unwrap()), (vec![], vec![]));
    assert_eq!(ports.webhooks.delivery(org, webhook.id, test.id).unwrap(), None);
}

pub fn for_a_day_messages_are_signed_with_the_secret_before_too(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    let (_, secret) = service.rotate(org, webhook.id, [8; 32]).unwrap();
    assert_eq!(secret.0, [8; 32]);
    let told = || {
        ports.add(org, "Ann", "");
        run(ports, &service);
        sender.take().remove(0).secrets
    };
    assert_eq!(told(), [vec![8; 32], vec![7; 32]]);
    ports.clock.advance(WebhookService::OLD_SECRET);
    assert_eq!(told(), [vec![8; 32]]);
}

pub fn what_was_not_kept_is_missed_and_told(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    let pause = |paused| WebhookPatch { paused: Some(paused), ..WebhookPatch::default() };
    service.update(org, webhook.id, &pause(true)).unwrap();
    ports.add(org, "Ann", "");
    ports.clock.advance(FeedService::KEPT + Duration::from_secs(1));
    ports.add(org, "Bo", "");
    let now = ports.clock.now();
    while ports.feed.sweep(org, now - FeedService::KEPT).unwrap() {}
    service.update(org, webhook.id, &pause(false)).unwrap();
    // Whatever else is due after a month is nobody's here.
    service.deliver(org, webhook.id, &Always).unwrap();
    assert_eq!(numbers(&sender.take()), [2]);
    assert_eq!(service.get(org, webhook.id).unwrap().missed_at, Some(now));
}

pub fn events_are_taken_in_once(ports: &Ports) {
    let org = ports.org();
    let (service, _) = service(ports);
    let webhook = made(&service, org, &[]);
    let now = ports.clock.now();
    let new = |number| NewDelivery {
        id: DeliveryId(ports.ids.next()),
        kind: MessageType::Created,
        number: Some(number),
    };
    let taken = |from, to| TakenIn {
        from,
        to,
        deliveries: (from + 1..=to).map(new).collect(),
        missed: false,
    };
    let take = |events: &TakenIn| {
        ports.webhooks.take_in(org, webhook.id, events, now - FeedService::KEPT, now).unwrap()
    };
    assert!(take(&taken(0, 2)));
    assert!(!take(&taken(0, 2)), "another worker has taken them");
    assert!(take(&taken(2, 3)));
    assert_eq!(ports.webhooks.pending(org, webhook.id, 100).unwrap(), 3);
    assert_eq!(ports.webhooks.pending(org, webhook.id, 2).unwrap(), 2);
    let listed = ports.webhooks.deliveries(org, webhook.id, None, None, 2).unwrap();
    let shown: Vec<_> = listed.iter().filter_map(|delivery| delivery.number).collect();
    assert_eq!(shown, [3, 2]);
    let rest = ports.webhooks.deliveries(org, webhook.id, None, Some(listed[1].id), 2).unwrap();
    assert_eq!(rest.len(), 1);
    let later = now + FeedService::KEPT + Duration::from_secs(1);
    let nothing = TakenIn { from: 3, to: 4, deliveries: Vec::new(), missed: false };
    let forget = later - FeedService::KEPT;
    assert!(ports.webhooks.take_in(org, webhook.id, &nothing, forget, later).unwrap());
    assert_eq!(ports.webhooks.pending(org, webhook.id, 100).unwrap(), 0, "old ones are forgotten");
}

/// An event that comes while the job is held, and is not seen by it, is found a moment later.
pub fn an_event_that_comes_as_the_job_ends_is_sent_soon(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = made(&service, org, &[]);
    ports.add(org, "Ann", "");
    let worker = ports.ids.next();
    let job = ports.jobs.claim(Lane::Work, worker, LEASE, ports.clock.now()).unwrap().unwrap();
    let outcome = service.deliver(org, webhook.id, &Always).unwrap();
    ports.add(org, "Bo", "");
    ports.jobs.finish(&job, worker, outcome, ports.clock.now()).unwrap();
    assert_eq!(numbers(&sender.take()), [1]);
    ports.clock.advance(Duration::from_secs(2));
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [2]);
}
