//! Runs the built program.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::Answer;

/// The exit status and the output of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Asserts that the command succeeded.
    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:?}");
        self
    }

    /// Asserts that the command failed with one sentence, and returns that.
    #[track_caller]
    pub(crate) fn sentence(&self, status: i32) -> &str {
        assert_eq!(self.status, Some(status), "{self:?}");
        let mut lines = self.err.lines();
        let last = lines.next_back().unwrap_or_default();
        last.strip_prefix("contacts: ").unwrap_or_else(|| panic!("no sentence: {self:?}"))
    }

    /// The output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// The secret of all installations in tests.
pub(crate) const SECRET: &str = "a secret that only tests may ever know";

/// A command whose environment is only the database and the secret.
pub(crate) fn command(url: Option<&str>, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contacts"));
    command.env_clear().envs(url.map(|url| ("DATABASE_URL", url))).args(args).stdin(Stdio::null());
    command.env("CONTACTS_SECRET", SECRET);
    // No proxy sends requests: a SIGTERM closes the port at once.
    command.env("CONTACTS_DRAIN_SECONDS", "0");
    command
}

/// Runs a command on a database to its end.
pub(crate) fn contacts(url: &str, args: &[&str]) -> Ended {
    ended(command(Some(url), args))
}

/// Runs a command without a database to its end.
pub(crate) fn contacts_alone(args: &[&str]) -> Ended {
    ended(command(None, args))
}

fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts a command whose output is read later.
pub(crate) fn spawn(url: &str, args: &[&str]) -> Child {
    command(Some(url), args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A file in a temporary folder, which is removed when it is dropped.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// A `contacts serve` that is ready.
pub(crate) struct Serving {
    child: Child,
    address: String,
    key: Option<String>,
    link: Option<String>,
    log: Option<JoinHandle<String>>,
}

impl Serving {
    /// Starts a server on a free port, and waits until it is ready.
    pub(crate) fn on(url: &str, args: &[&str]) -> Self {
        Self::with(url, args, &[])
    }

    /// Starts a server with more environment variables.
    pub(crate) fn with(url: &str, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let all = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
        let mut command = command(Some(url), &all);
        command.envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = String::new();
            let _ = stderr.read_to_string(&mut log);
            log
        });
        let (mut address, mut key, mut link) = (None, None, None);
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((_, found)) = line.split_once("ready at http://") {
                address = Some(found.to_owned());
            } else if let Some((_, found)) = line.split_once("Key    ") {
                key = found.split_whitespace().next().map(str::to_owned);
            } else if let Some((_, found)) = line.split_once("Page   ") {
                link = found.split_whitespace().next().map(str::to_owned);
            } else if line.starts_with("Ctrl-C") {
                break;
            }
        }
        let Some(address) = address else { panic!("it is not ready: {}", log.join().unwrap()) };
        Self { child, address, key, link, log: Some(log) }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The key that a first start has created.
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().expect("a first start prints a key")
    }

    /// The sign-in link that a first start has created.
    pub(crate) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    pub(crate) fn has_made_a_key(&self) -> bool {
        self.key.is_some()
    }

    /// Sends a request with a key.
    pub(crate) fn ask(&self, key: &str, method: &str, path: &str, body: &str) -> Answer {
        Answer::to(&self.address, Some(key), method, path, body)
    }

    /// Sends a request with the first key, and asserts the status of the response.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16, method: &str, path: &str, body: &str) -> Value {
        let answer = self.ask(self.key(), method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        answer.json()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).unwrap();
    }

    /// Sends a signal, waits for the end, and returns the exit status and the log.
    pub(crate) fn end(self, signal: Signal) -> (ExitStatus, String) {
        self.signal(signal);
        self.wait()
    }

    /// Waits for the end, and returns the exit status and the log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = wait(&mut self.child);
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process id of a child.
pub(crate) fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it does not end");
        thread::sleep(Duration::from_millis(5));
    }
}
