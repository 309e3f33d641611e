//! The actor of a change (R4).

use uuid::Uuid;

use crate::import::ImportId;
use crate::key::KeyId;

/// Who made a change. Every write records its actor (R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A user who is signed in.
    User(Uuid),
    /// A program with an API key.
    Key(KeyId),
    /// An import of a file.
    Import(ImportId),
    /// A connected source.
    Connected(Uuid),
    /// The operator, on the command line, or the service itself.
    System,
}

impl Actor {
    /// Returns the name of the kind and the id, as adapters store and show them.
    pub fn parts(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::User(id) => ("user", Some(id)),
            Self::Key(id) => ("key", Some(id.0)),
            Self::Import(id) => ("import", Some(id.0)),
            Self::Connected(id) => ("connected", Some(id)),
            Self::System => ("system", None),
        }
    }

    /// Reads what [`Actor::parts`] returned.
    pub fn from_parts(kind: &str, id: Option<Uuid>) -> Option<Self> {
        Some(match (kind, id) {
            ("user", Some(id)) => Self::User(id),
            ("key", Some(id)) => Self::Key(KeyId(id)),
            ("import", Some(id)) => Self::Import(ImportId(id)),
            ("connected", Some(id)) => Self::Connected(id),
            ("system", None) => Self::System,
            _ => return None,
        })
    }
}
