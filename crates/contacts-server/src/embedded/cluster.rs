//! Starting and stopping the server on one cluster.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::account::Account;
use super::binaries::Binaries;
use super::locks::Starting;
use super::postmaster::{self, Postmaster, State};
use super::watch::Leaving;
use super::{EmbeddedError, Result, create, settings, socket};

/// The cluster's name inside the data directory.
pub(super) const FOLDER: &str = "cluster";

/// Enough to recover from a crash in the middle of an import.
const START: Duration = Duration::from_secs(120);

/// Enough to write out what an import left in memory.
const STOP: Duration = Duration::from_secs(60);

/// Past this the log moves to `postgres.log.1`.
const LOG_LIMIT: u64 = 10 << 20;

/// One cluster, and how to run a server on it.
#[derive(Debug)]
pub(super) struct Cluster {
    data_dir: PathBuf,
    dir: PathBuf,
    log: PathBuf,
    account: Account,
    binaries: Binaries,
    /// The server, when this process started it: somebody must bury it.
    child: Mutex<Option<Child>>,
}

impl Cluster {
    /// Opens the cluster of a data directory, and makes it when there is none.
    ///
    /// Call it with the start lock held.
    pub(super) fn open(data_dir: &Path, account: Account, bin: Option<&Path>) -> Result<Cluster> {
        let dir = data_dir.join(FOLDER);
        let binaries = Binaries::find(bin, &dir)?;
        if !dir.exists() {
            create::create(data_dir, &account, &binaries)?;
        }
        Ok(Cluster {
            log: data_dir.join("postgres.log"),
            data_dir: data_dir.to_path_buf(),
            dir,
            account,
            binaries,
            child: Mutex::new(None),
        })
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// The server, when it runs.
    pub(super) fn postmaster(&self) -> Option<Postmaster> {
        Postmaster::of(&self.dir)
    }

    /// Starts the server unless it runs, and waits until it takes connections.
    pub(super) fn start(&self, _: &Starting, leaving: &Leaving) -> Result<Postmaster> {
        let began = Instant::now();
        let mut log_from = None;
        while began.elapsed() < START {
            match (self.postmaster(), log_from) {
                (Some(found), _) if found.state == State::Ready => return Ok(found),
                // Somebody told it to end and it waits for its clients, who wait for it.
                (Some(found), _) if found.state == State::Stopping => found.signal(Signal::INT),
                (Some(_), _) => {}
                (None, Some(from)) if self.has_ended() => return Err(self.why_it_ended(from)),
                (None, Some(_)) => {}
                (None, None) => {
                    self.clear_up()?;
                    log_from = Some(fs::metadata(&self.log).map_or(0, |log| log.len()));
                    self.spawn()?;
                }
            }
            leaving.pause(Duration::from_millis(5))?;
        }
        Err(EmbeddedError::NotReady { seconds: START.as_secs(), log: self.log.clone() })
    }

    /// Shuts the server down in order, or without a goodbye when it takes too long.
    pub(super) fn stop(&self, _: &Starting) -> Result<()> {
        for signal in [Signal::INT, Signal::QUIT] {
            let Some(postmaster) = self.postmaster() else { break };
            postmaster.signal(signal);
            let began = Instant::now();
            while self.postmaster().is_some() && began.elapsed() < STOP {
                thread::sleep(Duration::from_millis(5));
                self.has_ended();
            }
        }
        match self.postmaster() {
            None => Ok(()),
            Some(still) => Err(EmbeddedError::NotStopped {
                seconds: 2 * STOP.as_secs(),
                pid: still.pid.as_raw_nonzero().get(),
                log: self.log.clone(),
            }),
        }
    }

    /// Keeps the log from growing for ever.
    ///
    /// The server holds the file open for appending, so it is copied and cut, not renamed.
    pub(super) fn trim_log(&self) -> io::Result<()> {
        if fs::metadata(&self.log)?.len() < LOG_LIMIT {
            return Ok(());
        }
        fs::copy(&self.log, self.log.with_extension("log.1"))?;
        OpenOptions::new().write(true).open(&self.log)?.set_len(0)
    }

    /// Buries the server when it has ended; true also when it was never ours.
    pub(super) fn has_ended(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = child.as_mut().is_none_or(|c| !matches!(c.try_wait(), Ok(None)));
        if ended {
            *child = None;
        }
        ended
    }

    /// Removes what a killed server left behind: its other processes, and the files by which
    /// Postgres would take another process with the same number for a running server.
    fn clear_up(&self) -> Result<()> {
        postmaster::end_orphans(&self.name()?);
        let stale = self.dir.join("postmaster.pid");
        match fs::remove_file(&stale) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(EmbeddedError::file(&stale, e));
            }
            _ => {}
        }
        let folder = socket::folder(&self.data_dir, &self.name()?, &self.account)?;
        for name in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
            // The server makes its own complaint about one it cannot replace.
            let _ = fs::remove_file(folder.join(name));
        }
        Ok(())
    }

    fn spawn(&self) -> Result<()> {
        let name = self.name()?;
        let socket = socket::folder(&self.data_dir, &name, &self.account)?;
        settings::write(&self.dir, &name, &socket, &self.account)?;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .map_err(|e| EmbeddedError::file(&self.log, e))?;
        let errors = log.try_clone().map_err(|e| EmbeddedError::file(&self.log, e))?;
        let program = self.binaries.program("postgres");
        let mut command = self.account.command(&program);
        command.arg("-D").arg(&self.dir).stdout(log).stderr(errors);
        // A Ctrl-C in the terminal goes to our group. The server must outlive us to be shut down
        // in order, so it gets a group of its own.
        command.process_group(0);
        let child = command.spawn().map_err(|e| EmbeddedError::run(&program, e))?;
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    /// A name no other cluster on the machine has, nor a copy of this one.
    fn name(&self) -> Result<String> {
        let found = fs::metadata(&self.dir).map_err(|e| EmbeddedError::file(&self.dir, e))?;
        Ok(format!("informly-contacts-{:x}-{:x}", found.dev(), found.ino()))
    }

    fn why_it_ended(&self, log_from: u64) -> EmbeddedError {
        let words = read_from(&self.log, log_from).unwrap_or_default();
        if create::is_disk_full(&self.data_dir, &words) {
            return EmbeddedError::DiskFull { dir: self.data_dir.clone() };
        }
        let serious = |line: &&str| line.contains("FATAL:") || line.contains("PANIC:");
        let line = words.lines().find(serious).or_else(|| words.lines().last());
        let reason = line.unwrap_or("it said nothing").to_owned();
        EmbeddedError::NotStarted { reason, log: self.log.clone() }
    }
}

fn read_from(path: &Path, from: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
