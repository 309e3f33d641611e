//! Segments in memory.

use contacts_core::segment::{Segment, SegmentId, SegmentRepository};
use contacts_core::{Error, OrgId, Result};

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
        self.rows(org, |rows| Ok(rows.segments.get(&id).cloned()))
    }

    fn list(&self, org: OrgId, after: &str, limit: usize) -> Result<Vec<Segment>> {
        self.rows(org, |rows| {
            let mut segments: Vec<_> =
                rows.segments.values().filter(|segment| segment.name.key() > after).collect();
            segments.sort_by_key(|segment| segment.name.key());
            Ok(segments.into_iter().take(limit).cloned().collect())
        })
    }

    fn update(&self, org: OrgId, segment: &Segment) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(old) = rows.segments.get(&segment.id) else { return Ok(false) };
            let created_at = old.created_at;
            rows.check_segment_name(segment)?;
            rows.segments.insert(segment.id, Segment { created_at, ..segment.clone() });
            Ok(true)
        })
    }

    fn delete(&self, org: OrgId, id: SegmentId) -> Result<bool> {
        self.rows(org, |rows| Ok(rows.segments.remove(&id).is_some()))
    }
}
