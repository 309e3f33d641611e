//! The contract of [`contacts_core::webhook::WebhookRepository`], and the messages that are sent
//! (R42).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;
use std::time::Duration;

use contacts_core::event::FeedService;
use contacts_core::import::Interrupt;
use contacts_core::job::{Job, Lane, Outcome};
use contacts_core::webhook::{
    Attempt, DeliveryId, DeliveryState, FeedAdvance, MessageType, NewDelivery, NewWebhook, Paused,
    RawWebhookPatch, SecretRotation, SendOutcome, Webhook, WebhookId, WebhookPatch, WebhookService,
    WebhookUrl,
};
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId};
use time::OffsetDateTime;

use super::check::{RACES, at_once};
use crate::{FakeSender, Ports, SentMessage};

const LEASE: Duration = Duration::from_secs(30);

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// Returns the webhook service, and the sender that records its messages.
pub(super) fn service(ports: &Ports) -> (WebhookService, FakeSender) {
    (ports.services().webhooks, ports.sender.clone())
}

pub(super) fn add_webhook(service: &WebhookService, org: OrgId, types: &[&str]) -> Webhook {
    let types: Vec<_> = types.iter().map(|kind| (*kind).to_owned()).collect();
    let new = NewWebhook {
        url: "https://example.org/hook",
        types: &types,
        include: &[],
        random: [7; 32],
    };
    service.create(org, &new, Actor::System).unwrap().0
}

/// Runs every due webhook job as a worker does. Returns the time until which the last one rests.
pub(super) fn run(ports: &Ports, service: &WebhookService) -> Option<OffsetDateTime> {
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

fn url(text: &str) -> WebhookUrl {
    WebhookUrl::parse(text).unwrap()
}

fn pause(paused: bool) -> WebhookPatch {
    WebhookPatch { paused: Some(paused), ..WebhookPatch::default() }
}

pub fn a_webhook_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let webhook = Webhook {
        org,
        id: WebhookId(ports.ids.next()),
        url: url("https://example.org/a?b=c"),
        types: BTreeSet::from([MessageType::Created, MessageType::Merged]),
        include_contacts: true,
        paused: None,
        secret: vec![0, 255, 7],
        old_secret: None,
        cursor: 7,
        failures: 0,
        rests_until: None,
        missed_at: None,
        created_at: ports.clock.now(),
        version: 1,
    };
    ports.webhooks.insert(&webhook, 1, Actor::System).unwrap();
    assert_eq!(ports.webhooks.get(org, webhook.id).unwrap(), Some(webhook.clone()));
    let now = ports.clock.tick();
    let patch = WebhookPatch {
        url: Some(url("https://example.com/")),
        types: Some(BTreeSet::new()),
        include_contacts: Some(false),
        paused: Some(true),
    };
    let patched =
        ports.webhooks.patch(org, webhook.id, &patch, Some(1), Actor::System, now).unwrap();
    let expected = Webhook {
        url: url("https://example.com/"),
        types: BTreeSet::new(),
        include_contacts: false,
        paused: Some(Paused::Manual),
        version: 2,
        ..webhook.clone()
    };
    assert_eq!(patched, Some(expected.clone()));
    let rotation = SecretRotation { secret: vec![1], old_secret_until: now };
    let rotated =
        ports.webhooks.rotate_secret(org, webhook.id, &rotation, Actor::System, now).unwrap();
    let old_secret = Some((webhook.secret, now));
    let expected = Webhook { secret: vec![1], old_secret, version: 3, ..expected };
    assert_eq!(rotated, Some(expected.clone()));
    assert_eq!(ports.webhooks.list(org).unwrap(), [expected]);
}

pub fn a_patch_that_changes_nothing_leaves_the_version(ports: &Ports) {
    let org = ports.org();
    let webhook = add_webhook(&service(ports).0, org, &["contacts.deleted"]);
    let same = WebhookPatch {
        url: Some(webhook.url.clone()),
        types: Some(webhook.types.clone()),
        include_contacts: Some(false),
        paused: Some(false),
    };
    for patch in [WebhookPatch::default(), same] {
        let patched =
            ports.webhooks.patch(org, webhook.id, &patch, None, Actor::System, ports.clock.now());
        assert_eq!(patched.unwrap(), Some(webhook.clone()));
    }
}

