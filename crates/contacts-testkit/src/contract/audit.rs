//! The contract of [`contacts_core::audit::AuditRepository`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::audit::{Check, Finding};
use contacts_core::file::FileId;
use contacts_core::import::Policy;
use contacts_core::webhook::FeedAdvance;
use contacts_core::{Clock, Error, Ids, OrgId};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{dry_runs, housekeeping, webhooks};
use crate::{Ports, random, samples};

/// Number of random sequences of operations that are audited.
const SEQUENCES: usize = 20;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Runs every check on an organisation.
fn findings(ports: &Ports, org: OrgId) -> Vec<Finding> {
    let audit = ports.services().audit;
    let check = |check: &Check| audit.check(org, *check, HOUR).unwrap();
    Check::ALL.iter().filter_map(check).collect()
}

fn found(check: Check, examples: &[String]) -> Vec<Finding> {
    Finding::of(check, examples.to_vec()).into_iter().collect()
}

/// Stores a file that belongs to nothing, and returns the example of a finding.
fn lost_file(ports: &Ports, org: OrgId) -> String {
    let file = FileId(ports.ids.next());
    ports.files.append(org, file, 0, b"Name,Email").unwrap();
    format!("file_chunks:{file}")
}

pub fn nothing_is_found_after_random_operations(ports: &Ports) {
    let mut runner = TestRunner::deterministic();
    for _ in 0..SEQUENCES {
        let operations = random::operations().new_tree(&mut runner).unwrap().current();
        random::run(ports, &operations);
    }
    let orgs = ports.services().audit.organisations(None).unwrap();
    assert!(orgs.len() >= SEQUENCES, "each sequence has its organisation");
    for org in orgs {
        assert_eq!(findings(ports, org), []);
    }
}

pub fn nothing_is_found_in_an_empty_organisation(ports: &Ports) {
    let org = ports.org();
    assert_eq!(findings(ports, org), []);
}

pub fn a_run_without_a_job_is_found_until_it_gets_one(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let open = housekeeping::open_runs(ports, org);
    assert_eq!(findings(ports, org), []);
    housekeeping::end_jobs(ports);
    let lost = findings(ports, org);
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((lost[0].check, lost[0].has_more), (Check::RunWithoutJob, open.len() > 5));
    assert_eq!(findings(ports, other), []);
    ports.housekeeping.queue_missing_jobs(ports.clock.now()).unwrap();
    assert_eq!(findings(ports, org), []);
}

pub fn a_job_of_a_deleted_run_is_found_after_an_hour(ports: &Ports) {
    let org = ports.org();
    let import = samples::ready_import(ports, org, Policy::Overwrite);
    housekeeping::end_jobs(ports);
    dry_runs::started(ports, &import);
    assert!(ports.dry_runs.discard(org, import.id).unwrap());
    ports.clock.advance(HOUR - Duration::from_micros(1));
    assert_eq!(findings(ports, org), [], "a worker may not have claimed it yet");
    ports.clock.advance(Duration::from_micros(1));
    let lost = findings(ports, org);
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((lost[0].check, lost[0].examples.len()), (Check::JobWithoutRun, 1));
}

pub fn a_time_more_than_a_minute_in_the_future_is_found(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let added = |seconds: i64, name: &str| {
        ports.clock.set(now + time::Duration::seconds(seconds));
        let contact = ports.add(org, name, "");
        ports.clock.set(now);
        format!("contacts:{}", contact.id)
    };
    added(60, "Ann");
    assert_eq!(findings(ports, org), []);
    let later = added(61, "Bob");
    let future = findings(ports, org);
    assert_eq!(future.len(), 1, "{future:?}");
    assert_eq!(future[0].check, Check::FutureTime);
    assert_eq!(future[0].examples.len(), 2, "the contact and its event: {future:?}");
    assert!(future[0].examples.contains(&later), "{future:?}");
}

pub fn a_file_that_belongs_to_nothing_is_found(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let import = samples::running_import(ports, org, Policy::Overwrite);
    ports.files.append(org, import.file, 0, b"Name,Email").unwrap();
    assert_eq!(findings(ports, org), []);
    let file = lost_file(ports, org);
    assert_eq!(findings(ports, org), found(Check::OrphanRow, &[file]));
    assert_eq!(findings(ports, other), []);
}

pub fn a_finding_has_at_most_five_examples(ports: &Ports) {
    let org = ports.org();
    let audited = || {
        let found = findings(ports, org).pop().unwrap();
        (found.examples.len(), found.has_more)
    };
    (0..5).for_each(|_| drop(lost_file(ports, org)));
    assert_eq!(audited(), (5, false));
    lost_file(ports, org);
    assert_eq!(audited(), (5, true));
}

pub fn a_webhook_beyond_the_end_of_the_feed_is_found(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@example.org");
    let webhook = webhooks::add_webhook(&webhooks::service(ports).0, org, &[]);
    assert_eq!(findings(ports, org), []);
    let (from, to) = (webhook.cursor, webhook.cursor + 1);
    let ahead = FeedAdvance { from, to, deliveries: Vec::new(), missed: false };
    let now = ports.clock.now();
    assert!(ports.webhooks.append_events(org, webhook.id, &ahead, now, now).unwrap());
    let example = format!("webhooks:{}", webhook.id);
    assert_eq!(findings(ports, org), found(Check::WebhookAhead, &[example]));
}

pub fn organisations_are_audited_oldest_first_and_after_another(ports: &Ports) {
    let orgs = [(); 3].map(|()| {
        ports.clock.tick();
        ports.org()
    });
    let audit = ports.services().audit;
    let all = audit.organisations(None).unwrap();
    assert!(all.ends_with(&orgs), "{all:?}");
    assert_eq!(audit.organisations(Some(orgs[0])).unwrap(), orgs[1..]);
    assert_eq!(audit.organisations(Some(orgs[2])).unwrap(), []);
    let unknown = audit.organisations(Some(OrgId(ports.ids.next())));
    assert!(matches!(unknown, Err(Error::NotFound("organisation"))), "{unknown:?}");
}
