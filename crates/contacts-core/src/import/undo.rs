//! Undoing imports (R37): contacts that an import added are removed, and fields that it overwrote are
//! restored, except where somebody has changed them since.

mod keys;
mod repository;
mod reverse;
mod service;

use time::OffsetDateTime;

pub use self::keys::{restored_keys, reverse_chunk};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockUndoRepository;
pub use self::repository::{UndoRepository, UndoStart, UndoStep};
use self::reverse::reverse;
pub use self::reverse::{CurrentState, Restored, Reversal, undo_events};
use super::{ImportId, ImportState};
use crate::Actor;
use crate::contact::ContactId;
use crate::org::id;
use crate::page::Position;
use crate::run::RunState;

id! {
    /// An undo's id. An undo that failed or was cancelled, and is requested again, has a new one.
    UndoId
}

/// The undo of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    /// Id of the undo.
    pub id: UndoId,
    /// The import.
    pub import: ImportId,
    /// The actor who requested it.
    pub actor: Actor,
    /// State of the undo.
    pub state: RunState,
    /// The reason of a failure, and what to do.
    pub problem: Option<String>,
    /// The state of the import before the undo.
    pub was: ImportState,
    /// Number of chunks of the import. The last one is undone first.
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
    /// Contacts that it did not change: they only lose the import as a source.
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
    /// The contact was added to a campaign, or unsubscribed.
    Subscribed,
    /// The contact has another source, too.
    CameAgain,
    /// The contact was merged with another one.
    Merged,
}

impl KeptReason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Edited,
        Self::Taken,
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
            Self::Taken => "taken",
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
