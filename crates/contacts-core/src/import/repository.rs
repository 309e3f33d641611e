//! The port that stores imports and applies their rows.

use time::OffsetDateTime;

use super::{
    Analysis, CellEdit, Corrections, EarlierChoices, HeaderFingerprint, Import, ImportId,
    ImportState, LayoutChoice, NewPlan, Plan, PlannedRow, Skip, SkipCode, Tally,
};
use crate::run::RunState;
use crate::{Actor, OrgId, Result};

/// Rows of an import that are applied in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// Number of rows of the file before this chunk.
    pub after: u64,
    /// Whether the rows are corrected rows that were skipped before, which need not be neighbours.
    pub is_retry: bool,
    /// The rows, in the order of the file.
    pub rows: Vec<PlannedRow>,
}

impl Chunk {
    /// Splits off the first rows as a chunk of their own.
    pub fn take_first(&mut self, rows: usize) -> Self {
        let rest = self.rows.split_off(rows.min(self.rows.len()));
        let rows = std::mem::replace(&mut self.rows, rest);
        let (after, is_retry) = (self.after, self.is_retry);
        self.after += rows.len() as u64;
        Self { after, is_retry, rows }
    }
}

/// The result of applying a chunk.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// The rows were applied. Holds the new tally of the import.
    Chunk(Tally),
    /// The import is not running: nothing was applied.
    Stopped(ImportState),
    /// Another worker has applied these rows: they were not applied again.
    Superseded,
}

/// A skipped row, or a lost cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The row, counted from 1 below the header.
    pub row: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// Whether the row was skipped, and why.
    pub code: IssueCode,
    /// The reason, for people.
    pub reason: String,
}

/// The code of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueCode {
    /// The row was skipped.
    Skip(SkipCode),
    /// A cell was lost; its row was imported.
    Warning,
}

impl IssueCode {
    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        SkipCode::ALL.into_iter().map(Self::Skip).chain([Self::Warning])
    }

    /// Returns the name of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip(code) => code.as_str(),
            Self::Warning => "warning",
        }
    }

    /// Parses the name of a code.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|code| code.as_str() == name)
    }
}

impl Issue {
    /// Whether this is about a skipped row, and not about a lost cell.
    pub fn is_skip(&self) -> bool {
        matches!(self.code, IssueCode::Skip(_))
    }

    /// The issues of a row: the reason why it was skipped, or else one for each lost cell.
    pub fn of(planned: &PlannedRow, skipped: Option<Skip>) -> Vec<Self> {
        let issue = |code, reason| Self { row: planned.number, line: planned.line, code, reason };
        if let Some(skip) = skipped {
            return vec![issue(IssueCode::Skip(skip.code()), skip.sentence())];
        }
        let warnings = planned.warnings.iter();
        warnings.map(|w| issue(IssueCode::Warning, format!("{} {}", w.target, w.reason))).collect()
    }
}

