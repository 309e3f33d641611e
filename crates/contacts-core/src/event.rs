//! The change feed: changes of contacts, in an order in which no change is missed (R42).

mod contacts;
mod feed;
mod groups;

use time::OffsetDateTime;

pub use self::contacts::CurrentContacts;
#[cfg(any(test, feature = "mocks"))]
pub use self::feed::MockEventFeed;
pub use self::feed::{EventFeed, FeedPage, FeedService, FeedStart, NumberedEvent};
pub use self::groups::EventGroups;
use crate::Actor;
use crate::contact::ContactId;

/// Contacts with the same change. A bulk change of a million contacts becomes some thousand events,
/// so that the feed stays usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEvent {
    /// Kind of the change.
    pub kind: EventKind,
    /// Changed contacts: 1 to [`ContactEvent::MAX_CONTACTS`].
    pub contacts: Vec<ContactId>,
    /// Fields that changed, named as in [`crate::contact::FieldChange`], plus `tags`. Empty for
    /// created and deleted contacts.
    pub fields: Vec<String>,
    /// Actor of the change.
    pub actor: Actor,
    /// Time of the change.
    pub at: OffsetDateTime,
}

/// Kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The contacts were created.
    Created,
    /// Some of their fields changed.
    Updated,
    /// The contacts were merged into this one and no longer exist.
    Merged(ContactId),
    /// The contacts were deleted.
    Deleted,
}

impl ContactEvent {
    /// Maximum number of contacts of one event.
    pub const MAX_CONTACTS: usize = 500;

    /// Returns whether the change left `updated_at` of the contacts alone, which is the time of the
    /// last change of the profile: only tags or consent changed.
    pub fn leaves_update_time(&self) -> bool {
        let is_outside = |field: &String| matches!(field.as_str(), "tags" | "consent");
        self.kind == EventKind::Updated && self.fields.iter().all(is_outside)
    }

    /// Makes the event of one contact.
    pub fn of(
        contact: ContactId,
        kind: EventKind,
        fields: Vec<String>,
        actor: Actor,
        at: OffsetDateTime,
    ) -> Self {
        Self { kind, contacts: vec![contact], fields, actor, at }
    }

    /// Makes the events of any number of contacts.
    pub fn of_many(
        contacts: &[ContactId],
        kind: EventKind,
        fields: &[String],
        actor: Actor,
        at: OffsetDateTime,
    ) -> Vec<Self> {
        let chunks = contacts.chunks(Self::MAX_CONTACTS);
        chunks
            .map(|chunk| Self {
                kind,
                contacts: chunk.to_vec(),
                fields: fields.to_vec(),
                actor,
                at,
            })
            .collect()
    }
}

impl EventKind {
    /// Returns the name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Merged(_) => "merged",
            Self::Deleted => "deleted",
        }
    }

    /// Returns the contact into which the contacts were merged.
    pub fn survivor(self) -> Option<ContactId> {
        match self {
            Self::Merged(survivor) => Some(survivor),
            Self::Created | Self::Updated | Self::Deleted => None,
        }
    }

    /// Reads the name of a kind and the survivor of a merge.
    pub fn from_parts(name: &str, survivor: Option<ContactId>) -> Option<Self> {
        Some(match (name, survivor) {
            ("created", None) => Self::Created,
            ("updated", None) => Self::Updated,
            ("merged", Some(survivor)) => Self::Merged(survivor),
            ("deleted", None) => Self::Deleted,
            _ => return None,
        })
    }
}
