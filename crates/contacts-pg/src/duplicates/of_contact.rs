//! The possible duplicates of one contact.

use std::collections::BTreeSet;

use contacts_core::contact::{
    ComparedValues, ContactId, Duplicate, DuplicateCursor, DuplicateReason, SharedValues, Strength,
};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use uuid::Uuid;

use super::compared::{COMPARED, ComparedRow, shared_values};
use super::contacts_by_id;
use crate::database::{PgResult, RunQuery, Tx};
use crate::statement::{Bind, Statement};

/// A recorded pair of the contact with another.
#[derive(QueryableByName)]
struct PairRow {
    #[diesel(sql_type = SqlUuid)]
    other: Uuid,
    #[diesel(sql_type = Bool)]
    dismissed: bool,
}

pub(super) fn duplicates(
    tx: &mut Tx<'_>,
    contact: ContactId,
    after: Option<DuplicateCursor>,
    limit: usize,
) -> PgResult<Vec<Duplicate>> {
    let select = format!("SELECT {COMPARED} FROM contacts c WHERE c.org_id = $1 AND c.id = $2");
    let own: Option<ComparedRow> = tx.query(select).bind::<SqlUuid, _>(contact.0).row(tx)?;
    let Some((_, own)) = own.map(ComparedRow::read) else { return Ok(Vec::new()) };
    let recorded = recorded_pairs(tx, contact)?;
    let with_state = |dismissed| {
        let pairs = recorded.iter().filter(move |pair| pair.dismissed == dismissed);
        pairs.map(|pair| pair.other).collect::<BTreeSet<_>>()
    };
    let (captured, dismissed) = (with_state(false), with_state(true));
    let mut candidates = candidates(tx, contact, &own, captured.iter().copied().collect())?;
    candidates.retain(|(id, _)| !dismissed.contains(id));
    let reasons = |id: &Uuid, values: &ComparedValues, shared: &SharedValues| {
        let captured = captured.contains(id).then_some(DuplicateReason::Captured);
        let between = DuplicateReason::between(&own, values, shared);
        captured.into_iter().chain(between).collect::<Vec<_>>()
    };
    // Most neighbours have another name altogether.
    let none = SharedValues::default();
    candidates.retain(|(id, values)| !reasons(id, values, &none).is_empty());
    let values = candidates.iter().map(|(_, values)| values);
    let shared = shared_values(tx, values.chain([&own]))?;
    let mut found: Vec<_> = candidates
        .iter()
        .map(|(id, values)| (ContactId(*id), reasons(id, values, &shared)))
        .filter(|(_, reasons)| !reasons.is_empty())
        .map(|(id, reasons)| {
            (DuplicateCursor { strength: Strength::of(&reasons), contact: id }, reasons)
        })
        .filter(|(cursor, _)| after.is_none_or(|after| *cursor > after))
        .collect();
    found.sort();
    found.truncate(limit);
    let ids = found.iter().map(|(cursor, _)| cursor.contact.0).collect();
    let mut contacts = contacts_by_id(tx, ids)?;
    let found = found.into_iter().filter_map(|(cursor, reasons)| {
        let contact = contacts.remove(&cursor.contact)?;
        Some(Duplicate { contact, reasons })
    });
    Ok(found.collect())
}

fn recorded_pairs(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<Vec<PairRow>> {
    let select = "SELECT p.other_id AS other, p.dismissed FROM possible_duplicates p \
             WHERE p.org_id = $1 AND p.contact_id = $2 \
         UNION ALL SELECT p.contact_id, p.dismissed FROM possible_duplicates p \
             WHERE p.org_id = $1 AND p.other_id = $2";
    tx.query(select).bind::<SqlUuid, _>(contact.0).load(tx)
}

/// Returns the contacts that may have a reason: those with the same number or name, the neighbours
/// of the name, and those that a capture paired with the contact.
fn candidates(
    tx: &mut Tx<'_>,
    contact: ContactId,
    own: &ComparedValues,
    captured: Vec<Uuid>,
) -> PgResult<Vec<(Uuid, ComparedValues)>> {
    let mut select = tx.statement();
    select.push(&format!("SELECT {COMPARED} FROM contacts c WHERE c.org_id = $1 AND c.id <> "));
    select.bind(Bind::Uuid(contact.0)).push(" AND c.id = ANY(ARRAY(SELECT unnest(");
    select.bind(Bind::Uuids(captured)).push(")");
    if let Some(number) = &own.number {
        union(&mut select, "c.phone_e164 = ", number, None);
    }
    if !own.name.is_empty() {
        union(&mut select, "c.name_key = ", &own.name, None);
        union(&mut select, "c.name_key > ", &own.name, Some("c.name_key, c.id"));
        let down = "c.name_key DESC, c.id DESC";
        union(&mut select, "c.name_key <> '' AND c.name_key < ", &own.name, Some(down));
    }
    select.push("))");
    let rows: Vec<ComparedRow> = select.load(tx)?;
    Ok(rows.into_iter().map(ComparedRow::read).collect())
}

/// Adds the contacts whose value compares with `value`: the nearest in an order, or as many as may
/// share a value, and one more.
fn union(select: &mut Statement, condition: &str, value: &str, order: Option<&str>) {
    select.push(" UNION ALL (SELECT c.id FROM contacts c WHERE c.org_id = $1 AND ").push(condition);
    select.bind(Bind::Text(value.to_owned()));
    let limit = match order {
        Some(order) => {
            select.push(" ORDER BY ").push(order);
            Duplicate::NAME_NEIGHBOURS
        }
        None => SharedValues::MAX_CONTACTS + 1,
    };
    select.push(&format!(" LIMIT {limit})"));
}
