//! Pages of the contact list, and counts.
//!
//! There are two ways to find a page:
//! - Walk along the index of its order. This is fast when many of the rows match.
//! - Find all matching contacts and sort them. This is fast when few contacts match.
//!
//! When a filter combines a search with tags, Postgres cannot tell which way is faster, and its
//! estimate can be wrong by a factor of a hundred. A list with a selective filter is therefore read
//! in steps, until one of them yields the page:
//! 1. Walk over a small number of rows.
//! 2. Walk further, if the first walk found enough contacts to expect a full page soon.
//! 3. Find and sort all matching contacts, unless there are more than [`MOST_FOUND`].
//! 4. Walk without a limit, which ends soon because many contacts match.

mod keyed;
mod ranked;

use contacts_core::contact::{
    Contact, ContactFilter, ContactPage, CursorKey, FilterGroup, PageRequest, Relevance, SortBy,
    SortSubject,
};
use contacts_core::page::Page;
use contacts_core::{OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use uuid::Uuid;

use self::keyed::KeyedBy;
use super::filter::{Access, push_filter};
use super::row::{ContactRow, Custom, FIRST_SOURCE, select_contacts};
use crate::Database;
use crate::database::{PgResult, Tx};
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct PageIds {
    #[diesel(sql_type = BigInt)]
    counted: i64,
    #[diesel(sql_type = Array<SqlUuid>)]
    ids: Vec<Uuid>,
}

/// The contacts to list: those that match a filter, and have a relevance for its search if one is
/// given.
#[derive(Clone, Copy)]
struct Matching<'a> {
    filter: &'a ContactFilter,
    relevance: Option<Relevance>,
}

impl Matching<'_> {
    /// Appends the conditions, each with `AND` before it.
    fn push(self, tx: &mut Tx<'_>, statement: &mut Statement, access: Access) -> PgResult<()> {
        push_filter(tx, statement, self.filter, access)?;
        if let Some(relevance) = self.relevance {
            ranked::push_relevance(statement, &self.filter.query, relevance);
        }
        Ok(())
    }
}

pub(super) fn list(
    tx: &mut Tx<'_>,
    filter: &ContactFilter,
    page: &PageRequest,
) -> PgResult<ContactPage> {
    let contacts = match &page.sort.by {
        SortBy::LastConversation => {
            return keyed::list(tx, KeyedBy::LastConversation, filter, page);
        }
        SortBy::Field(key) => return keyed::list(tx, KeyedBy::Field(key), filter, page),
        SortBy::Relevance if !filter.query.is_empty() => return ranked::list(tx, filter, page),
        _ => list_matching(tx, Matching { filter, relevance: None }, page)?,
    };
    Ok(Page::cut(contacts, page.size, |contact| {
        let relevance = Relevance::Within;
        page.sort.cursor(&SortSubject { contact, relevance, last_conversation: None, field: None })
    }))
}

/// Returns the contacts of a page, and the one after it.
fn list_matching(
    tx: &mut Tx<'_>,
    matching: Matching<'_>,
    page: &PageRequest,
) -> PgResult<Vec<Contact>> {
    if !is_selective(matching.filter) {
        return walk(tx, matching, page, None);
    }
    // Few contacts have the very name or address, and indexes find them.
    if matching.relevance != Some(Relevance::Exact) {
        let mut contacts = walk(tx, matching, page, Some(FIRST_WALK_ROWS))?;
        if let Some(rows) = second_walk_rows(contacts.len(), page) {
            contacts = walk(tx, matching, page, Some(rows))?;
        }
        if contacts.len() > page.size.get() {
            return Ok(contacts);
        }
    }
    match find(tx, matching, page)? {
        Some(ids) if ids.is_empty() => Ok(Vec::new()),
        Some(ids) => {
            let mut select = tx.statement();
            push_found(&mut select, page, ids);
            load(tx, &select)
        }
        None => walk(tx, matching, page, None),
    }
}

/// Returns how many rows to walk for a full page after the first walk found so many contacts:
/// twice the estimate. Returns `None` when the page is full already, or when finding all contacts
/// is faster.
fn second_walk_rows(found: usize, page: &PageRequest) -> Option<i64> {
    let limit = page.size.get() + 1;
    let estimate = FIRST_WALK_ROWS.checked_mul(limit as i64)?.checked_div(found as i64)?;
    (found < limit && 2 * estimate <= SECOND_WALK_ROWS).then_some(2 * estimate)
}

fn load(tx: &mut Tx<'_>, select: &Statement) -> PgResult<Vec<Contact>> {
    let org = tx.org;
    let rows: Vec<ContactRow> = select.load(tx)?;
    rows.into_iter().map(|row| row.read(org)).collect()
}

