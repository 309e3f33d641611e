//! Starting the server again when it dies under us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use super::cluster::Cluster;
use super::locks::Starting;
use super::postmaster::State;
use super::{EmbeddedError, Result};

/// How often we look.
const EVERY: Duration = Duration::from_millis(500);

/// Whether the program is about to end, so that nobody waits for the server any longer.
#[derive(Debug, Default)]
pub(super) struct Leaving(AtomicBool);

impl Leaving {
    /// Says so, and wakes the thread that watches.
    pub(super) fn leave(&self, watcher: Option<&Thread>) {
        self.0.store(true, Ordering::Release);
        if let Some(watcher) = watcher {
            watcher.unpark();
        }
    }

    /// Waits, unless the program is leaving.
    pub(super) fn pause(&self, time: Duration) -> Result<()> {
        if self.is_set() {
            return Err(EmbeddedError::Leaving);
        }
        thread::park_timeout(time);
        Ok(())
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Watches until the program leaves.
pub(super) fn spawn(cluster: Arc<Cluster>, leaving: Arc<Leaving>) -> JoinHandle<()> {
    thread::spawn(move || {
        while leaving.pause(EVERY).is_ok() {
            if let Err(error) = look(&cluster, &leaving)
                && !leaving.is_set()
            {
                tracing::error!(%error, "the embedded database is down, trying again");
            }
        }
    })
}

fn look(cluster: &Cluster, leaving: &Leaving) -> Result<()> {
    cluster.has_ended();
    if let Err(error) = cluster.trim_log() {
        tracing::warn!(%error, "the embedded database's log was not trimmed");
    }
    // One that recovers needs time, not us.
    let runs = |found: super::postmaster::Postmaster| found.state != State::Stopping;
    if cluster.postmaster().is_some_and(runs) {
        return Ok(());
    }
    tracing::warn!("the embedded database ended, starting it again");
    let starting = Starting::lock(cluster.data_dir(), leaving)?;
    let postmaster = cluster.start(&starting, leaving)?;
    let pid = postmaster.pid.as_raw_nonzero().get();
    tracing::info!(pid, "the embedded database runs again");
    Ok(())
}
