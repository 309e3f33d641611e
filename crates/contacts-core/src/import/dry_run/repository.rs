//! Where dry runs are kept.

use time::OffsetDateTime;

use super::{DryRow, DryRun, DryRunId};
use crate::import::{Chunk, Import, ImportId, Tally};
use crate::{OrgId, Result};

/// What became of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub enum Rehearsed {
    /// Its rows were looked at; this is the tally with them.
    Took(Tally),
    /// The dry run is at an end, or was thrown away.
    Stopped,
    /// Another worker has looked at these rows already.
    Superseded,
}

/// Keeps dry runs, one an import. Nobody else sees anything of what one does. Another plan, the
/// start and the end of the import throw its dry run away, in the same transaction.
///
/// Every implementation passes `contacts_testkit::dry_run_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait DryRunRepository: Send + Sync {
    /// The import being ready, begins a dry run in place of the one before, and queues a job for
    /// it. Says whether it was ready.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn begin(
        &self,
        org: OrgId,
        import: ImportId,
        id: DryRunId,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// The dry run of an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<DryRun>>;

    /// A dry run by its own id.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn find(&self, org: OrgId, id: DryRunId) -> Result<Option<DryRun>>;

    /// Looks at a chunk's rows, as if one by one from the top, each as
    /// [`crate::import::decide`] says of the contacts as they are and as the rows above would
    /// have made them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept; then it may be tried again.
    fn rehearse(
        &self,
        import: &Import,
        id: DryRunId,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<Rehearsed>;

    /// Running, it comes to its end: done, or failed with a problem. Says whether it was running.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn end(
        &self,
        org: OrgId,
        id: DryRunId,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Throws the dry run of an import away; says whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn discard(&self, org: OrgId, import: ImportId) -> Result<bool>;

    /// What would happen to the rows after one, in the order of the file.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn rows(&self, org: OrgId, import: ImportId, after: u64, limit: usize) -> Result<Vec<DryRow>>;
}
