//! Filters whose times lie within the random sequence.

use contacts_core::contact::{ContactFilter, FilterGroup, TimeRange};
use time::OffsetDateTime;

use super::run::Run;

impl Run<'_> {
    /// Returns the filter with its times shifted to the start of the sequence.
    pub(super) fn moved(&self, filter: &ContactFilter) -> ContactFilter {
        let moved = |range: &TimeRange| {
            let moved = |at: OffsetDateTime| self.begins + (at - OffsetDateTime::UNIX_EPOCH);
            TimeRange { from: range.from.map(moved), until: range.until.map(moved) }
        };
        let mut filter = filter.clone();
        filter.created = moved(&filter.created);
        filter.updated = moved(&filter.updated);
        for source in &mut filter.sources {
            source.at = moved(&source.at);
        }
        filter.conversation = moved(&filter.conversation);
        if let Some(delivery) = &mut filter.delivery {
            delivery.at = moved(&delivery.at);
        }
        filter.segments = filter.segments.iter().map(|segment| self.moved(segment)).collect();
        for group in &mut filter.groups {
            *group = match group {
                FilterGroup::All(filter) => FilterGroup::All(self.moved(filter)),
                FilterGroup::Not(filter) => FilterGroup::Not(self.moved(filter)),
                FilterGroup::Any(filters) => {
                    FilterGroup::Any(filters.iter().map(|filter| self.moved(filter)).collect())
                }
            };
        }
        filter
    }
}
