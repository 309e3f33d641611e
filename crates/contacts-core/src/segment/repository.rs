//! The port that stores segments.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Segment, SegmentId, SegmentPatch};
use crate::{OrgId, Result};

/// Stores segments.
///
/// Every implementation passes `contacts_testkit::segment_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SegmentRepository: Send + Sync {
    /// Adds a segment.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another segment has the name.
    fn insert(&self, org: OrgId, segment: &Segment) -> Result<()>;

    /// Finds a segment.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: SegmentId) -> Result<Option<Segment>>;

    /// Lists at most `limit` segments that a user or a key sees, in the order of their keys, those
    /// after the key `after`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, viewer: Uuid, after: &str, limit: usize) -> Result<Vec<Segment>>;

    /// Lists at most `limit` private segments whose owner is gone: a user who is deactivated, or a
    /// key that is revoked or expired. In the order of their keys, those after the key `after`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn orphaned(
        &self,
        org: OrgId,
        now: OffsetDateTime,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Segment>>;

    /// Returns whether the owner of a private segment is gone.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn is_orphaned(&self, org: OrgId, id: SegmentId, now: OffsetDateTime) -> Result<bool>;

    /// Applies a patch to the locked segment, as [`Segment::apply`] does. Returns the new state;
    /// `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Taken`] when another segment has the name; [`crate::Error::Stale`] when
    /// the segment does not have the expected version.
    fn patch(
        &self,
        org: OrgId,
        id: SegmentId,
        patch: &SegmentPatch,
        if_version: Option<u64>,
        now: OffsetDateTime,
    ) -> Result<Option<Segment>>;

    /// Deletes a segment; returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be deleted.
    fn delete(&self, org: OrgId, id: SegmentId) -> Result<bool>;
}
