//! Translates a filter to SQL. List, count, selections and actions all use this module, so that
//! they cannot disagree about the matching contacts.

mod details;
mod duplicates;
mod search;

use contacts_core::campaign::{CampaignCondition, InCampaign};
use contacts_core::contact::{
    ContactFilter, FieldCondition, FieldTest, FilterGroup, SourceCondition, TagCondition, TimeRange,
};
use contacts_core::field::FieldValue;
use contacts_core::tag::TagName;
use contacts_core::text::caseless;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{PgResult, Tx};
use crate::json::value_to_json;
use crate::statement::{Bind, Statement, anywhere, at_end, at_start};
use crate::tags;

/// How Postgres looks for rows that refer to a contact, such as tags.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Separately for each contact, which is right when few contacts are checked.
    EachRow,
    /// As a set, for which Postgres chooses the join. Rows that must not exist are still looked for
    /// separately, because most contacts lack most rows.
    AsSet,
    /// As a set, also those that must not exist: right when every matching contact is read.
    Whole,
    /// As a set of rows that must not exist.
    Absent,
}

impl Access {
    /// Appends the start of the condition that `table` has a matching row, `link`, of the contact.
    fn begin(self, statement: &mut Statement, table: &str) {
        let (begin, bound) = match self {
            Self::EachRow | Self::Absent => ("EXISTS (SELECT FROM ", " AND link.contact_id = c.id"),
            Self::AsSet | Self::Whole => ("c.id IN (SELECT link.contact_id FROM ", ""),
        };
        statement.push(begin).push(table).push(" link WHERE link.org_id = $1").push(bound);
    }

    /// Returns how to look for rows that must not exist.
    fn for_absence(self) -> Self {
        if self == Self::Whole { Self::Absent } else { Self::EachRow }
    }

    /// Appends the end of the condition. Without the offset, Postgres would turn the separate
    /// look-ups into a join.
    fn end(self, statement: &mut Statement) {
        statement.push(if self == Self::EachRow { " OFFSET 0)" } else { ")" });
    }
}

/// Appends the conditions that `contacts c` must meet, each with `AND` before it.
///
/// The ids of the tags are looked up first: with them, Postgres can estimate how common each tag
/// is.
pub(crate) fn push_filter(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    filter: &ContactFilter,
    access: Access,
) -> PgResult<()> {
    if !filter.ids.is_empty() {
        let ids = filter.ids.iter().map(|id| id.0).collect();
        statement.push(" AND c.id = ANY(").bind(Bind::Uuids(ids)).push(")");
    }
    search::push(tx, statement, &filter.query, access)?;
    if !filter.sources.is_empty() {
        push_any(statement, &filter.sources, |statement, source| {
            push_source(statement, source, access);
        });
    }
    push_tags(tx, statement, filter, access)?;
    push_range(statement, " AND c.created_at", &filter.created);
    push_updated(tx, statement, &filter.updated, access)?;
    for condition in &filter.fields {
        push_field(statement, condition);
    }
    push_campaigns(statement, &filter.campaigns, access);
    match filter.reachable {
        Some(true) => drop(statement.push(" AND c.email_key <> ''")),
        Some(false) => drop(statement.push(" AND c.email_key = ''")),
        None => {}
    }
    if let Some(is_subscribed) = filter.subscribed {
        push_whether(statement, !is_subscribed, "unsubscribes", "", access);
    }
    if let Some(has_some) = filter.duplicates {
        duplicates::push(statement, has_some, access);
    }
    for segment in &filter.segments {
        push_filter(tx, statement, segment, access)?;
    }
    details::push(statement, filter, access);
    for group in &filter.groups {
        push_group(tx, statement, group, access)?;
    }
    Ok(())
}

