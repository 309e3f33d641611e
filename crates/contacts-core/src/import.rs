//! Imports: contacts that are added and changed by the rows of a file (R30 to R37).

mod apply;
mod choices;
mod chunk_plan;
mod column_rule;
mod correction;
mod domains;
mod dry_run;
mod entities;
mod format;
mod full_name;
mod garbled;
mod layout;
mod local_value;
mod mapping;
mod matching;
mod new_plan;
mod opt_out;
mod phone_cell;
mod placeholder;
mod plan;
mod preview;
mod quoted;
mod reading;
mod repository;
mod retry;
mod row;
mod rules;
mod run;
mod service;
mod skipped;
mod state;
mod suggest;
mod survey;
mod table;
mod tags_cell;
mod tally;
mod trace;
mod undo;
mod upload;
mod warnings;

use time::OffsetDateTime;

pub use self::apply::{Decision, added, decide};
pub use self::choices::{ChoicesOrigin, EarlierChoices, HeaderFingerprint};
use self::chunk_plan::PlannedContacts;
pub use self::chunk_plan::{ChunkPlan, ChunkWrites, ExistingContact, PlannedContact, RowOutcome};
pub use self::column_rule::{CellRule, ClearWord, ColumnRule};
pub use self::correction::{Cell, CellEdit, Corrections, RowCells};
pub use self::domains::{DomainOffer, DomainReplacements, KnownDomains};
#[cfg(any(test, feature = "mocks"))]
pub use self::dry_run::MockDryRunRepository;
pub use self::dry_run::{
    DryChunkOutcome, DryEffect, DryOutcome, DryRow, DryRowFilter, DryRun, DryRunId,
    DryRunRepository,
};
pub use self::format::ColumnFormat;
pub use self::layout::{HeaderRow, LayoutChoice, Outline, column_names};
pub use self::local_value::{DateOrder, DecimalMark};
pub use self::mapping::Target;
pub use self::matching::{
    KeyConflict, Lookup, Lookups, Match, MatchKey, RowKeys, match_by, match_row,
};
pub use self::new_plan::NewPlan;
pub(crate) use self::phone_cell::phone_cell;
pub use self::plan::{Plan, Policy};
pub use self::preview::{Preview, Scratch, ScratchFile, preview};
pub use self::reading::{ColumnReading, Finding, FindingKind, Reading};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockImportRepository;
pub use self::repository::{Applied, Chunk, ImportRepository, Issue, IssueCode};
pub use self::retry::OpenCorrected;
pub(crate) use self::row::ReadCells;
pub use self::row::{ImportRow, PlannedRow, RowReader, SkippedRow, Warning};
pub use self::rules::{RequiredValues, RowOrigin, RowRules};
pub use self::run::Chunks;
pub use self::service::ImportService;
pub use self::skipped::SkippedRows;
pub use self::state::ImportState;
pub(crate) use self::suggest::header_key;
pub use self::suggest::{Suggestion, field_label, suggest};
pub use self::survey::Survey;
pub use self::table::{
    CellKind, FileBytes, Format, Inspection, Layout, Quoting, Row, Rows, Sheet, Spreadsheets,
    TableProblem, TextFormat, Unreadable,
};
pub(crate) use self::tags_cell::tags_cell;
pub use self::tally::{Skip, SkipCode, Tally};
pub use self::trace::{Fingerprint, ImportEffect, Trace, tell_import};
pub use self::undo::{CurrentState, Restored, Reversal, restored_keys, reverse_chunk, undo_events};
pub use self::upload::Upload;
pub use self::warnings::PlanWarning;

use crate::contact::{Source, SourceDetail};
use crate::file::FileId;
pub use crate::job::Interrupt;
use crate::org::id;
use crate::{Actor, OrgId};

id! {
    /// An import's id.
    ImportId
}

/// One run over one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Organisation of the import.
    pub org: OrgId,
    /// Id of the import.
    pub id: ImportId,
    /// The id of its file.
    pub file: FileId,
    /// Whether the file is still stored.
    pub file_state: FileState,
    /// The name of the file.
    pub file_name: String,
    /// The parts of the layout that a user chose.
    pub layout: LayoutChoice,
    /// Size of the file in bytes; of the part that has arrived, during the upload.
    pub bytes: u64,
    /// The actor who started the upload.
    pub actor: Actor,
    /// State of the import.
    pub state: ImportState,
    /// The reason why it is unusable or failed, and what to do.
    pub problem: Option<String>,
    /// The result of the analysis; `None` before it has ended. While the file is analysed again, that
    /// of the time before.
    pub analysis: Option<Analysis>,
    /// The targets of the columns and the policy for rows; `None` before the analysis has ended.
    pub plan: Option<Plan>,
    /// Counts of the rows that have been read (R35).
    pub tally: Tally,
    /// Number of skipped rows that were corrected after the end and wait to be imported (R58).
    pub corrected_rows: u64,
    /// Number of corrected rows at the start of their last run; `None` before the first one.
    pub retried_rows: Option<u64>,
    /// When the upload started.
    pub created_at: OffsetDateTime,
    /// When a worker began to apply the rows.
    pub started_at: Option<OffsetDateTime>,
    /// When the import ended.
    pub finished_at: Option<OffsetDateTime>,
}

impl Import {
    /// Returns whether corrected rows are being imported into it, after all rows of the file.
    pub fn is_retrying(&self) -> bool {
        self.state.is_applying() && self.retried_rows.is_some()
    }

    /// Returns the import as the source of a contact that a row adds or is about.
    pub fn source(&self, row: u64, at: OffsetDateTime) -> Source {
        let file_name = self.file_name.clone();
        Source { at, detail: SourceDetail::CsvImport { import: self.id, file_name, row } }
    }
}

/// Whether the file of an import is still stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// The file is stored.
    Kept,
    /// The file was deleted because it contains a contact that was erased.
    Erased,
    /// The file was deleted 30 days after the import ended.
    Expired,
}

impl FileState {
    /// All states of files.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Erased, Self::Expired];

    /// Returns the name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Erased => "erased",
            Self::Expired => "expired",
        }
    }

    /// Parses the name of a state.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// The result of analysing a file (R30).
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Encoding and delimiter, or the sheet; and the header.
    pub layout: Layout,
    /// The sheets of a workbook, hidden ones last; empty for text.
    pub sheets: Vec<Sheet>,
    /// The first rows, decoded.
    pub samples: Vec<Vec<String>>,
    /// Number of rows below the header.
    pub rows: u64,
    /// A suggested target for each column.
    pub suggestions: Vec<Suggestion>,
    /// How the cells are read, as the whole columns show.
    pub reading: Reading,
    /// What a user should know before the start.
    pub findings: Vec<Finding>,
    /// Domains of addresses that seem to be misspelt, column by column.
    pub domains: Vec<DomainOffer>,
}
