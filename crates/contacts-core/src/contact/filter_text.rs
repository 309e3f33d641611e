//! Filters as they are asked for: names and values, the same in a query, a body, a saved
//! segment and on the command line (R20). What cannot be used is refused by name, never left
//! out.

mod parts;

use time::OffsetDateTime;
use uuid::Uuid;

use self::parts::Parts;
use super::{
    ContactFilter, FieldCondition, SearchQuery, SourceCondition, SourceKind, TagCondition,
    TimeRange,
};
use crate::Invalid;
use crate::campaign::{CampaignCondition, CampaignId, InCampaign};
use crate::field::Field;
use crate::segment::{Segment, SegmentId};
use crate::tag::TagName;

/// A filter as it is asked for. It is what is kept of one: the last seven days stay the last
/// ones.
///
/// Each part has a name of [`FilterText::NAMES`], or begins with [`FilterText::FIELD`], and a
/// value. Some may be given more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterText(Vec<(String, String)>);

impl FilterText {
    /// Every name that is known.
    pub const NAMES: &[&str] = &[
        "q",
        "source",
        "source_from",
        "source_until",
        "source_last",
        "tags_any",
        "tags_all",
        "tags_none",
        "created_from",
        "created_until",
        "created_last",
        "updated_from",
        "updated_until",
        "updated_last",
        "time_zone",
        "reachable",
        "campaign",
        "campaign_none",
        "duplicates",
        "segment",
    ];
    /// How the names of conditions on custom fields begin; the field's key follows.
    pub const FIELD: &str = "field.";
    /// The most values of one part, and the most conditions on custom fields.
    pub const MAX_VALUES: usize = 100;
    /// The most days that a range may look back.
    pub const MAX_DAYS: u16 = 3_660;
    /// The most segments.
    pub const MAX_SEGMENTS: usize = 10;

