//! Holding on to a job while it runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::Scope;

use contacts_core::job::Claimed;
use uuid::Uuid;

use crate::Worker;

/// Extends a job's lease until it is dropped.
pub(crate) struct Lease {
    _until: Sender<()>,
}

impl Lease {
    /// Extends the lease several times within its length, and notes when it is lost.
    pub(crate) fn hold<'scope>(
        scope: &'scope Scope<'scope, '_>,
        worker: &'scope Worker,
        job: &'scope Claimed,
        id: Uuid,
        lost: &'scope AtomicBool,
    ) -> Self {
        let (until, ended) = mpsc::channel();
        scope.spawn(move || {
            let lease = worker.config.lease;
            while ended.recv_timeout(lease / 4) == Err(RecvTimeoutError::Timeout) {
                // A database that does not answer may answer the next time; if it does not,
                // what the job writes fails, too.
                let held = worker.jobs.extend(job, id, lease, worker.clock.now());
                if held.is_ok_and(|held| !held) {
                    lost.store(true, Ordering::Relaxed);
                }
            }
        });
        Self { _until: until }
    }
}