/// Returns whether the filter may match only few contacts of many.
fn is_selective(filter: &ContactFilter) -> bool {
    let unfiltered = ContactFilter::default();
    let ContactFilter { ids, query, sources, tags, created, updated, fields, .. } = filter;
    let ContactFilter { reachable, subscribed, duplicates, campaigns, segments, .. } = filter;
    let ContactFilter { domains, tagged, incomplete, mailed, delivery, groups, .. } = filter;
    let is_detailed = !domains.is_empty()
        || delivery.is_some()
        || filter.conversation != unfiltered.conversation
        || *tagged == Some(true)
        || *mailed == Some(true)
        || *incomplete == Some(true);
    let is_range = *created != unfiltered.created || *updated != unfiltered.updated;
    let is_tagged = !tags.any.is_empty() || !tags.all.is_empty();
    !ids.is_empty()
        || !query.is_empty()
        || !sources.is_empty()
        || is_tagged
        || is_range
        || !fields.is_empty()
        || *reachable == Some(false)
        || *subscribed == Some(false)
        || !campaigns.all.is_empty()
        || *duplicates == Some(true)
        || is_detailed
        || segments.iter().any(is_selective)
        || groups.iter().any(|group| match group {
            FilterGroup::All(filter) => is_selective(filter),
            FilterGroup::Any(filters) => filters.iter().all(is_selective),
            FilterGroup::Not(_) => false,
        })
}

/// Returns the ids of the contacts of a page and of the one after it, or `None` when more contacts
/// than [`MOST_FOUND`] come after the cursor.
fn find(
    tx: &mut Tx<'_>,
    matching: Matching<'_>,
    page: &PageRequest,
) -> PgResult<Option<Vec<Uuid>>> {
    let mut select = tx.statement();
    push_find(tx, &mut select, matching, page)?;
    let found: PageIds = select.get_result(tx)?;
    let is_all = found.counted.cast_unsigned() <= MOST_FOUND;
    Ok(is_all.then_some(found.ids))
}

fn push_find(
    tx: &mut Tx<'_>,
    select: &mut Statement,
    matching: Matching<'_>,
    page: &PageRequest,
) -> PgResult<()> {
    let order = Order::of(page);
    select.push("WITH found AS MATERIALIZED (SELECT c.id, ").push(order.key);
    select.push(" AS key FROM contacts c WHERE c.org_id = $1");
    matching.push(tx, select, Access::AsSet)?;
    order.push_after(select, page);
    select.push(" LIMIT ").bind(Bind::Int(MOST_FOUND as i64 + 1));
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

/// Maximum number of contacts that are found and sorted for a page.
const MOST_FOUND: u64 = 10_000;

/// Maximum number of rows of the first walk: half of [`MOST_FOUND`]. If this walk does not fill a
/// page, few contacts match, or the matching contacts are far away.
const FIRST_WALK_ROWS: i64 = 5_000;

/// Maximum number of rows of the second walk. Reading so many rows takes as long as finding the
/// thousands of contacts that match when a page is this far away.
const SECOND_WALK_ROWS: i64 = 50_000;

fn walk(
    tx: &mut Tx<'_>,
    matching: Matching<'_>,
    page: &PageRequest,
    at_most: Option<i64>,
) -> PgResult<Vec<Contact>> {
    let mut select = tx.statement();
    push_walk(tx, &mut select, matching, page, at_most)?;
    load(tx, &select)
}

/// Appends the query that walks along the index of the order and reads at most `at_most` rows. It
/// finds the contacts of the page first, and looks up tags and sources for these only.
fn push_walk(
    tx: &mut Tx<'_>,
    select: &mut Statement,
    matching: Matching<'_>,
    page: &PageRequest,
    at_most: Option<i64>,
) -> PgResult<()> {
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
        filtered = matching.push(tx, select, Access::EachRow);
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
    comparison: &'static str,
}

impl Order {
    fn of(page: &PageRequest) -> Self {
        let key = match page.sort.by {
            SortBy::Name => "c.name_key",
            SortBy::Email => "c.email_key",
            // Contacts of one relevance are listed at a time.
            SortBy::Created | SortBy::Relevance => "c.created_at",
            SortBy::Updated => "c.updated_at",
            // `keyed` lists these.
            SortBy::LastConversation | SortBy::Field(_) => "c.id",
        };
        let (direction, comparison) = if page.sort.descending { (" DESC", "<") } else { ("", ">") };
        Self { key, direction, comparison }
    }

    fn clause(&self) -> String {
        format!(" ORDER BY {0}{1}, c.id{1}", self.key, self.direction)
    }

    /// Appends the condition that a row comes after the cursor, if there is one.
    fn push_after(&self, statement: &mut Statement, page: &PageRequest) {
        let Some(after) = &page.after else { return };
        statement.push(&format!(" AND ({}, c.id) {} (", self.key, self.comparison));
        statement.bind(match &after.key {
            CursorKey::Text(text) => Bind::Text(text.clone()),
            CursorKey::Time(at) | CursorKey::Ranked(_, at) => Bind::Time(*at),
            CursorKey::Number(_) | CursorKey::Missing => Bind::Uuid(after.id.0),
        });
        statement.push(", ").bind(Bind::Uuid(after.id.0)).push(")");
    }
}

/// Returns the plan of the query that finds a page, for the tests that pin it.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when the store fails.
pub fn explain_list(
    database: &Database,
    org: OrgId,
    filter: &ContactFilter,
    page: &PageRequest,
) -> Result<String> {
    database.read(org, |tx| {
        let mut explain = tx.statement();
        if page.sort.by == SortBy::LastConversation {
            return keyed::explain(tx, filter, page);
        }
        let matching = Matching { filter, relevance: None };
        if is_selective(filter) {
            push_find(tx, &mut explain, matching, page)?;
        } else {
            push_walk(tx, &mut explain, matching, page, None)?;
        }
        explain.plan(tx)
    })
}
