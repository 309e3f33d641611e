//! What is deleted by and by, without anybody's asking.

use time::{Duration, OffsetDateTime};

use crate::Result;

/// For how long the file of an import is kept after its end, and for how long an import may wait
/// to be started.
pub const KEEP_FILES: Duration = Duration::days(30);

/// For how long a file may be coming.
pub const KEEP_UPLOADS: Duration = Duration::days(1);

/// For how long it is kept what a connector said in a run, after the end of that.
pub const KEEP_LOGS: Duration = Duration::days(30);

/// Why an upload failed that was not completed in time.
pub const UPLOAD_EXPIRED: &str = "the upload was not completed within a day: upload the file again";

/// Why an import was cancelled that was not started in time.
pub const READY_EXPIRED: &str = "the import was not started within 30 days: upload the file again";

/// Deletes what is not needed any longer.
///
/// Every implementation passes `contacts_testkit::housekeeping_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Housekeeping: Send + Sync {
    /// In every organisation: fails uploads that are older than [`KEEP_UPLOADS`], cancels imports
    /// that have been ready for longer than [`KEEP_FILES`], and deletes the files of both, and of
    /// imports that ended longer ago than that, with the rows that were shown of them; and
    /// forgets sign-in links and sessions that have ended, and the logs of runs of connected
    /// sources that ended longer ago than [`KEEP_LOGS`]. Says how many files it deleted.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn sweep(&self, now: OffsetDateTime) -> Result<u64>;
}
