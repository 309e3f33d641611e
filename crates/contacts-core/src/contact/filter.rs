//! Which contacts are meant (R20). Everything given must hold.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Arrival, Contact, SearchQuery, SourceKind};
use crate::campaign::{CampaignCondition, CampaignId, Subscription};
use crate::field::{FieldKey, FieldValue};
use crate::tag::TagName;
use crate::text;

/// A filter of the list. The default one means everybody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactFilter {
    /// What is searched for (R19).
    pub query: SearchQuery,
    /// A way it came, not only the first (R16): one of these must hold. Empty means any.
    pub sources: Vec<SourceCondition>,
    /// Which tags it carries.
    pub tags: TagCondition,
    /// When it was made.
    pub created: TimeRange,
    /// When its profile last changed.
    pub updated: TimeRange,
    /// What its custom fields hold: each must hold.
    pub fields: Vec<FieldCondition>,
    /// Whether campaigns can reach it (R6).
    pub reachable: Option<bool>,
    /// Which campaigns it is in, and how far they got.
    pub campaigns: CampaignCondition,
    /// Whether it has possible duplicates (R17).
    pub duplicates: Option<bool>,
    /// Further filters that must hold, too: those of saved segments.
    pub segments: Vec<ContactFilter>,
}

/// What a filter looks at: a contact, and what hangs on it.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The contact.
    pub contact: &'a Contact,
    /// Every way it came.
    pub arrivals: &'a [Arrival],
    /// The campaigns that it is in.
    pub subscriptions: &'a BTreeMap<CampaignId, Subscription>,
    /// Whether it has possible duplicates; of no meaning unless the filter
    /// [asks](ContactFilter::asks_for_duplicates).
    pub has_duplicates: bool,
}

/// A way of coming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCondition {
    /// The kind.
    pub kind: SourceKind,
    /// Which widget, import, user or key, or connected source; nothing means any.
    pub origin: Option<Uuid>,
    /// When it came that way.
    pub at: TimeRange,
}

/// Which tags a contact carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagCondition {
    /// At least one of these. Empty means any.
    pub any: Vec<TagName>,
    /// Every one of these.
    pub all: Vec<TagName>,
    /// None of these.
    pub none: Vec<TagName>,
}

/// From a moment until before another; an open end has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment in it.
    pub from: Option<OffsetDateTime>,
    /// The first moment after it.
    pub until: Option<OffsetDateTime>,
}

/// What a custom field holds.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldCondition {
    /// The field.
    pub key: FieldKey,
    /// What must hold of its value.
    pub test: FieldTest,
}

/// A test of a custom field's value. All but [`FieldTest::Unset`] and [`FieldTest::NoneOf`]
/// fail when there is no value.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// There is a value.
    Set,
    /// There is none.
    Unset,
    /// It is one of these.
    AnyOf(Vec<FieldValue>),
    /// It is none of these, or there is none.
    NoneOf(Vec<FieldValue>),
    /// It holds the text, whatever the case. Of text, select and url fields.
    Contains(String),
    /// It is less, or earlier. Of number and date fields, like those below.
    Less(FieldValue),
    /// It is at most this.
    AtMost(FieldValue),
    /// It is greater, or later.
    Greater(FieldValue),
    /// It is at least this.
    AtLeast(FieldValue),
}

impl TimeRange {
    /// Whether a moment lies in it.
    pub fn contains(&self, at: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// The last days of a time zone: from the beginning of the day that many days ago.
    /// Nothing when there is no such zone, or the range would leave the calendar.
    pub fn last_days(days: u16, zone: &str, now: OffsetDateTime) -> Option<Self> {
        let now = jiff::Timestamp::from_nanosecond(now.unix_timestamp_nanos()).ok()?;
        let begins = now
            .in_tz(zone)
            .ok()?
            .checked_sub(jiff::Span::new().days(i64::from(days)))
            .ok()?
            .start_of_day()
            .ok()?;
        let from = OffsetDateTime::from_unix_timestamp_nanos(begins.timestamp().as_nanosecond());
        Some(Self { from: Some(from.ok()?), until: None })
    }
}

impl ContactFilter {
    /// Whether it means a contact.
    pub fn matches(&self, about: &About<'_>) -> bool {
        let About { contact, arrivals, subscriptions, has_duplicates } = *about;
        self.query.matches(&contact.search_text())
            && (self.sources.is_empty() || self.sources.iter().any(|s| s.matches(arrivals)))
            && self.tags.matches(&contact.tags)
            && self.created.contains(contact.created_at)
            && self.updated.contains(contact.updated_at)
            && self.fields.iter().all(|f| f.test.matches(contact.custom.get(&f.key)))
            && self.reachable.is_none_or(|reachable| reachable == contact.is_reachable())
            && self.campaigns.matches(subscriptions)
            && self.duplicates.is_none_or(|duplicates| duplicates == has_duplicates)
            && self.segments.iter().all(|segment| segment.matches(about))
    }

    /// Whether it looks at possible duplicates.
    pub fn asks_for_duplicates(&self) -> bool {
        self.duplicates.is_some() || self.segments.iter().any(Self::asks_for_duplicates)
    }
}

impl SourceCondition {
    fn matches(&self, arrivals: &[Arrival]) -> bool {
        arrivals.iter().any(|arrival| {
            arrival.origin.kind() == self.kind
                && (self.origin.is_none() || arrival.origin.origin_id() == self.origin)
                && self.at.contains(arrival.at)
        })
    }
}

impl TagCondition {
    fn matches(&self, tags: &[TagName]) -> bool {
        let tags: BTreeSet<_> = tags.iter().collect();
        (self.any.is_empty() || self.any.iter().any(|tag| tags.contains(tag)))
            && self.all.iter().all(|tag| tags.contains(tag))
            && !self.none.iter().any(|tag| tags.contains(tag))
    }
}

impl FieldTest {
    fn matches(&self, value: Option<&FieldValue>) -> bool {
        let holds = |test: &dyn Fn(&FieldValue) -> bool| value.is_some_and(test);
        match self {
            Self::Set => value.is_some(),
            Self::Unset => value.is_none(),
            Self::AnyOf(values) => holds(&|v| values.contains(v)),
            Self::NoneOf(values) => !holds(&|v| values.contains(v)),
            Self::Contains(part) => holds(
                &|v| matches!(v, FieldValue::Text(t) if text::caseless(t).contains(&text::caseless(part))),
            ),
            Self::Less(bound) => holds(&|v| v < bound),
            Self::AtMost(bound) => holds(&|v| v <= bound),
            Self::Greater(bound) => holds(&|v| v > bound),
            Self::AtLeast(bound) => holds(&|v| v >= bound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_last_days_begin_at_midnight_of_the_zone() {
        let now = datetime!(2026-03-30 10:00 UTC);
        let berlin = TimeRange::last_days(7, "Europe/Berlin", now).unwrap();
        // A week ago Berlin was still on winter time.
        assert_eq!(berlin.from, Some(datetime!(2026-03-22 23:00 UTC)));
        assert!(berlin.contains(now));
        assert_eq!(TimeRange::last_days(7, "Nowhere/Land", now), None);
    }

    #[test]
    fn a_range_begins_with_its_first_moment_and_ends_before_its_last() {
        let range = TimeRange {
            from: Some(datetime!(2026-01-01 00:00 UTC)),
            until: Some(datetime!(2026-01-02 00:00 UTC)),
        };
        assert!(range.contains(datetime!(2026-01-01 00:00 UTC)));
        assert!(!range.contains(datetime!(2026-01-02 00:00 UTC)));
    }
}
