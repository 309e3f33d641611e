//! Where segments are kept.

use super::{Segment, SegmentId};
use crate::{OrgId, Result};

/// Keeps segments.
///
/// Every implementation passes `contacts_testkit::segment_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SegmentRepository: Send + Sync {
    /// Adds a segment.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when there is one of that name.
    fn insert(&self, org: OrgId, segment: &Segment) -> Result<()>;

    /// Finds a segment.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: SegmentId) -> Result<Option<Segment>>;

    /// Segments after one's key, in the order of their keys, so many at most.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, after: &str, limit: usize) -> Result<Vec<Segment>>;

    /// Changes the name and the filter of a segment, and says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when there is another of that name.
    fn update(&self, org: OrgId, segment: &Segment) -> Result<bool>;

    /// Deletes a segment, and says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn delete(&self, org: OrgId, id: SegmentId) -> Result<bool>;
}
