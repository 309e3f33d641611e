//! Filters of the contact list (R20). All conditions must hold.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Contact, ContactId, EmailDomain, SearchQuery, Source, SourceKind};
use crate::campaign::{CampaignCondition, CampaignId, DeliveryCondition, Subscription};
use crate::field::{FieldKey, FieldValue};
use crate::tag::TagName;
use crate::text;

/// A filter of the contact list. The default filter matches every contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContactFilter {
    /// Ids of contacts, of which the contact must have one (R55). Empty matches any.
    pub ids: BTreeSet<ContactId>,
    /// Search (R19).
    pub query: SearchQuery,
    /// Sources, not only the first one (R16): at least one must match. Empty matches any.
    pub sources: Vec<SourceCondition>,
    /// Tags.
    pub tags: TagCondition,
    /// Range of the creation time.
    pub created: TimeRange,
    /// Range of the last change of the profile, of tags or of consent.
    pub updated: TimeRange,
    /// Conditions on custom fields: each must hold.
    pub fields: Vec<FieldCondition>,
    /// Whether campaigns can reach the contact (R6).
    pub reachable: Option<bool>,
    /// Whether the contact wants messages (R51).
    pub subscribed: Option<bool>,
    /// Campaigns and delivery statuses.
    pub campaigns: CampaignCondition,
    /// Whether the contact has possible duplicates (R17).
    pub duplicates: Option<bool>,
    /// Filters of saved segments: each must match.
    pub segments: Vec<ContactFilter>,
    /// Domains, in one of which the contact must have an address. Empty matches any.
    pub domains: Vec<EmailDomain>,
    /// Whether the contact has tags.
    pub tagged: Option<bool>,
    /// Whether the name or the address is missing (R6).
    pub incomplete: Option<bool>,
    /// Whether a message of any campaign was sent to the contact.
    pub mailed: Option<bool>,
    /// A delivery of any campaign.
    pub delivery: Option<DeliveryCondition>,
    /// Range of the last message of the contact's conversations. When it has an end, a contact
    /// without conversations does not match.
    pub conversation: TimeRange,
    /// Groups of filters: each must hold (R62).
    pub groups: Vec<FilterGroup>,
}

/// A group of filters (R62).
#[derive(Clone, Debug, PartialEq)]
pub enum FilterGroup {
    /// The filter must match.
    All(ContactFilter),
    /// One of the filters must match.
    Any(Vec<ContactFilter>),
    /// The filter must not match.
    Not(ContactFilter),
}

/// A contact and the related records that a filter looks at.
#[derive(Clone, Copy, Debug)]
pub struct FilterSubject<'a> {
    /// Contact that the filter is applied to.
    pub contact: &'a Contact,
    /// Time of the last change of its profile, tags or consent. Renaming a tag changes the tags of
    /// each of its contacts.
    pub changed_at: OffsetDateTime,
    /// All sources of the contact.
    pub sources: &'a [Source],
    /// Subscriptions of the contact, by campaign.
    pub subscriptions: &'a BTreeMap<CampaignId, Subscription>,
    /// Whether the contact has possible duplicates. Only read when the filter [asks for
    /// it](ContactFilter::asks_for_duplicates).
    pub has_duplicates: bool,
    /// Time of the last message of the contact's conversations.
    pub last_conversation: Option<OffsetDateTime>,
    /// Custom fields that are searched.
    pub searched: &'a BTreeSet<FieldKey>,
}

/// Condition on one source of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCondition {
    /// Kind of the source.
    pub kind: SourceKind,
    /// Id of the widget, import, user, key or connected source. `None` matches any.
    pub detail: Option<Uuid>,
    /// Range of the time at which the contact was added from the source.
    pub at: TimeRange,
}

/// Condition on the tags of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagCondition {
    /// At least one of these tags. Empty matches any.
    pub any: Vec<TagName>,
    /// All of these tags.
    pub all: Vec<TagName>,
    /// None of these tags.
    pub none: Vec<TagName>,
}