/// Appends the query of the contacts that have a tag or a source, when the filter has no other
/// condition, and returns whether it did. The contacts themselves are not read.
pub(crate) fn push_sole(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    filter: &ContactFilter,
) -> PgResult<bool> {
    let ContactFilter { sources, tags, .. } = filter;
    let rest =
        ContactFilter { sources: Vec::new(), tags: TagCondition::default(), ..filter.clone() };
    if rest != ContactFilter::default() || !tags.none.is_empty() {
        return Ok(false);
    }
    match (&sources[..], &tags.any[..], &tags.all[..]) {
        ([source], [], []) => {
            statement.push("SELECT DISTINCT contact_id FROM contact_sources link ");
            push_source_rows(statement.push("WHERE org_id = $1"), source);
        }
        ([], [tag], []) | ([], [], [tag]) => {
            statement.push("SELECT contact_id FROM contact_tags link WHERE org_id = $1");
            push_tag_rows(tx, statement, std::slice::from_ref(tag))?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Appends the condition that a group holds. A comparison with a missing value is null, which `NOT`
/// would leave null, so a filter that must not match is compared with `IS NOT TRUE`.
fn push_group(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    group: &FilterGroup,
    access: Access,
) -> PgResult<()> {
    let (filters, end) = match group {
        FilterGroup::All(filter) => (std::slice::from_ref(filter), ")"),
        FilterGroup::Not(filter) => (std::slice::from_ref(filter), ") IS NOT TRUE"),
        FilterGroup::Any(filters) => (&filters[..], ")"),
    };
    statement.push(" AND (");
    for (at, filter) in filters.iter().enumerate() {
        statement.push(if at > 0 { " OR (TRUE" } else { "(TRUE" });
        push_filter(tx, statement, filter, access)?;
        statement.push(")");
    }
    statement.push(end);
    Ok(())
}

pub(crate) fn push_any<T>(
    statement: &mut Statement,
    items: &[T],
    push: impl Fn(&mut Statement, &T),
) {
    statement.push(" AND (");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            statement.push(" OR ");
        }
        push(statement, item);
    }
    statement.push(")");
}

fn push_source(statement: &mut Statement, source: &SourceCondition, access: Access) {
    access.begin(statement, "contact_sources");
    push_source_rows(statement, source);
    access.end(statement);
}

/// Appends the conditions that a row of `contact_sources link` meets.
fn push_source_rows(statement: &mut Statement, source: &SourceCondition) {
    statement.push(" AND link.kind = ").bind(Bind::Text(source.kind.as_str().to_owned()));
    if let Some(detail) = source.detail {
        statement.push(" AND link.detail_id = ").bind(Bind::Uuid(detail));
    }
    push_range(statement, " AND link.at", &source.at);
}

fn push_tags(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    filter: &ContactFilter,
    access: Access,
) -> PgResult<()> {
    let TagCondition { any, all, none } = &filter.tags;
    if !any.is_empty() {
        push_tagged(tx, statement.push(" AND "), any, access)?;
    }
    for tag in all {
        push_tagged(tx, statement.push(" AND "), std::slice::from_ref(tag), access)?;
    }
    if !none.is_empty() {
        push_tagged(tx, statement.push(" AND NOT "), none, access.for_absence())?;
    }
    Ok(())
}

/// Appends the condition that the contact has one of some tags.
fn push_tagged(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    names: &[TagName],
    access: Access,
) -> PgResult<()> {
    access.begin(statement, "contact_tags");
    push_tag_rows(tx, statement, names)?;
    access.end(statement);
    Ok(())
}

/// Appends the condition that a row of `contact_tags link` has one of some tags.
fn push_tag_rows(tx: &mut Tx<'_>, statement: &mut Statement, names: &[TagName]) -> PgResult<()> {
    let ids = tags::ids_of(tx, names)?;
    statement.push(" AND link.tag_id = ANY(").bind(Bind::Uuids(ids)).push(")");
    Ok(())
}

fn push_campaigns(statement: &mut Statement, condition: &CampaignCondition, access: Access) {
    for InCampaign { campaign, status } in &condition.all {
        access.begin(statement.push(" AND "), "subscriptions");
        statement.push(" AND link.campaign_id = ").bind(Bind::Uuid(campaign.0));
        if !status.is_empty() {
            let names = status.iter().map(|status| status.as_str().to_owned()).collect();
            statement.push(" AND link.status = ANY(").bind(Bind::Texts(names)).push(")");
        }
        access.end(statement);
    }
    for campaign in &condition.none {
        let access = access.for_absence();
        access.begin(statement.push(" AND NOT "), "subscriptions");
        statement.push(" AND link.campaign_id = ").bind(Bind::Uuid(campaign.0));
        access.end(statement);
    }
}

/// Appends the condition that the contact has rows in a table that meet a condition, or that it has
/// none.
fn push_whether(
    statement: &mut Statement,
    has_some: bool,
    table: &str,
    condition: &str,
    access: Access,
) {
    let (and, access) =
        if has_some { (" AND ", access) } else { (" AND NOT ", access.for_absence()) };
    access.begin(statement.push(and), table);
    access.end(statement.push(condition));
}

fn push_range(statement: &mut Statement, column: &str, range: &TimeRange) {
    if let Some(from) = range.from {
        statement.push(column).push(" >= ").bind(Bind::Time(from));
    }
    if let Some(until) = range.until {
        statement.push(column).push(" < ").bind(Bind::Time(until));
    }
}

/// Appends the condition on the time of the last change of the profile, tags or consent.
fn push_updated(
    tx: &mut Tx<'_>,
    statement: &mut Statement,
    range: &TimeRange,
    access: Access,
) -> PgResult<()> {
    if let Some(from) = range.from {
        let renamed = tags::renamed_since(tx, from)?;
        match access {
            Access::EachRow | Access::Absent => {
                statement.push(" AND (c.updated_at >= ").bind(Bind::Time(from));
                statement.push(" OR ");
                push_changed(statement, from, renamed);
                statement.push(")");
            }
            // A union, because Postgres cannot use the index of one side of an OR.
            Access::AsSet | Access::Whole => push_updated_set(statement, from, renamed),
        }
    }
    if let Some(until) = range.until {
        let renamed = tags::renamed_since(tx, until)?;
        statement.push(" AND c.updated_at < ").bind(Bind::Time(until)).push(" AND NOT ");
        push_changed(statement, until, renamed);
    }
    Ok(())
}

/// Appends the condition that a contact's tags or consent changed since a time, looked up
/// separately for each contact.
fn push_changed(statement: &mut Statement, since: OffsetDateTime, renamed: Vec<Uuid>) {
    Access::EachRow.begin(statement.push("("), "contact_changes");
    statement.push(" AND link.changed_at >= ").bind(Bind::Time(since));
    Access::EachRow.end(statement);
    if !renamed.is_empty() {
        Access::EachRow.begin(statement.push(" OR "), "contact_tags");
        statement.push(" AND link.tag_id = ANY(").bind(Bind::Uuids(renamed)).push(")");
        Access::EachRow.end(statement);
    }
    statement.push(")");
}

fn push_updated_set(statement: &mut Statement, from: OffsetDateTime, renamed: Vec<Uuid>) {
    statement.push(" AND c.id IN (SELECT id FROM contacts WHERE org_id = $1 AND updated_at >= ");
    statement.bind(Bind::Time(from));
    statement.push(" UNION ALL SELECT contact_id FROM contact_changes WHERE org_id = $1");
    statement.push(" AND changed_at >= ").bind(Bind::Time(from));
    if !renamed.is_empty() {
        statement.push(" UNION ALL SELECT contact_id FROM contact_tags WHERE org_id = $1");
        statement.push(" AND tag_id = ANY(").bind(Bind::Uuids(renamed)).push(")");
    }
    statement.push(")");
}

fn push_field(statement: &mut Statement, condition: &FieldCondition) {
    let key = Bind::Text(condition.key.to_string());
    match &condition.test {
        FieldTest::Set => drop(statement.push(" AND c.custom ? ").bind(key)),
        FieldTest::Unset => drop(statement.push(" AND NOT c.custom ? ").bind(key)),
        FieldTest::AnyOf(values) => push_one_of(statement, " AND (", key, values),
        FieldTest::NoneOf(values) => push_one_of(statement, " AND NOT (", key, values),
        FieldTest::Contains(part) => push_like(statement, key, &anywhere(&caseless(part))),
        FieldTest::StartsWith(part) => push_like(statement, key, &at_start(&caseless(part))),
        FieldTest::EndsWith(part) => push_like(statement, key, &at_end(&caseless(part))),
        FieldTest::Less(bound) => push_compare(statement, key, "<", bound),
        FieldTest::AtMost(bound) => push_compare(statement, key, "<=", bound),
        FieldTest::Greater(bound) => push_compare(statement, key, ">", bound),
        FieldTest::AtLeast(bound) => push_compare(statement, key, ">=", bound),
    }
}

/// Appends a comparison with a `LIKE` pattern of a [`caseless`] text. The value is compared as the
/// core does, which treats both forms of the small sigma as one.
fn push_like(statement: &mut Statement, key: Bind, pattern: &str) {
    statement.push(" AND translate(lower(c.custom ->> ").bind(key).push("), 'ς', 'σ') LIKE ");
    statement.bind(Bind::Text(pattern.to_owned()));
}

fn push_one_of(statement: &mut Statement, and: &str, key: Bind, values: &[FieldValue]) {
    let values: Vec<Value> = values.iter().map(value_to_json).collect();
    statement.push(and).push("c.custom ? ").bind(key.clone()).push(" AND ");
    statement.bind(Bind::Json(Value::Array(values))).push(" @> jsonb_build_array(c.custom -> ");
    statement.bind(key).push("))");
}

/// Appends a comparison of a value with a bound of its field's type. A value of another type, which
/// may have been written while the type changed, does not match, and the query does not fail.
fn push_compare(statement: &mut Statement, key: Bind, operator: &str, bound: &FieldValue) {
    let (json_type, cast) = match bound {
        FieldValue::Number(_) => ("number", "::float8 "),
        FieldValue::Text(_) => ("string", " COLLATE \"C\" "),
        FieldValue::Boolean(_) => ("boolean", "::bool "),
    };
    statement.push(" AND CASE WHEN jsonb_typeof(c.custom -> ").bind(key.clone());
    statement.push(") = '").push(json_type).push("' THEN (c.custom ->> ").bind(key);
    statement.push(")").push(cast).push(operator).push(" ");
    statement.bind(match bound {
        FieldValue::Number(number) => Bind::Double(number.get()),
        FieldValue::Text(text) => Bind::Text(text.clone()),
        FieldValue::Boolean(yes) => Bind::Bool(*yes),
    });
    statement.push(" END");
}
