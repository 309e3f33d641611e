//! Bulk actions: one change of every contact in a selection (R24).
//!
//! An action runs chunk by chunk of its selection, and applies each of these in parts. Each part is
//! one transaction that changes its contacts and stores how far the action has come, so that after
//! a crash no contact is changed twice and none is left out.

mod file;
mod kind;
mod outcome;
mod repository;
mod result;
mod service;
mod set_field;

use std::time::Duration;

use time::OffsetDateTime;

pub use self::file::ActionFile;
pub use self::kind::{ActionKind, RawAction};
pub use self::outcome::{Chunk, SkipReason, Tally};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockActionRepository;
pub use self::repository::{ActionRepository, Applied, Confirmation};
pub use self::result::ActionResult;
pub use self::service::{ActionService, ActionTarget, NewAction};
pub use self::set_field::{FieldContext, FieldSetting, SetValue};
use crate::file::FileId;
use crate::org::id;
use crate::run::RunState;
use crate::selection::SelectionId;
use crate::{Actor, OrgId};

id! {
    /// Id of an action.
    ActionId
}

/// A bulk action (R45).
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Organisation that owns the action.
    pub org: OrgId,
    /// Id of the action.
    pub id: ActionId,
    /// Kind of the change, with its parameters.
    pub kind: ActionKind,
    /// Selected contacts.
    pub selection: SelectionId,
    /// State of the run.
    pub state: RunState,
    /// Why the action is [`RunState::Failed`].
    pub problem: Option<String>,
    /// Number of contacts in the selection.
    pub contacts: u64,
    /// Number of chunks of the selection.
    pub chunks: u32,
    /// Number of finished chunks of the selection.
    pub chunks_done: u32,
    /// Counts of the applied parts.
    pub tally: Tally,
    /// State of the undo of the action; `None` until somebody requests one (R53).
    pub undo: Option<RunState>,
    /// File of an export, until it is deleted.
    pub file: Option<FileId>,
    /// Actor of the action.
    pub actor: Actor,
    /// Time of the request.
    pub created_at: OffsetDateTime,
    /// Time at which the first part started.
    pub started_at: Option<OffsetDateTime>,
    /// Time of the end.
    pub finished_at: Option<OffsetDateTime>,
}

impl Action {
    /// How long the file of an export is kept after the end of the action.
    pub const FILE_RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
}
