//! Extends the lease of a job while it runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::Scope;

use contacts_core::job::ClaimedJob;
use uuid::Uuid;

use crate::Worker;

/// Extends the lease of a job until this is dropped.
pub(crate) struct Lease {
    _until: Sender<()>,
}

impl Lease {
    /// Starts a thread that extends the lease every quarter of its length, and sets `lost` when another
    /// worker has the job.
    pub(crate) fn keep_alive<'scope>(
        scope: &'scope Scope<'scope, '_>,
        worker: &'scope Worker,
        job: &'scope ClaimedJob,
        id: Uuid,
        lost: &'scope AtomicBool,
    ) -> Self {
        let (until, ended) = mpsc::channel();
        scope.spawn(move || {
            let lease = worker.config.lease;
            while ended.recv_timeout(lease / 4) == Err(RecvTimeoutError::Timeout) {
                // An error is ignored: the next attempt may succeed, and if the database stays
                // unreachable, the writes of the job fail, too.
                let extended = worker.ports.jobs.extend(job, id, lease, worker.ports.clock.now());
                if extended.is_ok_and(|extended| !extended) {
                    lost.store(true, Ordering::Relaxed);
                }
            }
        });
        Self { _until: until }
    }
}
