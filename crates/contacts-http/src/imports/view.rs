//! Imports as they go out.

use std::collections::BTreeMap;

use contacts_core::import::{
    Analysis, FileState, Import, ImportState, Plan, Policy, Suggestion, Tally,
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contacts::ActorView;

/// An import.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub(super) struct ImportView {
    /// Its id.
    id: Uuid,
    /// What the file was called.
    file_name: String,
    /// Whether the file is still kept.
    file_state: FileStateView,
    /// How many bytes the file has.
    bytes: u64,
    /// Who began it.
    actor: ActorView,
    /// How far it is.
    state: ImportStateView,
    /// Why it is unusable or failed, and what to do.
    problem: Option<String>,
    /// What was found in the file, once it was looked at.
    analysis: Option<AnalysisView>,
    /// What is to be done with it, once that is known.
    plan: Option<PlanView>,
    /// How far the rows are taken, once they are.
    progress: Option<ProgressView>,
    /// What the database says happened so far: added + updated + skipped = rows read.
    summary: SummaryView,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When its rows began to be taken.
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    /// When it came to an end.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

impl ImportView {
    pub(super) fn new(import: Import, now: OffsetDateTime) -> Self {
        let progress = ProgressView::of(&import, now);
        Self {
            id: import.id.0,
            file_name: import.file_name,
            file_state: import.file_state.into(),
            bytes: import.bytes,
            actor: import.actor.into(),
            state: import.state.into(),
            problem: import.problem,
            analysis: import.analysis.map(AnalysisView::from),
            plan: import.plan.map(PlanView::from),
            progress,
            summary: import.tally.into(),
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// Whether the file of an import is still kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileState)]
enum FileStateView {
    /// It is.
    Kept,
    /// It was deleted, for somebody in it was erased.
    Erased,
    /// It was deleted 30 days after the import's end.
    Expired,
}

impl From<FileState> for FileStateView {
    fn from(state: FileState) -> Self {
        match state {
            FileState::Kept => Self::Kept,
            FileState::Erased => Self::Erased,
            FileState::Expired => Self::Expired,
        }
    }
}

/// How far an import is. `unusable`, `done`, `cancelled`, `failed` and `undone` are ends.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportState)]
enum ImportStateView {
    /// Its file is being stored.
    Uploading,
    /// Its file is being looked at.
    Analysing,
    /// Its file cannot be imported.
    Unusable,
    /// It can be looked at, changed and started.
    Ready,
    /// Its rows are being taken, or wait to be.
    Running,
    /// Every row was taken or skipped.
    Done,
    /// Somebody stopped it; what was taken stays.
    Cancelled,
    /// It could not go on; what was taken stays.
    Failed,
    /// What it did is being undone.
    Undoing,
    /// What it did was undone, as far as nobody had changed it since.
    Undone,
}

impl From<ImportState> for ImportStateView {
    fn from(state: ImportState) -> Self {
        match state {
            ImportState::Uploading => Self::Uploading,
            ImportState::Analysing => Self::Analysing,
            ImportState::Unusable => Self::Unusable,
            ImportState::Ready => Self::Ready,
            ImportState::Running => Self::Running,
            ImportState::Done => Self::Done,
            ImportState::Cancelled => Self::Cancelled,
            ImportState::Failed => Self::Failed,
            ImportState::Undoing => Self::Undoing,
            ImportState::Undone => Self::Undone,
        }
    }
}

/// What was found in a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Analysis)]
struct AnalysisView {
    /// The encoding's name, such as `utf-8` or `windows-1252`.
    encoding: String,
    /// What separates cells.
    delimiter: char,
    /// The line, from 1, on which the header begins.
    header_line: u64,
    /// How many rows there are below the header.
    rows: u64,
    /// The columns, in order.
    columns: Vec<ColumnView>,
}

/// A column of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Column)]
struct ColumnView {
    /// Its name in the file. It may be empty, and may occur twice.
    header: String,
    /// What it is likely to be; null when nobody knows.
    target: Option<String>,
    /// How sure that is, from 0 to 1.
    confidence: f32,
    /// Its cells in the first rows.
    samples: Vec<String>,
}

impl From<Analysis> for AnalysisView {
    fn from(analysis: Analysis) -> Self {
        let Analysis { layout, samples, rows, suggestions } = analysis;
        let column = |(at, header)| {
            let suggestion: Option<&Suggestion> = suggestions.get(at);
            let cell = |row: &Vec<String>| row.get(at).cloned().unwrap_or_default();
            ColumnView {
                header,
                target: suggestion.and_then(|s| s.target.as_ref()).map(ToString::to_string),
                confidence: suggestion.map_or(0.0, |s| s.confidence),
                samples: samples.iter().map(cell).collect(),
            }
        };
        Self {
            encoding: layout.encoding,
            delimiter: layout.delimiter,
            header_line: layout.header_line,
            rows,
            columns: layout.header.into_iter().enumerate().map(column).collect(),
        }
    }
}

/// What is to be done with a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanView {
    /// Where each column goes, in order: `name`, `first_name`, `last_name`, `email`, `phone`,
    /// `tags`, `custom:` and a field's key, or null to skip it.
    columns: Vec<Option<String>>,
    /// What may happen to contacts.
    policy: PolicyView,
    /// Tags for everybody in the file.
    tags: Vec<String>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let columns = plan.columns.iter();
        Self {
            columns: columns.map(|c| c.as_ref().map(ToString::to_string)).collect(),
            policy: plan.policy.into(),
            tags: plan.tags.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What may happen to contacts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Policy)]
pub(super) enum PolicyView {
    /// New people are added; cells that are not blank overwrite what is known.
    Overwrite,
    /// New people are added; cells fill only what is blank.
    FillBlanks,
    /// New people are added; known ones are skipped.
    AddOnly,
    /// Known people are overwritten; new ones are skipped.
    UpdateOnly,
}

impl From<Policy> for PolicyView {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Overwrite => Self::Overwrite,
            Policy::FillBlanks => Self::FillBlanks,
            Policy::AddOnly => Self::AddOnly,
            Policy::UpdateOnly => Self::UpdateOnly,
        }
    }
}

/// How far the rows of an import are taken.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
struct ProgressView {
    /// Rows read.
    done: u64,
    /// Rows of the file.
    total: u64,
    /// Rows a second on average, while it runs.
    rows_per_second: Option<f64>,
    /// How long the rest will take, while it runs.
    seconds_left: Option<u64>,
}

impl ProgressView {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is an estimate, and never negative"
    )]
    fn of(import: &Import, now: OffsetDateTime) -> Option<Self> {
        let started = import.started_at?;
        let done = import.tally.rows();
        let total = import.analysis.as_ref()?.rows;
        let seconds = (now - started).as_seconds_f64();
        let is_moving = import.state == ImportState::Running && done > 0 && seconds > 0.0;
        let rate = is_moving.then(|| done as f64 / seconds);
        let left = rate.map(|rate| (total.saturating_sub(done) as f64 / rate).ceil() as u64);
        Some(Self { done, total, rows_per_second: rate, seconds_left: left })
    }
}

/// What happened to the rows.
#[derive(Serialize, ToSchema)]
#[schema(as = Summary)]
pub(crate) struct SummaryView {
    /// Rows that made a contact.
    added: u64,
    /// Rows that changed one.
    updated: u64,
    /// Rows that were not taken.
    skipped: u64,
    /// Those, by reason: `unreadable`, `missing_name`, `invalid_name`, `missing_email`,
    /// `invalid_email`, `unchanged`, `already_known`, `not_known`; of records of connected sources
    /// `no_name_or_email` and `invalid_id`, too.
    skipped_by_reason: BTreeMap<&'static str, u64>,
    /// Cells that were lost though their row was taken.
    warnings: u64,
}

impl From<Tally> for SummaryView {
    fn from(tally: Tally) -> Self {
        Self {
            added: tally.added,
            updated: tally.updated,
            skipped: tally.skips(),
            warnings: tally.warnings,
            skipped_by_reason: tally.skipped.into_iter().map(|(c, n)| (c.as_str(), n)).collect(),
        }
    }
}
