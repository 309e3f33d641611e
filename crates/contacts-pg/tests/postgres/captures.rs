//! Concurrent captures, interleaved with merges, deletes and reported conversations.

use std::sync::atomic::{AtomicUsize, Ordering};

use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::conversation::Conversation;
use contacts_core::{Actor, Clock, Ids, OrgId};
use contacts_testkit::{Ports, samples};
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::support;

const VISITORS: [&str; 4] = ["v", "w", "x", "y"];
const ADDRESSES: [&str; 4] = ["a@example.org", "b@example.org", "C@example.org", ""];
const NAMES: [&str; 3] = ["Ann", "", "Bo"];
const THREADS: usize = 8;
const STEPS: usize = 40;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(db: &mut PgConnection, query: &str) -> i64 {
    sql_query(query).get_result::<Number>(db).unwrap().number
}

/// Runs the operation of a thread at a step. The steps are mixed so that all visitors, names and
/// addresses meet. Returns whether the operation was a capture.
fn act(ports: &Ports, org: OrgId, people: &[ContactId], interrupt: usize, step: usize) -> bool {
    let (mix, now) = (interrupt * 31 + step * 17, ports.clock.now());
    let visitor = samples::visitor(VISITORS[mix % 4]);
    let one = people.get(mix % people.len().max(1));
    let other = people.get((mix + 1) % people.len().max(1));
    match (step % 5, one, other) {
        (3, ..) => {
            let reported = samples::conversation(org, &ports.ids, &ports.clock, visitor);
            ports.conversations.report(&reported).unwrap();
            false
        }
        (4, Some(one), Some(other)) if one != other => {
            ports.contacts.merge(org, *one, *other, None, Actor::System, now).unwrap();
            false
        }
        _ => {
            let (name, address) = (NAMES[mix / 4 % 3], ADDRESSES[mix / 3 % 4]);
            let name = if address.is_empty() { "Cy" } else { name };
            let reported = samples::capture(org, &ports.ids, &ports.clock, visitor, name, address);
            let id = ContactId(ports.ids.next());
            ports.captures.capture(&reported, id, Actor::System, now).unwrap();
            true
        }
    }
}

fn people(ports: &Ports, org: OrgId) -> Vec<ContactId> {
    let page = samples::page(contacts_core::contact::SortBy::Created, false, 200);
    let listed = ports.contacts.list(org, &ContactFilter::default(), &page).unwrap();
    listed.items.into_iter().map(|contact| contact.id).collect()
}

fn talks(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<Conversation> {
    ports.conversations.of_contact(org, contact, None, 1_000).unwrap()
}

#[test]
fn concurrent_captures_make_each_contact_once() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let captured = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for interrupt in 0..THREADS {
            let (ports, captured) = (&ports, &captured);
            scope.spawn(move || {
                for step in 0..STEPS {
                    let people = people(ports, org);
                    if act(ports, org, &people, interrupt, step) {
                        captured.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let captured = captured.into_inner();
    let everybody = people(&ports, org);
    let mut db = PgConnection::establish(&url).unwrap();
    let sources = number(&mut db, "SELECT count(*) AS number FROM contact_sources");
    assert_eq!(sources, captured as i64, "each capture has one source, whoever was merged");
    let linked: usize = everybody.iter().map(|id| talks(&ports, org, *id).len()).sum();
    let reported = number(&mut db, "SELECT count(*) AS number FROM conversations");
    assert_eq!(linked as i64, reported, "every conversation is somebody's");
    let firsts = "SELECT count(*) AS number FROM contact_sources WHERE is_first";
    assert_eq!(number(&mut db, firsts), everybody.len() as i64);
    let without = "SELECT count(*) AS number FROM contacts WHERE email_key <> ''";
    assert!(number(&mut db, without) <= 3, "an address is one contact's");
    assert_eq!(number(&mut db, "SELECT count(*) AS number FROM visitors"), 4);
    assert_eq!(deadlocks(ports, &mut db), 0);
}

#[test]
fn deletes_and_edits_between_captures_wait_for_each_other_in_turn() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    std::thread::scope(|scope| {
        for interrupt in 0..THREADS {
            let ports = &ports;
            scope.spawn(move || {
                for step in 0..STEPS {
                    let people = people(ports, org);
                    let now = ports.clock.now();
                    let one = people.get((interrupt + step) % people.len().max(1)).copied();
                    let other = people.get((interrupt * step) % people.len().max(1)).copied();
                    match (step % 4, one, other) {
                        (1, Some(one), _) => {
                            ports.contacts.delete(org, one, None, Actor::System, now).unwrap();
                        }
                        (2, Some(one), Some(other)) if one != other => {
                            ports.duplicates.set_dismissed(org, [one, other], true, now).unwrap();
                            let patch = samples::new_name("Edited");
                            let by = Actor::System;
                            ports.contacts.update(org, one, None, &patch, by, now).unwrap();
                        }
                        _ => {
                            act(ports, org, &people, interrupt, step);
                        }
                    }
                }
            });
        }
    });
    let mut db = PgConnection::establish(&url).unwrap();
    let orphans = "SELECT count(*) AS number FROM contacts c WHERE NOT EXISTS \
         (SELECT FROM contact_sources s WHERE s.contact_id = c.id AND s.is_first)";
    assert_eq!(number(&mut db, orphans), 0);
    assert_eq!(deadlocks(ports, &mut db), 0);
}

/// Returns the number of deadlocks in the database, after all other connections have closed: each
/// reports its deadlocks when it closes.
fn deadlocks(ports: Ports, db: &mut PgConnection) -> i64 {
    let Ports { guard, .. } = { ports };
    let others = "SELECT count(*) AS number FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while number(db, others) > 0 {
        std::thread::yield_now();
    }
    let found =
        "SELECT deadlocks AS number FROM pg_stat_database WHERE datname = current_database()";
    let found = number(db, found);
    drop(guard);
    found
}