    /// A filter of these names and values. [`FilterText::read`] refuses what it does not know.
    pub fn new(parts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// Whether a name may be a filter's.
    pub fn is_name(name: &str) -> bool {
        Self::NAMES.contains(&name) || name.starts_with(Self::FIELD)
    }

    /// The names and values.
    pub fn parts(&self) -> &[(String, String)] {
        &self.0
    }

    /// Whether it means everybody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it cannot be read without the organisation's custom fields.
    pub fn asks_for_fields(&self) -> bool {
        self.0.iter().any(|(name, _)| name.starts_with(Self::FIELD))
    }

    /// The segments that it names, without which it cannot be read.
    pub fn segments(&self) -> impl Iterator<Item = SegmentId> {
        let named = self.0.iter().filter(|(name, _)| name == "segment");
        named.filter_map(|(_, id)| Uuid::try_parse(id).ok().map(SegmentId))
    }

    /// Reads it, at this moment, in an organisation of these custom fields and segments.
    ///
    /// # Errors
    ///
    /// Every part that cannot be used, by its name.
    pub fn read(
        &self,
        fields: &[Field],
        segments: &[Segment],
        now: OffsetDateTime,
    ) -> Result<ContactFilter, Vec<Invalid>> {
        let mut parts = Parts::of(&self.0);
        let zone = read_zone(&mut parts, now);
        let filter = ContactFilter {
            query: parts.one("q").map(SearchQuery::parse).unwrap_or_default(),
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
            campaigns: read_campaigns(&mut parts),
            duplicates: parts.parsed("duplicates", parse_bool),
            segments: read_segments(&mut parts, fields, segments, now),
        };
        parts.finish().map(|()| filter)
    }
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
        parts.refuse("time_zone", "must be a time zone such as Europe/Berlin");
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
    let range = TimeRange { from: parts.moment(&from), until: parts.moment(&until) };
    if let (Some(begins), Some(ends)) = (range.from, range.until)
        && begins >= ends
    {
        parts.refuse(&until, format!("must be after {from}"));
    }
    let last = format!("{name}_last");
    let recent = parts.parsed(&last, |text| {
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        let days = days.filter(|days| (1..=FilterText::MAX_DAYS).contains(days));
        let days = days.ok_or_else(|| format!("must be 1d to {}d", FilterText::MAX_DAYS))?;
        TimeRange::last_days(days, zone.unwrap_or("UTC"), now)
            .ok_or_else(|| "leaves the calendar".to_owned())
    });
    let Some(recent) = recent else { return range };
    if range != TimeRange::default() {
        parts.refuse(&last, format!("cannot stand beside {from} or {until}"));
    }
    recent
}

fn read_sources(
    parts: &mut Parts<'_>,
    zone: Option<&str>,
    now: OffsetDateTime,
) -> Vec<SourceCondition> {
    let at = read_range(parts, "source", zone, now);
    let given = parts.several("source", FilterText::MAX_VALUES);
    let mut sources = Vec::with_capacity(given.len());
    for text in &given {
        match read_source(text) {
            Some((kind, origin)) => sources.push(SourceCondition { kind, origin, at }),
            None => parts.refuse(
                "source",
                "must be chat, csv_import, manual or connected, alone or with a colon and an id",
            ),
        }
    }
    if given.is_empty() && at != TimeRange::default() {
        sources.extend(SourceKind::ALL.map(|kind| SourceCondition { kind, origin: None, at }));
    }
    sources
}

fn read_source(text: &str) -> Option<(SourceKind, Option<Uuid>)> {
    match text.split_once(':') {
        Some((kind, origin)) => {
            Some((SourceKind::parse(kind)?, Some(Uuid::try_parse(origin).ok()?)))
        }
        None => Some((SourceKind::parse(text)?, None)),
    }
}

fn read_campaigns(parts: &mut Parts<'_>) -> CampaignCondition {
    let mut condition = CampaignCondition::default();
    for text in parts.several("campaign", FilterText::MAX_VALUES) {
        match InCampaign::parse(text) {
            Ok(wanted) => condition.all.push(wanted),
            Err(why) => parts.refuse("campaign", why),
        }
    }
    for text in parts.several("campaign_none", FilterText::MAX_VALUES) {
        match Uuid::try_parse(text) {
            Ok(id) => condition.none.push(CampaignId(id)),
            Err(_no_uuid) => parts.refuse("campaign_none", "must be a campaign's id"),
        }
    }
    condition
}

/// Tags, separated by commas, or given one by one, or both.
fn read_tags(parts: &mut Parts<'_>, name: &str) -> Vec<TagName> {
    let given = parts.several(name, FilterText::MAX_VALUES);
    let names: Vec<_> = given.iter().flat_map(|text| text.split(',')).collect();
    if names.len() > FilterText::MAX_VALUES {
        parts.refuse(name, format!("names more than {} tags", FilterText::MAX_VALUES));
        return Vec::new();
    }
    let tags = names.into_iter().map(TagName::parse).collect::<Result<Vec<_>, _>>();
    tags.unwrap_or_else(|why| {
        parts.refuse(name, format!("must be tags separated by commas, of which one {why}"));
        Vec::new()
    })
}

fn read_fields(parts: &mut Parts<'_>, fields: &[Field]) -> Vec<FieldCondition> {
    let given = parts.beginning(FilterText::FIELD);
    if given.len() > FilterText::MAX_VALUES {
        parts.refuse("field", format!("conditions are more than {}", FilterText::MAX_VALUES));
        return Vec::new();
    }
    let mut conditions = Vec::with_capacity(given.len());
    for (key, text) in given {
        let (operator, value) = text.split_once(':').unwrap_or((text, ""));
        let condition = match fields.iter().find(|field| field.key.as_str() == key) {
            Some(field) if field.archived => {
                Err("is archived: take it out of the archive first".to_owned())
            }
            Some(field) => FieldCondition::parse(field, operator, value),
            None => Err("is no custom field of this organisation".to_owned()),
        };
        match condition {
            Ok(condition) => conditions.push(condition),
            Err(why) => parts.refuse(&format!("{}{key}", FilterText::FIELD), why),
        }
    }
    conditions
}

/// The filters of segments. One that names a segment itself cannot be read: there are none in it.
fn read_segments(
    parts: &mut Parts<'_>,
    fields: &[Field],
    segments: &[Segment],
    now: OffsetDateTime,
) -> Vec<ContactFilter> {
    let given = parts.several("segment", FilterText::MAX_SEGMENTS);
    let mut filters = Vec::with_capacity(given.len());
    for text in given {
        let id = Uuid::try_parse(text).ok().map(SegmentId);
        let Some(segment) = segments.iter().find(|segment| Some(segment.id) == id) else {
            parts.refuse("segment", "is the id of no segment");
            continue;
        };
        match segment.filter.read(fields, &[], now) {
            Ok(filter) => filters.push(filter),
            Err(wrong) => {
                let wrong: Vec<_> =
                    wrong.iter().map(|part| format!("{} {}", part.field, part.reason)).collect();
                parts.refuse(
                    "segment",
                    format!("{:?} cannot be used: {}", segment.name.as_str(), wrong.join("; ")),
                );
            }
        }
    }
    filters
}

#[cfg(test)]
mod tests;
