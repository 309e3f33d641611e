//! Errors that failures of the server become.

use std::sync::Arc;
use std::time::Duration;

use contacts_core::contact::{ContactPatch, ContactRepository, Patch};
use contacts_core::note::{Note, NoteId, NoteText};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{Ports, samples};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::support;

/// Makes every insert into a table fail with an error of the server, and counts the attempts in a
/// sequence, which is not rolled back.
fn refuse(url: &str, table: &str, sqlstate: &str, message: &str) -> PgConnection {
    let mut db = PgConnection::establish(url).unwrap();
    let statements = [
        "CREATE SEQUENCE attempts".to_owned(),
        format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM nextval('attempts'); \
             RAISE EXCEPTION USING ERRCODE = '{sqlstate}', MESSAGE = '{message}'; END $$"
        ),
        format!("CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()"),
    ];
    for statement in statements {
        sql_query(statement).execute(&mut db).unwrap();
    }
    db
}

#[derive(QueryableByName)]
struct Attempts {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    last_value: i64,
}

fn attempts(db: &mut PgConnection) -> i64 {
    let row: Attempts = sql_query("SELECT last_value FROM attempts").get_result(db).unwrap();
    row.last_value
}

fn insert_contact(ports: &Ports, org: OrgId) -> Result<(), Error> {
    let ann = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    ports.contacts.insert(&ann, Actor::System)
}

#[test]
fn a_full_disk_is_reported_as_such() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let message = "could not extend file \"base/5/16384\": No space left on device";
    let mut db = refuse(&url, "contacts", "53100", message);
    let full = insert_contact(&ports, org);
    assert!(matches!(full, Err(Error::StorageFull(_))), "{full:?}");
    assert_eq!(attempts(&mut db), 1);
}

#[test]
fn a_deadlock_is_tried_again() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let mut db = refuse(&url, "contacts", "40P01", "deadlock detected");
    assert!(matches!(insert_contact(&ports, org), Err(Error::Store(_))));
    assert_eq!(attempts(&mut db), 20);
}

#[test]
fn a_foreign_key_is_tried_again_where_the_row_may_have_been_deleted() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let mut db = refuse(&url, "contact_sources", "23503", "no such row");
    assert!(matches!(insert_contact(&ports, org), Err(Error::Store(_))));
    assert_eq!(attempts(&mut db), 20);
}

#[test]
fn a_foreign_key_fails_at_once_where_the_row_is_locked() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let ann = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    ports.contacts.insert(&ann, Actor::System).unwrap();
    let mut db = refuse(&url, "notes", "23503", "no such row");
    let now = ports.clock.now();
    let note = Note {
        org,
        id: NoteId(ports.ids.next()),
        contact: ann.id,
        author: Actor::System,
        text: NoteText::parse("hello").unwrap(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    assert!(matches!(ports.notes.insert(&note), Err(Error::Store(_))));
    assert_eq!(attempts(&mut db), 1);
}

#[test]
fn a_lock_that_is_held_too_long_makes_a_request_busy() {
    let (ports, url) = support::ports_and_url();
    let org = ports.org();
    let ann = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    ports.contacts.insert(&ann, Actor::System).unwrap();
    let limits = [
        PoolConfig { lock_timeout: Some(Duration::from_millis(20)), ..config() },
        PoolConfig { statement_timeout: Some(Duration::from_millis(20)), ..config() },
    ];
    let mut holder = PgConnection::establish(&url).unwrap();
    sql_query("BEGIN").execute(&mut holder).unwrap();
    sql_query("SELECT FROM contacts FOR UPDATE").execute(&mut holder).unwrap();
    for limit in limits {
        let ids = Arc::new(ports.ids.clone());
        let database = Database::open(&url, limit, ids, support::KEY).unwrap();
        let patch = ContactPatch { name: Patch::Clear, ..ContactPatch::default() };
        let now = ports.clock.now();
        let busy =
            ContactRepository::update(&database, org, ann.id, None, &patch, Actor::System, now);
        assert!(matches!(busy, Err(Error::Busy)), "{limit:?}: {busy:?}");
    }
}

fn config() -> PoolConfig {
    PoolConfig::new(1, Duration::from_secs(10))
}

/// An exhausted pool does not look like a server that is down.
#[test]
fn a_pulse_uses_no_connection_of_the_pool() {
    let (database, scratch, ..) = support::database(1);
    let mut pulse = database.pulse();
    pulse.check().unwrap();
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    sql_query(terminate).execute(&mut db).unwrap();
    assert!(matches!(pulse.check(), Err(Error::Unavailable(_))));
    pulse.check().unwrap();
}
