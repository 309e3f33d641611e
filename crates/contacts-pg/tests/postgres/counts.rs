//! Counts that are too slow, and numbers that need no counting (R21).

use contacts_core::contact::{ContactFilter, ContactRepository};
use contacts_core::page::Count;
use contacts_core::{Actor, Ids, OrgId};
use contacts_testkit::samples;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::support::database;

#[test]
fn a_count_that_takes_too_long_is_an_estimate() {
    let (database, scratch, clock, ids) = database(2);
    let org = OrgId(ids.next());
    for number in 0..30 {
        let contact = samples::contact(org, &ids, &clock, &format!("Ann {number}"), "");
        database.insert(&contact, Actor::System).unwrap();
    }
    // Reading a contact takes 25 ms, and planning to read it takes no time.
    let slow = "ALTER TABLE contacts RENAME TO stored_contacts; \
         CREATE VIEW contacts AS SELECT * FROM stored_contacts WHERE pg_sleep(0.025) IS NOT NULL";
    PgConnection::establish(&scratch.url).unwrap().batch_execute(slow).unwrap();
    let unreachable = ContactFilter { reachable: Some(false), ..ContactFilter::default() };
    let counted = database.count_quickly(org, &unreachable).unwrap();
    assert!(matches!(counted, Count::About(_)), "{counted:?}");
    assert_eq!(database.count(org, &unreachable).unwrap(), 30);
    assert_eq!(database.count_quickly(org, &ContactFilter::default()).unwrap(), Count::Exact(30));
}

#[test]
fn many_events_without_numbers_are_numbered_when_the_contacts_are_counted() {
    let (database, scratch, clock, ids) = database(2);
    let org = OrgId(ids.next());
    let contact = samples::contact(org, &ids, &clock, "Ann", "");
    database.insert(&contact, Actor::System).unwrap();
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let more = "INSERT INTO events (org_id, id, kind, contacts, fields, actor_kind, at) \
         SELECT e.org_id, gen_random_uuid(), 'updated', e.contacts, '{name}', 'system', e.at \
         FROM events e, generate_series(1, 11000)";
    db.batch_execute(more).unwrap();
    let all = ContactFilter::default();
    // Too many to add for one answer: the contacts are counted instead.
    for _ in 0..4 {
        assert_eq!(database.count_quickly(org, &all).unwrap(), Count::Exact(1));
    }
    db.batch_execute("UPDATE event_counters SET contacts = contacts + 1").unwrap();
    assert_eq!(database.count_quickly(org, &all).unwrap(), Count::Exact(2), "it is not counted");
}