/// Stores imports. Each method that changes the state names the states in which it applies; in any
/// other state it changes nothing.
///
/// Every implementation passes `contacts_testkit::import_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ImportRepository: Send + Sync {
    /// Adds an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn insert(&self, import: &Import) -> Result<()>;

    /// Finds an import.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, id: ImportId) -> Result<Option<Import>>;

    /// Lists imports, the newest first; only those older than `before`, when it is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>>;

    /// Stores a chunk of the file of an import that is uploading, and the time as a sign of life
    /// for [`crate::housekeeping::Housekeeping::fail_idle_uploads`]. Chunks count from 0. An
    /// existing chunk stays as it is, so that a chunk can be sent again. Returns whether the import
    /// was uploading; otherwise nothing is stored.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn store_chunk(
        &self,
        import: &Import,
        chunk: u32,
        bytes: &[u8],
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Changes an import from uploading to analysing, when its file is complete, and queues the
    /// job. Returns whether it was uploading.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn uploaded(&self, org: OrgId, id: ImportId, bytes: u64, now: OffsetDateTime) -> Result<bool>;

    /// Changes an import from analysing to ready with a plan, or to unusable with a problem.
    /// Returns whether it was analysing, and the layout of `import` is still the chosen one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn analysed(
        &self,
        import: &Import,
        found: &Result<(Analysis, Plan), String>,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Changes the locked plan of an import that is ready, so that of two changes at once both hold
    /// (R63). Returns whether it was ready.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn replan(&self, org: OrgId, id: ImportId, new: &NewPlan) -> Result<bool>;

    /// Corrects cells of a locked import, so that of two changes at once both hold (R63). Returns
    /// whether it could be corrected:
    ///
    /// - An import that is ready: its dry run is marked as outdated.
    /// - An import that is done and whose file is stored, unless an undo of it was ever started: the
    ///   corrected rows, which must have been skipped, wait to be imported.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] when [`Corrections::edit`] refuses them, or a row of an import that
    /// is done was not skipped.
    fn correct(&self, org: OrgId, id: ImportId, edits: &[CellEdit]) -> Result<bool>;

    /// Corrects cells of an import that is done, as [`correct`](Self::correct) does, changes it to
    /// queued without an end or a problem, queues the job, and records it in the audit trail (R61):
    /// the corrected rows are imported. Returns whether it was done, and a corrected row waits.
    ///
    /// # Errors
    ///
    /// Those of [`correct`](Self::correct).
    fn retry(
        &self,
        org: OrgId,
        id: ImportId,
        edits: &[CellEdit],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Returns the numbers of the corrected rows that wait to be imported, in their order.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn corrected_rows(&self, org: OrgId, id: ImportId) -> Result<Vec<u64>>;

    /// Returns the corrections of an import. They are deleted with its file.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn corrections(&self, org: OrgId, id: ImportId) -> Result<Corrections>;

    /// Returns the choices of the import that was started last among those whose files have these
    /// headers. Opt-out lists are left out, because nobody should unsubscribe people by a choice of
    /// another day.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn choices_of(&self, org: OrgId, headers: HeaderFingerprint) -> Result<Option<EarlierChoices>>;

    /// Returns the domains that at least [`super::KnownDomains::MIN_ADDRESSES`] addresses of the organisation
    /// have, the most frequent first, at most [`super::KnownDomains::MAX`]. Of an organisation with many
    /// addresses, some are counted.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn frequent_domains(&self, org: OrgId) -> Result<Vec<String>>;

    /// Chooses the layout of an import that is ready, or unusable with a file that is still stored:
    /// changes it back to analysing, without a problem or an end, and queues the job. Analysis and
    /// plan stay until the next ones. Corrections stay if the file
    /// [has the same cells](LayoutChoice::has_cells_of), and are deleted otherwise. Returns whether
    /// it was in such a state.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn choose_layout(
        &self,
        org: OrgId,
        id: ImportId,
        layout: &LayoutChoice,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Changes an import from ready to queued, queues the job, and records it in the audit trail
    /// (R61). Returns whether it was ready.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] when the locked plan does not pass [`Plan::check`].
    fn start(&self, org: OrgId, id: ImportId, actor: Actor, now: OffsetDateTime) -> Result<bool>;

    /// Applies the rows of a chunk to an import that was started, as [`super::ChunkPlan`] plans
    /// them, and counts them: all of it or nothing. The import becomes a source of every contact
    /// that a row is about, even when nothing else changes. What the chunk does to each contact is
    /// kept as a [`super::Trace`], for [`crate::undo::UndoRepository`] to undo.
    ///
    /// Corrected rows that come again must all wait to be imported; they wait no more afterwards. Their
    /// former skips are subtracted from the tally, and new issues replace their former ones.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails; then the chunk can be applied again.
    fn apply(&self, import: &Import, chunk: &Chunk, now: OffsetDateTime) -> Result<Applied>;

    /// Ends an import that has not ended: `Done`, `Cancelled`, or `Failed` with a problem. Records
    /// that the actor cancelled it in the audit trail (R61). Returns whether it had not ended.
    ///
    /// While corrected rows wait to be imported, it is not done. Whatever else ends their run, the
    /// import is done as before, and the rows that are left wait.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn end(
        &self,
        org: OrgId,
        id: ImportId,
        state: RunState,
        problem: Option<String>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Lists skipped rows and lost cells after a row, in the order of the file. Rows that change
    /// nothing are counted, not listed.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn issues(&self, org: OrgId, id: ImportId, after_row: u64, limit: usize) -> Result<Vec<Issue>>;
}
