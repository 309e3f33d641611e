//! The list of all pairs of an organisation (R54).
//!
//! Pairs are listed by their strongest reason. A step walks along the index of one reason: it reads
//! a bounded window of rows, finds the values in it that a few contacts share, and compares these
//! contacts. A page ends when it is full, or after a bounded number of steps; then its cursor is
//! where the last step ended. So no page reads more than a few windows, however many contacts the
//! organisation has.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    ComparedValues, ContactId, DuplicatePair, DuplicateReason, PairCursor, PairQuery, SharedValues,
};
use contacts_core::page::Page;
use contacts_core::{OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use uuid::Uuid;

use super::compared::{COMPARED, ComparedRow, shared_values};
use super::contacts_by_id;
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};
use crate::statement::{Bind, Statement};

/// Maximum number of steps of a page: one for each reason of a small organisation.
const MAX_STEPS: usize = 4;

/// Minimum number of shared values that a step asks for. Some have no pair, for example because the
/// pair was dismissed.
const MIN_VALUES: usize = 50;

/// How the contacts with a reason are found.
struct Walk {
    /// The column of the shared value.
    column: &'static str,
    /// The contacts to walk along, in the index of the column.
    condition: &'static str,
    /// Maximum number of rows of a window.
    window: usize,
    /// The condition that a shared value `w.value` may have a pair.
    check: &'static str,
}

const PHONE: Walk = Walk {
    column: "phone_e164",
    condition: "c.phone_e164 IS NOT NULL",
    window: 50_000,
    check: "w.contacts > 1",
};

const NAME_AND_DOMAIN: Walk = Walk {
    column: "name_key",
    condition: "c.name_key <> ''",
    window: 50_000,
    check: "w.contacts > 1 AND (SELECT count(*) > count(DISTINCT split_part(c.email_key, '@', 2)) \
         FROM contacts c WHERE c.org_id = $1 AND c.name_key = w.value AND c.email_key <> '')",
};

/// Walks along the names of contacts without an address: one of a pair has none.
const NAME: Walk = Walk {
    column: "name_key",
    condition: "c.email_key = '' AND c.name_key <> ''",
    window: 20_000,
    check: "(SELECT count(*) > 1 FROM (SELECT 1 FROM contacts c WHERE c.org_id = $1 \
         AND c.name_key = w.value LIMIT 2) c)",
};

/// The result of a step.
struct Step {
    pairs: Vec<Found>,
    /// Where the next step of the reason begins. `None` at the end.
    next: Option<PairCursor>,
}

/// A pair, before its contacts are loaded.
struct Found {
    cursor: PairCursor,
    one: ContactId,
    other: ContactId,
    reasons: Vec<DuplicateReason>,
}

#[derive(QueryableByName)]
struct ValueRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    other_id: Uuid,
}

pub(super) fn page(
    tx: &mut Tx<'_>,
    query: &PairQuery,
) -> PgResult<Page<DuplicatePair, PairCursor>> {
    let (mut found, mut steps) = (Vec::new(), 0);
    let mut next = None;
    'reasons: for reason in query.reasons() {
        let after = query.after.clone().filter(|after| after.reason == reason);
        let mut at = Some(after.unwrap_or_else(|| PairCursor::start(reason)));
        while let Some(from) = at {
            if found.len() > query.limit || steps == MAX_STEPS {
                next = Some(from);
                break 'reasons;
            }
            let missing = query.limit + 1 - found.len();
            let step = step(tx, &from, missing)?;
            found.extend(step.pairs);
            at = step.next;
            steps += 1;
        }
    }
    if found.len() > query.limit {
        found.truncate(query.limit);
        next = found.last().map(|pair| pair.cursor.clone());
    }
    Ok(Page { items: loaded(tx, found)?, next })
}

/// Loads the contacts of pairs.
fn loaded(tx: &mut Tx<'_>, found: Vec<Found>) -> PgResult<Vec<DuplicatePair>> {
    let ids: BTreeSet<_> = found.iter().flat_map(|pair| [pair.one.0, pair.other.0]).collect();
    let contacts = contacts_by_id(tx, ids.into_iter().collect())?;
    let pairs = found.into_iter().filter_map(|Found { one, other, reasons, .. }| {
        let (one, other) = (contacts.get(&one)?.clone(), contacts.get(&other)?.clone());
        Some(DuplicatePair { one, other, reasons })
    });
    Ok(pairs.collect())
}

