//! Filters as text: names and values, which are the same in a query string, in a body, in a saved
//! segment and on the command line (R20). A part that cannot be used is refused by name, never
//! ignored.

mod details;
mod groups;
mod parts;
mod redacted;
mod tree;

use std::collections::BTreeSet;

use time::OffsetDateTime;
use uuid::Uuid;

use self::details::{read_delivery, read_domains};
use self::groups::{Context, read_groups};
use self::parts::{Bound, Parts};
pub use self::tree::{Connective, GroupText, MemberText};
use super::{
    ContactFilter, ContactId, FieldCondition, SearchQuery, SourceCondition, SourceKind,
    TagCondition, TimeRange,
};
use crate::Invalid;
use crate::campaign::{CampaignCondition, CampaignId, InCampaign};
use crate::field::Field;
use crate::page::PageSize;
use crate::segment::{Segment, SegmentId};
use crate::tag::TagName;

/// A filter as it was written. Segments store this form, so that "the last seven days" stays
/// relative.
///
/// The name of a part is one of [`FilterText::NAMES`], or starts with [`FilterText::FIELD`]. Some
/// parts may be repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterText(Vec<(String, String)>);

impl FilterText {
    /// Every known name.
    pub const NAMES: &[&str] = &[
        "ids",
        "q",
        "source",
        "source_from",
        "source_until",
        "source_last",
        "source_in",
        "tags_any",
        "tags_all",
        "tags_none",
        "created_from",
        "created_until",
        "created_last",
        "created_in",
        "updated_from",
        "updated_until",
        "updated_last",
        "updated_in",
        "time_zone",
        "reachable",
        "subscribed",
        "campaign",
        "campaign_none",
        "duplicates",
        "segment",
        "email_domain",
        "tagged",
        "incomplete",
        "mailed",
        "delivery",
        "delivery_from",
        "delivery_until",
        "delivery_last",
        "delivery_in",
        "conversation_from",
        "conversation_until",
        "conversation_last",
        "conversation_in",
        Self::GROUP,
    ];
    /// Name of the part that contains groups; see [`GroupText`].
    pub const GROUP: &str = "group";
    /// Maximum number of parts that contain groups.
    pub const MAX_GROUPS: usize = 10;
    /// Prefix of conditions on custom fields. The key of the field follows.
    pub const FIELD: &str = "field.";
    /// Maximum number of ids.
    pub const MAX_IDS: usize = PageSize::MAX as usize;
    /// Maximum number of values of one part, and of conditions on custom fields.
    pub const MAX_VALUES: usize = 100;
    /// Maximum number of days that a relative range may reach back.
    pub const MAX_DAYS: u16 = 3_660;
    /// Maximum number of segments in a filter.
    pub const MAX_SEGMENTS: usize = 10;

    /// Makes a filter of names and values. [`FilterText::read`] refuses unknown names.
    pub fn new(parts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// Returns whether a filter part may have this name.
    pub fn is_name(name: &str) -> bool {
        Self::NAMES.contains(&name) || name.starts_with(Self::FIELD)
    }

    /// Returns the names and values.
    pub fn parts(&self) -> &[(String, String)] {
        &self.0
    }

    /// Returns whether the filter has no parts and matches every contact.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether parsing needs the organisation's custom fields.
    pub fn asks_for_fields(&self) -> bool {
        self.conditions().iter().any(|(name, _)| name.starts_with(Self::FIELD))
    }

    /// Returns the names and values of all conditions, also of those in groups. A group that cannot
    /// be parsed is a condition named `group`.
    pub fn conditions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (name, value) in &self.0 {
            let group = (name == Self::GROUP).then(|| GroupText::parse(value).ok()).flatten();
            let Some(group) = group else {
                found.push((name.clone(), value.clone()));
                continue;
            };
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            found.extend(group.conditions().into_iter().map(owned));
        }
        found
    }

    /// Returns the segments that the filter names. Parsing needs them.
    pub fn segments(&self) -> impl Iterator<Item = SegmentId> {
        let segments = self.conditions().into_iter().filter(|(name, _)| name == "segment");
        segments.filter_map(|(_, id)| Uuid::try_parse(&id).ok().map(SegmentId))
    }

    /// Parses the filter, given the current time and the organisation's custom fields and segments.
    ///
    /// # Errors
    ///
    /// Every part that cannot be used, by name.
    pub fn read(
        &self,
        fields: &[Field],
        segments: &[Segment],
        now: OffsetDateTime,
    ) -> Result<ContactFilter, Vec<Invalid>> {
        let parts = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut parts = Parts::of(parts);
        if self.segments().count() > Self::MAX_SEGMENTS {
            parts.add_error("segment", format!("is given more than {} times", Self::MAX_SEGMENTS));
            return Err(parts.into_errors());
        }
        read_parts(parts, Context { fields, segments, zone: None, now })
    }
}