/// A half-open range of time: `from` is included, `until` is not. A missing end is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// First moment in the range.
    pub from: Option<OffsetDateTime>,
    /// First moment after the range.
    pub until: Option<OffsetDateTime>,
}

/// Condition on a custom field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldCondition {
    /// Key of the field.
    pub key: FieldKey,
    /// Test of the field's value.
    pub test: FieldTest,
}

/// Test of a custom field's value. Without a value every test fails, except [`FieldTest::Unset`]
/// and [`FieldTest::NoneOf`].
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// There is a value.
    Set,
    /// There is no value.
    Unset,
    /// The value is one of these.
    AnyOf(Vec<FieldValue>),
    /// There is no value, or it is none of these.
    NoneOf(Vec<FieldValue>),
    /// The value contains the text, ignoring case. For text, select and url fields.
    Contains(String),
    /// The value begins with the text, ignoring case. For text, select and url fields.
    StartsWith(String),
    /// The value ends with the text, ignoring case. For text, select and url fields.
    EndsWith(String),
    /// The value is less or earlier. For number and date fields, like the tests below.
    Less(FieldValue),
    /// The value is at most this.
    AtMost(FieldValue),
    /// The value is greater or later.
    Greater(FieldValue),
    /// The value is at least this.
    AtLeast(FieldValue),
}

impl TimeRange {
    /// Names of the periods that [`TimeRange::period`] knows.
    pub const PERIODS: [&str; 5] = ["today", "yesterday", "this_week", "this_month", "this_year"];

    /// Returns whether a moment lies in the range.
    pub fn contains(&self, at: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Returns the range that starts at the beginning of the day `days` days ago in the time zone.
    /// Returns `None` when the zone is unknown or the range leaves the calendar.
    pub fn last_days(days: u16, zone: &str, now: OffsetDateTime) -> Option<Self> {
        let now = jiff::Timestamp::from_nanosecond(now.unix_timestamp_nanos()).ok()?;
        let begins = now
            .in_tz(zone)
            .ok()?
            .checked_sub(jiff::Span::new().days(i64::from(days)))
            .ok()?
            .start_of_day()
            .ok()?;
        Some(Self { from: Some(moment(&begins)?), until: None })
    }

    /// Returns the range of a [period](Self::PERIODS) of the calendar in the time zone. Weeks begin
    /// on Monday. Returns `None` when the period or the zone is unknown.
    pub fn period(name: &str, zone: &str, now: OffsetDateTime) -> Option<Self> {
        let now = jiff::Timestamp::from_nanosecond(now.unix_timestamp_nanos()).ok()?;
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let today = now.to_zoned(zone.clone()).date();
        let monday = || {
            let days = i64::from(today.weekday().to_monday_zero_offset());
            today.checked_sub(jiff::Span::new().days(days))
        };
        let (begins, length) = match name {
            "today" => (today, jiff::Span::new().days(1)),
            "yesterday" => (today.yesterday().ok()?, jiff::Span::new().days(1)),
            "this_week" => (monday().ok()?, jiff::Span::new().weeks(1)),
            "this_month" => (today.first_of_month(), jiff::Span::new().months(1)),
            "this_year" => (today.first_of_year(), jiff::Span::new().years(1)),
            _ => return None,
        };
        let ends = begins.checked_add(length).ok()?.to_zoned(zone.clone()).ok()?;
        let begins = begins.to_zoned(zone).ok()?;
        Some(Self { from: Some(moment(&begins)?), until: Some(moment(&ends)?) })
    }

    /// Returns the range of one day, such as `2026-11-23`, in the time zone. Returns `None` when
    /// the text is not a date, the zone is unknown or the range leaves the calendar.
    pub fn day(date: &str, zone: &str) -> Option<Self> {
        let is_date = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date: jiff::civil::Date = date.parse().ok().filter(|_| is_date)?;
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        let (begins, ends) = (date.to_zoned(zone.clone()), date.tomorrow().ok()?.to_zoned(zone));
        Some(Self { from: Some(moment(&begins.ok()?)?), until: Some(moment(&ends.ok()?)?) })
    }
}

fn moment(at: &jiff::Zoned) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(at.timestamp().as_nanosecond()).ok()
}

