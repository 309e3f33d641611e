//! Corrected rows that wait to come back into their import (R58). The rows that are left are the
//! position of the run that imports them.

use std::collections::BTreeSet;

use contacts_core::Actor;
use contacts_core::import::{CellEdit, Corrections, ImportId, PlannedRow, SkipCode, Tally};
use contacts_core::job::Job;
use contacts_core::trail::TrailEvent;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};

use super::corrections;
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::jobs::{enqueue, remove};
use crate::statement::IdRow;
use crate::trail::record;

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
}

#[derive(QueryableByName)]
struct CodeRow {
    #[diesel(sql_type = Text)]
    code: String,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

/// Returns the numbers of the rows that wait, in their order.
pub(super) fn read(tx: &mut Tx<'_>, import: ImportId) -> PgResult<Vec<u64>> {
    let select = "SELECT row_number FROM import_retries WHERE org_id = $1 AND import_id = $2 \
         ORDER BY row_number";
    let rows: Vec<NumberRow> = tx.query(select).bind::<SqlUuid, _>(import.0).load(tx)?;
    Ok(rows.into_iter().map(|row| row.row_number.cast_unsigned()).collect())
}

/// Corrects cells of skipped rows of an import that is done. Returns whether it was.
pub(super) fn correct(tx: &mut Tx<'_>, import: ImportId, edits: &[CellEdit]) -> PgResult<bool> {
    if !lock_done(tx, import)? {
        return Ok(false);
    }
    let numbers: Vec<_> = edits.iter().map(|edit| edit.row.cast_signed()).collect();
    let select = "SELECT DISTINCT row_number FROM import_issues \
         WHERE org_id = $1 AND import_id = $2 AND row_number = ANY($3) AND code <> 'warning'";
    let skipped: Vec<NumberRow> = tx
        .query(select)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<BigInt>, _>(&numbers)
        .load(tx)?;
    let skipped: BTreeSet<_> = skipped.iter().map(|row| row.row_number.cast_unsigned()).collect();
    Corrections::check_skipped(edits, &skipped)?;
    corrections::edit(tx, import, edits)?;
    let rows: Vec<_> = skipped.iter().map(|row| row.cast_signed()).collect();
    let insert = "INSERT INTO import_retries (org_id, import_id, row_number) \
         SELECT $1, $2, n FROM unnest($3) AS n ON CONFLICT DO NOTHING";
    tx.query(insert).bind::<SqlUuid, _>(import.0).bind::<Array<BigInt>, _>(rows).execute(tx)?;
    let count = "UPDATE imports SET corrected_rows = ( \
             SELECT count(*) FROM import_retries r WHERE r.org_id = $1 AND r.import_id = $2) \
         WHERE org_id = $1 AND id = $2";
    tx.query(count).bind::<SqlUuid, _>(import.0).execute(tx)?;
    Ok(true)
}

/// Corrects cells of an import that is done, and starts the run of its corrected rows. Returns
/// whether it was done and a row waits.
pub(super) fn retry(
    tx: &mut TimedTx<'_>,
    import: ImportId,
    edits: &[CellEdit],
    actor: Actor,
) -> PgResult<bool> {
    let now = tx.now;
    let is_done =
        if edits.is_empty() { lock_done(tx, import)? } else { correct(tx, import, edits)? };
    if !is_done {
        return Ok(false);
    }
    let start = "UPDATE imports SET state = 'running', problem = NULL, started_at = NULL, \
             finished_at = NULL, retried_rows = corrected_rows \
         WHERE org_id = $1 AND id = $2 AND corrected_rows > 0";
    if tx.query(start).bind::<SqlUuid, _>(import.0).execute(tx)? == 0 {
        return Ok(false);
    }
    record(tx, &TrailEvent::import_started(import), actor, now)?;
    // The worker that ended the import may not have ended its job yet.
    remove(tx, Job::RunImport(import))?;
    enqueue(tx, Job::RunImport(import)).map(|()| true)
}

/// Returns whether all rows of a chunk wait.
pub(super) fn is_waiting(tx: &mut Tx<'_>, import: ImportId, rows: &[PlannedRow]) -> PgResult<bool> {
    let select = "SELECT count(*) AS rows FROM import_retries \
         WHERE org_id = $1 AND import_id = $2 AND row_number = ANY($3)";
    let found: CountRow = tx
        .query(select)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<BigInt>, _>(numbers(rows))
        .get_result(tx)?;
    Ok(found.rows == rows.len() as i64)
}

/// Takes the rows of a chunk from those that wait, and deletes their issues, before they are applied.
/// Subtracts their former skips from the tally.
pub(super) fn take(
    tx: &mut Tx<'_>,
    import: ImportId,
    rows: &[PlannedRow],
    tally: &mut Tally,
) -> PgResult<()> {
    let numbers = numbers(rows);
    tx.query(
        "DELETE FROM import_retries WHERE org_id = $1 AND import_id = $2 AND row_number = ANY($3)",
    )
    .bind::<SqlUuid, _>(import.0)
    .bind::<Array<BigInt>, _>(&numbers)
    .execute(tx)?;
    let delete = "DELETE FROM import_issues WHERE org_id = $1 AND import_id = $2 \
         AND row_number = ANY($3) RETURNING code";
    let codes: Vec<CodeRow> = tx
        .query(delete)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<BigInt>, _>(&numbers)
        .load(tx)?;
    for CodeRow { code } in codes {
        tally.unskip(SkipCode::parse(&code).ok_or_else(|| unreadable("import_issues.code"))?);
    }
    tx.query(
        "UPDATE imports SET corrected_rows = corrected_rows - $3 WHERE org_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(import.0)
    .bind::<BigInt, _>(numbers.len() as i64)
    .execute(tx)
    .map(drop)
}

/// Forgets the rows that wait, together with their corrections.
pub(super) fn forget(tx: &mut Tx<'_>, import: ImportId) -> PgResult<()> {
    tx.query("DELETE FROM import_retries WHERE org_id = $1 AND import_id = $2")
        .bind::<SqlUuid, _>(import.0)
        .execute(tx)?;
    tx.query("UPDATE imports SET corrected_rows = 0 WHERE org_id = $1 AND id = $2 AND corrected_rows > 0")
        .bind::<SqlUuid, _>(import.0)
        .execute(tx)
        .map(drop)
}

/// Locks an import that is done, whose file is stored and whose undo was never started.
fn lock_done(tx: &mut Tx<'_>, import: ImportId) -> PgResult<bool> {
    let lock = "SELECT id FROM imports WHERE org_id = $1 AND id = $2 AND state = 'done' \
         AND file_state = 'kept' FOR UPDATE";
    let done: Option<IdRow> = tx.query(lock).bind::<SqlUuid, _>(import.0).row(tx)?;
    let undo = "SELECT id FROM undos WHERE org_id = $1 AND subject_id = $2";
    let undo: Option<IdRow> = tx.query(undo).bind::<SqlUuid, _>(import.0).row(tx)?;
    Ok(done.is_some() && undo.is_none())
}

fn numbers(rows: &[PlannedRow]) -> Vec<i64> {
    rows.iter().map(|row| row.number.cast_signed()).collect()
}