pub fn a_stale_version_is_refused_with_the_current_state(ports: &Ports) {
    let org = ports.org();
    let webhook = add_webhook(&service(ports).0, org, &[]);
    let (id, now) = (webhook.id, ports.clock.now());
    let current =
        ports.webhooks.patch(org, id, &pause(true), Some(1), Actor::System, now).unwrap().unwrap();
    let refused = ports.webhooks.patch(org, id, &pause(false), Some(1), Actor::System, now);
    let Err(Error::Stale(state)) = refused else { panic!("{refused:?}") };
    assert_eq!(*state, Current::Webhook(current.clone()));
    assert_eq!(ports.webhooks.get(org, id).unwrap(), Some(current));
}

/// Concurrent patches do not overwrite one another (R63).
pub fn two_patches_at_once_both_hold(ports: &Ports) {
    let org = ports.org();
    let id = add_webhook(&service(ports).0, org, &[]).id;
    let now = ports.clock.now();
    for race in 0..RACES {
        let before = ports.webhooks.get(org, id).unwrap().unwrap();
        let secret = vec![7, race as u8];
        let rotation = SecretRotation { secret: secret.clone(), old_secret_until: now };
        let new_url = url(&format!("https://example.org/{race}"));
        let to = WebhookPatch { url: Some(new_url.clone()), ..WebhookPatch::default() };
        let is_paused = before.paused.is_none();
        at_once(3, |nth| match nth {
            0 => ports.webhooks.patch(org, id, &to, None, Actor::System, now).unwrap().unwrap(),
            1 => ports
                .webhooks
                .patch(org, id, &pause(is_paused), None, Actor::System, now)
                .unwrap()
                .unwrap(),
            _ => ports
                .webhooks
                .rotate_secret(org, id, &rotation, Actor::System, now)
                .unwrap()
                .unwrap(),
        });
        let after = ports.webhooks.get(org, id).unwrap().unwrap();
        assert_eq!((after.url, after.paused.is_some()), (new_url, is_paused), "race {race}");
        assert_eq!((after.secret, after.old_secret), (secret, Some((before.secret, now))));
        assert_eq!(after.version, before.version + 3);
    }
}

/// Concurrent inserts do not exceed the limit (R63).
pub fn a_limit_holds_when_many_insert_at_once(ports: &Ports) {
    let (service, _) = service(ports);
    for race in 0..RACES {
        let org = ports.org();
        let webhook = add_webhook(&service, org, &[]);
        let added = at_once(8, |_| {
            let id = WebhookId(ports.ids.next());
            ports.webhooks.insert(&Webhook { id, ..webhook.clone() }, 4, Actor::System)
        });
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 3, "race {race}");
        let refused = added.iter().filter(|added| matches!(added, Err(Error::Conflict(_))));
        assert_eq!(refused.count(), 5, "race {race}");
        assert_eq!(ports.webhooks.list(org).unwrap().len(), 4, "race {race}");
    }
}