impl ContactFilter {
    /// Returns whether the filter matches a contact.
    pub fn matches(&self, subject: &FilterSubject<'_>) -> bool {
        let FilterSubject { contact, changed_at, sources, .. } = *subject;
        let FilterSubject { subscriptions, has_duplicates, searched, .. } = *subject;
        (self.ids.is_empty() || self.ids.contains(&contact.id))
            && (self.query.is_empty()
                || self.query.matches_tagged(&contact.search_text(searched), &contact.tags))
            && (self.sources.is_empty() || self.sources.iter().any(|s| s.matches(sources)))
            && self.tags.matches(&contact.tags)
            && self.created.contains(contact.created_at)
            && self.updated.contains(changed_at)
            && self.fields.iter().all(|f| f.test.matches(contact.custom.get(&f.key)))
            && self.reachable.is_none_or(|reachable| reachable == contact.is_reachable())
            && self.subscribed.is_none_or(|wanted| wanted == contact.consent.is_subscribed())
            && self.campaigns.matches(subscriptions)
            && self.duplicates.is_none_or(|duplicates| duplicates == has_duplicates)
            && self.segments.iter().all(|segment| segment.matches(subject))
            && self.matches_details(subject)
            && self.groups.iter().all(|group| group.matches(subject))
    }

    fn matches_details(&self, subject: &FilterSubject<'_>) -> bool {
        let FilterSubject { contact, subscriptions, last_conversation, .. } = *subject;
        let has_domain = |domain: &EmailDomain| contact.emails().any(|it| domain.contains(it));
        let is_mailed = || subscriptions.values().any(Subscription::is_mailed);
        (self.domains.is_empty() || self.domains.iter().any(has_domain))
            && self.tagged.is_none_or(|tagged| tagged != contact.tags.is_empty())
            && self.incomplete.is_none_or(|incomplete| incomplete == contact.is_incomplete())
            && self.mailed.is_none_or(|mailed| mailed == is_mailed())
            && self.delivery.as_ref().is_none_or(|delivery| delivery.matches(subscriptions))
            && (self.conversation == TimeRange::default()
                || last_conversation.is_some_and(|at| self.conversation.contains(at)))
    }

    /// Returns whether the filter depends on possible duplicates.
    pub fn asks_for_duplicates(&self) -> bool {
        self.duplicates.is_some() || self.inner().any(Self::asks_for_duplicates)
    }

    /// Returns the filters of segments and groups.
    pub fn inner(&self) -> impl Iterator<Item = &Self> {
        let of_groups = self.groups.iter().flat_map(|group| match group {
            FilterGroup::All(filter) | FilterGroup::Not(filter) => std::slice::from_ref(filter),
            FilterGroup::Any(filters) => filters.as_slice(),
        });
        self.segments.iter().chain(of_groups)
    }
}

impl FilterGroup {
    fn matches(&self, subject: &FilterSubject<'_>) -> bool {
        match self {
            Self::All(filter) => filter.matches(subject),
            Self::Any(filters) => filters.iter().any(|filter| filter.matches(subject)),
            Self::Not(filter) => !filter.matches(subject),
        }
    }
}

