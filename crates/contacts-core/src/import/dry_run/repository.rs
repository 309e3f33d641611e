//! The port that stores dry runs.

use time::OffsetDateTime;

use super::{DryRow, DryRowFilter, DryRun, DryRunId};
use crate::import::{Chunk, Import, ImportId, Tally};
use crate::run::RunState;
use crate::{OrgId, Result};

/// The result of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub enum DryChunkOutcome {
    /// The rows were processed. Holds the new tally of the dry run.
    Chunk(Tally),
    /// The dry run has ended or was discarded.
    Stopped,
    /// Another worker has processed these rows.
    Superseded,
}

/// Stores dry runs, at most one for each import. A dry run changes no contact. A new plan, the
/// start and the end of the import discard its dry run in the same transaction. A correction marks it
/// as outdated.
///
/// Every implementation passes `contacts_testkit::dry_run_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait DryRunRepository: Send + Sync {
    /// Adds a dry run of an import that is ready, replaces the previous one, and queues its job.
    /// Returns whether the import was ready.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn begin(&self, org: OrgId, run: &DryRun) -> Result<bool>;

    /// Returns the dry run of an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<DryRun>>;

    /// Finds a dry run by its own id.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find(&self, org: OrgId, id: DryRunId) -> Result<Option<DryRun>>;

    /// Plans the rows of a chunk, as [`crate::import::ChunkPlan::dry`] does, over the contacts as
    /// they are and as the rows of earlier chunks would have left them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails; then the chunk can be processed again.
    fn process_chunk(
        &self,
        import: &Import,
        id: DryRunId,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<DryChunkOutcome>;

    /// Ends an open dry run as `Done`, `Cancelled` or `Failed` (with its problem). Results of rows
    /// stay. Returns whether it was open.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn end(
        &self,
        org: OrgId,
        id: DryRunId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Discards the dry run of an import. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn discard(&self, org: OrgId, import: ImportId) -> Result<bool>;

    /// Lists the results of the rows after `after` that match the filter, in the order of the file.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn rows(
        &self,
        org: OrgId,
        import: ImportId,
        filter: &DryRowFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DryRow>>;
}
