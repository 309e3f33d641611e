//! The two locks that coordinate the processes which use one cluster.
//!
//! Both are `flock`s: the kernel releases them when a process ends for any reason, and the server does
//! not inherit them, because Rust opens files close-on-exec.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::watch::ShutdownFlag;
use super::{EmbeddedError, Result};

/// The longest wait for the lock: longer than a start may take.
const LOCK_TIMEOUT: Duration = Duration::from_secs(150);

/// The exclusive right to start or stop the server, until it is dropped.
#[derive(Debug)]
pub(super) struct Starting(#[expect(dead_code, reason = "the open file keeps the lock")] File);

impl Starting {
    /// Waits for the lock.
    pub(super) fn lock(data_dir: &Path, shutdown: &ShutdownFlag) -> Result<Starting> {
        let path = data_dir.join("start.lock");
        let file = open(&path)?;
        let started = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Starting(file)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if started.elapsed() < LOCK_TIMEOUT => {
                    shutdown.pause(Duration::from_millis(10))?;
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    let dir = data_dir.to_path_buf();
                    return Err(EmbeddedError::Busy { dir, seconds: LOCK_TIMEOUT.as_secs() });
                }
                Err(errno) => return Err(EmbeddedError::file(&path, errno.into())),
            }
        }
    }
}

/// Counts this process as a user of the cluster while the returned file is open.
///
/// Call it with the start lock taken. Then it never waits: [`is_last`] takes the lock exclusively, and
/// is called with the start lock taken, too.
pub(super) fn share(data_dir: &Path) -> Result<File> {
    let path = data_dir.join("users.lock");
    let file = open(&path)?;
    flock(&file, FlockOperation::LockShared).map_err(|e| EmbeddedError::file(&path, e.into()))?;
    Ok(file)
}

/// Whether no other process uses the cluster. This process no longer counts as a user.
pub(super) fn is_last(using: &File) -> Result<bool> {
    match flock(using, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(EmbeddedError::file(Path::new("users.lock"), errno.into())),
    }
}

/// Opens a lock file that other users cannot open, and so cannot lock.
fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .mode(0o600)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| EmbeddedError::file(path, e))
}