impl SourceCondition {
    fn matches(&self, sources: &[Source]) -> bool {
        sources.iter().any(|source| {
            source.detail.kind() == self.kind
                && (self.detail.is_none() || source.detail.detail_id() == self.detail)
                && self.at.contains(source.at)
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
            Self::Contains(part) => is_text(value, |text| text.contains(&text::caseless(part))),
            Self::StartsWith(part) => {
                is_text(value, |text| text.starts_with(&text::caseless(part)))
            }
            Self::EndsWith(part) => is_text(value, |text| text.ends_with(&text::caseless(part))),
            Self::Less(bound) => holds(&|v| v < bound),
            Self::AtMost(bound) => holds(&|v| v <= bound),
            Self::Greater(bound) => holds(&|v| v > bound),
            Self::AtLeast(bound) => holds(&|v| v >= bound),
        }
    }
}

/// Returns whether the value is a text whose [`text::caseless`] form passes the test.
fn is_text(value: Option<&FieldValue>, test: impl Fn(&str) -> bool) -> bool {
    matches!(value, Some(FieldValue::Text(text)) if test(&text::caseless(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_last_days_begin_at_midnight_of_the_zone() {
        let now = datetime!(2026-03-30 10:00 UTC);
        let berlin = TimeRange::last_days(7, "Europe/Berlin", now).unwrap();
        // One week earlier, Berlin was still on winter time.
        assert_eq!(berlin.from, Some(datetime!(2026-03-22 23:00 UTC)));
        assert!(berlin.contains(now));
        assert_eq!(TimeRange::last_days(7, "Nowhere/Land", now), None);
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_of_the_zone() {
        let berlin = TimeRange::day("2026-03-29", "Europe/Berlin").unwrap();
        // Berlin changed to summer time on this day.
        assert_eq!(berlin.from, Some(datetime!(2026-03-28 23:00 UTC)));
        assert_eq!(berlin.until, Some(datetime!(2026-03-29 22:00 UTC)));
        for text in ["2026-02-30", "2026-3-1", "20260301", "2026-03-01T00:00:00Z", "9999-12-31", ""]
        {
            assert_eq!(TimeRange::day(text, "UTC"), None, "{text}");
        }
    }

    #[test]
    fn a_period_is_one_of_the_calendar_of_the_zone() {
        // A Monday in Berlin, and still a Sunday in New York.
        let now = datetime!(2026-03-30 01:00 UTC);
        for (name, zone, from, until) in [
            (
                "today",
                "Europe/Berlin",
                datetime!(2026-03-29 22:00 UTC),
                datetime!(2026-03-30 22:00 UTC),
            ),
            (
                "yesterday",
                "Europe/Berlin",
                datetime!(2026-03-28 23:00 UTC),
                datetime!(2026-03-29 22:00 UTC),
            ),
            (
                "this_week",
                "Europe/Berlin",
                datetime!(2026-03-29 22:00 UTC),
                datetime!(2026-04-05 22:00 UTC),
            ),
            (
                "this_week",
                "America/New_York",
                datetime!(2026-03-23 04:00 UTC),
                datetime!(2026-03-30 04:00 UTC),
            ),
            ("this_month", "UTC", datetime!(2026-03-01 00:00 UTC), datetime!(2026-04-01 00:00 UTC)),
            ("this_year", "UTC", datetime!(2026-01-01 00:00 UTC), datetime!(2027-01-01 00:00 UTC)),
        ] {
            let range = TimeRange { from: Some(from), until: Some(until) };
            assert_eq!(TimeRange::period(name, zone, now), Some(range), "{name} {zone}");
        }
        assert!(
            TimeRange::PERIODS.iter().all(|name| TimeRange::period(name, "UTC", now).is_some())
        );
        assert_eq!(TimeRange::period("tomorrow", "UTC", now), None);
        assert_eq!(TimeRange::period("today", "Nowhere/Land", now), None);
    }

    #[test]
    fn a_range_includes_its_start_and_excludes_its_end() {
        let range = TimeRange {
            from: Some(datetime!(2026-01-01 00:00 UTC)),
            until: Some(datetime!(2026-01-02 00:00 UTC)),
        };
        assert!(range.contains(datetime!(2026-01-01 00:00 UTC)));
        assert!(!range.contains(datetime!(2026-01-02 00:00 UTC)));
    }
}
