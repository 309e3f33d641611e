//! The change feed: what happened to contacts, in an order in which nothing is missed (R42).

mod feed;
mod groups;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::feed::MockEventFeed;
pub use self::feed::{EventFeed, FeedPage, FeedService, FeedStart, NumberedEvent};
pub use self::groups::EventGroups;
use crate::Actor;
use crate::contact::ContactId;

/// Contacts that changed alike. A bulk change of a million contacts is told in pieces of many
/// contacts each, so that it drowns nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEvent {
    /// What happened.
    pub kind: EventKind,
    /// To whom: 1 to [`ContactEvent::MOST`].
    pub contacts: Vec<ContactId>,
    /// Which fields changed, as a [`crate::contact::FieldChange`] names them, and `tags`. Empty
    /// for contacts that are new or gone.
    pub fields: Vec<String>,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: OffsetDateTime,
}

/// What happened to contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// They were made.
    Created,
    /// Some of their fields changed.
    Updated,
    /// They were folded into this contact, and are gone.
    Merged(ContactId),
    /// They are gone.
    Deleted,
}

impl ContactEvent {
    /// The most contacts of one event.
    pub const MOST: usize = 500;

    /// The event of one contact.
    pub fn of(
        contact: ContactId,
        kind: EventKind,
        fields: Vec<String>,
        actor: Actor,
        at: OffsetDateTime,
    ) -> Self {
        Self { kind, contacts: vec![contact], fields, actor, at }
    }

    /// The events of any number of contacts.
    pub fn of_many(
        contacts: &[ContactId],
        kind: EventKind,
        fields: &[String],
        actor: Actor,
        at: OffsetDateTime,
    ) -> Vec<Self> {
        let pieces = contacts.chunks(Self::MOST);
        pieces
            .map(|piece| Self {
                kind,
                contacts: piece.to_vec(),
                fields: fields.to_vec(),
                actor,
                at,
            })
            .collect()
    }
}

impl EventKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Merged(_) => "merged",
            Self::Deleted => "deleted",
        }
    }

    /// Into whom they were folded, when they were.
    pub fn survivor(self) -> Option<ContactId> {
        match self {
            Self::Merged(survivor) => Some(survivor),
            Self::Created | Self::Updated | Self::Deleted => None,
        }
    }

    /// The kind of a name, and the survivor that it may have.
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
