//! Pages of the list, and counts.
//!
//! A page can be found in two ways. Walking along the index of its order is quick when many
//! rows on the way are meant. Finding all that are meant and sorting them is quick when they
//! are few. Postgres cannot tell which it will be when a filter joins a search with tags, and
//! guesses wrong by a hundredfold. So a list that is narrowed is walked a little way first, and
//! further when enough are met on it to fill the page soon; then all are found, unless they are
//! more than the bound; and then the walk is taken to its end, which is not far.

use contacts_core::contact::{Contact, ContactFilter, CursorKey, Listed, PageRequest, SortBy};
use contacts_core::page::{Count, Page};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl};
use uuid::Uuid;

use super::filter::{Look, push_filter};
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
struct FoundRow {
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = Array<SqlUuid>)]
    ids: Vec<Uuid>,
}

pub(super) fn list(
    db: &mut PgConnection,
    org: OrgId,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<Listed> {
    if !narrows(filter) {
        return Ok(cut(walk(db, org, filter, page, None)?, page));
    }
    let mut contacts = walk(db, org, filter, page, Some(STROLL))?;
    if let Some(rows) = further(contacts.len(), page) {
        contacts = walk(db, org, filter, page, Some(rows))?;
    }
    if contacts.len() > page.size.get() {
        return Ok(cut(contacts, page));
    }
    let contacts = match find(db, org, filter, page)? {
        Some(ids) if ids.is_empty() => Vec::new(),
        Some(ids) => {
            let mut select = Statement::of(org);
            push_found(&mut select, page, ids);
            load(db, org, &select)?
        }
        None => walk(db, org, filter, page, None)?,
    };
    Ok(cut(contacts, page))
}

/// How far to walk for a page when so few were met on the stroll: twice as far as it seems to be.
/// Nowhere, when all are found sooner, or it is full already.
fn further(met: usize, page: &PageRequest) -> Option<i64> {
    let wanted = page.size.get() + 1;
    let seems = STROLL.checked_mul(wanted as i64)?.checked_div(met as i64)?;
    (met < wanted && 2 * seems <= FAR).then_some(2 * seems)
}

fn cut(contacts: Vec<Contact>, page: &PageRequest) -> Listed {
    Page::cut(contacts, page.size, |contact| page.sort.cursor(contact))
}

fn load(db: &mut PgConnection, org: OrgId, select: &Statement) -> Result<Vec<Contact>> {
    let rows: Vec<ContactRow> = select.build().load(db).map_err(store)?;
    rows.into_iter().map(|row| row.read(org)).collect()
}

pub(super) fn count(
    db: &mut PgConnection,
    org: OrgId,
    filter: &ContactFilter,
    exactly: bool,
) -> Result<Count> {
    let mut select = Statement::of(org);
    select.push("SELECT count(*) AS counted FROM (SELECT FROM contacts c WHERE c.org_id = $1");
    push_filter(db, org, &mut select, filter, Look::AsSet)?;
    if !exactly {
        select.push(" LIMIT ").bind(Bind::Int(Count::BOUND as i64 + 1));
    }
    select.push(") counted");
    let row: CountRow = select.build().get_result(db).map_err(store)?;
    let counted = row.counted.cast_unsigned();
    Ok(if exactly { Count::Exact(counted) } else { Count::bounded(counted) })
}

/// Whether the filter may leave few of many.
fn narrows(filter: &ContactFilter) -> bool {
    let everybody = ContactFilter::default();
    let ContactFilter { query, sources, tags, created, updated, fields, .. } = filter;
    let ContactFilter { reachable, duplicates, campaigns, segments, .. } = filter;
    let is_range = *created != everybody.created || *updated != everybody.updated;
    let is_tagged = !tags.any.is_empty() || !tags.all.is_empty();
    !query.is_empty()
        || !sources.is_empty()
        || is_tagged
        || is_range
        || !fields.is_empty()
        || *reachable == Some(false)
        || !campaigns.all.is_empty()
        || *duplicates == Some(true)
        || segments.iter().any(narrows)
}

/// The ids of a page's rows and of the next one, when no more than the bound come after the
/// cursor.
fn find(
    db: &mut PgConnection,
    org: OrgId,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<Option<Vec<Uuid>>> {
    let mut select = Statement::of(org);
    push_find(db, org, &mut select, filter, page)?;
    let found: FoundRow = select.build().get_result(db).map_err(store)?;
    let is_all = found.counted.cast_unsigned() <= Count::BOUND;
    Ok(is_all.then_some(found.ids))
}

fn push_find(
    db: &mut PgConnection,
    org: OrgId,
    select: &mut Statement,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<()> {
    let order = Order::of(page);
    select.push("WITH found AS MATERIALIZED (SELECT c.id, ").push(order.key);
    select.push(" AS key FROM contacts c WHERE c.org_id = $1");
    push_filter(db, org, select, filter, Look::AsSet)?;
    order.push_after(select, page);
    select.push(" LIMIT ").bind(Bind::Int(Count::BOUND as i64 + 1));
    select.push(") SELECT (SELECT count(*) FROM found) AS counted, ARRAY(SELECT id FROM found");
    select.push(&format!(" ORDER BY key{0}, id{0} LIMIT ", order.direction));
    select.bind(Bind::Int(page.size.get() as i64 + 1)).push(") AS ids");
    Ok(())
}

fn push_found(select: &mut Statement, page: &PageRequest, ids: Vec<Uuid>) {
    select_contacts(select, Custom::Shown, |select| {
        select.push("contacts c").push(FIRST_SOURCE).push("WHERE c.org_id = $1 AND c.id = ANY(");
        select.bind(Bind::Uuids(ids)).push(")").push(&Order::of(page).clause());
    });
}

/// How many rows are looked at before all are found that are meant: less than a hundredth of an
/// organisation in which the bound is a hundredth.
const STROLL: i64 = 5_000;

/// How many rows are looked at for as long as finding the thousands takes that are meant when a
/// page is that far away.
const FAR: i64 = 50_000;

fn walk(
    db: &mut PgConnection,
    org: OrgId,
    filter: &ContactFilter,
    page: &PageRequest,
    at_most: Option<i64>,
) -> Result<Vec<Contact>> {
    let mut select = Statement::of(org);
    push_walk(db, org, &mut select, filter, page, at_most)?;
    load(db, org, &select)
}

/// The rows of the page are found first, along the index of their order, looking at so many at
/// most; their tags and sources are looked up for them only.
fn push_walk(
    db: &mut PgConnection,
    org: OrgId,
    select: &mut Statement,
    filter: &ContactFilter,
    page: &PageRequest,
    at_most: Option<i64>,
) -> Result<()> {
    let order = Order::of(page);
    let mut filtered = Ok(());
    select_contacts(select, Custom::Shown, |select| {
        select.push("(SELECT c.* FROM ");
        if let Some(rows) = at_most {
            select.push("(SELECT c.* FROM contacts c WHERE c.org_id = $1");
            order.push_after(select, page);
            select.push(&order.clause()).push(" LIMIT ").bind(Bind::Int(rows));
            select.push(") c WHERE true");
        } else {
            select.push("contacts c WHERE c.org_id = $1");
            order.push_after(select, page);
        }
        filtered = push_filter(db, org, select, filter, Look::EachRow);
        let rows = page.size.get() as i64 + 1;
        select.push(&order.clause()).push(" LIMIT ").bind(Bind::Int(rows)).push(") c");
        select.push(FIRST_SOURCE).push(&order.clause());
    });
    filtered
}

/// The order of a page, in SQL.
struct Order {
    key: &'static str,
    direction: &'static str,
    beyond: &'static str,
}

impl Order {
    fn of(page: &PageRequest) -> Self {
        let key = match page.sort.by {
            SortBy::Name => "c.name_key",
            SortBy::Email => "c.email_key",
            SortBy::Created => "c.created_at",
            SortBy::Updated => "c.updated_at",
        };
        let (direction, beyond) = if page.sort.descending { (" DESC", "<") } else { ("", ">") };
        Self { key, direction, beyond }
    }

    fn clause(&self) -> String {
        format!(" ORDER BY {0}{1}, c.id{1}", self.key, self.direction)
    }

    /// Adds the condition that a row comes after the cursor, if there is one.
    fn push_after(&self, statement: &mut Statement, page: &PageRequest) {
        let Some(after) = &page.after else { return };
        statement.push(&format!(" AND ({}, c.id) {} (", self.key, self.beyond));
        statement.bind(match &after.key {
            CursorKey::Text(text) => Bind::Text(text.clone()),
            CursorKey::Time(at) => Bind::Time(*at),
        });
        statement.push(", ").bind(Bind::Uuid(after.id.0)).push(")");
    }
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
        if narrows(filter) {
            push_find(db, org, &mut explain, filter, page)?;
        } else {
            push_walk(db, org, &mut explain, filter, page, None)?;
        }
        explain.plan(db)
    })
}
