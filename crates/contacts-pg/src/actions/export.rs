//! Exports: each part is written in the transaction that counts it; the file is deleted later.

use contacts_core::action::{Action, ActionId, Chunk};
use contacts_core::contact::ContactId;
use contacts_core::export::{Columns, ExportPage, ExportPartIo};
use contacts_core::file::FileId;
use contacts_core::{Error, Result};
use diesel::dsl::max;
use diesel::{ExpressionMethods, QueryDsl, delete, insert_into, update};
use uuid::Uuid;

use super::apply::With;
use crate::database::{PgResult, RunQuery, Tx};
use crate::exports::these;
use crate::schema::{actions, file_chunks};

/// Appends the contacts that exist to the file. The action's row is locked, so no other transaction
/// appends to it.
pub(super) fn export(
    tx: &mut Tx<'_>,
    action: &Action,
    is_first: bool,
    with: &With<'_>,
    ids: &[Uuid],
) -> PgResult<Chunk> {
    let (With::Sheet(sheet), Some(file)) = (with, action.file) else {
        return Err(Error::store("an export has a sheet and a file").into());
    };
    let columns = sheet.columns();
    let next = next_chunk(tx, file)?;
    let ids: Vec<_> = ids.iter().copied().map(ContactId).collect();
    let mut copied = Copied { tx, columns, file, next };
    let unchanged = sheet.part(&ids, is_first, &mut copied)?;
    Ok(Chunk { unchanged, ..Chunk::default() })
}

/// Returns the number of the file's next chunk. Chunks of transactions that failed do not count.
fn next_chunk(tx: &mut Tx<'_>, file: FileId) -> PgResult<i32> {
    let last: Option<i32> = file_chunks::table
        .filter(file_chunks::org_id.eq(tx.org.0))
        .filter(file_chunks::file_id.eq(file.0))
        .select(max(file_chunks::chunk))
        .get_result(tx)?;
    Ok(last.map_or(0, |last| last + 1))
}

/// The part of a file that this transaction writes.
struct Copied<'a, 'b> {
    tx: &'a mut Tx<'b>,
    columns: &'a Columns,
    file: FileId,
    next: i32,
}

impl ExportPartIo for Copied<'_, '_> {
    fn page(&mut self, ids: &[ContactId], after: Option<ContactId>) -> Result<ExportPage> {
        Ok(these(self.tx, ids, after, self.columns)?)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        insert_into(file_chunks::table)
            .values((
                file_chunks::org_id.eq(self.tx.org.0),
                file_chunks::file_id.eq(self.file.0),
                file_chunks::chunk.eq(self.next),
                file_chunks::bytes.eq(bytes),
            ))
            .execute(self.tx)?;
        self.next += 1;
        Ok(())
    }
}

/// Deletes the file of an action that has ended, if it has one. The lock comes first: an export
/// writes its last part and ends in one transaction.
pub(crate) fn erase_file(tx: &mut Tx<'_>, id: ActionId) -> PgResult<()> {
    let ended = actions::table.find((tx.org.0, id.0)).filter(actions::finished_at.is_not_null());
    let file: Option<Option<Uuid>> = ended.select(actions::file_id).for_update().row(tx)?;
    let Some(Some(file)) = file else { return Ok(()) };
    delete(file_chunks::table)
        .filter(file_chunks::org_id.eq(tx.org.0))
        .filter(file_chunks::file_id.eq(file))
        .execute(tx)?;
    update(actions::table.find((tx.org.0, id.0)))
        .set(actions::file_id.eq(None::<Uuid>))
        .execute(tx)
        .map(drop)
}
