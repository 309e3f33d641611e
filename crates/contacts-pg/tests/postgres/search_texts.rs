//! The rebuild of stored search texts of an older version.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use contacts_core::contact::{
    Contact, ContactFilter, CountRequest, NewContact, SEARCH_VERSION, SearchQuery, SortBy,
};
use contacts_core::field::{FieldPatch, FieldType, RawValue};
use contacts_core::job::{Interrupt, Job, Lane, Outcome};
use contacts_core::{Actor, OrgId};
use contacts_testkit::{Ports, samples};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use uuid::Uuid;

use crate::support::ports_and_url;

/// Makes the texts those of version 0.
const OLD: &str = "UPDATE contacts SET search = replace(search, ' oneil neil', ''); \
     UPDATE organisations SET search_version = 0";

/// Says how often work may go on.
struct Turns(AtomicUsize);

impl Interrupt for Turns {
    fn may_continue(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok()
    }

    fn must_end(&self) -> bool {
        false
    }
}

fn turns(count: usize) -> Turns {
    Turns(AtomicUsize::new(count))
}

fn add(ports: &Ports, org: OrgId, name: &str) {
    let email = format!("{}@x.example", &name[..2]);
    let new = NewContact { name: Some(name), email: Some(&email), ..NewContact::default() };
    ports.services().contacts.create(org, &new, Actor::System).unwrap();
}

/// Returns the contacts that a search finds, in the order of their names.
fn listed(ports: &Ports, org: OrgId, query: &str) -> Vec<Contact> {
    let filter = ContactFilter { query: SearchQuery::parse(query), ..ContactFilter::default() };
    let page = samples::page(SortBy::Name, false, 200);
    let contacts = ports.services().contacts;
    contacts.list(org, &filter, &page, CountRequest::None).unwrap().0.items
}

fn found(ports: &Ports, org: OrgId, query: &str) -> Vec<String> {
    let contacts = listed(ports, org, query);
    contacts.iter().flat_map(|contact| &contact.name).map(ToString::to_string).collect()
}

/// Returns an organisation with five contacts whose texts are old, of which three must change.
fn old_texts(ports: &Ports, url: &str) -> (OrgId, PgConnection) {
    let org = ports.org();
    for name in ["Ann O'Neil", "Bo", "Cy O'Neil", "Di", "Ed O'Neil"] {
        add(ports, org, name);
    }
    let mut db = PgConnection::establish(url).unwrap();
    db.batch_execute(OLD).unwrap();
    assert_eq!(found(ports, org, "oneil"), Vec::<String>::new());
    (org, db)
}

fn claim(ports: &Ports) -> Option<Job> {
    let (worker, lease) = (Uuid::from_u128(1), Duration::from_secs(60));
    let job = ports.jobs.claim(Lane::Work, worker, lease, ports.clock.tick()).unwrap()?;
    ports.jobs.finish(&job, worker, Outcome::Done, ports.clock.tick()).unwrap();
    Some(job.job)
}

#[test]
fn old_texts_are_rebuilt_by_a_job_that_is_queued_by_itself() {
    let (ports, url) = ports_and_url();
    let (org, _db) = old_texts(&ports, &url);
    let before = listed(&ports, org, "");
    let queue = || ports.housekeeping.queue_missing_jobs(ports.clock.tick()).unwrap();
    assert_eq!((queue(), queue()), (1, 0));
    assert_eq!(claim(&ports), Some(Job::RebuildSearch));
    let done = ports.services().contacts.rebuild_search(org, &turns(9)).unwrap();
    assert_eq!(done, Outcome::Done);
    assert_eq!(found(&ports, org, "oneil"), ["Ann O'Neil", "Cy O'Neil", "Ed O'Neil"]);
    assert_eq!(listed(&ports, org, ""), before, "times and versions stay");
    assert_eq!(queue(), 0, "a new organisation and a rebuilt one need no rebuild");
    assert_eq!(found(&ports, org, "ne"), ["Ann O'Neil", "Cy O'Neil", "Ed O'Neil"]);
    assert_eq!(SEARCH_VERSION, 2, "a new version needs a test of the texts that it changes");
}

