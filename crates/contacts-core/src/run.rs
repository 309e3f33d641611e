//! Runs: executions of long work, whatever its kind (R45).
//!
//! Imports, dry runs, undos, bulk actions, erasures and runs of connected sources have details and
//! tables of their own. What they share is here: one state machine, one progress, one set of times,
//! one list and one command that cancels.

mod kind;
mod of;
mod progress;
mod repository;
mod service;
mod state;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::kind::{RunKind, RunSubject};
pub use self::progress::{Pace, Progress};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockRunRepository;
pub use self::repository::{RunFilter, RunRepository};
pub use self::service::RunService;
pub use self::state::RunState;
use crate::Actor;
use crate::org::id;

id! {
    /// Id of a run. It is also the id of the import, dry run, undo, action, erasure or sync run.
    RunId
}

/// One execution of long work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Id of the run.
    pub id: RunId,
    /// Kind of the work.
    pub kind: RunKind,
    /// Id of the import, action, contact or source that the run belongs to.
    pub subject_id: Uuid,
    /// State of the run.
    pub state: RunState,
    /// How much of the work is done.
    pub progress: Progress,
    /// Why the run failed or was cancelled, and what to do.
    pub problem: Option<String>,
    /// Actor who requested the run; `None` when a schedule did.
    pub actor: Option<Actor>,
    /// Time of the request.
    pub created_at: OffsetDateTime,
    /// Time at which a worker began the run.
    pub started_at: Option<OffsetDateTime>,
    /// Time at which the run ended.
    pub finished_at: Option<OffsetDateTime>,
}

impl Run {
    /// Returns what the run belongs to.
    pub fn subject(&self) -> RunSubject {
        self.kind.subject(self.subject_id)
    }

    /// Returns how fast the run is, and how long it will still take.
    pub fn pace(&self, now: OffsetDateTime) -> Pace {
        let started = self.started_at.filter(|_| self.state == RunState::Running);
        started.map(|started| self.progress.pace(now - started)).unwrap_or_default()
    }
}
