//! Possible duplicates: contacts that may be the same person (R17, R20, R54).
//!
//! Whether two contacts may be the same person is decided here, by [`DuplicateReason::between`].
//! A store only finds the candidates, and the values that too many contacts share.

mod cursor;
mod pair;
mod reason;
mod service;
mod similarity;

use time::OffsetDateTime;

pub use self::cursor::{DuplicateCursor, PairCursor};
pub use self::pair::{DuplicatePair, PairQuery};
pub use self::reason::{ComparedValues, DuplicateReason, SharedValues, Strength};
pub use self::service::DuplicateService;
pub use self::similarity::are_similar;
use super::{Contact, ContactId};
use crate::page::Page;
use crate::{OrgId, Result};

/// A contact that may be the same person as another.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate {
    /// Possible duplicate.
    pub contact: Contact,
    /// Reasons, at least one, strongest first.
    pub reasons: Vec<DuplicateReason>,
}

impl Duplicate {
    /// Number of contacts on each side of a contact, in the order of their folded names, that are
    /// compared with it for a similar name.
    pub const NAME_NEIGHBOURS: usize = 100;

    /// Returns the strength of the strongest reason.
    pub fn strength(&self) -> Strength {
        Strength::of(&self.reasons)
    }

    /// Returns the position in the list of a contact's possible duplicates.
    pub fn cursor(&self) -> DuplicateCursor {
        DuplicateCursor { strength: self.strength(), contact: self.contact.id }
    }
}

/// Finds possible duplicates.
///
/// Every implementation passes `contacts_testkit::duplicate_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait DuplicateRepository: Send + Sync {
    /// Returns up to `limit` possible duplicates of a contact, strongest first and then by id,
    /// starting after `after`. Dismissed pairs are left out.
    ///
    /// A similar name is found among the [neighbours](Duplicate::NAME_NEIGHBOURS) of the contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn duplicates(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<DuplicateCursor>,
        limit: usize,
    ) -> Result<Vec<Duplicate>>;

    /// Returns a page of the organisation's pairs of possible duplicates, strongest first.
    /// Dismissed pairs are left out, and so are pairs that only have similar names.
    ///
    /// A store may stop before the page is full, to bound the work of one page. Then the page has a
    /// cursor, even if it is empty.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn pairs(&self, org: OrgId, query: &PairQuery) -> Result<Page<DuplicatePair, PairCursor>>;

    /// Stores whether a user dismissed a pair: its two contacts are different people. A pair that
    /// is no longer dismissed is listed for the reasons that it has then. Returns whether both
    /// contacts exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn set_dismissed(
        &self,
        org: OrgId,
        pair: [ContactId; 2],
        dismissed: bool,
        now: OffsetDateTime,
    ) -> Result<bool>;
}