#[test]
fn a_field_that_becomes_searchable_gets_its_job() {
    let (ports, _url) = ports_and_url();
    let org = ports.org();
    let memo = samples::field("memo", FieldType::Text, 0);
    ports.add_field(org, &memo);
    let custom = vec![("memo", RawValue::Text("Bremen"))];
    let ann =
        NewContact { name: Some("Ann"), email: Some("a@x.example"), custom, ..<_>::default() };
    ports.services().contacts.create(org, &ann, Actor::System).unwrap();
    let fields = ports.services().fields;
    let patch = |patch| fields.update(org, "memo", None, patch, Actor::System).unwrap();
    patch(FieldPatch { label: Some("Memo".to_owned()), ..FieldPatch::default() });
    assert_eq!(claim(&ports), None);
    patch(FieldPatch { searchable: Some(true), ..FieldPatch::default() });
    assert_eq!(found(&ports, org, "bremen"), Vec::<String>::new());
    assert_eq!(claim(&ports), Some(Job::RebuildSearch));
    // Housekeeping brings back a job that was lost.
    let queue = || ports.housekeeping.queue_missing_jobs(ports.clock.tick()).unwrap();
    assert_eq!(queue(), 1);
    assert_eq!(claim(&ports), Some(Job::RebuildSearch));
    ports.services().contacts.rebuild_search(org, &turns(9)).unwrap();
    assert_eq!(found(&ports, org, "bremen"), ["Ann"]);
    assert_eq!(queue(), 0);
}

#[test]
fn a_rebuild_goes_on_where_it_stopped() {
    let (ports, url) = ports_and_url();
    let (org, mut db) = old_texts(&ports, &url);
    let rebuild = |limit| ports.contacts.rebuild_search(org, limit).unwrap();
    assert!(rebuild(2));
    assert_eq!(found(&ports, org, "oneil"), ["Ann O'Neil"]);
    // A worker that is killed leaves the chunks that were committed. These are not read again.
    db.batch_execute("UPDATE contacts SET search = ' old' WHERE name = 'Ann O''Neil'").unwrap();
    assert!(rebuild(2));
    assert_eq!(found(&ports, org, "oneil"), ["Cy O'Neil"]);
    assert!(!rebuild(2));
    assert_eq!(found(&ports, org, "oneil"), ["Cy O'Neil", "Ed O'Neil"]);
    // The next rebuild begins at the first contact.
    db.batch_execute("UPDATE organisations SET search_version = 0").unwrap();
    let stopped = ports.services().contacts.rebuild_search(org, &turns(0)).unwrap();
    assert_eq!(stopped, Outcome::Again, "it gives way");
    while rebuild(2) {}
    assert_eq!(found(&ports, org, "oneil"), ["Ann O'Neil", "Cy O'Neil", "Ed O'Neil"]);
}

#[test]
fn an_edit_beside_a_rebuild_is_not_lost() {
    let (ports, url) = ports_and_url();
    let (org, mut editor) = old_texts(&ports, &url);
    let edit = "BEGIN; UPDATE contacts SET name = 'Zoe', search = ' zoe' WHERE name = 'Cy O''Neil'";
    editor.batch_execute(edit).unwrap();
    let waiting = "SELECT FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    thread::scope(|scope| {
        let rebuild = scope.spawn(|| ports.contacts.rebuild_search(org, 100).unwrap());
        // The rebuild has read the contact, and waits for the edit, which is not committed.
        while !rebuild.is_finished() && sql_query(waiting).execute(&mut editor).unwrap() == 0 {}
        assert!(!rebuild.is_finished(), "the rebuild waits for the edit");
        editor.batch_execute("COMMIT").unwrap();
        assert!(!rebuild.join().unwrap());
    });
    assert_eq!(found(&ports, org, "oneil"), ["Ann O'Neil", "Ed O'Neil"]);
    assert_eq!(found(&ports, org, "zoe"), ["Zoe"]);
}
