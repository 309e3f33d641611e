//! The port of audits: one statement for each check, in a transaction that can only read.

mod checks;

use std::time::Duration;

use contacts_core::audit::{AuditRepository, Check, Finding};
use contacts_core::{OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use time::OffsetDateTime;

use crate::Database;
use crate::statement::Bind;

#[derive(QueryableByName)]
struct ExampleRow {
    #[diesel(sql_type = Text)]
    example: String,
}

impl AuditRepository for Database {
    fn check(
        &self,
        org: OrgId,
        check: Check,
        now: OffsetDateTime,
        timeout: Duration,
    ) -> Result<Vec<String>> {
        let text = checks::statement(check);
        // Zero would lift the limit.
        let milliseconds = timeout.as_millis().clamp(1, i32::MAX as u128);
        let timeout = format!("SET LOCAL statement_timeout = {milliseconds}");
        self.write(org, |tx| {
            tx.set("SET TRANSACTION READ ONLY")?;
            tx.set(&timeout)?;
            let mut select = tx.statement().with(Bind::Int(Finding::MAX_EXAMPLES as i64 + 1));
            if text.contains("$3") {
                select = select.with(Bind::Time(now));
            }
            let rows: Vec<ExampleRow> = select.push(&text).load(tx)?;
            Ok(rows.into_iter().map(|row| row.example).collect())
        })
    }
}
