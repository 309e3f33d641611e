//! The journal: what bulk actions did to contacts, stored so that it can be undone (R53).
//!
//! Each part of an action stores one [`JournalChunk`], in the transaction that applies it. The
//! decision about undoing an entry is [`JournalEntry::reverse`], which every store uses.

mod merge;
mod reverse;

use time::{Duration, OffsetDateTime};

pub use self::merge::{MergeState, MergeTrace, Split, UnitedSubscription};
pub use self::reverse::{JournalReversal, JournalState};
use crate::Actor;
use crate::campaign::CampaignId;
use crate::contact::{ContactId, FieldEdit};
use crate::tag::TagId;

/// How long the journal is kept, and so how long an action can be undone (R53).
pub const KEEP_JOURNAL: Duration = Duration::days(30);

/// The journal of one part of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalChunk {
    /// Time at which the part was applied.
    pub at: OffsetDateTime,
    /// Number of contacts that the part changed, also of those that were erased since.
    pub contacts: u64,
    /// One entry for each changed contact that was not erased.
    pub entries: Vec<JournalEntry>,
}

/// A change of one contact.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// The changed contact.
    pub contact: ContactId,
    /// The change.
    pub effect: JournalEffect,
}

/// What was done to a contact. The entries of a chunk are all of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalEffect {
    /// The contact got tags.
    TagsAdded(Vec<TagId>),
    /// The contact lost tags.
    TagsRemoved(Vec<TagId>),
    /// The contact was added to a campaign.
    Subscribed(CampaignId),
    /// The contact was removed from a campaign that had not reached it.
    Unsubscribed {
        /// The campaign.
        campaign: CampaignId,
        /// Time at which the contact had been added.
        pending_at: OffsetDateTime,
        /// Actor who had added it.
        actor: Actor,
    },
    /// A field of the contact was set or cleared.
    FieldSet(FieldEdit),
    /// The contact was merged into another one. What the merge did is stored with the contact's id.
    Merged,
}

impl JournalChunk {
    /// Returns the journal of a part that was applied at a time.
    pub fn new(at: OffsetDateTime, entries: Vec<JournalEntry>) -> Self {
        Self { at, contacts: entries.len() as u64, entries }
    }

    /// Returns the field that the part changed, if it has entries.
    pub fn field(&self) -> Option<String> {
        self.entries.first().map(|entry| entry.effect.field())
    }
}

impl JournalEffect {
    /// Name of the field that the effect changed, as [`crate::undo::KeptItem`] has it.
    pub fn field(&self) -> String {
        match self {
            Self::TagsAdded(_) | Self::TagsRemoved(_) => "tags".to_owned(),
            Self::Subscribed(_) | Self::Unsubscribed { .. } => "campaign".to_owned(),
            Self::FieldSet(edit) => edit.field(),
            Self::Merged => "merge".to_owned(),
        }
    }

    /// Returns the tags that the effect added or removed.
    pub fn tags(&self) -> &[TagId] {
        match self {
            Self::TagsAdded(tags) | Self::TagsRemoved(tags) => tags,
            _ => &[],
        }
    }

    /// Returns the campaign that the effect concerns.
    pub fn campaign(&self) -> Option<CampaignId> {
        match self {
            Self::Subscribed(campaign) | Self::Unsubscribed { campaign, .. } => Some(*campaign),
            _ => None,
        }
    }
}
