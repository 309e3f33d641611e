//! Filters as query parameters (R20): what cannot be used is refused by name, never left out.

use contacts_core::contact::{
    ContactFilter, FieldCondition, SearchQuery, SourceCondition, SourceKind, TagCondition,
    TimeRange,
};
use contacts_core::field::Field;
use contacts_core::tag::TagName;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::params::Params;
use crate::problem::Problem;

/// The most tags of one parameter, and the most sources.
const MAX_VALUES: usize = 100;

/// The most days that a range may look back.
const MAX_DAYS: u16 = 3_660;

/// Takes the parameters that make a filter.
pub(super) fn read_filter(
    params: &mut Params,
    fields: impl FnOnce() -> Result<Vec<Field>, Problem>,
    now: OffsetDateTime,
) -> Result<ContactFilter, Problem> {
    let zone = read_zone(params, now);
    let zone = zone.as_deref();
    let query = params.one("q").map(|text| SearchQuery::parse(&text)).unwrap_or_default();
    Ok(ContactFilter {
        query,
        sources: read_sources(params, zone, now),
        tags: TagCondition {
            any: read_tags(params, "tags_any"),
            all: read_tags(params, "tags_all"),
            none: read_tags(params, "tags_none"),
        },
        created: read_range(params, "created", zone, now),
        updated: read_range(params, "updated", zone, now),
        fields: read_fields(params, fields)?,
        reachable: params.parsed("reachable", |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false"),
        }),
    })
}

fn read_zone(params: &mut Params, now: OffsetDateTime) -> Option<String> {
    params.parsed("time_zone", |zone| {
        let is_zone = TimeRange::last_days(1, zone, now).is_some();
        is_zone.then(|| zone.to_owned()).ok_or("must be a time zone such as Europe/Berlin")
    })
}

fn read_range(
    params: &mut Params,
    name: &str,
    zone: Option<&str>,
    now: OffsetDateTime,
) -> TimeRange {
    let (from, until) = (format!("{name}_from"), format!("{name}_until"));
    let range = TimeRange { from: params.moment(&from), until: params.moment(&until) };
    if let (Some(begins), Some(ends)) = (range.from, range.until)
        && begins >= ends
    {
        params.refuse(&until, format!("must be after {from}"));
    }
    let last = format!("{name}_last");
    let recent = params.parsed(&last, |text| {
        let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
        let days = days.filter(|days| (1..=MAX_DAYS).contains(days));
        let days = days.ok_or_else(|| format!("must be 1d to {MAX_DAYS}d"))?;
        TimeRange::last_days(days, zone.unwrap_or("UTC"), now)
            .ok_or_else(|| "leaves the calendar".to_owned())
    });
    let Some(recent) = recent else { return range };
    if range != TimeRange::default() {
        params.refuse(&last, format!("cannot stand beside {from} or {until}"));
    }
    recent
}

fn read_sources(
    params: &mut Params,
    zone: Option<&str>,
    now: OffsetDateTime,
) -> Vec<SourceCondition> {
    let at = read_range(params, "source", zone, now);
    let given = params.all("source");
    if given.len() > MAX_VALUES {
        params.refuse("source", format!("is given more than {MAX_VALUES} times"));
        return Vec::new();
    }
    let mut sources = Vec::with_capacity(given.len());
    for text in &given {
        match read_source(text) {
            Some((kind, origin)) => sources.push(SourceCondition { kind, origin, at }),
            None => params.refuse(
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

fn read_tags(params: &mut Params, name: &str) -> Vec<TagName> {
    let tags = params.parsed(name, |text| {
        let names: Vec<_> = text.split(',').collect();
        if names.len() > MAX_VALUES {
            return Err(format!("names more than {MAX_VALUES} tags"));
        }
        let tags = names.into_iter().map(TagName::parse).collect::<Result<Vec<_>, _>>();
        tags.map_err(|why| format!("must be tags separated by commas, of which one {why}"))
    });
    tags.unwrap_or_default()
}

fn read_fields(
    params: &mut Params,
    fields: impl FnOnce() -> Result<Vec<Field>, Problem>,
) -> Result<Vec<FieldCondition>, Problem> {
    let given = params.beginning("field.");
    if given.is_empty() {
        return Ok(Vec::new());
    }
    if given.len() > MAX_VALUES {
        params.refuse("field", format!("conditions are more than {MAX_VALUES}"));
        return Ok(Vec::new());
    }
    let fields = fields()?;
    let mut conditions = Vec::with_capacity(given.len());
    for (key, text) in given {
        let (operator, value) = text.split_once(':').unwrap_or((&text, ""));
        let field = fields.iter().find(|field| field.key.as_str() == key);
        let condition = match field {
            Some(field) => FieldCondition::parse(field, operator, value),
            None => Err("is no custom field of this organisation".to_owned()),
        };
        let name: String = format!("field.{key}").chars().take(100).collect();
        match condition {
            Ok(condition) => conditions.push(condition),
            Err(why) => params.refuse(&name, why),
        }
    }
    Ok(conditions)
}
