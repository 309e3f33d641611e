//! Jobs: work that goes on after the request that asked for it (R45).

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::action::ActionId;
use crate::erasure::ErasureId;
use crate::import::{DryRunId, ImportId, UndoId};
use crate::org::id;
use crate::sync::SourceId;
use crate::webhook::WebhookId;
use crate::{OrgId, Result};

id! {
    /// A job's id.
    JobId
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Look at an import's file.
    AnalyseImport(ImportId),
    /// Take an import's rows.
    RunImport(ImportId),
    /// Forget old events.
    SweepEvents,
    /// Say what an import would do.
    DryRun(DryRunId),
    /// Undo an import.
    UndoImport(UndoId),
    /// Do a bulk action, piece by piece.
    RunAction(ActionId),
    /// Delete the file of a bulk action, whose time is over.
    EraseFile(ActionId),
    /// Send what a webhook is to hear of.
    DeliverWebhook(WebhookId),
    /// Look for an erased person in files.
    Erase(ErasureId),
    /// Run a connected source when it is time.
    Sync(SourceId),
}

/// Which jobs a worker takes. Those that wait for systems of others have workers of their own, so
/// that one which hangs keeps no import from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Everything else.
    Work,
    /// Connected sources.
    Sync,
}

impl Job {
    /// Who takes it.
    pub fn lane(self) -> Lane {
        if matches!(self, Self::Sync(_)) { Lane::Sync } else { Lane::Work }
    }
}

/// A job that a worker holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Whose it is.
    pub org: OrgId,
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub job: Job,
    /// How often it was tried and failed.
    pub failures: u32,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It gave way to others and goes on later.
    Again,
    /// It failed for now, and is to be tried again then.
    Retry(OffsetDateTime),
    /// It has nothing to do until then, or until it is woken.
    Rest(OffsetDateTime),
    /// It cannot be done.
    GiveUp,
}

/// How long to wait after so many failures: longer each time, a quarter of a minute at most.
pub fn backoff(failures: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(1 << failures.min(5)).min(Duration::from_secs(15))
}

/// Hands out jobs, at least once: a worker that is silent for longer than its lease loses the
/// job to another, so every job must be safe to run twice.
///
/// Every implementation passes `contacts_testkit::job_queue_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait JobQueue: Send + Sync {
    /// Takes the next job of a lane that is due and that nobody holds. Organisations that have fewer jobs
    /// in hand come first, so none waits behind another's many.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when none can be taken.
    fn claim(
        &self,
        lane: Lane,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<Claimed>>;

    /// Whether a job of a lane is due that nobody holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be read.
    fn is_waiting(&self, lane: Lane, now: OffsetDateTime) -> Result<bool>;

    /// Holds on to a job; says whether the worker still has it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn extend(
        &self,
        job: &Claimed,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Gives a job back, or ends it; nothing happens when the worker has lost it. One that rests
    /// is due at once if somebody called it while it was held: the worker may have looked before.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn finish(
        &self,
        job: &Claimed,
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
