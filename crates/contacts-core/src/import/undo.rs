//! Undoing imports (R37): what one added goes, and what it overwrote comes back, except where
//! somebody has changed it since.

mod repository;
mod reverse;
mod service;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockUndoRepository;
pub use self::repository::{Begun, UndoRepository, UndoStep};
pub use self::reverse::{Restored, Reversal, Standing, reverse, undo_events};
use super::{ImportId, ImportState};
use crate::Actor;
use crate::contact::ContactId;
use crate::org::id;

id! {
    /// An undo's id. An undo that failed and is asked for again has another.
    UndoId
}

/// The undoing of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// Its id.
    pub id: UndoId,
    /// What is undone.
    pub import: ImportId,
    /// Who asked for it.
    pub actor: Actor,
    /// How far it is.
    pub state: UndoState,
    /// Why it failed, and what to do.
    pub problem: Option<String>,
    /// The state of the import before.
    pub was: ImportState,
    /// In how many pieces the import is undone, the last one first.
    pub pieces: u64,
    /// How many of them are.
    pub pieces_done: u64,
    /// What came of the people so far.
    pub tally: UndoTally,
    /// When it was asked for.
    pub asked_at: OffsetDateTime,
    /// When it came to an end.
    pub finished_at: Option<OffsetDateTime>,
}

/// How far an undo is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UndoState {
    /// It goes on, or waits to.
    Running,
    /// Everything was put back that could be. An end.
    Done,
    /// It could not go on. What was put back is, and it can be asked for again.
    Failed,
}

impl UndoState {
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

/// Counts people, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoTally {
    /// Whom the import added, and who is gone.
    pub removed: u64,
    /// Whom it changed, and who is as before.
    pub restored: u64,
    /// Who stays as they are, or a part of whom does, because somebody changed it since.
    pub kept: u64,
    /// Whom it only met: they have not come by it any more.
    pub unchanged: u64,
    /// Who was not there any more.
    pub gone: u64,
}

impl UndoTally {
    /// Counts a person.
    pub fn count(&mut self, outcome: UndoOutcome) {
        *match outcome {
            UndoOutcome::Removed => &mut self.removed,
            UndoOutcome::Restored => &mut self.restored,
            UndoOutcome::Kept => &mut self.kept,
            UndoOutcome::Unchanged => &mut self.unchanged,
            UndoOutcome::Gone => &mut self.gone,
        } += 1;
    }
}

/// What came of a person. Of somebody whom several pieces were about, the last of these counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UndoOutcome {
    /// There was nothing to put back.
    Unchanged,
    /// Fields are what they were, tags were taken off.
    Restored,
    /// Something stays because it was changed since.
    Kept,
    /// Added by the import, the contact is gone.
    Removed,
    /// It was gone before.
    Gone,
}

/// What an undo left as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// Whose.
    pub contact: ContactId,
    /// Which field, as a [`crate::contact::FieldChange`] names it; nothing for the whole contact.
    pub field: Option<String>,
    /// Why.
    pub reason: KeptReason,
}

/// Why something is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeptReason {
    /// It was edited since.
    Edited,
    /// Tags were put on or taken off since.
    Tagged,
    /// A note was written.
    Noted,
    /// There is a conversation.
    Conversation,
    /// It was put into a campaign, or unsubscribed.
    Subscribed,
    /// It came another way, too.
    CameAgain,
    /// It was merged with another contact.
    Merged,
}

impl KeptReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Edited,
        Self::Tagged,
        Self::Noted,
        Self::Conversation,
        Self::Subscribed,
        Self::CameAgain,
        Self::Merged,
    ];

    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Tagged => "tagged",
            Self::Noted => "noted",
            Self::Conversation => "conversation",
            Self::Subscribed => "subscribed",
            Self::CameAgain => "came_again",
            Self::Merged => "merged",
        }
    }

    /// The reason of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
