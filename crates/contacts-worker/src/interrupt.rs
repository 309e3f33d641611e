//! When a job must stop or give way to others.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use contacts_core::import::Interrupt;
use contacts_core::job::Lane;

use crate::Worker;

/// Interrupts a job when the worker stops, when its lease is lost, or when another job waits after
/// this one has worked for a slice of time.
pub(crate) struct WorkerInterrupt<'a> {
    worker: &'a Worker,
    lane: Lane,
    stopping: &'a AtomicBool,
    lost: &'a AtomicBool,
    started: OnceLock<Instant>,
}

impl<'a> WorkerInterrupt<'a> {
    pub(crate) fn new(
        worker: &'a Worker,
        lane: Lane,
        stopping: &'a AtomicBool,
        lost: &'a AtomicBool,
    ) -> Self {
        Self { worker, lane, stopping, lost, started: OnceLock::new() }
    }
}

impl Interrupt for WorkerInterrupt<'_> {
    fn may_continue(&self) -> bool {
        if self.must_end() {
            return false;
        }
        let Some(started) = self.started.get() else {
            // Skipping the rows of earlier turns may take longer than a slice. A job that gave way
            // before its first chunk would never make progress.
            return self.started.set(Instant::now()).is_ok();
        };
        if started.elapsed() < self.worker.config.slice {
            return true;
        }
        // When the queue does not answer, no other job can be claimed either.
        let ports = &self.worker.ports;
        !ports.jobs.is_waiting(self.lane, ports.clock.now()).unwrap_or(false)
    }

    fn must_end(&self) -> bool {
        self.stopping.load(Ordering::Relaxed) || self.lost.load(Ordering::Relaxed)
    }
}
