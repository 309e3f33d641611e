//! Dry runs: what an import would do if it ran now (R37).

mod repository;
mod service;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockDryRunRepository;
pub use self::repository::{DryRunRepository, Rehearsed};
use super::{FieldEdit, ImportId, PlannedRow, Skip, SkipCode, Tally};
use crate::contact::{Change, Contact, ContactId};
use crate::org::id;
use crate::tag::TagName;

id! {
    /// A dry run's id. Each one that is asked for has another.
    DryRunId
}

/// A dry run of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct DryRun {
    /// Its id.
    pub id: DryRunId,
    /// Of what.
    pub import: ImportId,
    /// How far it is.
    pub state: DryRunState,
    /// Why it failed, and what to do.
    pub problem: Option<String>,
    /// What would happen to the rows that were looked at so far.
    pub tally: Tally,
    /// When it was asked for.
    pub asked_at: OffsetDateTime,
    /// When it came to an end.
    pub finished_at: Option<OffsetDateTime>,
}

/// How far a dry run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DryRunState {
    /// Rows are being looked at, or wait to be.
    Running,
    /// Every row was looked at. An end.
    Done,
    /// It could not go on. An end; it can be asked for anew.
    Failed,
}

impl DryRunState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Running, Self::Done, Self::Failed];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What would happen to a row.
#[derive(Clone, Debug, PartialEq)]
pub struct DryRow {
    /// The row, counted from 1 below the header.
    pub row: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// What would happen.
    pub outcome: DryOutcome,
    /// The cells that would be lost though the row is taken, with the reason.
    pub warnings: Vec<String>,
}

/// What would happen.
#[derive(Clone, Debug, PartialEq)]
pub enum DryOutcome {
    /// It would make a contact.
    Added,
    /// It would change one.
    Updated {
        /// The contact; nothing when a row above is to make it.
        contact: Option<ContactId>,
        /// Which fields, from what to what.
        changes: Change,
        /// Tags that it would put on.
        tags: Vec<String>,
    },
    /// It would not be taken.
    Skipped {
        /// Why.
        code: SkipCode,
        /// The reason as people read it.
        reason: String,
    },
}

impl DryRow {
    /// What there is to say of a row.
    pub fn new(planned: &PlannedRow, outcome: DryOutcome) -> Self {
        let is_taken = !matches!(outcome, DryOutcome::Skipped { .. });
        let warnings = planned.warnings.iter().filter(|_| is_taken);
        Self {
            row: planned.number,
            line: planned.line,
            warnings: warnings.map(|w| format!("{} {}", w.target, w.reason)).collect(),
            outcome,
        }
    }
}

impl DryOutcome {
    /// What an update would do to a contact, with its id when the list has it already.
    pub fn updated(
        contact: Option<ContactId>,
        before: &Contact,
        after: &Contact,
        tags: &[TagName],
    ) -> Self {
        Self::Updated {
            contact,
            changes: FieldEdit::between(before, after).iter().map(FieldEdit::change).collect(),
            tags: tags.iter().map(ToString::to_string).collect(),
        }
    }

    /// Why a row would not be taken.
    pub fn skipped(skip: Skip) -> Self {
        Self::Skipped { code: skip.code(), reason: skip.sentence() }
    }
}
