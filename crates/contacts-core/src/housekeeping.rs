//! Deletion of expired records, and repair of lost jobs.

use time::{Duration, OffsetDateTime};

use crate::Result;

/// How long the file of an import is kept after the import's end, and how long an import may wait
/// to be started.
pub const KEEP_FILES: Duration = Duration::days(30);

/// How long an upload may store nothing before it fails (R63).
///
/// An upload that is still received stores a chunk at least every 100 seconds: the API cuts one
/// that brings nothing for two windows of 30 seconds, what came is stored after
/// [`Upload::STORE_AFTER`](crate::import::Upload::STORE_AFTER), and a statement ends after 30
/// seconds.
pub const UPLOAD_IDLE: Duration = Duration::minutes(2);

/// How long the log of a connector is kept after the end of its run.
pub const KEEP_LOGS: Duration = Duration::days(30);

/// Problem of an upload that stored nothing for [`UPLOAD_IDLE`].
pub const UPLOAD_STALLED: &str =
    "the upload was not completed (nothing arrived for two minutes): upload the file again";

/// Problem of an import that was not started in time.
pub const READY_EXPIRED: &str = "the import was not started within 30 days: upload the file again";

/// Deletes expired records, and queues jobs that were lost.
///
/// Every implementation passes `contacts_testkit::housekeeping_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Housekeeping: Send + Sync {
    /// In every organisation:
    ///
    /// - cancels imports that have been ready for longer than [`KEEP_FILES`];
    /// - deletes their files, and those of imports that ended longer ago than that, with the rows
    ///   that were shown of them;
    /// - deletes the journal of actions after [`KEEP_JOURNAL`](crate::journal::KEEP_JOURNAL), unless
    ///   an action is being undone;
    /// - deletes sign-in links and sessions that have ended;
    /// - deletes logs of sync runs that ended longer ago than [`KEEP_LOGS`].
    ///
    /// Returns the number of deleted files.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn sweep(&self, now: OffsetDateTime) -> Result<u64>;

    /// In every organisation, fails uploads that stored nothing for [`UPLOAD_IDLE`], and deletes
    /// what they stored: their server was killed, or is frozen. An erasure waits for open imports,
    /// so an upload that nobody continues must end (R63).
    ///
    /// Returns the number of uploads that failed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn fail_idle_uploads(&self, now: OffsetDateTime) -> Result<u64>;

    /// In every organisation, queues a job for whatever is open and has none, or only one that was
    /// given up (R63):
    ///
    /// - an import that is analysing or running, a dry run, an undo, an action or an erasure that
    ///   has not ended;
    /// - a connected source, and a webhook that is not paused;
    /// - stored search texts of an older version than
    ///   [`SEARCH_VERSION`](crate::contact::SEARCH_VERSION).
    ///
    /// Returns the number of jobs that were queued.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn queue_missing_jobs(&self, now: OffsetDateTime) -> Result<u64>;
}