/// An attempt at the old URL does not pause a webhook that was edited meanwhile (R63).
pub fn a_late_attempt_does_not_undo_an_edit(ports: &Ports) {
    let org = ports.org();
    let (service, _) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let test = service.test(org, webhook.id).unwrap();
    let now = ports.clock.now();
    let attempt = Attempt {
        delivery: test.id,
        attempts_before: 0,
        state: DeliveryState::Pending,
        due_at: now,
        status: Some(410),
        problem: Some("it responded with status 410".to_owned()),
        failures: 1,
        rests_until: Some(now + LEASE),
        gone: true,
        webhook_version: webhook.version,
    };
    let to = WebhookPatch { url: Some(url("https://example.com/")), ..WebhookPatch::default() };
    let edited = ports.webhooks.patch(org, webhook.id, &to, None, Actor::System, now).unwrap();
    ports.webhooks.attempted(org, webhook.id, &attempt, now).unwrap();
    assert_eq!(ports.webhooks.get(org, webhook.id).unwrap(), edited);
    assert_eq!(states(&service, &webhook), [(DeliveryState::Pending, 1)]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let test = service.test(org, webhook.id).unwrap();
    let (id, now) = (webhook.id, ports.clock.now());
    let webhooks = &ports.webhooks;
    assert_eq!(webhooks.get(other, id).unwrap(), None);
    assert_eq!(webhooks.list(other).unwrap(), []);
    assert_eq!(webhooks.patch(other, id, &pause(true), Some(9), Actor::System, now).unwrap(), None);
    let rotation = SecretRotation { secret: vec![1], old_secret_until: now };
    assert_eq!(webhooks.rotate_secret(other, id, &rotation, Actor::System, now).unwrap(), None);
    assert!(!webhooks.delete(other, id, Actor::System, ports.clock.now()).unwrap());
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

pub fn events_are_sent_once_and_in_order(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    ports.add(org, "Before", "");
    let webhook = add_webhook(&service, org, &[]);
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
    // The next event makes the job due again.
    ports.clock.advance(Duration::from_secs(60));
    run(ports, &service);
    assert_eq!(sender.take(), []);
    ports.contacts.delete(org, bo.id, None, Actor::System, ports.clock.now()).unwrap();
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [5]);
}

pub fn a_webhook_gets_the_events_it_subscribed_to(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &["contacts.deleted"]);
    let ann = ports.add(org, "Ann", "");
    ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap();
    ports.add(org, "Bo", "");
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [2]);
    assert_eq!(service.get(org, webhook.id).unwrap().cursor, 3);
}

pub fn a_failed_message_is_retried_beside_later_ones_and_given_up(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    ports.add(org, "Ann", "");
    ports.add(org, "Bo", "");
    sender.answers([SendOutcome::Answered(500)]);
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
    sender.answers(std::iter::repeat_n(SendOutcome::Failed("no route".to_owned()), 20));
    let started = ports.clock.now();
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
    let hours = (ports.clock.now() - started).whole_hours();
    assert!((24..30).contains(&hours), "{hours}");
}

pub fn a_dead_delivery_can_be_sent_again(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
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
        problem: Some("it responded with status 500".to_owned()),
        failures: 1,
        rests_until: None,
        gone: false,
        webhook_version: webhook.version,
    };
    ports.webhooks.attempted(org, webhook.id, &dead, now).unwrap();
    // A slower worker's attempt at the same delivery is not counted.
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

pub fn a_webhook_that_answers_gone_is_paused_and_resumes(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    ports.add(org, "Ann", "");
    sender.answers([SendOutcome::Answered(410)]);
    run(ports, &service);
    assert_eq!(service.get(org, webhook.id).unwrap().paused, Some(Paused::Gone));
    assert!(matches!(service.test(org, webhook.id), Err(Error::Conflict(_))));
    ports.add(org, "Bo", "");
    ports.clock.advance(Duration::from_secs(3_600));
    assert_eq!(run(ports, &service), None);
    assert_eq!(numbers(&sender.take()), [1]);
    let resume = RawWebhookPatch { paused: Some(false), ..RawWebhookPatch::default() };
    let resumed = service.update(org, webhook.id, None, &resume, Actor::System).unwrap();
    assert_eq!((resumed.paused, resumed.version), (None, 3));
    run(ports, &service);
    assert_eq!(numbers(&sender.take()), [1, 2]);
}

pub fn one_that_was_deleted_is_sent_nothing(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let test = service.test(org, webhook.id).unwrap();
    ports.add(org, "Ann", "");
    service.delete(org, webhook.id, Actor::System).unwrap();
    assert!(matches!(
        service.delete(org, webhook.id, Actor::System),
        Err(Error::NotFound("webhook"))
    ));
    assert_eq!(run(ports, &service), None);
    assert_eq!((sender.take(), ports.webhooks.list(org).unwrap()), (vec![], vec![]));
    assert_eq!(ports.webhooks.delivery(org, webhook.id, test.id).unwrap(), None);
}

