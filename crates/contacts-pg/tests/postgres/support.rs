//! A database for each test, copied from one that was migrated once.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use contacts_core::campaign::AddressKey;
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{CountedIds, Ports, StoppedClock};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

/// The key of addresses.
pub(crate) const KEY: AddressKey = AddressKey::new([5; 32]);

/// A database that is dropped with the last of its users.
pub(crate) struct Scratch {
    /// Its connection string.
    pub(crate) url: String,
    name: String,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Every port over a fresh database.
pub(crate) fn ports() -> Ports {
    ports_and_url().0
}

/// Every port over a fresh database, and its connection string.
pub(crate) fn ports_and_url() -> (Ports, String) {
    let (database, scratch, clock, ids) = database(8);
    let database = Arc::new(database);
    let url = scratch.url.clone();
    let ports = Ports {
        answers: database.clone(),
        contacts: database.clone(),
        campaigns: database.clone(),
        captures: database.clone(),
        duplicates: database.clone(),
        conversations: database.clone(),
        tags: database.clone(),
        fields: database.clone(),
        organisations: database.clone(),
        keys: database.clone(),
        notes: database.clone(),
        erasures: database.clone(),
        people: database.clone(),
        housekeeping: database.clone(),
        imports: database.clone(),
        exports: database.clone(),
        dry_runs: database.clone(),
        undos: database.clone(),
        files: database.clone(),
        segments: database.clone(),
        selections: database.clone(),
        actions: database.clone(),
        jobs: database.clone(),
        feed: database.clone(),
        webhooks: database.clone(),
        sources: database,
        clock,
        ids,
        guard: Arc::new(scratch),
    };
    (ports, url)
}

/// A fresh database with a pool of so many connections.
pub(crate) fn database(size: u32) -> (Database, Scratch, StoppedClock, CountedIds) {
    let scratch = copy_of(template());
    let (clock, ids) = (StoppedClock::default(), CountedIds::default());
    let config = PoolConfig { size, wait: Duration::from_secs(10) };
    let database = Database::open(&scratch.url, config, Arc::new(ids.clone()), KEY).unwrap();
    (database, scratch, clock, ids)
}

/// A fresh database without any table.
pub(crate) fn empty() -> Scratch {
    copy_of("template0")
}

fn copy_of(template: &str) -> Scratch {
    let name = fresh_name();
    run(&format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"));
    Scratch { url: url_of(&name), name }
}

fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = fresh_name();
        run(&format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY"));
        let config = PoolConfig { size: 1, wait: Duration::from_secs(10) };
        let database =
            Database::open(&url_of(&name), config, Arc::new(CountedIds::default()), KEY).unwrap();
        database.migrate().unwrap();
        name
    })
}

/// The process and a count: test programs run side by side on one server.
fn fresh_name() -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("contacts_{}_{count}", std::process::id())
}

fn run(statement: &str) {
    let mut db = PgConnection::establish(&server()).unwrap();
    sql_query(statement).execute(&mut db).unwrap();
}

fn url_of(name: &str) -> String {
    let server = server();
    let (before, _) = server.rsplit_once('/').unwrap();
    let options = server.split_once('?').map(|(_, options)| format!("?{options}"));
    format!("{before}/{name}{}", options.unwrap_or_default())
}

/// The test server, as `postgres://user@host:port/postgres`.
#[expect(clippy::disallowed_methods, reason = "the test server is told by the environment")]
fn server() -> String {
    std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: run scripts/test, which starts a server for the tests",
    )
}
