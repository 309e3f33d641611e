//! The port of possible duplicates (R17, R20, R54).
//!
//! Postgres finds candidates through indexes on phone numbers, names and recorded pairs, and the
//! values that too many contacts share. The core decides which candidates are duplicates.

mod compared;
mod of_contact;
mod pairs;

use std::collections::BTreeMap;

use contacts_core::contact::{
    Contact, ContactId, Duplicate, DuplicateCursor, DuplicatePair, DuplicateRepository, PairCursor,
    PairQuery,
};
use contacts_core::page::Page;
use contacts_core::{OrgId, Result};
use diesel::query_dsl::methods::{FilterDsl as _, FindDsl as _};
use diesel::{ExpressionMethods, Insertable, delete, insert_into, update};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::pairs::explain_pairs;
use crate::Database;
use crate::contacts::{ContactRow, Custom, FIRST_SOURCE, find, lock_contacts, select_contacts};
use crate::database::{PgResult, RunQuery, TimedTx, Tx};
use crate::schema::possible_duplicates;
use crate::statement::Bind;

impl DuplicateRepository for Database {
    fn duplicates(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<DuplicateCursor>,
        limit: usize,
    ) -> Result<Vec<Duplicate>> {
        self.read(org, |tx| of_contact::duplicates(tx, contact, after, limit))
    }

    fn pairs(&self, org: OrgId, query: &PairQuery) -> Result<Page<DuplicatePair, PairCursor>> {
        self.read(org, |tx| pairs::page(tx, query))
    }

    fn set_dismissed(
        &self,
        org: OrgId,
        pair: [ContactId; 2],
        dismissed: bool,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            lock_contacts(tx, &pair)?;
            for id in pair {
                if find(tx, id, Custom::Shown, "")?.is_none() {
                    return Ok(false);
                }
            }
            if dismissed {
                dismiss(tx, pair)?
            } else {
                restore(tx, pair)?
            }
            Ok(true)
        })
    }
}

fn dismiss(tx: &mut TimedTx<'_>, pair: [ContactId; 2]) -> PgResult<()> {
    insert_into(possible_duplicates::table)
        .values(Pair { dismissed: true, ..Pair::new(tx, pair) })
        .on_conflict(KEY)
        .do_update()
        .set(possible_duplicates::dismissed.eq(true))
        .execute(tx)
        .map(drop)
}

/// Takes a dismissal back. What remains of the row is what a capture recorded.
fn restore(tx: &mut TimedTx<'_>, pair: [ContactId; 2]) -> PgResult<()> {
    let pair = Pair::new(tx, pair);
    let row = possible_duplicates::table.find((pair.org_id, pair.contact_id, pair.other_id));
    update(row).set(possible_duplicates::dismissed.eq(false)).execute(tx)?;
    delete(row.filter(possible_duplicates::captured.eq(false))).execute(tx).map(drop)
}

/// Records that a capture found two locked contacts to be possible duplicates. A pair that was
/// dismissed stays so.
pub(crate) fn record_pair(tx: &mut TimedTx<'_>, one: ContactId, other: ContactId) -> PgResult<()> {
    insert_into(possible_duplicates::table)
        .values(Pair { captured: true, ..Pair::new(tx, [one, other]) })
        .on_conflict(KEY)
        .do_update()
        .set(possible_duplicates::captured.eq(true))
        .filter(possible_duplicates::captured.eq(false))
        .execute(tx)
        .map(drop)
}

/// The unique key of a pair.
const KEY: (
    possible_duplicates::org_id,
    possible_duplicates::contact_id,
    possible_duplicates::other_id,
) = (possible_duplicates::org_id, possible_duplicates::contact_id, possible_duplicates::other_id);

/// A row of `possible_duplicates`: a pair that a capture recorded, that a user dismissed, or both.
/// The smaller id comes first.
#[derive(Insertable)]
#[diesel(table_name = possible_duplicates)]
struct Pair {
    org_id: Uuid,
    contact_id: Uuid,
    other_id: Uuid,
    at: OffsetDateTime,
    captured: bool,
    dismissed: bool,
}

impl Pair {
    fn new(tx: &TimedTx<'_>, [one, other]: [ContactId; 2]) -> Self {
        Self {
            org_id: tx.org.0,
            contact_id: one.min(other).0,
            other_id: one.max(other).0,
            at: tx.now,
            captured: false,
            dismissed: false,
        }
    }
}

/// Loads contacts by their ids.
fn contacts_by_id(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> PgResult<BTreeMap<ContactId, Contact>> {
    let org = tx.org;
    let mut select = tx.statement();
    select_contacts(&mut select, Custom::Shown, |select| {
        select.push("contacts c").push(FIRST_SOURCE);
        select.push("WHERE c.org_id = $1 AND c.id = ANY(").bind(Bind::Uuids(ids)).push(")");
    });
    let rows: Vec<ContactRow> = select.load(tx)?;
    let contacts = rows.into_iter().map(|row| row.read(org));
    contacts.map(|contact| contact.map(|contact| (contact.id, contact))).collect()
}