/// Reads the parts of a filter, or those of a group, which belong together.
fn read_parts(mut parts: Parts<'_>, context: Context<'_>) -> Result<ContactFilter, Vec<Invalid>> {
    let Context { fields, segments, now, .. } = context;
    let zone = read_zone(&mut parts, now).or(context.zone);
    let filter = ContactFilter {
        ids: read_ids(&mut parts),
        query: parts.parsed("q", parse_query).unwrap_or_default(),
        sources: read_sources(&mut parts, zone, now),
        tags: TagCondition {
            any: read_tags(&mut parts, "tags_any"),
            all: read_tags(&mut parts, "tags_all"),
            none: read_tags(&mut parts, "tags_none"),
        },
        created: read_range(&mut parts, "created", zone, now),
        updated: read_range(&mut parts, "updated", zone, now),
        fields: read_fields(&mut parts, fields),
        reachable: parts.parsed("reachable", parse_bool),
        subscribed: parts.parsed("subscribed", parse_bool),
        campaigns: read_campaigns(&mut parts),
        duplicates: parts.parsed("duplicates", parse_bool),
        segments: read_segments(&mut parts, fields, segments, now),
        domains: read_domains(&mut parts),
        tagged: parts.parsed("tagged", parse_bool),
        incomplete: parts.parsed("incomplete", parse_bool),
        mailed: parts.parsed("mailed", parse_bool),
        delivery: read_delivery(&mut parts, zone, now),
        conversation: read_range(&mut parts, "conversation", zone, now),
        groups: read_groups(&mut parts, Context { zone, ..context }),
    };
    parts.finish().map(|()| filter)
}

/// Accepts an empty search, which means no search. A search that is not empty and asks for nothing,
/// such as a lone combining accent, would return every contact and is refused.
fn parse_query(text: &str) -> Result<SearchQuery, &'static str> {
    let query = SearchQuery::parse(text);
    if query.is_empty() && !text.is_empty() {
        return Err("contains nothing to search for: use at least one letter, digit or sign");
    }
    Ok(query)
}

/// Parses ids that are comma-separated, repeated, or both.
fn read_ids(parts: &mut Parts<'_>) -> BTreeSet<ContactId> {
    let values = parts.several("ids", FilterText::MAX_IDS);
    let ids = values.iter().flat_map(|text| text.split(','));
    let ids: Result<BTreeSet<_>, _> =
        ids.map(|id| Uuid::try_parse(id.trim()).map(ContactId)).collect();
    let reason = match ids {
        Ok(ids) if ids.len() <= FilterText::MAX_IDS => return ids,
        Ok(_) => format!("names more than {} contacts", FilterText::MAX_IDS),
        Err(_no_uuid) => "must be ids of contacts separated by commas".to_owned(),
    };
    parts.add_error("ids", reason);
    BTreeSet::new()
}

fn parse_bool(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false"),
    }
}

fn read_zone<'a>(parts: &mut Parts<'a>, now: OffsetDateTime) -> Option<&'a str> {
    let zone = parts.one("time_zone")?;
    if TimeRange::last_days(1, zone, now).is_none() {
        parts.add_error("time_zone", "must be a time zone such as Europe/Berlin");
        return None;
    }
    Some(zone)
}

fn read_range(
    parts: &mut Parts<'_>,
    name: &str,
    zone: Option<&str>,
    now: OffsetDateTime,
) -> TimeRange {
    let (from, until) = (format!("{name}_from"), format!("{name}_until"));
    let zone = zone.unwrap_or("UTC");
    let range = TimeRange {
        from: parts.moment(&from, Bound::First, zone),
        until: parts.moment(&until, Bound::Last, zone),
    };
    if let (Some(begins), Some(ends)) = (range.from, range.until)
        && begins >= ends
    {
        parts.add_error(&until, format!("must be after {from}"));
    }
    let last = format!("{name}_last");
    let recent = parts.parsed(&last, |text| {
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        let days = days.filter(|days| (1..=FilterText::MAX_DAYS).contains(days));
        let days = days.ok_or_else(|| format!("must be 1d to {}d", FilterText::MAX_DAYS))?;
        TimeRange::last_days(days, zone, now).ok_or_else(|| "leaves the calendar".to_owned())
    });
    let within = format!("{name}_in");
    let period = parts.parsed(&within, |text| {
        TimeRange::period(text, zone, now)
            .ok_or_else(|| format!("must be one of: {}", TimeRange::PERIODS.join(", ")))
    });
    let Some(relative) = period.or(recent) else { return range };
    if period.is_some() && recent.is_some() {
        parts.add_error(&within, format!("cannot stand beside {last}"));
    } else if range != TimeRange::default() {
        let relative = if period.is_some() { within } else { last };
        parts.add_error(&relative, format!("cannot stand beside {from} or {until}"));
    }
    relative
}

