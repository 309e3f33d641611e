//! Imports: people that come in as the rows of a file (R30 to R36).

mod apply;
mod dry_run;
mod mapping;
mod phone_cell;
mod plan;
mod preview;
mod quoted;
mod repository;
mod row;
mod run;
mod service;
mod skipped;
mod suggest;
mod table;
mod tags_cell;
mod tally;
mod trace;
mod undo;
mod upload;

use time::OffsetDateTime;

pub use self::apply::{Decision, added, decide};
#[cfg(any(test, feature = "mocks"))]
pub use self::dry_run::MockDryRunRepository;
pub use self::dry_run::{
    DryOutcome, DryRow, DryRun, DryRunId, DryRunRepository, DryRunState, Rehearsed,
};
pub use self::mapping::Target;
pub(crate) use self::phone_cell::phone_cell;
pub use self::plan::{Plan, Policy};
pub use self::preview::{Preview, Scratch, ScratchFile, preview};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockImportRepository;
pub use self::repository::{Applied, Chunk, ImportRepository, Issue};
pub(crate) use self::row::ReadCells;
pub use self::row::{ImportRow, PlannedRow, RowReader, Warning};
pub use self::run::{Chunks, Turn};
pub use self::service::{ImportService, NewPlan};
pub use self::skipped::SkippedRows;
pub(crate) use self::suggest::header_key;
pub use self::suggest::{Suggestion, suggest};
pub use self::table::{
    Inspection, Layout, Row, Rows, Spreadsheets, TableProblem, Unreadable, read_head,
};
pub(crate) use self::tags_cell::tags_cell;
pub use self::tally::{Skip, SkipCode, Tally};
pub use self::trace::{Deed, FieldEdit, Fingerprint, Trace, tell_import};
#[cfg(any(test, feature = "mocks"))]
pub use self::undo::MockUndoRepository;
pub use self::undo::{
    Begun, Kept, KeptReason, Restored, Reversal, Standing, Undo, UndoId, UndoOutcome,
    UndoRepository, UndoState, UndoStep, UndoTally, reverse, undo_events,
};
pub use self::upload::Upload;

use crate::file::FileId;
use crate::org::id;
use crate::{Actor, OrgId};

id! {
    /// An import's id.
    ImportId
}

/// One run over one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: ImportId,
    /// Where its file is kept.
    pub file: FileId,
    /// Whether it still is.
    pub file_state: FileState,
    /// What the file was called.
    pub file_name: String,
    /// How many bytes the file has; so far, while it is uploaded.
    pub bytes: u64,
    /// Who began it.
    pub actor: Actor,
    /// How far it is.
    pub state: ImportState,
    /// Why it is [`ImportState::Unusable`] or [`ImportState::Failed`], and what to do.
    pub problem: Option<String>,
    /// What was found in the file, once it was looked at.
    pub analysis: Option<Analysis>,
    /// What is to be done with it, once that is known.
    pub plan: Option<Plan>,
    /// What the database says happened so far (R35).
    pub tally: Tally,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When its rows began to be taken.
    pub started_at: Option<OffsetDateTime>,
    /// When it came to an end.
    pub finished_at: Option<OffsetDateTime>,
}

/// Whether the file of an import is still kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// It is.
    Kept,
    /// It was deleted, for somebody in it was erased.
    Erased,
    /// It was deleted some time after the import's end.
    Expired,
}

impl FileState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Erased, Self::Expired];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Erased => "erased",
            Self::Expired => "expired",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What was found in a file (R30).
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// How the file is to be read.
    pub layout: Layout,
    /// The first rows, decoded.
    pub samples: Vec<Vec<String>>,
    /// How many rows there are below the header.
    pub rows: u64,
    /// What each column is likely to be.
    pub suggestions: Vec<Suggestion>,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImportState {
    /// Its file is being stored.
    Uploading,
    /// Its file is being looked at.
    Analysing,
    /// Its file cannot be imported. An end.
    Unusable,
    /// It can be looked at, changed and started.
    Ready,
    /// Its rows are being taken, or wait to be.
    Running,
    /// Every row was taken or skipped. An end.
    Done,
    /// Somebody stopped it; what was taken stays. An end.
    Cancelled,
    /// It could not go on; what was taken stays. An end.
    Failed,
    /// What it did is being undone.
    Undoing,
    /// What it did was undone, as far as nobody had changed it since. An end.
    Undone,
}

impl ImportState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Uploading,
        Self::Analysing,
        Self::Unusable,
        Self::Ready,
        Self::Running,
        Self::Done,
        Self::Cancelled,
        Self::Failed,
        Self::Undoing,
        Self::Undone,
    ];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Analysing => "analysing",
            Self::Unusable => "unusable",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing will change any more, unless somebody asks for it.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Unusable | Self::Done | Self::Cancelled | Self::Failed | Self::Undone)
    }

    /// Whether it has not come to its end yet, so that it can be cancelled.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Uploading | Self::Analysing | Self::Ready | Self::Running)
    }
}
