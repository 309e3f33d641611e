//! A piece of an export, in the transaction that counts it, and the end of its file.

use contacts_core::action::{Action, ActionId, Piece};
use contacts_core::contact::ContactId;
use contacts_core::export::{Columns, Copying, ExportPage};
use contacts_core::file::FileId;
use contacts_core::{Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Binary, Integer, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use uuid::Uuid;

use super::apply::With;
use crate::database::store;
use crate::exports::these;

/// Adds whoever is there to the file. The action's row is locked, so nobody else adds to it.
pub(super) fn export(
    db: &mut PgConnection,
    action: &Action,
    number: u32,
    with: &With<'_>,
    ids: &[Uuid],
) -> Result<Piece> {
    let (With::Sheet(sheet), Some(file)) = (with, action.file) else {
        return Err(Error::store("an export has a sheet and a file"));
    };
    let (org, columns) = (action.org, sheet.columns());
    let next = next_piece(db, org, file)?;
    let ids: Vec<_> = ids.iter().copied().map(ContactId).collect();
    let mut copied = Copied { db, org, columns, file, next };
    let unchanged = sheet.part(&ids, number == 0, &mut copied)?;
    Ok(Piece { unchanged, ..Piece::default() })
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = Integer)]
    next: i32,
}

/// The number of the file's next piece: what a transaction that failed had written is not there.
fn next_piece(db: &mut PgConnection, org: OrgId, file: FileId) -> Result<i32> {
    let select = "SELECT coalesce(max(piece) + 1, 0) AS next FROM file_pieces \
         WHERE org_id = $1 AND file_id = $2";
    let next: Next = sql_query(select)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(file.0)
        .get_result(db)
        .map_err(store)?;
    Ok(next.next)
}

/// A part of a file that is being made.
struct Copied<'a> {
    db: &'a mut PgConnection,
    org: OrgId,
    columns: &'a Columns,
    file: FileId,
    next: i32,
}

impl Copying for Copied<'_> {
    fn page(&mut self, ids: &[ContactId], after: Option<ContactId>) -> Result<ExportPage> {
        these(self.db, self.org, ids, after, self.columns)
    }

    fn give(&mut self, bytes: &[u8]) -> Result<()> {
        let statement =
            "INSERT INTO file_pieces (org_id, file_id, piece, bytes) VALUES ($1, $2, $3, $4)";
        sql_query(statement)
            .bind::<SqlUuid, _>(self.org.0)
            .bind::<SqlUuid, _>(self.file.0)
            .bind::<Integer, _>(self.next)
            .bind::<Binary, _>(bytes)
            .execute(self.db)
            .map_err(store)?;
        self.next += 1;
        Ok(())
    }
}

/// Deletes the file of an action that is at an end, if it has one.
pub(super) fn erase(db: &mut PgConnection, org: OrgId, id: ActionId) -> Result<()> {
    let pieces = "DELETE FROM file_pieces WHERE org_id = $1 AND file_id = ( \
         SELECT file_id FROM actions WHERE org_id = $1 AND id = $2 AND state <> 'running')";
    let named = "UPDATE actions SET file_id = NULL \
         WHERE org_id = $1 AND id = $2 AND state <> 'running' AND file_id IS NOT NULL";
    for statement in [pieces, named] {
        sql_query(statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(id.0)
            .execute(db)
            .map_err(store)?;
    }
    Ok(())
}
