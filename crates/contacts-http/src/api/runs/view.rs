//! Views of runs, and the part of them that is also a part of each kind's own view.

use contacts_core::run::{Run, RunKind, RunState};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::ActorView;
use crate::parts::enumerated::enumeration;
use crate::parts::page::page_view;

/// A run: one execution of long work.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub(super) struct RunView {
    /// Id of the run. It is also the id of the import, the action, the erasure, the dry run, the
    /// undo or the run of a connected source.
    id: Uuid,
    /// The kind of the run.
    kind: RunKindView,
    /// The import of an import, a dry run or an `undo`; the action, also of an
    /// `undo_action`; the erased contact; the contact of an `undo_merge`; or the connected source.
    subject_id: Uuid,
    /// The state of the run.
    state: RunStateView,
    #[serde(flatten)]
    facts: RunFactsView,
}

page_view! {
    /// A page of runs.
    pub(super) struct RunsView as Runs {
        /// The runs, newest first.
        items: RunView,
    }
}

/// What every run has.
#[derive(Serialize, ToSchema)]
#[schema(as = RunFacts)]
pub(crate) struct RunFactsView {
    /// How much of the work is done.
    progress: ProgressView,
    /// The reason why the run failed or was cancelled, and what to do.
    problem: Option<String>,
    /// Who requested the run; null when a schedule did.
    actor: Option<ActorView>,
    /// When the run was requested.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When a worker began the run.
    #[serde(with = "time::serde::rfc3339::option")]
    started_at: Option<OffsetDateTime>,
    /// When the run ended.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// The progress of a run: in rows of imports and dry runs, contacts of actions, chunks of undos,
/// deleted files of erasures, and records of runs of connected sources.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
struct ProgressView {
    /// Number of units that are done.
    done: u64,
    /// Number of all units; null when it is not known.
    total: Option<u64>,
    /// Average number of units per second, while the run is running.
    per_second: Option<f64>,
    /// Estimated number of seconds until the run ends, while it is running.
    seconds_left: Option<u64>,
}

enumeration! {
    /// The state of a run. `done`, `failed` and `cancelled` are final.
    ///
    /// - `queued`: the run waits for a worker.
    /// - `running`: the run is in progress.
    /// - `waiting`: the run waits for something else: an erasure for imports, an import for its
    ///   review.
    /// - `done`: all work is done.
    /// - `failed`: the run could not continue; what was done stays.
    /// - `cancelled`: a user cancelled the run; what was done stays.
    pub(crate) RunStateView = RunState as "RunState" in RunState::ALL
}

enumeration! {
    /// The kind of a run. Bulk actions have the type of the action.
    pub(super) RunKindView = RunKind as "RunKind" in RunKind::ALL
}

impl RunView {
    pub(super) fn new(run: &Run, now: OffsetDateTime) -> Self {
        Self {
            id: run.id.0,
            kind: run.kind.into(),
            subject_id: run.subject_id,
            state: run.state.into(),
            facts: RunFactsView::new(run, now),
        }
    }
}

impl RunFactsView {
    pub(crate) fn new(run: &Run, now: OffsetDateTime) -> Self {
        let pace = run.pace(now);
        Self {
            progress: ProgressView {
                done: run.progress.done,
                total: run.progress.total,
                per_second: pace.per_second,
                seconds_left: pace.seconds_left,
            },
            problem: run.problem.clone(),
            actor: run.actor.map(ActorView::from),
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}