pub fn for_a_day_messages_are_signed_with_the_secret_before_too(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let (_, secret) = service.rotate_secret(org, webhook.id, [8; 32], Actor::System).unwrap();
    assert_eq!(secret.0, [8; 32]);
    let messages = || {
        ports.add(org, "Ann", "");
        run(ports, &service);
        sender.take().remove(0).secrets
    };
    assert_eq!(messages(), [vec![8; 32], vec![7; 32]]);
    ports.clock.advance(WebhookService::OLD_SECRET);
    assert_eq!(messages(), [vec![8; 32]]);
}

pub fn expired_events_are_reported_as_missed(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let pause = |paused| RawWebhookPatch { paused: Some(paused), ..RawWebhookPatch::default() };
    service.update(org, webhook.id, None, &pause(true), Actor::System).unwrap();
    ports.add(org, "Ann", "");
    ports.clock.advance(FeedService::RETENTION + Duration::from_secs(1));
    ports.add(org, "Bo", "");
    let now = ports.clock.now();
    while ports.feed.sweep(org, now - FeedService::RETENTION).unwrap() {}
    service.update(org, webhook.id, None, &pause(false), Actor::System).unwrap();
    // Deliver this webhook only: after a month, other jobs are due as well.
    service.deliver(org, webhook.id, &Always).unwrap();
    assert_eq!(numbers(&sender.take()), [2]);
    assert_eq!(service.get(org, webhook.id).unwrap().missed_at, Some(now));
}

pub fn events_are_taken_in_once(ports: &Ports) {
    let org = ports.org();
    let (service, _) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let now = ports.clock.now();
    let new = |number| NewDelivery {
        id: DeliveryId(ports.ids.next()),
        kind: MessageType::Created,
        number: Some(number),
    };
    let advance = |from, to| FeedAdvance {
        from,
        to,
        deliveries: (from + 1..=to).map(new).collect(),
        missed: false,
    };
    let take = |events: &FeedAdvance| {
        ports
            .webhooks
            .append_events(org, webhook.id, events, now - FeedService::RETENTION, now)
            .unwrap()
    };
    assert!(take(&advance(0, 2)));
    assert!(!take(&advance(0, 2)), "another worker has taken them");
    assert!(take(&advance(2, 3)));
    assert_eq!(ports.webhooks.pending(org, webhook.id, 100).unwrap(), 3);
    assert_eq!(ports.webhooks.pending(org, webhook.id, 2).unwrap(), 2);
    let listed = ports.webhooks.deliveries(org, webhook.id, None, None, 2).unwrap();
    let numbers: Vec<_> = listed.iter().filter_map(|delivery| delivery.number).collect();
    assert_eq!(numbers, [3, 2]);
    let rest = ports.webhooks.deliveries(org, webhook.id, None, Some(listed[1].id), 2).unwrap();
    assert_eq!(rest.len(), 1);
    let later = now + FeedService::RETENTION + Duration::from_secs(1);
    let empty_advance = FeedAdvance { from: 3, to: 4, deliveries: Vec::new(), missed: false };
    let forget = later - FeedService::RETENTION;
    assert!(ports.webhooks.append_events(org, webhook.id, &empty_advance, forget, later).unwrap());
    assert_eq!(ports.webhooks.pending(org, webhook.id, 100).unwrap(), 0, "old ones are forgotten");
}

/// The job has looked for events and deliveries before they arrive.
pub fn what_arrives_at_the_end_of_a_job_is_sent_at_once(ports: &Ports) {
    let org = ports.org();
    let (service, sender) = service(ports);
    let webhook = add_webhook(&service, org, &[]);
    let arrivals: [(&str, &dyn Fn()); 2] = [
        ("an event", &|| drop(ports.add(org, "Ann", ""))),
        ("a test message", &|| drop(service.test(org, webhook.id).unwrap())),
    ];
    for (what, arrive) in arrivals {
        let worker = ports.ids.next();
        let job = ports.jobs.claim(Lane::Work, worker, LEASE, ports.clock.now()).unwrap().unwrap();
        let outcome = service.deliver(org, webhook.id, &Always).unwrap();
        arrive();
        ports.jobs.finish(&job, worker, outcome, ports.clock.now()).unwrap();
        run(ports, &service);
        assert_eq!(sender.take().len(), 1, "{what}");
        ports.clock.advance(Duration::from_secs(300));
    }
}
