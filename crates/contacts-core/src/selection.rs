//! Selections: whom a bulk action applies to, frozen when it was chosen (R23).

mod repository;
mod service;

use std::collections::BTreeSet;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockSelectionRepository;
pub use self::repository::SelectionRepository;
pub use self::service::{RawChosen, SelectionService};
use crate::Actor;
use crate::contact::{ContactFilter, ContactId, FilterText};
use crate::org::id;

id! {
    /// A selection's id.
    SelectionId
}

/// People that were chosen, frozen: whoever comes later is not in it. It is kept as pieces of ids
/// in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its id.
    pub id: SelectionId,
    /// By which filter they were chosen, as it was asked for; nothing when their ids were given.
    pub filter: Option<FilterText>,
    /// How many they are: each once.
    pub people: u64,
    /// In how many pieces they are kept.
    pub pieces: u32,
    /// Who chose them.
    pub actor: Actor,
    /// When. A filter's relative ranges count from here.
    pub created_at: OffsetDateTime,
}

/// A selection to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSelection {
    /// Its id.
    pub id: SelectionId,
    /// Whom.
    pub chosen: Chosen,
    /// How many ids a piece has at most.
    pub piece: usize,
    /// Who chooses them.
    pub actor: Actor,
    /// When.
    pub at: OffsetDateTime,
}

/// Whom somebody chose.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// These, whether or not they are there.
    Ids(BTreeSet<ContactId>),
    /// Everybody that a filter means now, less some.
    Matching {
        /// The filter as it was asked for.
        text: FilterText,
        /// The filter.
        filter: Box<ContactFilter>,
        /// Whom not.
        except: BTreeSet<ContactId>,
    },
}

impl Selection {
    /// The most ids of a piece, unless another number is asked for.
    pub const PIECE: usize = 10_000;
    /// The most ids that one request names.
    pub const MAX_IDS: usize = 10_000;
    /// For how long a selection is kept that no unfinished action needs.
    pub const KEPT: time::Duration = time::Duration::days(7);
}
