//! The audit trail in memory.

use contacts_core::page::TimeCursor;
use contacts_core::trail::{
    KEEP_TRAIL, TrailEntry, TrailEntryId, TrailEvent, TrailFilter, TrailRepository,
};
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::World;
use crate::world::Rows;

impl Rows {
    /// Adds an entry to the audit trail.
    pub(crate) fn record(&mut self, event: TrailEvent, actor: Actor, at: OffsetDateTime) {
        let last = self.trail.last().map_or(0, |entry| entry.id.0.as_u128());
        let id = TrailEntryId(Uuid::from_u128(last + 1));
        self.trail.push(TrailEntry { id, at, actor, event });
    }

    pub(crate) fn sweep_trail(&mut self, now: OffsetDateTime) {
        self.trail.retain(|entry| entry.at > now - KEEP_TRAIL);
    }
}

impl TrailRepository for World {
    fn record(
        &self,
        org: OrgId,
        event: &TrailEvent,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.rows(org, |rows| {
            rows.record(event.clone(), actor, now);
            Ok(())
        })
    }

    fn list(
        &self,
        org: OrgId,
        filter: &TrailFilter,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<TrailEntry>> {
        self.read(org, |rows| {
            let mut entries = rows.trail.clone();
            entries.retain(|entry| {
                filter.includes(entry) && after.is_none_or(|after| entry.cursor() < after)
            });
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.cursor()));
            entries.truncate(limit);
            Ok(entries)
        })
    }
}
