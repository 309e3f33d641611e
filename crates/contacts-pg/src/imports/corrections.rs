//! The stored corrections of the cells of imports (R58).

use std::collections::BTreeSet;

use contacts_core::import::{CellEdit, Corrections, ImportId};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid};

use super::{lock_ready, retries};
use crate::database::{PgResult, RunQuery, Tx, unreadable};

#[derive(QueryableByName)]
struct CellRow {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
    #[diesel(sql_type = Integer)]
    column_number: i32,
    #[diesel(sql_type = Text)]
    cell: String,
}

/// Returns the corrections of an import.
pub(super) fn read(tx: &mut Tx<'_>, import: ImportId) -> PgResult<Corrections> {
    let select = "SELECT row_number, column_number, cell FROM import_corrections \
         WHERE org_id = $1 AND import_id = $2";
    let cells: Vec<CellRow> = tx.query(select).bind::<SqlUuid, _>(import.0).load(tx)?;
    let cells = cells.into_iter().map(|CellRow { row_number, column_number, cell }| {
        let column = usize::try_from(column_number);
        let column = column.ok().ok_or_else(|| unreadable("import_corrections.column_number"))?;
        Ok((row_number.cast_unsigned(), column, cell))
    });
    cells.collect()
}

/// Corrects cells of an import that is ready or done. Returns whether it was.
pub(super) fn correct(tx: &mut Tx<'_>, import: ImportId, edits: &[CellEdit]) -> PgResult<bool> {
    // It locks the import, so that no other correction counts the same cells.
    if lock_ready(tx, import)?.is_none() {
        return retries::correct(tx, import, edits);
    }
    edit(tx, import, edits)?;
    tx.query("UPDATE dry_runs SET is_outdated = true WHERE org_id = $1 AND import_id = $2")
        .bind::<SqlUuid, _>(import.0)
        .execute(tx)?;
    Ok(true)
}

/// Changes the corrections of a locked import.
pub(super) fn edit(tx: &mut Tx<'_>, import: ImportId, edits: &[CellEdit]) -> PgResult<()> {
    let mut corrections = read(tx, import)?;
    corrections.edit(edits)?;
    let edited: BTreeSet<_> = edits.iter().map(|edit| (edit.row, edit.column)).collect();
    delete(tx, import, &edited)?;
    let cells: Vec<_> =
        corrections.iter().filter(|(row, column, _)| edited.contains(&(*row, *column))).collect();
    let (rows, columns) = numbers(cells.iter().map(|(row, column, _)| (*row, *column)));
    let texts: Vec<_> = cells.iter().map(|(_, _, text)| *text).collect();
    let insert = "INSERT INTO import_corrections \
             (org_id, import_id, row_number, column_number, cell) \
         SELECT $1, $2, e.row_number, e.column_number, e.cell \
         FROM unnest($3, $4, $5) AS e (row_number, column_number, cell)";
    tx.query(insert)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<BigInt>, _>(rows)
        .bind::<Array<Integer>, _>(columns)
        .bind::<Array<Text>, _>(texts)
        .execute(tx)
        .map(drop)
}

/// Deletes the corrections of an import, together with its file or when its cells become others.
pub(crate) fn forget_corrections(tx: &mut Tx<'_>, import: ImportId) -> PgResult<()> {
    tx.query("DELETE FROM import_corrections WHERE org_id = $1 AND import_id = $2")
        .bind::<SqlUuid, _>(import.0)
        .execute(tx)?;
    retries::forget(tx, import)
}

fn delete(tx: &mut Tx<'_>, import: ImportId, cells: &BTreeSet<(u64, usize)>) -> PgResult<()> {
    let (rows, columns) = numbers(cells.iter().copied());
    let delete = "DELETE FROM import_corrections c WHERE c.org_id = $1 AND c.import_id = $2 \
         AND (c.row_number, c.column_number) IN (SELECT e.row_number, e.column_number \
             FROM unnest($3, $4) AS e (row_number, column_number))";
    tx.query(delete)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<BigInt>, _>(rows)
        .bind::<Array<Integer>, _>(columns)
        .execute(tx)
        .map(drop)
}

/// Returns the numbers of rows and columns as Postgres stores them. Files have far fewer columns
/// than an `i32` can count.
fn numbers(cells: impl Iterator<Item = (u64, usize)>) -> (Vec<i64>, Vec<i32>) {
    cells
        .map(|(row, column)| (row.cast_signed(), i32::try_from(column).unwrap_or(i32::MAX)))
        .unzip()
}
