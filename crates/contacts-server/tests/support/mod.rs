//! Helpers of the tests: the program, a database for each test, and HTTP clients and servers.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod http;
mod program;
mod relay;
mod tls;
mod workbook;

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use rustix::process::{Pid, Signal, kill_process};

pub(crate) use self::http::Answer;
pub(crate) use self::program::{
    Ended, Serving, command, contacts, contacts_alone, file, pid, spawn,
};
pub(crate) use self::relay::Relay;
pub(crate) use self::tls::{ReceivedRequest, Secured};
pub(crate) use self::workbook::xlsx;

/// An empty database on the test server, dropped at the end.
pub(crate) struct Scratch {
    /// The connection string.
    pub(crate) url: String,
    name: String,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Several test programs use one server at the same time.
        let name = format!("journey_{}_{count}", std::process::id());
        execute(
            &server(),
            &format!("CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY"),
        );
        Self { url: url_of(&name), name }
    }

    /// Runs a statement in it.
    pub(crate) fn execute(&self, statement: &str) {
        execute(&self.url, statement);
    }

    /// The result of a statement such as `SELECT count(*) AS n FROM contacts`.
    pub(crate) fn count(&self, statement: &str) -> i64 {
        let mut db = PgConnection::establish(&self.url).unwrap();
        let row: Count = sql_query(statement).get_result(&mut db).unwrap();
        row.n
    }

    /// The connection string for another role.
    pub(crate) fn url_as(&self, role: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (_, place) = rest.split_once('@').unwrap();
        format!("{scheme}://{role}@{place}")
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The server's processes of a database, which do nothing until this is dropped.
pub(crate) struct Frozen(Vec<Pid>);

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pid: i32,
}

impl Scratch {
    /// Freezes the processes that serve the database's connections.
    pub(crate) fn freeze(&self) -> Frozen {
        let mut db = PgConnection::establish(&self.url).unwrap();
        let select = "SELECT pid FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let backends: Vec<Backend> = sql_query(select).load(&mut db).unwrap();
        let pids: Vec<_> = backends.iter().filter_map(|row| Pid::from_raw(row.pid)).collect();
        for pid in &pids {
            kill_process(*pid, Signal::STOP).unwrap();
        }
        Frozen(pids)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        execute(&server(), &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn execute(url: &str, statement: &str) {
    let mut db = PgConnection::establish(url).unwrap();
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
    std::env::var("TEST_DATABASE_URL").unwrap_or_else(|_| {
        panic!(
            "TEST_DATABASE_URL is not set: run scripts/test, which starts a server for the tests"
        )
    })
}
