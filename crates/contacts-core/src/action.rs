//! Bulk actions: one thing done to everybody in a selection (R24).
//!
//! An action goes piece by piece of its selection, a transaction each, that counts the piece and
//! does it. So nobody is done twice and nobody is left out, whatever dies at whatever moment.

mod file;
mod kind;
mod outcome;
mod repository;
mod result;
mod service;

use std::time::Duration;

use time::OffsetDateTime;

pub use self::file::ActionFile;
pub use self::kind::{ActionKind, RawAction};
pub use self::outcome::{Piece, SkipReason, Tally};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockActionRepository;
pub use self::repository::{ActionRepository, Applied};
pub use self::result::ActionResult;
pub use self::service::{ActionService, NewAction, Whom};
use crate::file::FileId;
use crate::org::id;
use crate::selection::SelectionId;
use crate::{Actor, OrgId};

id! {
    /// An action's id.
    ActionId
}

/// A bulk action (R45).
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: ActionId,
    /// What is done.
    pub kind: ActionKind,
    /// To whom.
    pub selection: SelectionId,
    /// How far it is.
    pub state: ActionState,
    /// Why it is [`ActionState::Failed`].
    pub problem: Option<String>,
    /// How many people the selection has.
    pub people: u64,
    /// In how many pieces.
    pub pieces: u32,
    /// How many of these are done.
    pub pieces_done: u32,
    /// What came of their people.
    pub tally: Tally,
    /// The file that an export makes, until it is deleted.
    pub file: Option<FileId>,
    /// Who does it.
    pub actor: Actor,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When its first piece was begun.
    pub started_at: Option<OffsetDateTime>,
    /// When it came to an end.
    pub finished_at: Option<OffsetDateTime>,
}

impl Action {
    /// How long the file of an export is kept after its end.
    pub const FILE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
}

/// How far an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// It is being done, or waits to be.
    Running,
    /// Everybody was done or skipped. An end.
    Done,
    /// Somebody stopped it; what was done stays. An end.
    Cancelled,
    /// It could not go on; what was done stays. An end.
    Failed,
}

impl ActionState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Cancelled, Self::Failed];

    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing will change any more.
    pub fn is_end(self) -> bool {
        self != Self::Running
    }
}
