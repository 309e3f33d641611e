//! Selections: the contacts that a bulk action applies to, frozen when they are selected (R23).

mod repository;
mod service;

use std::collections::BTreeSet;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockSelectionRepository;
pub use self::repository::SelectionRepository;
pub use self::service::{RawSelectionScope, SelectionService};
use crate::Actor;
use crate::contact::{ContactFilter, ContactId, FilterText};
use crate::org::id;

id! {
    /// A selection's id.
    SelectionId
}

/// A frozen set of contacts. Contacts that match the filter later are not added. The ids are stored
/// sorted, in chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Id of the selection.
    pub id: SelectionId,
    /// The filter as it was requested; `None` when ids were given.
    pub filter: Option<FilterText>,
    /// Number of contacts, each counted once.
    pub contacts: u64,
    /// Number of chunks.
    pub chunks: u32,
    /// The actor who made the selection.
    pub actor: Actor,
    /// When the selection was made. Relative ranges of the filter count from this time.
    pub created_at: OffsetDateTime,
}

/// A selection to make.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSelection {
    /// Id of the selection.
    pub id: SelectionId,
    /// The contacts to select.
    pub chosen: SelectionScope,
    /// Maximum number of ids in a chunk.
    pub chunk: usize,
    /// The actor who makes the selection.
    pub actor: Actor,
    /// When the selection is made.
    pub at: OffsetDateTime,
}

/// The contacts to select.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectionScope {
    /// Contacts with these ids, whether or not they exist.
    Ids(BTreeSet<ContactId>),
    /// Every contact that matches the filter now, except some.
    Matching {
        /// The filter as it was requested.
        text: FilterText,
        /// The parsed filter.
        filter: Box<ContactFilter>,
        /// Ids of the contacts to leave out.
        except: BTreeSet<ContactId>,
    },
}

impl Selection {
    /// Default maximum number of ids in a chunk.
    pub const CHUNK: usize = 10_000;
    /// Maximum number of ids in one request.
    pub const MAX_IDS: usize = 10_000;
    /// Time for which a selection is kept when no unfinished action needs it.
    pub const RETENTION: time::Duration = time::Duration::days(7);
}
