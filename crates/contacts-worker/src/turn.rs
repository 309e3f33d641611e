//! Whether a job may go on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use contacts_core::import::Turn;
use contacts_core::job::Lane;

use crate::Worker;

/// A job goes on until the worker stops, its lease is lost, or another job has waited while it
/// took rows for a slice of time.
pub(crate) struct WorkerTurn<'a> {
    worker: &'a Worker,
    lane: Lane,
    stopping: &'a AtomicBool,
    lost: &'a AtomicBool,
    began: OnceLock<Instant>,
}

impl<'a> WorkerTurn<'a> {
    pub(crate) fn new(
        worker: &'a Worker,
        lane: Lane,
        stopping: &'a AtomicBool,
        lost: &'a AtomicBool,
    ) -> Self {
        Self { worker, lane, stopping, lost, began: OnceLock::new() }
    }
}

impl Turn for WorkerTurn<'_> {
    fn may_go_on(&self) -> bool {
        if self.must_end() {
            return false;
        }
        let Some(began) = self.began.get() else {
            // Passing over what was taken before may last longer than a slice. A job that gave
            // way to others before its first chunk would never get on.
            return self.began.set(Instant::now()).is_ok();
        };
        if began.elapsed() < self.worker.config.slice {
            return true;
        }
        // A queue that does not answer keeps nobody waiting.
        !self.worker.jobs.is_waiting(self.lane, self.worker.clock.now()).unwrap_or(false)
    }
    fn must_end(&self) -> bool {
        self.stopping.load(Ordering::Relaxed) || self.lost.load(Ordering::Relaxed)
    }
}
