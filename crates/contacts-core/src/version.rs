//! Versions of resources, by which a caller finds out that somebody else has edited one (R12).

use crate::contact::Contact;
use crate::field::Field;
use crate::note::Note;
use crate::segment::Segment;
use crate::sync::ConnectedSource;
use crate::tag::Tag;
use crate::webhook::Webhook;
use crate::{Error, Result};

/// The state of a resource at the moment when an edit of an older version was refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Current {
    /// A contact.
    Contact(Contact),
    /// A webhook.
    Webhook(Webhook),
    /// A segment.
    Segment(Segment),
    /// A custom field.
    Field(Field),
    /// A connected source.
    Source(ConnectedSource),
    /// A tag.
    Tag(Tag),
    /// A note.
    Note(Note),
}

impl Current {
    /// The current version.
    pub fn version(&self) -> u64 {
        match self {
            Self::Contact(contact) => contact.version,
            Self::Webhook(webhook) => webhook.version,
            Self::Segment(segment) => segment.version,
            Self::Field(field) => field.version,
            Self::Source(source) => source.version,
            Self::Tag(tag) => tag.version,
            Self::Note(note) => note.version,
        }
    }

    /// What kind of resource it is, for error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Contact(_) => "contact",
            Self::Webhook(_) => "webhook",
            Self::Segment(_) => "segment",
            Self::Field(_) => "field",
            Self::Source(_) => "source",
            Self::Tag(_) => "tag",
            Self::Note(_) => "note",
        }
    }

    /// Refuses an edit that expects another version; without an expected version every edit may
    /// go on. Call it while the resource is locked.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] with a copy of the current state.
    pub fn check<T: Clone + Into<Self>>(current: &T, expected: Option<u64>) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        let state: Self = current.clone().into();
        if state.version() == expected { Ok(()) } else { Err(Error::Stale(Box::new(state))) }
    }
}

impl From<Contact> for Current {
    fn from(contact: Contact) -> Self {
        Self::Contact(contact)
    }
}

impl From<Webhook> for Current {
    fn from(webhook: Webhook) -> Self {
        Self::Webhook(webhook)
    }
}

impl From<Segment> for Current {
    fn from(segment: Segment) -> Self {
        Self::Segment(segment)
    }
}

impl From<Field> for Current {
    fn from(field: Field) -> Self {
        Self::Field(field)
    }
}

impl From<ConnectedSource> for Current {
    fn from(source: ConnectedSource) -> Self {
        Self::Source(source)
    }
}

impl From<Note> for Current {
    fn from(note: Note) -> Self {
        Self::Note(note)
    }
}

impl From<Tag> for Current {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}
