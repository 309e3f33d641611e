//! Pages of the list, and counts.

use contacts_core::contact::{ContactFilter, CursorKey, Listed, PageRequest, SortBy};
use contacts_core::page::{Count, Page};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};

use super::filter::push_filter;
use super::row::{ContactRow, Custom, FIRST_SOURCE, select_contacts};
use crate::Database;
use crate::database::store;
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

#[derive(QueryableByName)]
struct PlanRow {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

pub(super) fn list(
    db: &mut PgConnection,
    org: OrgId,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<Listed> {
    let mut select = Statement::of(org);
    push_list(db, org, &mut select, filter, page)?;
    let rows: Vec<ContactRow> = select.build().load(db).map_err(store)?;
    let contacts = rows.into_iter().map(|row| row.read(org)).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(contacts, page.size, |contact| page.sort.cursor(contact)))
}

pub(super) fn count(
    db: &mut PgConnection,
    org: OrgId,
    filter: &ContactFilter,
    exactly: bool,
) -> Result<Count> {
    let mut select = Statement::of(org);
    select.push("SELECT count(*) AS counted FROM (SELECT FROM contacts c WHERE c.org_id = $1");
    push_filter(db, org, &mut select, filter)?;
    if !exactly {
        select.push(" LIMIT ").bind(Bind::Int(Count::BOUND as i64 + 1));
    }
    select.push(") counted");
    let row: CountRow = select.build().get_result(db).map_err(store)?;
    let counted = row.counted.cast_unsigned();
    Ok(if exactly { Count::Exact(counted) } else { Count::bounded(counted) })
}

/// The rows of the page are found first, by an index alone where there is one; their tags and
/// sources are looked up for them only.
fn push_list(
    db: &mut PgConnection,
    org: OrgId,
    select: &mut Statement,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<()> {
    let key = match page.sort.by {
        SortBy::Name => "c.name_key",
        SortBy::Email => "c.email_key",
        SortBy::Created => "c.created_at",
        SortBy::Updated => "c.updated_at",
    };
    let (direction, beyond) = if page.sort.descending { (" DESC", " < ") } else { ("", " > ") };
    let order = format!(" ORDER BY {key}{direction}, c.id{direction}");
    let mut filtered = Ok(());
    select_contacts(select, Custom::Shown, |select| {
        select.push("(SELECT c.* FROM contacts c WHERE c.org_id = $1");
        filtered = push_filter(db, org, select, filter);
        if let Some(after) = &page.after {
            select.push(" AND (").push(key).push(", c.id)").push(beyond).push("(");
            select.bind(match &after.key {
                CursorKey::Text(text) => Bind::Text(text.clone()),
                CursorKey::Time(at) => Bind::Time(*at),
            });
            select.push(", ").bind(Bind::Uuid(after.id.0)).push(")");
        }
        let rows = page.size.get() as i64 + 1;
        select.push(&order).push(" LIMIT ").bind(Bind::Int(rows)).push(") c").push(FIRST_SOURCE);
        select.push(&order);
    });
    filtered
}

/// How Postgres would find a page, for the tests that pin it.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when it cannot be asked.
pub fn explain_list(
    database: &Database,
    org: OrgId,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<String> {
    database.read(|db| {
        let mut explain = Statement::of(org);
        explain.push("EXPLAIN ");
        push_list(db, org, &mut explain, filter, page)?;
        let lines: Vec<PlanRow> = explain.build().load(db).map_err(store)?;
        Ok(lines.into_iter().map(|row| row.line + "\n").collect())
    })
}
