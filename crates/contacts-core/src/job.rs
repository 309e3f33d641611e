//! Jobs: work that continues after the request that asked for it (R45).

mod interrupt;
mod pace;

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::interrupt::Interrupt;
pub use self::pace::ChunkPace;
use crate::action::ActionId;
use crate::erasure::ErasureId;
use crate::import::{DryRunId, ImportId};
use crate::org::id;
use crate::sync::SourceId;
use crate::undo::UndoId;
use crate::webhook::WebhookId;
use crate::{OrgId, Result};

id! {
    /// Id of a job.
    JobId
}

/// Kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Analyse the file of an import.
    AnalyseImport(ImportId),
    /// Import the rows of a file.
    RunImport(ImportId),
    /// Delete expired events.
    SweepEvents,
    /// Run a dry run of an import.
    DryRun(DryRunId),
    /// Undo an import or a bulk action.
    Undo(UndoId),
    /// Run a bulk action, chunk by chunk.
    RunAction(ActionId),
    /// Delete the expired file of a bulk action.
    EraseFile(ActionId),
    /// Send due messages of a webhook.
    DeliverWebhook(WebhookId),
    /// Search files for an erased person.
    Erase(ErasureId),
    /// Run a connected source when it is due.
    Sync(SourceId),
    /// Rebuild the stored search texts.
    RebuildSearch,
}

/// Group of jobs with worker threads of its own. Jobs that wait for other systems have their own
/// lane, so that a slow system does not delay imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// All other jobs.
    Work,
    /// Runs of connected sources.
    Sync,
}

impl Job {
    /// Returns the lane of a job.
    pub fn lane(self) -> Lane {
        if matches!(self, Self::Sync(_)) { Lane::Sync } else { Lane::Work }
    }
}

/// A job that a worker has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// Organisation of the job.
    pub org: OrgId,
    /// Id of the job.
    pub id: JobId,
    /// Kind of work.
    pub job: Job,
    /// Number of failed attempts.
    pub failures: u32,
}

/// Result of working on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done.
    Done,
    /// The job gave way to others and continues later.
    Again,
    /// The job failed and is tried again at this time.
    Retry(OffsetDateTime),
    /// The job has nothing to do until this time, or until it is woken.
    Rest(OffsetDateTime),
    /// The job cannot be done.
    GiveUp,
}

/// Returns how long to wait after so many failures: longer each time, at most 15 seconds.
pub fn backoff(failures: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(1 << failures.min(5)).min(Duration::from_secs(15))
}

/// The longest lease of a job.
///
/// A lease that ends later was given before the clock of the store was set back. It counts as
/// expired; otherwise nobody could claim the job until the clock reaches the old time again.
pub const MAX_LEASE: Duration = Duration::from_secs(60 * 60);

/// Queue of jobs. A job is run at least once: a worker that does not extend its lease loses the job
/// to another worker, so every job must be safe to run twice.
///
/// Every implementation passes `contacts_testkit::job_queue_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait JobQueue: Send + Sync {
    /// Claims the next due job of a lane, for a `lease` of at most [`MAX_LEASE`]. A job is free when
    /// its lease has expired, or ends later than the longest lease from now. Organisations with fewer claimed jobs come first, so that
    /// one organisation's jobs do not delay the others.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn claim(
        &self,
        lane: Lane,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<ClaimedJob>>;

    /// Returns whether a job of a lane is due and unclaimed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn is_waiting(&self, lane: Lane, now: OffsetDateTime) -> Result<bool>;

    /// Extends the lease of a job, to at most [`MAX_LEASE`]. Returns whether the worker still has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn extend(
        &self,
        job: &ClaimedJob,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Ends a job, or returns it to the queue. Does nothing when the worker has lost it. A resting
    /// job is due at once when it was woken while it was claimed, since the worker may have looked
    /// before.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn finish(
        &self,
        job: &ClaimedJob,
        worker: Uuid,
        outcome: Outcome,
        now: OffsetDateTime,
    ) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_a_quarter_of_a_minute() {
        assert_eq!(backoff(0), Duration::from_millis(500));
        assert!(backoff(1) < backoff(2));
        assert_eq!(backoff(99), Duration::from_secs(15));
    }
}
