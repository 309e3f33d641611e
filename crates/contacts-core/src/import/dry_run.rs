//! Dry runs: the results that an import would have if it ran now (R37).

mod repository;
mod service;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockDryRunRepository;
pub use self::repository::{DryChunkOutcome, DryRunRepository};
use super::{ImportId, IssueCode, PlannedRow, Skip, SkipCode, Tally};
use crate::Actor;
use crate::contact::{Change, Contact, ContactId, FieldChange, FieldEdit};
use crate::org::id;
use crate::run::RunState;
use crate::tag::TagName;

id! {
    /// A dry run's id. Each request has a new one.
    DryRunId
}

/// A dry run of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct DryRun {
    /// Id of the dry run.
    pub id: DryRunId,
    /// The import.
    pub import: ImportId,
    /// State of the dry run.
    pub state: RunState,
    /// The reason of a failure, and what to do.
    pub problem: Option<String>,
    /// Number of rows of the file; `None` when that was not recorded.
    pub total: Option<u64>,
    /// Counts of the rows that were processed so far.
    pub tally: Tally,
    /// Whether cells were corrected since it was requested, so that its results may be wrong.
    pub is_outdated: bool,
    /// The actor who requested it; `None` when that was not recorded.
    pub actor: Option<Actor>,
    /// When it was requested.
    pub created_at: OffsetDateTime,
    /// When the first rows were processed.
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
}

/// The result of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct DryRow {
    /// The row, counted from 1 below the header.
    pub row: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// The effect of the row.
    pub outcome: DryOutcome,
    /// The cells that would be lost although the row is applied, with the reason.
    pub warnings: Vec<String>,
}

/// The effect that a row would have.
#[derive(Clone, Debug, PartialEq)]
pub enum DryOutcome {
    /// The row would add a contact.
    Added,
    /// The row would change a contact.
    Updated {
        /// The id of the contact; `None` when an earlier row would add it.
        contact: Option<ContactId>,
        /// The changed fields, `consent` too, with their old and new values.
        changes: Change,
        /// The tags that it would add.
        tags: Vec<String>,
    },
    /// The row would be skipped.
    Skipped {
        /// The code of the reason.
        code: SkipCode,
        /// The reason, for people.
        reason: String,
    },
}

/// The rows of a dry run that are listed; by default all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DryRowFilter {
    /// Only rows with this effect.
    pub effect: Option<DryEffect>,
    /// Only rows that would be skipped for this reason, or that would lose a cell.
    pub reason: Option<IssueCode>,
    /// Only the row with this number.
    pub row: Option<u64>,
}

/// The effect of a row, without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryEffect {
    /// The row would add a contact.
    Added,
    /// The row would change a contact.
    Updated,
    /// The row would be skipped.
    Skipped,
}

impl DryEffect {
    /// Every effect.
    pub const ALL: [Self; 3] = [Self::Added, Self::Updated, Self::Skipped];

    /// Returns the name of the effect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Skipped => "skipped",
        }
    }
}

impl DryRowFilter {
    /// Returns whether a row is listed.
    pub fn matches(&self, row: &DryRow) -> bool {
        let (effect, code) = match &row.outcome {
            DryOutcome::Added => (DryEffect::Added, None),
            DryOutcome::Updated { .. } => (DryEffect::Updated, None),
            DryOutcome::Skipped { code, .. } => (DryEffect::Skipped, Some(IssueCode::Skip(*code))),
        };
        let has_reason = |reason| match reason {
            IssueCode::Warning => !row.warnings.is_empty(),
            skip => code == Some(skip),
        };
        self.row.is_none_or(|wanted| wanted == row.row)
            && self.effect.is_none_or(|wanted| wanted == effect)
            && self.reason.is_none_or(has_reason)
    }
}

impl DryRow {
    /// Describes a row.
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
    /// Describes the change of a contact; `contact` is its id if it is stored.
    pub fn updated(
        contact: Option<ContactId>,
        before: &Contact,
        after: &Contact,
        tags: &[TagName],
    ) -> Self {
        let edits = FieldEdit::between(before, after);
        let [from, to] = [before, after].map(|contact| contact.consent.as_str().to_owned());
        let consent = (from != to).then(|| FieldChange {
            field: "consent".to_owned(),
            from: Some(from),
            to: Some(to),
        });
        Self::Updated {
            contact,
            changes: edits.iter().map(FieldEdit::change).chain(consent).collect(),
            tags: tags.iter().map(ToString::to_string).collect(),
        }
    }

    /// Describes a skipped row.
    pub fn skipped(skip: Skip) -> Self {
        Self::Skipped { code: skip.code(), reason: skip.sentence() }
    }
}
