//! The stored issues of imports: skipped rows and lost cells.

use contacts_core::import::{ImportId, Issue, IssueCode};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};

use crate::database::{PgResult, RunQuery, Tx, unreadable};

#[derive(QueryableByName)]
struct IssueRow {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
    #[diesel(sql_type = BigInt)]
    line: i64,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    reason: String,
}

impl IssueRow {
    fn read(self) -> PgResult<Issue> {
        let code = IssueCode::parse(&self.code);
        Ok(Issue {
            row: self.row_number.cast_unsigned(),
            line: self.line.cast_unsigned(),
            code: code.ok_or_else(|| unreadable("import_issues.code"))?,
            reason: self.reason,
        })
    }
}

/// Lists issues after a row, in the order of the file.
pub(super) fn list(
    tx: &mut Tx<'_>,
    import: ImportId,
    after_row: u64,
    limit: usize,
) -> PgResult<Vec<Issue>> {
    // A page contains all issues of its rows, because the next one starts after a row number.
    let statement = "SELECT row_number, line, code, reason FROM import_issues \
         WHERE org_id = $1 AND import_id = $2 AND row_number > $3 AND row_number <= ( \
             SELECT max(row_number) FROM (SELECT row_number FROM import_issues \
             WHERE org_id = $1 AND import_id = $2 AND row_number > $3 \
             ORDER BY row_number LIMIT $4) page) \
         ORDER BY row_number, ordinal";
    let rows: Vec<IssueRow> = tx
        .query(statement)
        .bind::<SqlUuid, _>(import.0)
        .bind::<BigInt, _>(after_row.cast_signed())
        .bind::<BigInt, _>(limit as i64)
        .load(tx)?;
    rows.into_iter().map(IssueRow::read).collect()
}
