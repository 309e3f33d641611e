//! A separate database for each test, copied from a template that is migrated once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use contacts_core::Repositories;
use contacts_core::campaign::AddressKey;
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{CountedIds, Ports, StoppedClock};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

/// The key that hashes the addresses of contacts who unsubscribed.
pub(crate) const KEY: AddressKey = AddressKey::new([5; 32]);

/// Deletes the rows of all tables.
const EMPTY: &str = "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(relname, ', ') \
     FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname !~ '_schema_migrations$'); \
     END $$";

/// A database that is dropped together with this value.
pub(crate) struct Scratch {
    /// Connection string of the database.
    pub(crate) url: String,
    name: String,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Returns every port over a new database, or over that of the Citus cluster whose coordinator
/// `CITUS_DATABASE_URL` names. A cluster has one database, which is emptied for each test: run them
/// with `--test-threads 1`.
pub(crate) fn ports() -> Ports {
    let Some(url) = variable("CITUS_DATABASE_URL") else { return ports_and_url().0 };
    static COUNT: AtomicU64 = AtomicU64::new(1);
    static MIGRATED: Once = Once::new();
    let ids = CountedIds::after(COUNT.fetch_add(1, Ordering::Relaxed) << 32);
    let config = PoolConfig::new(8, Duration::from_secs(10));
    let database = Database::open(&url, config, Arc::new(ids.clone()), KEY).unwrap();
    MIGRATED.call_once(|| drop(database.migrate().unwrap()));
    let mut db = PgConnection::establish(&url).unwrap();
    sql_query(EMPTY).execute(&mut db).unwrap();
    let repositories = Repositories::of(&Arc::new(database));
    Ports::over(repositories, StoppedClock::default(), ids, Arc::new(()))
}

/// Returns every port over a new database, and its connection string.
pub(crate) fn ports_and_url() -> (Ports, String) {
    let (database, scratch, clock, ids) = database(8);
    let repositories = Repositories::of(&Arc::new(database));
    let url = scratch.url.clone();
    let ports = Ports::over(repositories, clock, ids, Arc::new(scratch));
    (ports, url)
}

/// Returns a new database with a pool of `size` connections.
pub(crate) fn database(size: u32) -> (Database, Scratch, StoppedClock, CountedIds) {
    let scratch = copy_of(template());
    let (clock, ids) = (StoppedClock::default(), CountedIds::default());
    let config = PoolConfig::new(size, Duration::from_secs(10));
    let database = Database::open(&scratch.url, config, Arc::new(ids.clone()), KEY).unwrap();
    (database, scratch, clock, ids)
}

/// Creates a database without tables.
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
        let config = PoolConfig::new(1, Duration::from_secs(10));
        let database =
            Database::open(&url_of(&name), config, Arc::new(CountedIds::default()), KEY).unwrap();
        database.migrate().unwrap();
        name
    })
}

/// Returns a database name from the process id and a counter, because test programs run in parallel
/// on one server.
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

/// Returns the URL of the test server, as `postgres://user@host:port/postgres`.
fn server() -> String {
    variable("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: run scripts/test, which starts a server for the tests",
    )
}

#[expect(clippy::disallowed_methods, reason = "the environment names the test servers")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
