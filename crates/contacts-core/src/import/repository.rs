//! Where imports are kept, and how their rows become contacts.

use time::OffsetDateTime;

use super::{Analysis, Import, ImportId, ImportState, Plan, PlannedRow, Skip, Tally};
use crate::{OrgId, Result};

/// Some rows of an import that are taken in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// How many rows were read before these.
    pub after: u64,
    /// The rows, in the order of the file.
    pub rows: Vec<PlannedRow>,
}

/// What became of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// Its rows were taken; this is the import's tally with them.
    Taken(Tally),
    /// The import is in another state than running: nothing was taken.
    Stopped(ImportState),
    /// Another worker has taken these rows already: nothing was taken.
    Superseded,
}

/// A row that was skipped, or a cell that was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The row, counted from 1 below the header.
    pub row: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// The skip's code, or `warning`.
    pub code: String,
    /// What is wrong, as people read it.
    pub reason: String,
}

impl Issue {
    /// The code of a lost cell.
    pub const WARNING: &'static str = "warning";

    /// Whether the row was skipped.
    pub fn is_skip(&self) -> bool {
        self.code != Self::WARNING
    }

    /// What there is to say of a row: why it was skipped, or else which cells it lost.
    pub fn of(planned: &PlannedRow, skipped: Option<Skip>) -> Vec<Self> {
        let issue = |code: &str, reason: String| Self {
            row: planned.number,
            line: planned.line,
            code: code.to_owned(),
            reason,
        };
        if let Some(skip) = skipped {
            return vec![issue(skip.code().as_str(), skip.sentence())];
        }
        let warnings = planned.warnings.iter();
        warnings.map(|w| issue(Self::WARNING, format!("{} {}", w.target, w.reason))).collect()
    }
}

/// Keeps imports. Changes of state happen only where they are allowed: each method that makes
/// one says from which states.
///
/// Every implementation passes `contacts_testkit::import_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ImportRepository: Send + Sync {
    /// Adds an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn insert(&self, import: &Import) -> Result<()>;

    /// Finds an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: ImportId) -> Result<Option<Import>>;

    /// Imports, the newest first, those older than one when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>>;

    /// Uploading, its file is complete: it is analysing, and a job for that is queued. Says
    /// whether it was uploading.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn uploaded(&self, org: OrgId, id: ImportId, bytes: u64, now: OffsetDateTime) -> Result<bool>;

    /// Analysing, its file was looked at: it is ready with a plan, or unusable. Says whether it
    /// was analysing.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn analysed(
        &self,
        org: OrgId,
        id: ImportId,
        found: &Result<(Analysis, Plan), String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Ready, it has another plan. Says whether it was ready.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn replan(&self, org: OrgId, id: ImportId, plan: &Plan) -> Result<bool>;

    /// Ready, it is running, and a job for that is queued. Says whether it was ready.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn start(&self, org: OrgId, id: ImportId, now: OffsetDateTime) -> Result<bool>;

    /// Running, takes a chunk's rows, as if one by one from the top, each as
    /// [`super::decide`] says, and counts them: all of it or nothing. A contact that a row
    /// finds has come by this import, too, from then on, even when nothing else changes. What it
    /// did to each person is kept as a [`super::Trace`], for [`super::UndoRepository`] to undo.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept; then it may be tried again.
    fn apply(&self, import: &Import, chunk: &Chunk, now: OffsetDateTime) -> Result<Applied>;

    /// Under way, it comes to an end: `Done`, `Cancelled` or `Failed` with its problem. Says
    /// whether it was.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn end(
        &self,
        org: OrgId,
        id: ImportId,
        state: ImportState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Skipped rows and lost cells after a row, in the order of the file. Unchanged rows are
    /// counted, not noted.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn issues(&self, org: OrgId, id: ImportId, after_row: u64, limit: usize) -> Result<Vec<Issue>>;
}