/// Finds the next pairs with a reason: usually at least `pairs`, unless the step ends earlier.
fn step(tx: &mut Tx<'_>, from: &PairCursor, pairs: usize) -> PgResult<Step> {
    match from.reason {
        DuplicateReason::Captured => captured(tx, from, pairs),
        DuplicateReason::Phone => walk(tx, from, &PHONE, pairs),
        DuplicateReason::NameAndDomain => walk(tx, from, &NAME_AND_DOMAIN, pairs),
        DuplicateReason::Name => walk(tx, from, &NAME, pairs),
        DuplicateReason::SimilarName => Ok(Step { pairs: Vec::new(), next: None }),
    }
}

/// Finds recorded pairs.
fn captured(tx: &mut Tx<'_>, from: &PairCursor, limit: usize) -> PgResult<Step> {
    let (one, other) = from.pair.unwrap_or((ContactId(Uuid::nil()), ContactId(Uuid::nil())));
    let select = "SELECT p.contact_id, p.other_id FROM possible_duplicates p \
         WHERE p.org_id = $1 AND NOT p.dismissed AND (p.contact_id, p.other_id) > ($2, $3) \
         ORDER BY p.contact_id, p.other_id LIMIT $4";
    let rows: Vec<PairRow> = tx
        .query(select)
        .bind::<SqlUuid, _>(one.0)
        .bind::<SqlUuid, _>(other.0)
        .bind::<BigInt, _>(limit as i64)
        .load(tx)?;
    let select = format!(
        "SELECT {COMPARED} FROM contacts c WHERE c.org_id = $1 AND c.id = ANY($2) ORDER BY c.id"
    );
    let ids: Vec<_> = rows.iter().flat_map(|row| [row.contact_id, row.other_id]).collect();
    let values: Vec<ComparedRow> = tx.query(select).bind::<Array<SqlUuid>, _>(ids).load(tx)?;
    let values: BTreeMap<_, _> = values.into_iter().map(ComparedRow::read).collect();
    let shared = shared_values(tx, values.values())?;
    let is_end = rows.len() < limit;
    let mut pairs = Vec::new();
    for PairRow { contact_id, other_id } in rows {
        let (Some(one), Some(other)) = (values.get(&contact_id), values.get(&other_id)) else {
            continue;
        };
        let mut reasons = vec![DuplicateReason::Captured];
        reasons.extend(DuplicateReason::between(one, other, &shared));
        let (one, other) = (ContactId(contact_id), ContactId(other_id));
        let cursor = PairCursor { pair: Some((one, other)), ..PairCursor::start(from.reason) };
        pairs.push(Found { cursor, one, other, reasons });
    }
    let next = if is_end { None } else { pairs.last().map(|pair| pair.cursor.clone()) };
    Ok(Step { pairs, next })
}

/// Finds pairs in a window of the index of a shared value.
fn walk(tx: &mut Tx<'_>, from: &PairCursor, walk: &Walk, pairs: usize) -> PgResult<Step> {
    let limit = pairs.max(MIN_VALUES);
    let mut select = tx.statement();
    push_values(&mut select, walk, &from.value, limit);
    let values: Vec<ValueRow> = select.load(tx)?;
    let next = match values.last() {
        Some(last) if values.len() == limit => {
            // The step has compared all contacts with the last value.
            let end = ContactId(Uuid::max());
            Some((last.value.clone(), Some((end, end))))
        }
        _ => window_end(tx, walk, &from.value)?.map(|value| (value, None)),
    };
    let values = values.into_iter().map(|row| row.value).collect();
    let pairs = compare(tx, from, walk, values)?;
    let next = next.map(|(value, pair)| PairCursor { reason: from.reason, value, pair });
    Ok(Step { pairs, next })
}

/// Appends the query for the shared values of a window, in order.
fn push_values(select: &mut Statement, walk: &Walk, from: &str, limit: usize) {
    let Walk { column, condition, window, check } = walk;
    let max = SharedValues::MAX_CONTACTS;
    select.push(&format!(
        "SELECT w.value FROM (SELECT w.value, count(*) AS contacts FROM (\
             SELECT c.{column} AS value FROM contacts c WHERE c.org_id = $1 AND {condition} \
             AND c.{column} >= "
    ));
    select.bind(Bind::Text(from.to_owned())).push(&format!(
        " ORDER BY c.{column} LIMIT {window}) w GROUP BY w.value HAVING count(*) <= {max}) w \
         WHERE {check} ORDER BY w.value LIMIT {limit}"
    ));
}

