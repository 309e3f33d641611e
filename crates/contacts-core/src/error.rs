//! What can go wrong, cut by what the caller can do about it.

use std::error::Error as StdError;

use crate::contact::{Contact, ContactId};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this organisation; another's answers the same (R1).
    #[error("no such {0}")]
    NotFound(&'static str),
    /// What was given breaks a rule: every part that does, with the reason.
    #[error("{}", sentence(.0))]
    Invalid(Vec<Invalid>),
    /// Another contact has the address (R7).
    #[error("another contact has this email address")]
    EmailTaken(ContactId),
    /// The contact was folded into this one, which answers in its place (R13).
    #[error("the contact was merged into another")]
    Merged(ContactId),
    /// Something of this name is there already.
    #[error("{0} is already taken")]
    Taken(&'static str),
    /// The contact has changed since the caller read it (R12); here is its state.
    #[error("the contact has changed since it was read")]
    Stale(Box<Contact>),
    /// The thing is not in a state that allows this; the sentence says what would be.
    #[error("{0}")]
    Conflict(String),
    /// It is not the caller's to do; the sentence says whose.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Events after this place in the feed are not kept any more (R42).
    #[error("the feed does not reach back to this cursor: read the whole list, then begin anew")]
    CursorExpired,
    /// The file was deleted, as every file is after its time (R24).
    #[error("the file is not kept any more: make another")]
    FileErased,
    /// The person confirmed another number than this (R23).
    #[error("it would be done to {0}, which is not the number that was confirmed")]
    CountChanged(u64),
    /// Too much is going on; later it works.
    #[error("the service is busy")]
    Busy,
    /// The store cannot be reached, or was lost on the way; later it works. Whether a change was
    /// made is not known: what was under way when the store was lost may be done or not.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The store failed. The cause is for the log, not for the caller.
    #[error("the store failed")]
    Store(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// Wraps a store's own failure.
    pub fn store(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Store(source.into())
    }
}

/// One part of the input that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which part: a field's name as the API spells it, such as `email` or `custom.tier`.
    pub field: String,
    /// What is wrong with it, to be read after the field's name.
    pub reason: String,
}

impl Invalid {
    /// One part that is wrong.
    pub fn new(field: impl Into<String>, reason: impl ToString) -> Self {
        Self { field: field.into(), reason: reason.to_string() }
    }

    /// The same part, of a part: `q` within `filter` is `filter.q`.
    pub fn within(self, part: &str) -> Self {
        Self { field: format!("{part}.{}", self.field), ..self }
    }

    /// The usual list: a single part that is wrong.
    pub fn one(field: impl Into<String>, reason: impl ToString) -> Vec<Self> {
        vec![Self::new(field, reason)]
    }
}

impl From<Vec<Invalid>> for Error {
    fn from(parts: Vec<Invalid>) -> Self {
        Self::Invalid(parts)
    }
}

fn sentence(parts: &[Invalid]) -> String {
    let parts: Vec<_> = parts.iter().map(|i| format!("{} {}", i.field, i.reason)).collect();
    parts.join("; ")
}
