//! What journeys need: the program, a database of their own, and a plain HTTP client.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod http;
mod program;
mod tls;

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

pub(crate) use self::http::Answer;
pub(crate) use self::program::{Ended, Serving, contacts, contacts_alone, file, pid, spawn};
pub(crate) use self::tls::{Arrived, Secured};

/// An empty database on the test server, dropped at the end.
pub(crate) struct Scratch {
    /// Its connection string.
    pub(crate) url: String,
    name: String,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // Test programs run side by side on one server.
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

    /// The same database for another role.
    pub(crate) fn url_as(&self, role: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (_, place) = rest.split_once('@').unwrap();
        format!("{scheme}://{role}@{place}")
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
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
