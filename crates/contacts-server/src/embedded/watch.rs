//! Restarts the server when it dies while this process uses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use super::cluster::Cluster;
use super::locks::Starting;
use super::postmaster::State;
use super::{EmbeddedError, Result};

/// How often the server is checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// Whether the program is stopping. Waits for the server end then.
#[derive(Debug, Default)]
pub(super) struct ShutdownFlag(AtomicBool);

impl ShutdownFlag {
    /// Marks the program as stopping, and wakes the thread that watches.
    pub(super) fn begin_shutdown(&self, watcher: Option<&Thread>) {
        self.0.store(true, Ordering::Release);
        if let Some(watcher) = watcher {
            watcher.unpark();
        }
    }

    /// Waits for some time. Fails when the program is stopping.
    pub(super) fn pause(&self, time: Duration) -> Result<()> {
        if self.is_set() {
            return Err(EmbeddedError::ShutdownFlag);
        }
        thread::park_timeout(time);
        Ok(())
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Starts the thread that checks the server until the program stops.
pub(super) fn spawn(cluster: Arc<Cluster>, shutdown: Arc<ShutdownFlag>) -> JoinHandle<()> {
    thread::spawn(move || {
        while shutdown.pause(CHECK_INTERVAL).is_ok() {
            if let Err(error) = check(&cluster, &shutdown)
                && !shutdown.is_set()
            {
                tracing::error!(%error, "failed to restart the embedded database, retrying");
            }
        }
    })
}

fn check(cluster: &Cluster, shutdown: &ShutdownFlag) -> Result<()> {
    cluster.has_ended();
    if let Err(error) = cluster.trim_log() {
        tracing::warn!(%error, "failed to trim the log of the embedded database");
    }
    // A server that starts or recovers only needs time.
    let runs = |found: super::postmaster::Postmaster| found.state != State::Stopping;
    if cluster.postmaster().is_some_and(runs) {
        return Ok(());
    }
    tracing::warn!("the embedded database stopped, restarting it");
    let starting = Starting::lock(cluster.data_dir(), shutdown)?;
    let postmaster = cluster.start(&starting, shutdown)?;
    let pid = postmaster.pid.as_raw_nonzero().get();
    tracing::info!(pid, "the embedded database was restarted");
    Ok(())
}
