//! A relay before the database that fails as a broken network does: it freezes, now or at a COMMIT, or
//! it breaks connections at their COMMIT. It counts round trips.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A relay to a database.
pub(crate) struct Relay {
    /// The database's connection string through the relay.
    pub(crate) url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_frozen: AtomicBool,
    withholds: AtomicBool,
    /// Of so many COMMITs, the connection breaks at one; 0 is never.
    breaks_every: AtomicUsize,
    /// The number of the COMMIT whose answer is withheld, with all that follows; 0 is none.
    freezes_after: AtomicUsize,
    commits: AtomicUsize,
    round_trips: AtomicUsize,
}

/// What the relay does with a COMMIT.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    Pass,
    /// The connection breaks before the server receives the COMMIT.
    Lose,
    /// The connection breaks before the client receives the answer.
    LoseAnswer,
    /// The relay freezes when the server has answered.
    Freeze,
}

impl Relay {
    /// Starts a relay to the database of a connection string.
    pub(crate) fn to(url: &str) -> Self {
        let (user, rest) = url.split_once('@').unwrap();
        let (host, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{user}@{}/{database}", listener.local_addr().unwrap());
        let state = Arc::new(State::default());
        let (host, shared) = (host.to_owned(), state.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if host.starts_with("%2F") {
                    let socket = format!("{}/.s.PGSQL.5432", host.replace("%2F", "/"));
                    connect(client, UnixStream::connect(socket).unwrap(), &shared);
                } else {
                    connect(client, TcpStream::connect(&host).unwrap(), &shared);
                }
            }
        });
        Self { url, state }
    }

    /// Stops forwarding, and keeps every connection open. Returns when the first message was withheld.
    pub(crate) fn freeze(&self) {
        self.state.is_frozen.store(true, Ordering::Relaxed);
        while !self.is_frozen() {
            thread::yield_now();
        }
    }

    /// Returns whether a message was withheld.
    pub(crate) fn is_frozen(&self) -> bool {
        self.state.withholds.load(Ordering::Relaxed)
    }

    /// Returns how often a client has sent something after an answer, or as the first of a connection.
    pub(crate) fn round_trips(&self) -> usize {
        self.state.round_trips.load(Ordering::Relaxed)
    }

    /// Freezes when the server has carried out the `n`th COMMIT from now on.
    pub(crate) fn freeze_after_commit(&self, n: usize) {
        let commits = self.state.commits.load(Ordering::Relaxed);
        self.state.freezes_after.store(commits + n, Ordering::Relaxed);
    }

    /// Breaks the connection at one COMMIT out of `n` from now on: half of them after the server
    /// carried it out, half before the server receives it. 0 ends it.
    pub(crate) fn break_commits(&self, n: usize) {
        self.state.breaks_every.store(n, Ordering::Relaxed);
    }
}

impl State {
    fn next_commit(&self) -> Commit {
        let commits = self.commits.fetch_add(1, Ordering::Relaxed);
        if commits + 1 == self.freezes_after.load(Ordering::Relaxed) {
            return Commit::Freeze;
        }
        let every = self.breaks_every.load(Ordering::Relaxed);
        if every == 0 {
            return Commit::Pass;
        }
        // Scattered, because a strict rhythm may hit the same transaction of a request every time.
        let scattered = commits.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        match (scattered % every, scattered / every % 2) {
            (0, 0) => Commit::LoseAnswer,
            (0, _) => Commit::Lose,
            _ => Commit::Pass,
        }
    }
}

/// One end of a connection.
trait Socket: Read + Write + Send + Sized + 'static {
    fn copy(&self) -> Self;
    fn close(&self);
}

impl Socket for TcpStream {
    fn copy(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Socket for UnixStream {
    fn copy(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

fn connect<S: Socket>(client: TcpStream, server: S, state: &Arc<State>) {
    let current = Arc::new(Mutex::new(Commit::Pass));
    let (from, to) = (client.copy(), server.copy());
    let (asks, answers) = (state.clone(), state.clone());
    let asked = current.clone();
    let answered = Arc::new(AtomicBool::new(true));
    let is_new = answered.clone();
    thread::spawn(move || {
        pass_on(from, to, &asks, |bytes| {
            if is_new.swap(false, Ordering::Relaxed) {
                asks.round_trips.fetch_add(1, Ordering::Relaxed);
            }
            let commit = if is_commit(bytes) { asks.next_commit() } else { Commit::Pass };
            *asked.lock().unwrap() = commit;
            commit != Commit::Lose
        });
    });
    thread::spawn(move || {
        pass_on(server, client, &answers, |_| {
            answered.store(true, Ordering::Relaxed);
            let commit = *current.lock().unwrap();
            answers.is_frozen.fetch_or(commit == Commit::Freeze, Ordering::Relaxed);
            commit != Commit::LoseAnswer
        });
    });
}

/// Returns whether a message of a client is the simple query COMMIT.
fn is_commit(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'Q') && bytes.get(5..) == Some(b"COMMIT\0")
}

/// Forwards bytes until one end closes, or `passes` refuses them. Then both ends are closed.
fn pass_on(
    mut from: impl Socket,
    mut to: impl Socket,
    state: &State,
    mut passes: impl FnMut(&[u8]) -> bool,
) {
    let mut buffer = [0; 65_536];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 || !passes(&buffer[..read]) {
            break;
        }
        while state.is_frozen.load(Ordering::Relaxed) {
            state.withholds.store(true, Ordering::Relaxed);
            thread::park();
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    from.close();
    to.close();
}
