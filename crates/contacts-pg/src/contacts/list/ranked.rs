//! Pages of a search in the order of relevance (R59).
//!
//! When few contacts match, all of them are found and ranked. When many match, this would read all
//! of them for each page: then the contacts of the best relevance are listed in the order of their
//! creation, after them those of the next one.

use std::collections::HashMap;

use contacts_core::contact::{
    Contact, ContactFilter, ContactPage, Cursor, CursorKey, ExactMatch, PageRequest, Relevance,
    SearchQuery,
};
use contacts_core::page::Page;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use uuid::Uuid;

use super::{FIRST_WALK_ROWS, MOST_FOUND, Matching, Order, list_matching, load, push_found};
use crate::contacts::count::CountRow;
use crate::contacts::filter::{Access, push_any, push_filter};
use crate::database::{PgResult, Tx};
use crate::statement::{Bind, Statement, anywhere};

/// Relevances and contacts of a page.
type Ranked = Vec<(Relevance, Contact)>;

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    relevance: i64,
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

/// Returns a page of the contacts that a search finds, in the order of their relevance.
pub(super) fn list(
    tx: &mut Tx<'_>,
    filter: &ContactFilter,
    page: &PageRequest,
) -> PgResult<ContactPage> {
    let is_common = is_common(tx, filter, page)?;
    let found = if is_common { None } else { find(tx, filter, page)? };
    let contacts = found.map_or_else(|| step_by_step(tx, filter, page), Ok)?;
    let page = Page::cut(contacts, page.size, |(relevance, contact)| Cursor {
        sort: page.sort.clone(),
        key: CursorKey::Ranked(*relevance, contact.created_at),
        id: contact.id,
    });
    Ok(page.map(|(_, contact)| contact))
}

/// Returns the contacts of a page, and the one after it, by listing those of each relevance.
fn step_by_step(tx: &mut Tx<'_>, filter: &ContactFilter, page: &PageRequest) -> PgResult<Ranked> {
    let mut contacts = Vec::new();
    for (relevance, step) in steps(page) {
        let matching = Matching { filter, relevance: Some(relevance) };
        let listed = list_matching(tx, matching, &step)?;
        contacts.extend(listed.into_iter().map(|contact| (relevance, contact)));
        if contacts.len() > page.size.get() {
            break;
        }
    }
    contacts.truncate(page.size.get() + 1);
    Ok(contacts)
}

/// Returns whether more of the newest contacts match than a page has.
fn is_common(tx: &mut Tx<'_>, filter: &ContactFilter, page: &PageRequest) -> PgResult<bool> {
    let mut select = tx.statement();
    select.push("SELECT count(*) AS counted FROM (SELECT c.* FROM contacts c WHERE c.org_id = $1");
    select.push(" ORDER BY c.created_at DESC, c.id DESC LIMIT ").bind(Bind::Int(FIRST_WALK_ROWS));
    select.push(") c WHERE true");
    push_filter(tx, &mut select, filter, Access::EachRow)?;
    let row: CountRow = select.get_result(tx)?;
    Ok(row.counted > page.size.get() as i64)
}