fn read_sources(
    parts: &mut Parts<'_>,
    zone: Option<&str>,
    now: OffsetDateTime,
) -> Vec<SourceCondition> {
    let at = read_range(parts, "source", zone, now);
    let values = parts.several("source", FilterText::MAX_VALUES);
    let mut sources = Vec::with_capacity(values.len());
    for text in &values {
        match read_source(text) {
            Some((kind, detail)) => sources.push(SourceCondition { kind, detail, at }),
            None => parts.add_error(
                "source",
                "must be chat, csv_import, manual or connected, alone or with a colon and an id",
            ),
        }
    }
    if values.is_empty() && at != TimeRange::default() {
        sources.extend(SourceKind::ALL.map(|kind| SourceCondition { kind, detail: None, at }));
    }
    sources
}

fn read_source(text: &str) -> Option<(SourceKind, Option<Uuid>)> {
    match text.split_once(':') {
        Some((kind, detail)) => {
            Some((SourceKind::parse(kind)?, Some(Uuid::try_parse(detail).ok()?)))
        }
        None => Some((SourceKind::parse(text)?, None)),
    }
}

fn read_campaigns(parts: &mut Parts<'_>) -> CampaignCondition {
    let mut condition = CampaignCondition::default();
    for text in parts.several("campaign", FilterText::MAX_VALUES) {
        match InCampaign::parse(text) {
            Ok(required) => condition.all.push(required),
            Err(reason) => parts.add_error("campaign", reason),
        }
    }
    for text in parts.several("campaign_none", FilterText::MAX_VALUES) {
        match Uuid::try_parse(text) {
            Ok(id) => condition.none.push(CampaignId(id)),
            Err(_no_uuid) => parts.add_error("campaign_none", "must be a campaign's id"),
        }
    }
    condition
}

/// Parses tags that are comma-separated, repeated, or both.
fn read_tags(parts: &mut Parts<'_>, name: &str) -> Vec<TagName> {
    let values = parts.several(name, FilterText::MAX_VALUES);
    let names: Vec<_> = values.iter().flat_map(|text| text.split(',')).collect();
    if names.len() > FilterText::MAX_VALUES {
        parts.add_error(name, format!("names more than {} tags", FilterText::MAX_VALUES));
        return Vec::new();
    }
    let tags = names.into_iter().map(TagName::parse).collect::<Result<Vec<_>, _>>();
    tags.unwrap_or_else(|reason| {
        parts.add_error(name, format!("must be tags separated by commas, of which one {reason}"));
        Vec::new()
    })
}

fn read_fields(parts: &mut Parts<'_>, fields: &[Field]) -> Vec<FieldCondition> {
    let values = parts.beginning(FilterText::FIELD);
    if values.len() > FilterText::MAX_VALUES {
        parts.add_error("field", format!("conditions are more than {}", FilterText::MAX_VALUES));
        return Vec::new();
    }
    let mut conditions = Vec::with_capacity(values.len());
    for (key, text) in values {
        let (operator, value) = text.split_once(':').unwrap_or((text, ""));
        let condition = match fields.iter().find(|field| field.key.as_str() == key) {
            Some(field) if field.archived => Err("is archived: restore it first".to_owned()),
            Some(field) => FieldCondition::parse(field, operator, value),
            None => Err("is not a custom field of this organisation".to_owned()),
        };
        match condition {
            Ok(condition) => conditions.push(condition),
            Err(reason) => parts.add_error(&format!("{}{key}", FilterText::FIELD), reason),
        }
    }
    conditions
}

/// Parses the filters of the named segments. A segment cannot name another segment.
fn read_segments(
    parts: &mut Parts<'_>,
    fields: &[Field],
    segments: &[Segment],
    now: OffsetDateTime,
) -> Vec<ContactFilter> {
    let values = parts.several("segment", FilterText::MAX_SEGMENTS);
    let mut filters = Vec::with_capacity(values.len());
    for text in values {
        let id = Uuid::try_parse(text).ok().map(SegmentId);
        let Some(segment) = segments.iter().find(|segment| Some(segment.id) == id) else {
            parts.add_error("segment", "is not a segment of this organisation");
            continue;
        };
        match segment.filter.read(fields, &[], now) {
            Ok(filter) => filters.push(filter),
            Err(errors) => {
                let errors: Vec<_> =
                    errors.iter().map(|part| format!("{} {}", part.field, part.reason)).collect();
                parts.add_error(
                    "segment",
                    format!("{:?} cannot be used: {}", segment.name.as_str(), errors.join("; ")),
                );
            }
        }
    }
    filters
}

#[cfg(test)]
mod tests;
