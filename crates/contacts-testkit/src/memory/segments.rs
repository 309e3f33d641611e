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
