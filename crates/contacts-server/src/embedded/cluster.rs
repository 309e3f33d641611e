//! Starts and stops the server of one cluster.

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
use super::watch::ShutdownFlag;
use super::{EmbeddedError, Result, create, settings, socket};

/// The cluster's name inside the data directory.
pub(super) const FOLDER: &str = "cluster";

/// The longest start: enough to recover from a crash during an import.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// The longest stop: enough to write the changes of an import to disk.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a server may run without a pid file, because it starts or ends, before it is ended.
const UNLISTED_TIMEOUT: Duration = Duration::from_secs(10);

/// The size at which the log moves to `postgres.log.1`.
const MAX_LOG_BYTES: u64 = 10 << 20;

/// One cluster, and what is needed to run its server.
#[derive(Debug)]
pub(super) struct Cluster {
    data_dir: PathBuf,
    dir: PathBuf,
    log: PathBuf,
    account: Account,
    binaries: Binaries,
    /// The server, when this process started it and must wait for its end.
    child: Mutex<Option<Child>>,
}

impl Cluster {
    /// Opens the cluster of a data directory, or creates it when there is none.
    ///
    /// Call it with the start lock taken.
    pub(super) fn open(data_dir: &Path, account: Account, bin: Option<&Path>) -> Result<Cluster> {
        let dir = data_dir.join(FOLDER);
        let binaries = Binaries::find(bin, &dir)?;
        create::remove_unfinished(data_dir);
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

    /// Starts the server unless it runs, and waits until it accepts connections.
    pub(super) fn start(&self, _: &Starting, shutdown: &ShutdownFlag) -> Result<Postmaster> {
        let started = Instant::now();
        let mut log_from = None;
        while started.elapsed() < START_TIMEOUT {
            // A server that this process has started needs no search among all processes.
            let found =
                log_from.map_or_else(|| self.postmaster(), |_| Postmaster::listed(&self.dir));
            match (found, log_from) {
                (Some(found), _) if found.state == State::Ready => return Ok(found),
                // It was asked to end and waits for its clients, which wait for it.
                (Some(found), _) if found.state == State::Stopping => found.signal(Signal::INT),
                // It would run until it checks its pid file, which it does once a minute.
                (Some(found), None)
                    if found.state == State::Unlisted && started.elapsed() > UNLISTED_TIMEOUT =>
                {
                    found.signal(Signal::QUIT);
                }
                (Some(_), _) => {}
                (None, Some(from)) if self.has_ended() => return Err(self.why_it_ended(from)),
                (None, Some(_)) => {}
                (None, None) => {
                    self.clear_up()?;
                    log_from = Some(fs::metadata(&self.log).map_or(0, |log| log.len()));
                    self.spawn()?;
                }
            }
            shutdown.pause(Duration::from_millis(5))?;
        }
        Err(EmbeddedError::NotReady { seconds: START_TIMEOUT.as_secs(), log: self.log.clone() })
    }

    /// Shuts the server down in order, or immediately when that takes too long.
    pub(super) fn stop(&self, _: &Starting) -> Result<()> {
        for signal in [Signal::INT, Signal::QUIT] {
            let Some(postmaster) = self.postmaster() else { break };
            postmaster.signal(signal);
            let started = Instant::now();
            while self.postmaster().is_some() && started.elapsed() < STOP_TIMEOUT {
                thread::sleep(Duration::from_millis(5));
                self.has_ended();
            }
        }
        match self.postmaster() {
            None => Ok(()),
            Some(running) => Err(EmbeddedError::NotStopped {
                seconds: 2 * STOP_TIMEOUT.as_secs(),
                pid: running.pid.as_raw_nonzero().get(),
                log: self.log.clone(),
            }),
        }
    }

    /// Keeps the log from growing without limit.
    ///
    /// The server keeps the file open for appending, so it is copied and truncated, not renamed.
    pub(super) fn trim_log(&self) -> io::Result<()> {
        if fs::metadata(&self.log)?.len() < MAX_LOG_BYTES {
            return Ok(());
        }
        fs::copy(&self.log, self.log.with_extension("log.1"))?;
        OpenOptions::new().write(true).open(&self.log)?.set_len(0)
    }

    /// Whether the server has ended. Also true when another process started it.
    pub(super) fn has_ended(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = child.as_mut().is_none_or(|c| !matches!(c.try_wait(), Ok(None)));
        if ended {
            *child = None;
        }
        ended
    }

    /// Removes what a killed server left behind: its other processes, and files that would make
    /// Postgres believe that another process with the same id is a running server.
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
            // The server reports a file that it cannot replace.
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
        // A Ctrl-C in the terminal goes to the process group. The server must not end before this
        // process does, so it gets a group of its own.
        command.process_group(0);
        let child = command.spawn().map_err(|e| EmbeddedError::run(&program, e))?;
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    /// A name that is unique on the machine, also among copies of this cluster.
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
        let reason = line.unwrap_or("its log is empty").to_owned();
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
