//! Where selections are kept.

use super::{NewSelection, Selection, SelectionId};
use crate::contact::{ContactFilter, ContactId};
use crate::{OrgId, Result};

/// Keeps selections.
///
/// Every implementation passes `contacts_testkit::selection_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SelectionRepository: Send + Sync {
    /// Freezes whom somebody chose. Selections older than [`Selection::KEPT`] that no unfinished
    /// action needs go.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn freeze(&self, org: OrgId, new: &NewSelection) -> Result<Selection>;

    /// Finds a selection.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: SelectionId) -> Result<Option<Selection>>;

    /// The ids of a piece, in their order; pieces count from 0.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn piece(&self, org: OrgId, id: SelectionId, piece: u32) -> Result<Option<Vec<ContactId>>>;

    /// How many of them are still there, and still meant by the filter.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be counted.
    fn count(&self, org: OrgId, id: SelectionId, still: &ContactFilter) -> Result<u64>;
}
