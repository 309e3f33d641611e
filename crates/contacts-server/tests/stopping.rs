//! Stopping a server: no request is lost in a rolling restart, and nothing keeps the process
//! from ending.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use rustix::process::{Signal, kill_process};

use crate::support::{Answer, Relay, Scratch, Serving, pid, spawn};

/// Clients of each kind: with one connection for all requests, and with one for each.
const CLIENTS: usize = 3;

const GRACE: Duration = Duration::from_secs(1);

#[test]
fn no_request_is_lost_while_readyz_answers_503() {
    let database = Scratch::new();
    let serving = Serving::with(&database.url, &[], &[("CONTACTS_DRAIN_SECONDS", "1")]);
    let answered = AtomicUsize::new(0);
    let (asked_at, failures) = thread::scope(|scope| {
        let clients: Vec<_> = (0..2 * CLIENTS)
            .map(|number| {
                let mut client = Client::new(serving.address(), number < CLIENTS);
                let answered = &answered;
                scope.spawn(move || client.first_failure(answered))
            })
            .collect();
        answered_more(&answered, 200);
        let asked_at = Instant::now();
        serving.signal(Signal::TERM);
        while ready(&serving) == 200 {}
        assert!(asked_at.elapsed() < GRACE / 2, "/readyz answers 503 first");
        answered_more(&answered, 100);
        let failures: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        (asked_at, failures)
    });
    for failure in failures {
        let after = failure - asked_at;
        assert!(after >= GRACE, "a request was lost {after:?} after SIGTERM");
    }
    let (status, log) = serving.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn while_it_drains_each_response_closes_its_connection() {
    let database = Scratch::new();
    let serving = Serving::with(&database.url, &[], &[("CONTACTS_DRAIN_SECONDS", "60")]);
    let mut client = Client::new(serving.address(), true);
    assert!(!client.ask().unwrap().contains("connection: close"));
    serving.signal(Signal::TERM);
    while ready(&serving) == 200 {}
    assert!(client.ask().unwrap().contains("connection: close"));
    // The second signal does not wait for the grace.
    let (status, _) = serving.end(Signal::INT);
    assert_eq!(status.code(), Some(130));
}

#[test]
fn ctrl_c_skips_the_grace() {
    let database = Scratch::new();
    let serving = Serving::with(&database.url, &[], &[("CONTACTS_DRAIN_SECONDS", "60")]);
    let mut idle = Client::new(serving.address(), true);
    idle.ask().unwrap();
    let (status, log) = serving.end(Signal::INT);
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_request_in_progress_is_answered_after_the_port_closed() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let mut lock = PgConnection::establish(&database.url).unwrap();
    sql_query("BEGIN").execute(&mut lock).unwrap();
    sql_query("LOCK TABLE contacts").execute(&mut lock).unwrap();
    let (address, key) = (serving.address().to_owned(), serving.key().to_owned());
    let request =
        thread::spawn(move || Answer::to(&address, Some(&key), "GET", "/v1/contacts", ""));
    wait_for_lock(&database);
    serving.signal(Signal::TERM);
    while TcpStream::connect(serving.address()).is_ok() {}
    sql_query("COMMIT").execute(&mut lock).unwrap();
    assert_eq!(request.join().unwrap().status, 200);
    let (status, log) = serving.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_database_that_does_not_answer_does_not_keep_a_server_from_ending() {
    let database = Scratch::new();
    let relay = Relay::to(&database.url);
    let serving = Serving::on(&relay.url, &["--shutdown-seconds", "2"]);
    // The lock tells when the server has the request.
    let mut lock = PgConnection::establish(&database.url).unwrap();
    sql_query("BEGIN").execute(&mut lock).unwrap();
    sql_query("LOCK TABLE contacts").execute(&mut lock).unwrap();
    let (address, key) = (serving.address().to_owned(), serving.key().to_owned());
    // Its connection is cut at the end, so its answer does not matter.
    thread::spawn(move || Answer::to(&address, Some(&key), "GET", "/v1/contacts", ""));
    wait_for_lock(&database);
    relay.freeze();
    let asked_at = Instant::now();
    let (status, log) = serving.end(Signal::TERM);
    assert!(asked_at.elapsed() < Duration::from_secs(4), "{:?}", asked_at.elapsed());
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("stopping took too long"), "{log}");
}

#[test]
fn a_database_that_does_not_answer_does_not_keep_a_worker_from_ending() {
    let database = Scratch::new();
    let relay = Relay::to(&database.url);
    let mut working = spawn(&relay.url, &["work", "--shutdown-seconds", "2"]);
    let mut line = String::new();
    BufReader::new(working.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Running jobs of "), "{line}");
    relay.freeze();
    let asked_at = Instant::now();
    kill_process(pid(&working), Signal::TERM).unwrap();
    assert_eq!(working.wait().unwrap().code(), Some(1), "{}", error_of(working));
    assert!(asked_at.elapsed() < Duration::from_secs(4), "{:?}", asked_at.elapsed());
}

/// The status of `/readyz`.
fn ready(serving: &Serving) -> u16 {
    Answer::to(serving.address(), None, "GET", "/readyz", "").status
}

/// Blocks until some more requests were answered.
#[track_caller]
fn answered_more(answered: &AtomicUsize, more: usize) {
    let (before, started) = (answered.load(Ordering::Relaxed), Instant::now());
    while answered.load(Ordering::Relaxed) < before + more {
        assert!(started.elapsed() < Duration::from_secs(20), "requests are not answered");
        thread::yield_now();
    }
}

/// Blocks until a statement waits for a lock.
fn wait_for_lock(database: &Scratch) {
    let mut connection = PgConnection::establish(&database.url).unwrap();
    let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND database = \
                   (SELECT oid FROM pg_database WHERE datname = current_database())";
    while sql_query(waiting).execute(&mut connection).unwrap() == 0 {}
}

fn error_of(mut child: Child) -> String {
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    error
}

/// A client that sends one request after another.
struct Client {
    address: String,
    keeps_alive: bool,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(address: &str, keeps_alive: bool) -> Self {
        Self { address: address.to_owned(), keeps_alive, connection: None }
    }

    /// Sends requests until one is refused or cut off; returns when that happened.
    fn first_failure(&mut self, answered: &AtomicUsize) -> Instant {
        while self.ask().is_ok() {
            answered.fetch_add(1, Ordering::Relaxed);
        }
        Instant::now()
    }

    /// Sends a request; returns the head of the response in lower case.
    fn ask(&mut self) -> std::io::Result<String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(TcpStream::connect(&self.address)?),
        };
        let close = if self.keeps_alive { "" } else { "Connection: close\r\n" };
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n{close}\r\n", self.address);
        connection.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let head = head.to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let length = head.split_once("content-length: ").unwrap().1;
        let length = length.split_once("\r\n").unwrap().0.parse().unwrap();
        connection.read_exact(&mut vec![0; length])?;
        if self.keeps_alive && !head.contains("connection: close") {
            self.connection = Some(connection);
        }
        Ok(head)
    }
}
