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
use diesel::upsert::excluded;
use diesel::{ExpressionMethods, Insertable, insert_into};
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

    fn dismiss(
        &self,
        org: OrgId,
        contact: ContactId,
        other: ContactId,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            lock_contacts(tx, &[contact, other])?;
            for id in [contact, other] {
                if find(tx, id, Custom::Shown, "")?.is_none() {
                    return Ok(false);
                }
            }
            let dismissed = possible_duplicates::dismissed;
            insert_into(possible_duplicates::table)
                .values(Pair::of(tx, contact, other, true))
                .on_conflict(KEY)
                .do_update()
                .set(dismissed.eq(excluded(dismissed)))
                .execute(tx)?;
            Ok(true)
        })
    }
}

/// Records two locked contacts as possible duplicates, unless the pair is recorded already, for
/// example as dismissed.
pub(crate) fn record_pair(tx: &mut TimedTx<'_>, one: ContactId, other: ContactId) -> PgResult<()> {
    insert_into(possible_duplicates::table)
        .values(Pair::of(tx, one, other, false))
        .on_conflict(KEY)
        .do_nothing()
        .execute(tx)
        .map(drop)
}

/// The unique key of a pair.
const KEY: (
    possible_duplicates::org_id,
    possible_duplicates::contact_id,
    possible_duplicates::other_id,
) = (possible_duplicates::org_id, possible_duplicates::contact_id, possible_duplicates::other_id);

/// A row of `possible_duplicates`. The smaller id comes first.
#[derive(Insertable)]
#[diesel(table_name = possible_duplicates)]
struct Pair {
    org_id: Uuid,
    contact_id: Uuid,
    other_id: Uuid,
    at: OffsetDateTime,
    dismissed: bool,
}

impl Pair {
    fn of(tx: &TimedTx<'_>, one: ContactId, other: ContactId, dismissed: bool) -> Self {
        Self {
            org_id: tx.org.0,
            contact_id: one.min(other).0,
            other_id: one.max(other).0,
            at: tx.now,
            dismissed,
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