/// Returns the value at which the next window begins, or `None` when this window is the last. The
/// next window begins with the last value of this one, which may go on beyond its end.
fn window_end(tx: &mut Tx<'_>, walk: &Walk, from: &str) -> PgResult<Option<String>> {
    let Walk { column, condition, window, .. } = walk;
    let mut value = |from: &str, comparison: &str, offset: usize| -> PgResult<Option<String>> {
        let mut select = tx.statement();
        select.push(&format!(
            "SELECT c.{column} AS value FROM contacts c WHERE c.org_id = $1 AND {condition} \
             AND c.{column} {comparison} "
        ));
        select.bind(Bind::Text(from.to_owned()));
        select.push(&format!(" ORDER BY c.{column} LIMIT 1 OFFSET {offset}"));
        let row: Option<ValueRow> = select.row(tx)?;
        Ok(row.map(|row| row.value))
    };
    match value(from, ">=", *window)? {
        // One value fills the window.
        Some(end) if end == from => value(from, ">", 0),
        end => Ok(end),
    }
}

/// Returns the pairs of the contacts that share the values, in order, without recorded pairs.
fn compare(
    tx: &mut Tx<'_>,
    from: &PairCursor,
    walk: &Walk,
    values: Vec<String>,
) -> PgResult<Vec<Found>> {
    let (column, limit) = (walk.column, SharedValues::MAX_CONTACTS + 1);
    let select = format!(
        "SELECT {COMPARED} FROM unnest($2) AS v (value) CROSS JOIN LATERAL (SELECT c.* \
         FROM contacts c WHERE c.org_id = $1 AND c.{column} = v.value LIMIT {limit}) c"
    );
    let rows: Vec<ComparedRow> = tx.query(select).bind::<Array<Text>, _>(values).load(tx)?;
    let contacts: BTreeMap<_, _> = rows.into_iter().map(ComparedRow::read).collect();
    let shared = shared_values(tx, contacts.values())?;
    let recorded = recorded_pairs(tx, contacts.keys().copied().collect())?;
    let mut pairs: Vec<Found> = Vec::new();
    for group in grouped(walk, &contacts) {
        for (at, (one, values)) in group.iter().enumerate() {
            for (other, other_values) in &group[at + 1..] {
                let reasons = DuplicateReason::between(values, other_values, &shared);
                if reasons.first() != Some(&from.reason) || recorded.contains(&(*one, *other)) {
                    continue;
                }
                let value = shared_value(walk, values).to_owned();
                let (one, other) = (ContactId(*one), ContactId(*other));
                let cursor = PairCursor { reason: from.reason, value, pair: Some((one, other)) };
                if cursor > *from {
                    pairs.push(Found { cursor, one, other, reasons });
                }
            }
        }
    }
    pairs.sort_by(|one, other| one.cursor.cmp(&other.cursor));
    Ok(pairs)
}

/// A contact and its values.
type Compared<'a> = (Uuid, &'a ComparedValues);

/// Groups contacts by the value that they share, each group in the order of ids.
fn grouped<'a>(
    walk: &Walk,
    contacts: &'a BTreeMap<Uuid, ComparedValues>,
) -> Vec<Vec<Compared<'a>>> {
    let mut groups: BTreeMap<&str, Vec<Compared<'a>>> = BTreeMap::new();
    for (id, values) in contacts {
        groups.entry(shared_value(walk, values)).or_default().push((*id, values));
    }
    groups.into_values().collect()
}

fn shared_value<'a>(walk: &Walk, values: &'a ComparedValues) -> &'a str {
    match walk.column {
        "phone_e164" => values.number.as_deref().unwrap_or_default(),
        _ => &values.name,
    }
}

/// Returns the recorded pairs among contacts, captured or dismissed.
fn recorded_pairs(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> PgResult<BTreeSet<(Uuid, Uuid)>> {
    let select = "SELECT p.contact_id, p.other_id FROM possible_duplicates p \
         WHERE p.org_id = $1 AND p.contact_id = ANY($2) AND p.other_id = ANY($2)";
    let rows: Vec<PairRow> = tx.query(select).bind::<Array<SqlUuid>, _>(ids).load(tx)?;
    Ok(rows.into_iter().map(|row| (row.contact_id, row.other_id)).collect())
}

/// Returns the plans of the steps of each reason that walks along an index of contacts.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when the database refuses a statement.
pub fn explain_pairs(database: &Database, org: OrgId) -> Result<Vec<String>> {
    database.read(org, |tx| {
        let walks = [&PHONE, &NAME_AND_DOMAIN, &NAME].into_iter();
        let plans = walks.map(|walk| {
            let mut select = tx.statement();
            push_values(&mut select, walk, "", MIN_VALUES);
            select.plan(tx)
        });
        plans.collect()
    })
}
