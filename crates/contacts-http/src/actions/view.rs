//! Bulk actions as they go out.

use std::collections::BTreeMap;

use contacts_core::action::{Action, ActionKind, ActionState, Tally};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::contacts::ActorView;

/// A bulk action.
#[derive(Serialize, ToSchema)]
#[schema(as = Action)]
pub(super) struct ActionView {
    /// Its id.
    id: Uuid,
    /// What is done.
    action: ActionKindView,
    /// To whom. The selection may be gone when the action is at an end.
    selection_id: Uuid,
    /// How far it is.
    state: ActionStateView,
    /// Why it failed.
    problem: Option<String>,
    /// How many people are done.
    progress: ActionProgressView,
    /// What came of them: changed + unchanged + skipped = done.
    summary: ActionSummaryView,
    /// Of an export: where its file is; null for the others.
    file: Option<ActionFileView>,
    /// Who does it.
    actor: ActorView,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    /// When it came to an end.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

impl ActionView {
    pub(super) fn new(action: Action, now: OffsetDateTime) -> Self {
        Self {
            progress: ActionProgressView::of(&action, now),
            file: ActionFileView::of(&action),
            id: action.id.0,
            action: action.kind.into(),
            selection_id: action.selection.0,
            state: action.state.into(),
            problem: action.problem,
            summary: action.tally.into(),
            actor: action.actor.into(),
            created_at: action.created_at,
            started_at: action.started_at,
            finished_at: action.finished_at,
        }
    }
}

/// What is done.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ActionKind)]
enum ActionKindView {
    /// Puts tags on.
    AddTags {
        /// Their names.
        tags: Vec<String>,
    },
    /// Takes tags off.
    RemoveTags {
        /// Their names.
        tags: Vec<String>,
    },
    /// Puts into a campaign whoever can be reached and has not unsubscribed.
    AddToCampaign {
        /// The campaign.
        campaign_id: Uuid,
    },
    /// Writes a CSV file.
    Export {
        /// The columns, in order.
        columns: Vec<String>,
        /// Whether the file begins with a byte order mark.
        bom: bool,
    },
    /// Deletes for ever.
    Delete,
}

impl From<ActionKind> for ActionKindView {
    fn from(kind: ActionKind) -> Self {
        match kind {
            ActionKind::AddTags(tags) => {
                Self::AddTags { tags: tags.iter().map(ToString::to_string).collect() }
            }
            ActionKind::RemoveTags(tags) => {
                Self::RemoveTags { tags: tags.iter().map(ToString::to_string).collect() }
            }
            ActionKind::AddToCampaign(id) => Self::AddToCampaign { campaign_id: id.0 },
            ActionKind::Export(format) => Self::Export {
                columns: format.columns.unwrap_or_default(),
                bom: format.byte_order_mark,
            },
            ActionKind::Delete => Self::Delete,
        }
    }
}

/// Where the file of an export is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActionFile)]
enum ActionFileView {
    /// It is being written.
    Pending,
    /// `GET /v1/actions/{id}/file` gives it out.
    Ready,
    /// It is not kept any more: 24 hours after the export was done, or as soon as one was
    /// cancelled or failed.
    Erased,
}

impl ActionFileView {
    fn of(action: &Action) -> Option<Self> {
        if !matches!(action.kind, ActionKind::Export(_)) {
            return None;
        }
        Some(match (action.state, action.file) {
            (ActionState::Running, _) => Self::Pending,
            (ActionState::Done, Some(_)) => Self::Ready,
            _ => Self::Erased,
        })
    }
}

/// How far an action is. `done`, `cancelled` and `failed` are ends.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActionState)]
enum ActionStateView {
    /// It is being done, or waits to be.
    Running,
    /// Everybody was done or skipped.
    Done,
    /// Somebody stopped it; what was done stays.
    Cancelled,
    /// It could not go on; what was done stays.
    Failed,
}

impl From<ActionState> for ActionStateView {
    fn from(state: ActionState) -> Self {
        match state {
            ActionState::Running => Self::Running,
            ActionState::Done => Self::Done,
            ActionState::Cancelled => Self::Cancelled,
            ActionState::Failed => Self::Failed,
        }
    }
}

/// How many people of an action are done.
#[derive(Serialize, ToSchema)]
#[schema(as = ActionProgress)]
struct ActionProgressView {
    /// People done or skipped.
    done: u64,
    /// People of the selection.
    total: u64,
    /// People a second on average, while it runs.
    people_per_second: Option<f64>,
    /// How long the rest will take, while it runs.
    seconds_left: Option<u64>,
}

impl ActionProgressView {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is an estimate, and never negative"
    )]
    fn of(action: &Action, now: OffsetDateTime) -> Self {
        let (done, total) = (action.tally.people(), action.people);
        let seconds = action.started_at.map(|started| (now - started).as_seconds_f64());
        let is_moving = action.state == ActionState::Running && done > 0;
        let seconds = seconds.filter(|seconds| is_moving && *seconds > 0.0);
        let rate = seconds.map(|seconds| done as f64 / seconds);
        let left = rate.map(|rate| (total.saturating_sub(done) as f64 / rate).ceil() as u64);
        Self { done, total, people_per_second: rate, seconds_left: left }
    }
}

/// What came of people.
#[derive(Serialize, ToSchema)]
#[schema(as = ActionSummary)]
struct ActionSummaryView {
    /// Something of them changed.
    changed: u64,
    /// They were so before. Of an export: they are in the file.
    unchanged: u64,
    /// They were skipped.
    skipped: u64,
    /// Those, by reason: `not_found`, `merged`, `changed` (the filter does not mean them any
    /// more), `unreachable`, `unsubscribed`.
    skipped_by_reason: BTreeMap<&'static str, u64>,
}

impl From<Tally> for ActionSummaryView {
    fn from(tally: Tally) -> Self {
        Self {
            changed: tally.changed,
            unchanged: tally.unchanged,
            skipped: tally.skips(),
            skipped_by_reason: tally.skipped.into_iter().map(|(r, n)| (r.as_str(), n)).collect(),
        }
    }
}
