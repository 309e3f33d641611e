//! Limits on the number of rows that an organisation has in a table.

use contacts_core::Error;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use crate::database::{PgResult, RunQuery, Tx};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Fails when the organisation already has `limit` rows in the table; `noun` is the plural name of
/// the rows for the error. A concurrent transaction with the same check waits until this one has
/// ended, and counts its row.
pub(crate) fn check_limit(
    tx: &mut Tx<'_>,
    table: &'static str,
    limit: usize,
    noun: &str,
) -> PgResult<()> {
    lock_table(tx, table)?;
    let count = format!("SELECT count(*) AS rows FROM {table} WHERE org_id = $1");
    let counted: Counted = tx.query(count).get_result(tx)?;
    if counted.rows < limit as i64 { Ok(()) } else { Err(Error::limit_reached(limit, noun).into()) }
}

/// Locks the organisation's rows of a table against other transactions that call this function,
/// until the transaction ends.
pub(crate) fn lock_table(tx: &mut Tx<'_>, table: &'static str) -> PgResult<()> {
    // The statement locks the row whether it inserts or updates it.
    let lock = "INSERT INTO limit_locks (org_id, resource) VALUES ($1, $2) \
         ON CONFLICT (org_id, resource) DO UPDATE SET resource = excluded.resource";
    tx.query(lock).bind::<Text, _>(table).execute(tx).map(drop)
}
