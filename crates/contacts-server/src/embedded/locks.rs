//! The two locks by which processes agree about one cluster.
//!
//! Both are `flock`s: the kernel lets go of them when a process dies, however it dies, and they
//! are not handed down to the server, because Rust opens files close-on-exec.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::watch::Leaving;
use super::{EmbeddedError, Result};

/// Longer than a start may take.
const PATIENCE: Duration = Duration::from_secs(150);

/// The right to start or stop the server; held while this lives.
#[derive(Debug)]
pub(super) struct Starting(#[expect(dead_code, reason = "held for its lock")] File);

impl Starting {
    /// Waits for the right.
    pub(super) fn lock(data_dir: &Path, leaving: &Leaving) -> Result<Starting> {
        let path = data_dir.join("start.lock");
        let file = open(&path)?;
        let began = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Starting(file)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if began.elapsed() < PATIENCE => {
                    leaving.pause(Duration::from_millis(10))?;
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    let dir = data_dir.to_path_buf();
                    return Err(EmbeddedError::Busy { dir, seconds: PATIENCE.as_secs() });
                }
                Err(errno) => return Err(EmbeddedError::file(&path, errno.into())),
            }
        }
    }
}

/// Says that this process uses the cluster, for as long as the file is open.
///
/// Call it with the start lock held: only who holds that ever asks to be alone, so that this
/// never waits.
pub(super) fn share(data_dir: &Path) -> Result<File> {
    let path = data_dir.join("users.lock");
    let file = open(&path)?;
    flock(&file, FlockOperation::LockShared).map_err(|e| EmbeddedError::file(&path, e.into()))?;
    Ok(file)
}

/// Whether no other process uses the cluster. Either way this one does not any more.
pub(super) fn is_last(using: &File) -> Result<bool> {
    match flock(using, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(EmbeddedError::file(Path::new("users.lock"), errno.into())),
    }
}

/// Opens a lock file that nobody else can open, and so not lock either.
fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .mode(0o600)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| EmbeddedError::file(path, e))
}