/// Returns the contacts of a page, and the one after it, by ranking all that match. Returns `None`
/// when more contacts than [`MOST_FOUND`] come after the cursor.
fn find(tx: &mut Tx<'_>, filter: &ContactFilter, page: &PageRequest) -> PgResult<Option<Ranked>> {
    let order = Order::of(page);
    let direction = order.direction;
    let mut select = tx.statement();
    select
        .push("WITH found AS MATERIALIZED (SELECT r.* FROM (SELECT c.id, c.created_at, CASE WHEN ");
    push_exact(&mut select, filter.query.exact());
    select.push(&format!(" THEN {} WHEN ", Relevance::Exact as u8));
    push_beginning(&mut select, &filter.query);
    let within = Relevance::Within as u8;
    select.push(&format!(" THEN {} ELSE {within} END", Relevance::Beginning as u8));
    select.push(" AS relevance FROM contacts c WHERE c.org_id = $1");
    push_filter(tx, &mut select, filter, Access::AsSet)?;
    select.push(") r");
    if let Some((relevance, at, id)) = page.after.as_ref().and_then(|after| match after.key {
        CursorKey::Ranked(relevance, at) => Some((relevance, at, after.id)),
        _ => None,
    }) {
        let compare = format!(" WHERE (r.relevance, r.created_at, r.id) {} (", order.comparison);
        select.push(&compare).bind(Bind::Int(relevance as i64)).push(", ").bind(Bind::Time(at));
        select.push(", ").bind(Bind::Uuid(id.0)).push(")");
    }
    select.push(" LIMIT ").bind(Bind::Int(MOST_FOUND as i64 + 1));
    select.push(") SELECT id, relevance::bigint, (SELECT count(*) FROM found) AS counted");
    select.push(&format!(
        " FROM found ORDER BY relevance{direction}, created_at{direction}, id{direction} LIMIT "
    ));
    select.bind(Bind::Int(page.size.get() as i64 + 1));
    let found: Vec<FoundRow> = select.load(tx)?;
    if found.first().is_some_and(|row| row.counted.cast_unsigned() > MOST_FOUND) {
        return Ok(None);
    }
    let mut select = tx.statement();
    push_found(&mut select, page, found.iter().map(|row| row.id).collect());
    let contacts = load(tx, &select)?.into_iter().map(|contact| (contact.id.0, contact));
    let mut contacts: HashMap<_, _> = contacts.collect();
    let ranked = |row: &FoundRow| {
        let relevance = Relevance::ALL.into_iter().find(|it| *it as i64 == row.relevance)?;
        Some((relevance, contacts.remove(&row.id)?))
    };
    Ok(Some(found.iter().filter_map(ranked).collect()))
}

/// Returns the relevances that a page can have, in the order of the page, each with the page that
/// lists its contacts.
fn steps(page: &PageRequest) -> impl Iterator<Item = (Relevance, PageRequest)> {
    let mut relevances = Relevance::ALL;
    if page.sort.descending {
        relevances.reverse();
    }
    let cursor = page.after.clone();
    let last = cursor.as_ref().and_then(|cursor| match cursor.key {
        CursorKey::Ranked(relevance, _) => Some(relevance),
        _ => None,
    });
    let begins = last.and_then(|last| relevances.iter().position(|relevance| *relevance == last));
    let (sort, size) = (page.sort.clone(), page.size);
    relevances.into_iter().skip(begins.unwrap_or_default()).map(move |relevance| {
        let after = cursor.clone().filter(|_| last == Some(relevance));
        (relevance, PageRequest { sort: sort.clone(), size, after })
    })
}

/// Appends the condition that a contact, which matches the search, has the given relevance, as
/// [`SearchQuery::relevance`] defines it.
pub(super) fn push_relevance(statement: &mut Statement, query: &SearchQuery, relevance: Relevance) {
    if relevance == Relevance::Exact {
        push_exact(statement.push(" AND "), query.exact());
        return;
    }
    push_exact(statement.push(" AND NOT "), query.exact());
    let and = if relevance == Relevance::Beginning { " AND " } else { " AND NOT " };
    push_beginning(statement.push(and), query);
}

fn push_exact(statement: &mut Statement, exact: &ExactMatch) {
    statement.push("(false");
    for name in &exact.name_keys {
        statement.push(" OR c.name_key = ").bind(Bind::Text(name.clone()));
    }
    if let Some(email) = &exact.email_key {
        statement.push(" OR c.id = ANY(ARRAY(SELECT a.contact_id FROM addresses a");
        statement.push(" WHERE a.org_id = $1 AND a.email_key = ").bind(Bind::Text(email.clone()));
        statement.push("))");
    }
    statement.push(")");
}

fn push_beginning(statement: &mut Statement, query: &SearchQuery) {
    statement.push("(true");
    for term in query.terms() {
        let beginnings: Vec<_> = term.beginnings().collect();
        push_any(statement, &beginnings, |statement, beginning| {
            statement.push("c.search LIKE ").bind(Bind::Text(anywhere(beginning)));
        });
    }
    statement.push(")");
}
