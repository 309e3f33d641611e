//! Undos of imports (R37), bulk actions and merges (R53): one engine, which undoes chunk by chunk what was
//! stored about the change, and lists what it kept with the reason.

mod repository;
mod service;

use time::OffsetDateTime;
use uuid::Uuid;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockUndoRepository;
pub use self::repository::{UndoRepository, UndoStart, UndoStep};
pub use self::service::UndoService;
use crate::Actor;
use crate::action::ActionId;
use crate::contact::ContactId;
use crate::import::ImportId;
use crate::org::id;
use crate::page::Position;
use crate::run::{RunKind, RunState};

id! {
    /// An undo's id. An undo that failed or was cancelled, and is requested again, has a new one.
    UndoId
}

/// What an undo undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UndoSubject {
    /// An import (R37).
    Import(ImportId),
    /// A bulk action (R53).
    Action(ActionId),
    /// The merge of this contact into another one (R53).
    Merge(ContactId),
}

impl UndoSubject {
    /// Returns the id of the import, of the action, or of the merged contact.
    pub fn id(self) -> Uuid {
        match self {
            Self::Import(import) => import.0,
            Self::Action(action) => action.0,
            Self::Merge(contact) => contact.0,
        }
    }

    /// Returns the kind of the run that undoes it.
    pub fn run_kind(self) -> RunKind {
        match self {
            Self::Import(_) => RunKind::Undo,
            Self::Action(_) => RunKind::UndoAction,
            Self::Merge(_) => RunKind::UndoMerge,
        }
    }
}

/// The undo of an import, of a bulk action or of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// Id of the undo.
    pub id: UndoId,
    /// What is undone.
    pub subject: UndoSubject,
    /// The actor who requested it.
    pub actor: Actor,
    /// State of the undo.
    pub state: RunState,
    /// The reason of a failure, and what to do.
    pub problem: Option<String>,
    /// Number of chunks of the import, or of parts of the action; 1 for a merge. The last one is
    /// undone first.
    pub chunks: u64,
    /// Number of chunks that are undone.
    pub chunks_done: u64,
    /// Number of chunks that were undone before the undo was requested again.
    pub chunks_done_before: u64,
    /// Counts of the contacts so far.
    pub tally: UndoTally,
    /// When it was requested.
    pub created_at: OffsetDateTime,
    /// When the first chunk was undone.
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
}

/// Counts of contacts, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoTally {
    /// Contacts that the import added, and that were removed.
    pub removed: u64,
    /// Contacts that it changed, and that were restored.
    pub restored: u64,
    /// Contacts that were kept, in whole or in part, because somebody changed them since.
    pub kept: u64,
    /// Contacts with nothing to restore. Those that an import matched lose it as a source.
    pub unchanged: u64,
    /// Contacts that were deleted before the undo.
    pub gone: u64,
}

impl UndoTally {
    /// Counts a contact.
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

/// The result for a contact. When several chunks are about a contact, the greatest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UndoOutcome {
    /// There was nothing to restore.
    Unchanged,
    /// Fields were restored or tags removed.
    Restored,
    /// Parts of the contact were kept because they were changed since.
    Kept,
    /// The contact was removed, because the import had added it.
    Removed,
    /// The contact was deleted before the undo.
    Gone,
}

/// A contact or a field that an undo kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptItem {
    /// Contact that the item belongs to.
    pub contact: ContactId,
    /// The field, as a [`crate::contact::FieldChange`] names it; `None` for the whole contact.
    pub field: Option<String>,
    /// The reason.
    pub reason: KeptReason,
}

impl KeptItem {
    /// Returns the position after this item.
    pub fn position(&self) -> (ContactId, Option<String>) {
        (self.contact, self.field.clone())
    }
}

/// The position of a [`KeptItem`]: its contact and its field.
impl Position for (ContactId, Option<String>) {
    fn encode(&self) -> String {
        let (contact, field) = self;
        format!("{}{}", contact.encode(), field.as_deref().unwrap_or_default())
    }

    fn decode(text: &str) -> Option<Self> {
        let (contact, field) = text.split_at_checked(32)?;
        let field = String::decode(field)?;
        Some((ContactId::decode(contact)?, Some(field).filter(|field| !field.is_empty())))
    }
}

/// The reason why a contact or a field is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeptReason {
    /// The contact was edited since.
    Edited,
    /// Another contact has the old address or the old external id now.
    Taken,
    /// Tags were added or removed since.
    Tagged,
    /// A note was written about the contact.
    Noted,
    /// The contact has a conversation.
    Conversation,
    /// The contact was added to a campaign or removed from it, or unsubscribed.
    Subscribed,
    /// The contact has another source, too.
    CameAgain,
    /// The contact was merged with another one.
    Merged,
    /// The campaign has reached the contact (R29).
    Delivered,
    /// The contact unsubscribed (R28).
    Unsubscribed,
    /// The contact has no address any more (R6).
    Unreachable,
    /// The contact was deleted.
    Deleted,
}

impl KeptReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::Edited,
        Self::Taken,
        Self::Tagged,
        Self::Noted,
        Self::Conversation,
        Self::Subscribed,
        Self::CameAgain,
        Self::Merged,
        Self::Delivered,
        Self::Unsubscribed,
        Self::Unreachable,
        Self::Deleted,
    ];

    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Taken => "taken",
            Self::Tagged => "tagged",
            Self::Noted => "noted",
            Self::Conversation => "conversation",
            Self::Subscribed => "subscribed",
            Self::CameAgain => "came_again",
            Self::Merged => "merged",
            Self::Delivered => "delivered",
            Self::Unsubscribed => "unsubscribed",
            Self::Unreachable => "unreachable",
            Self::Deleted => "deleted",
        }
    }

    /// The reason of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
