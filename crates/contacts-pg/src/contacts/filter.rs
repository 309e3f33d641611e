//! A filter as SQL. List, count and whatever works on everybody a filter means start here, so
//! they cannot disagree.

mod duplicates;

use contacts_core::campaign::{CampaignCondition, InCampaign};
use contacts_core::contact::{
    ContactFilter, FieldCondition, FieldTest, SourceCondition, TimeRange,
};
use contacts_core::field::FieldValue;
use contacts_core::tag::TagName;
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use serde_json::Value;

use crate::json::value_to_json;
use crate::statement::{Bind, Statement, anywhere};
use crate::tags;

/// How what hangs on a contact is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// For each contact by itself: right where few contacts are looked at.
    EachRow,
    /// As a set that Postgres joins as it sees fit.
    AsSet,
}

impl Look {
    /// Begins the condition that a row of a table that hangs on contacts, `link`, is there.
    fn begin(self, statement: &mut Statement, table: &str) {
        let (begin, bound) = match self {
            Self::EachRow => ("EXISTS (SELECT FROM ", " AND link.contact_id = c.id"),
            Self::AsSet => ("c.id IN (SELECT link.contact_id FROM ", ""),
        };
        statement.push(begin).push(table).push(" link WHERE link.org_id = $1").push(bound);
    }

    /// Ends it. Without the offset Postgres would make a set of it after all.
    fn end(self, statement: &mut Statement) {
        statement.push(if self == Self::EachRow { " OFFSET 0)" } else { ")" });
    }
}

/// Adds the conditions that `contacts c` must meet, each with an `AND` before it.
///
/// The ids of tags are looked up first: given them, Postgres knows how common each tag is.
pub(crate) fn push_filter(
    db: &mut PgConnection,
    org: OrgId,
    statement: &mut Statement,
    filter: &ContactFilter,
    look: Look,
) -> Result<()> {
    for term in filter.query.terms() {
        push_any(statement, term.needles(), |statement, needle| {
            statement.push("c.search LIKE ").bind(Bind::Text(anywhere(needle)));
        });
    }
    if !filter.sources.is_empty() {
        push_any(statement, &filter.sources, |statement, source| {
            push_source(statement, source, look);
        });
    }
    push_tags(db, org, statement, filter, look)?;
    push_range(statement, " AND c.created_at", &filter.created);
    push_range(statement, " AND c.updated_at", &filter.updated);
    for condition in &filter.fields {
        push_field(statement, condition);
    }
    push_campaigns(statement, &filter.campaigns, look);
    match filter.reachable {
        Some(true) => drop(statement.push(" AND c.email_key <> ''")),
        Some(false) => drop(statement.push(" AND c.email_key = ''")),
        None => {}
    }
    if let Some(has_some) = filter.duplicates {
        duplicates::push(statement, has_some, look);
    }
    for segment in &filter.segments {
        push_filter(db, org, statement, segment, look)?;
    }
    Ok(())
}

fn push_any<T>(statement: &mut Statement, items: &[T], push: impl Fn(&mut Statement, &T)) {
    statement.push(" AND (");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            statement.push(" OR ");
        }
        push(statement, item);
    }
    statement.push(")");
}

fn push_source(statement: &mut Statement, source: &SourceCondition, look: Look) {
    look.begin(statement, "contact_sources");
    statement.push(" AND link.kind = ").bind(Bind::Text(source.kind.as_str().to_owned()));
    if let Some(origin) = source.origin {
        statement.push(" AND link.origin_id = ").bind(Bind::Uuid(origin));
    }
    push_range(statement, " AND link.at", &source.at);
    look.end(statement);
}

fn push_tags(
    db: &mut PgConnection,
    org: OrgId,
    statement: &mut Statement,
    filter: &ContactFilter,
    look: Look,
) -> Result<()> {
    let mut push = |and: &str, names: &[TagName], look: Look| -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        look.begin(statement.push(and), "contact_tags");
        let ids = tags::ids_of(db, org, names)?;
        statement.push(" AND link.tag_id = ANY(").bind(Bind::Uuids(ids)).push(")");
        look.end(statement);
        Ok(())
    };
    push(" AND ", &filter.tags.any, look)?;
    for tag in &filter.tags.all {
        push(" AND ", std::slice::from_ref(tag), look)?;
    }
    // Most contacts lack most tags, so that looking at each is right.
    push(" AND NOT ", &filter.tags.none, Look::EachRow)
}

fn push_campaigns(statement: &mut Statement, condition: &CampaignCondition, look: Look) {
    for InCampaign { campaign, status } in &condition.all {
        look.begin(statement.push(" AND "), "subscriptions");
        statement.push(" AND link.campaign_id = ").bind(Bind::Uuid(campaign.0));
        if !status.is_empty() {
            let names = status.iter().map(|status| status.as_str().to_owned()).collect();
            statement.push(" AND link.status = ANY(").bind(Bind::Texts(names)).push(")");
        }
        look.end(statement);
    }
    for campaign in &condition.none {
        Look::EachRow.begin(statement.push(" AND NOT "), "subscriptions");
        statement.push(" AND link.campaign_id = ").bind(Bind::Uuid(campaign.0));
        Look::EachRow.end(statement);
    }
}

fn push_range(statement: &mut Statement, column: &str, range: &TimeRange) {
    if let Some(from) = range.from {
        statement.push(column).push(" >= ").bind(Bind::Time(from));
    }
    if let Some(until) = range.until {
        statement.push(column).push(" < ").bind(Bind::Time(until));
    }
}

fn push_field(statement: &mut Statement, condition: &FieldCondition) {
    let key = Bind::Text(condition.key.to_string());
    match &condition.test {
        FieldTest::Set => drop(statement.push(" AND c.custom ? ").bind(key)),
        FieldTest::Unset => drop(statement.push(" AND NOT c.custom ? ").bind(key)),
        FieldTest::AnyOf(values) => push_one_of(statement, " AND (", key, values),
        FieldTest::NoneOf(values) => push_one_of(statement, " AND NOT (", key, values),
        FieldTest::Contains(part) => {
            // As the core compares, which takes both small sigmas for one.
            statement
                .push(" AND translate(lower(c.custom ->> ")
                .bind(key)
                .push("), 'ς', 'σ') LIKE ");
            statement.bind(Bind::Text(anywhere(&contacts_core::text::caseless(part))));
        }
        FieldTest::Less(bound) => push_compare(statement, key, "<", bound),
        FieldTest::AtMost(bound) => push_compare(statement, key, "<=", bound),
        FieldTest::Greater(bound) => push_compare(statement, key, ">", bound),
        FieldTest::AtLeast(bound) => push_compare(statement, key, ">=", bound),
    }
}

fn push_one_of(statement: &mut Statement, and: &str, key: Bind, values: &[FieldValue]) {
    let values: Vec<Value> = values.iter().map(value_to_json).collect();
    statement.push(and).push("c.custom ? ").bind(key.clone()).push(" AND ");
    statement.bind(Bind::Json(Value::Array(values))).push(" @> jsonb_build_array(c.custom -> ");
    statement.bind(key).push("))");
}

/// Compares a value with a bound of its field's type. A value of another type, which somebody
/// may have written while the type was changed, fails the test rather than the query.
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
