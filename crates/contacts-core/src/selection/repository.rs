//! The port that stores selections.

use super::{NewSelection, Selection, SelectionId};
use crate::contact::{ContactFilter, ContactId};
use crate::{OrgId, Result};

/// Stores selections.
///
/// Every implementation passes `contacts_testkit::selection_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SelectionRepository: Send + Sync {
    /// Freezes the contacts of a scope (R23). Also deletes selections that are older than
    /// [`Selection::RETENTION`] and not needed by an unfinished action.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn freeze(&self, org: OrgId, new: &NewSelection) -> Result<Selection>;

    /// Finds a selection.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, id: SelectionId) -> Result<Option<Selection>>;

    /// Returns the ids of a chunk, in order. Chunks count from 0.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn chunk(&self, org: OrgId, id: SelectionId, chunk: u32) -> Result<Option<Vec<ContactId>>>;

    /// Counts the selected contacts that still exist and still match the filter.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn count(&self, org: OrgId, id: SelectionId, filter: &ContactFilter) -> Result<u64>;
}
