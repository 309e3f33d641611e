//! The errors of the use cases, grouped by what the caller can do about them.

use std::error::Error as StdError;

use crate::contact::ContactId;
use crate::key::Scope;
use crate::version::Current;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist in this organisation. Things of other organisations give the same
    /// error (R1).
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The input breaks a rule. Lists every invalid part with the reason.
    #[error("{}", sentence(.0))]
    Invalid(Vec<Invalid>),
    /// Another contact has the address (R7).
    #[error("another contact has this email address")]
    EmailTaken(ContactId),
    /// Another contact has the external id (R49).
    #[error("another contact has this external id")]
    ExternalIdTaken(ContactId),
    /// The contact was merged into this one (R13).
    #[error("the contact was merged into another")]
    Merged(ContactId),
    /// Something with this name already exists.
    #[error("{0} is already taken")]
    Taken(&'static str),
    /// The resource has another version than the one that the caller expects (R12). Holds the
    /// current state.
    #[error("the {} has changed since it was read", .0.kind())]
    Stale(Box<Current>),
    /// The state of the thing does not allow the request. The sentence says what to do.
    #[error("{0}")]
    Conflict(String),
    /// The caller is not permitted to do this. The sentence says who is.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The caller's credential lacks a scope (R2).
    #[error("this needs a credential with the scope {}", .0.as_str())]
    ScopeMissing(Scope),
    /// Events after this cursor have expired (R42).
    #[error("the feed does not reach back to this cursor: read the whole list, then start over")]
    CursorExpired,
    /// The file was deleted because its retention has ended (R24).
    #[error("the file is no longer available: create a new one")]
    FileErased,
    /// The confirmed number of contacts is not this one, the current number (R23).
    #[error("the number of selected contacts is now {0}: review the selection and confirm again")]
    CountChanged(u64),
    /// Another server has taken the request over, because this one seemed to be dead (R63). Nothing
    /// was changed.
    #[error("the request with this Idempotency-Key is carried out by another server")]
    ClaimLost,
    /// The service is overloaded; the caller can retry later.
    #[error("the service is busy")]
    Busy,
    /// The store cannot be reached, or the connection broke; the caller can retry later. Whether a
    /// change that was in progress was committed is unknown.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The store has no space left. Nothing can be written until the operator adds space.
    #[error("the store is full")]
    StorageFull(#[source] Box<dyn StdError + Send + Sync>),
    /// The store failed. The cause is logged and not returned to the caller.
    #[error("the store failed")]
    Store(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// The error for an organisation that has reached a limit. `noun` is a plural.
    pub fn limit_reached(limit: usize, noun: &str) -> Self {
        Self::Conflict(format!("the organisation already has {limit} {noun}, which is the limit"))
    }

    /// Wraps a failure of the store.
    pub fn store(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Store(source.into())
    }
}

/// One invalid part of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The part: a field's name as the API spells it, such as `email` or `custom.tier`.
    pub field: String,
    /// The reason, to be read after the field's name.
    pub reason: String,
}

impl Invalid {
    /// An invalid part with a reason.
    pub fn new(field: impl Into<String>, reason: impl ToString) -> Self {
        Self { field: field.into(), reason: reason.to_string() }
    }

    /// Returns the same reason for the part within `part`: `q` within `filter` becomes `filter.q`.
    pub fn within(self, part: &str) -> Self {
        Self { field: format!("{part}.{}", self.field), ..self }
    }

    /// A list of one invalid part.
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
