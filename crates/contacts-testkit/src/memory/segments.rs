//! Segments in memory.

use contacts_core::segment::{Segment, SegmentId, SegmentPatch, SegmentRepository};
use contacts_core::{Current, Error, OrgId, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::World;
use crate::world::Rows;

impl Rows {
    fn check_segment_name(&self, segment: &Segment) -> Result<()> {
        let others = self.segments.values().filter(|other| other.id != segment.id);
        let is_taken = others.into_iter().any(|other| other.name == segment.name);
        if is_taken { Err(Error::Taken("the segment's name")) } else { Ok(()) }
    }
}

impl Rows {
    /// Returns whether a private segment belongs to a user or a key that cannot sign in any more.
    fn is_owner_gone(&self, segment: &Segment, now: OffsetDateTime) -> bool {
        let Some(owner) = segment.audience.owner() else { return false };
        let user = self.sessions.users.iter().find(|user| user.id.0 == owner);
        let key = self.keys.iter().find(|key| key.id.0 == owner);
        user.is_some_and(|user| !user.is_active()) || key.is_some_and(|key| !key.is_live(now))
    }
}

impl SegmentRepository for World {
    fn insert(&self, org: OrgId, segment: &Segment) -> Result<()> {
        self.rows(org, |rows| {
            rows.check_segment_name(segment)?;
            rows.segments.insert(segment.id, segment.clone());
            Ok(())
        })
    }

    fn get(&self, org: OrgId, id: SegmentId) -> Result<Option<Segment>> {
        self.read(org, |rows| Ok(rows.segments.get(&id).cloned()))
    }

    fn list(&self, org: OrgId, viewer: Uuid, after: &str, limit: usize) -> Result<Vec<Segment>> {
        self.read(org, |rows| {
            let is_listed = |segment: &&Segment| {
                segment.audience.includes(viewer) && segment.name.key() > after
            };
            let mut segments: Vec<_> = rows.segments.values().filter(is_listed).collect();
            segments.sort_by_key(|segment| segment.name.key());
            Ok(segments.into_iter().take(limit).cloned().collect())
        })
    }

    fn orphaned(
        &self,
        org: OrgId,
        now: OffsetDateTime,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Segment>> {
        self.read(org, |rows| {
            let is_listed =
                |segment: &&Segment| rows.is_owner_gone(segment, now) && segment.name.key() > after;
            let mut segments: Vec<_> = rows.segments.values().filter(is_listed).collect();
            segments.sort_by_key(|segment| segment.name.key());
            Ok(segments.into_iter().take(limit).cloned().collect())
        })
    }

    fn is_orphaned(&self, org: OrgId, id: SegmentId, now: OffsetDateTime) -> Result<bool> {
        self.read(org, |rows| {
            Ok(rows.segments.get(&id).is_some_and(|segment| rows.is_owner_gone(segment, now)))
        })
    }

    fn patch(
        &self,
        org: OrgId,
        id: SegmentId,
        patch: &SegmentPatch,
        if_version: Option<u64>,
        now: OffsetDateTime,
    ) -> Result<Option<Segment>> {
        self.rows(org, |rows| {
            let Some(mut segment) = rows.segments.get(&id).cloned() else { return Ok(None) };
            Current::check(&segment, if_version)?;
            segment.apply(patch, now);
            rows.check_segment_name(&segment)?;
            rows.segments.insert(id, segment.clone());
            Ok(Some(segment))
        })
    }

    fn delete(&self, org: OrgId, id: SegmentId) -> Result<bool> {
        self.rows(org, |rows| Ok(rows.segments.remove(&id).is_some()))
    }
}
