//! What is done from time to time, on a thread of its own: jobs that last for hours do not delay it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Worker, chain};

impl Worker {
    /// Deletes what is not needed any longer, and queues jobs that were lost, until it is stopped.
    pub(crate) fn run_housekeeping(&self, stopping: &AtomicBool) {
        let (mut swept, mut repaired): (Option<Instant>, Option<Instant>) = Default::default();
        let is_due = |last: Option<Instant>, pause: Duration| {
            last.is_none_or(|last| last.elapsed() >= pause)
        };
        while !stopping.load(Ordering::Relaxed) {
            if is_due(repaired, self.config.repair) {
                self.repair();
                repaired = Some(Instant::now());
            }
            if is_due(swept, self.config.sweep) {
                self.sweep();
                swept = Some(Instant::now());
            }
            thread::park_timeout(self.config.repair.min(self.config.sweep));
        }
    }

    /// Queues jobs that were lost, and fails uploads that nobody continues. What fails is done the
    /// next time.
    fn repair(&self) {
        match self.ports.housekeeping.fail_idle_uploads(self.ports.clock.now()) {
            Ok(0) => {}
            Ok(uploads) => tracing::warn!(uploads, "uploads that nobody continued have failed"),
            Err(error) => tracing::warn!(error = chain(&error), "idle uploads cannot be found"),
        }
        match self.ports.housekeeping.queue_missing_jobs(self.ports.clock.now()) {
            Ok(0) => {}
            Ok(jobs) => {
                tracing::warn!(jobs, "queued jobs for runs that had none");
                metrics::counter!("contacts_jobs_repaired_total").increment(jobs);
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "failed to search for runs without a job")
            }
        }
    }

    /// Deletes what is not needed any longer. What this leaves behind is deleted the next time.
    fn sweep(&self) {
        match self.ports.housekeeping.sweep(self.ports.clock.now()) {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "deleted expired files"),
            Err(error) => tracing::warn!(error = chain(&error), "housekeeping failed"),
        }
    }
}
