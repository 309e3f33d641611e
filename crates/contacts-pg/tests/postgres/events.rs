//! The change feed on a real database (R42).

use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::Policy;
use contacts_core::job::{Job, Lane};
use contacts_core::{Clock, Ids};
use contacts_testkit::samples::{chunk, import_row, running_import};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

use crate::support;

/// The event that is inserted first is committed last: a reader in between must not miss it.
#[test]
fn an_event_that_is_committed_late_is_read_later() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let add = |email: &str| {
        let ann = contacts_testkit::samples::contact(org, &ports.ids, &ports.clock, "Ann", email);
        ports.contacts.insert(&ann, contacts_core::Actor::System).unwrap();
        ann.id
    };
    let mut late = PgConnection::establish(&url).unwrap();
    sql_query("BEGIN").execute(&mut late).unwrap();
    let early_id = ports.ids.next();
    let insert = format!(
        "INSERT INTO events (org_id, id, kind, contacts, fields, actor_kind, at) \
         VALUES ('{org}', '{early_id}', 'deleted', ARRAY['{early_id}'::uuid], '{{}}', 'system', now())"
    );
    sql_query(&insert).execute(&mut late).unwrap();
    add("ann@example.org");
    let read = ports.feed.after(org, Some(0), 10).unwrap();
    assert_eq!((read.len(), read[0].event.kind), (1, EventKind::Created));
    sql_query("COMMIT").execute(&mut late).unwrap();
    let rest = ports.feed.after(org, Some(1), 10).unwrap();
    assert_eq!((rest.len(), rest[0].number, rest[0].event.kind), (1, 2, EventKind::Deleted));
}

/// An import of five thousand rows publishes about ten events, each with five hundred contacts.
#[test]
fn an_import_of_thousands_is_a_few_events() {
    let ports = support::ports();
    let org = ports.org();
    let import = running_import(&ports, org, Policy::Overwrite);
    let rows = (0..5_000).map(|n| import_row("Ann", &format!("p{n}@example.org"))).collect();
    let rows = chunk(&ports.ids, 0, rows);
    ports.imports.apply(&import, &rows, ports.clock.now()).unwrap();
    let events = ports.feed.after(org, None, 100).unwrap();
    assert_eq!(events.len(), 5_000 / ContactEvent::MAX_CONTACTS);
    assert!(events.iter().all(|event| event.event.contacts.len() == ContactEvent::MAX_CONTACTS));
}

/// Old events are deleted even if nobody reads the feed.
#[test]
fn old_events_are_deleted_without_a_reader() {
    let ports = support::ports();
    let org = ports.org();
    let worker = ports.ids.next();
    for _ in 0..200 {
        let ann = contacts_testkit::samples::contact(org, &ports.ids, &ports.clock, "Ann", "");
        ports.contacts.insert(&ann, contacts_core::Actor::System).unwrap();
    }
    let lease = std::time::Duration::from_secs(30);
    let claim = |at| ports.jobs.claim(Lane::Work, worker, lease, at).unwrap().map(|job| job.job);
    assert_eq!(claim(ports.clock.now()), None);
    let later = ports.clock.advance(std::time::Duration::from_secs(3 * 24 * 60 * 60));
    assert_eq!(claim(later), Some(Job::SweepEvents));
    assert_eq!(claim(later), None, "once for each organisation");
}
