//! The port of housekeeping, which deletes expired rows and files.

use contacts_core::housekeeping::{
    Housekeeping, KEEP_FILES, KEEP_LOGS, READY_EXPIRED, UPLOAD_IDLE, UPLOAD_STALLED,
};
use contacts_core::import::ImportId;
use contacts_core::invitation::KEEP_INVITATIONS;
use contacts_core::journal::KEEP_JOURNAL;
use contacts_core::session::SESSION_IDLE;
use contacts_core::trail::KEEP_TRAIL;
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::RunQuery;
use crate::erasures::drop_file;
use crate::jobs::{OrgRow, queue_missing};

/// Returns the condition of an import whose file is no longer needed. `files` is the parameter
/// with the latest time at which an expired import ended or became ready.
fn due(files: &str) -> String {
    format!(
        "file_state = 'kept' AND (state = 'ready' AND created_at <= {files} \
         OR finished_at <= {files})"
    )
}

/// Returns the condition of an upload that stored nothing since a time, which is a parameter.
/// Servers of older versions leave no sign of life: their uploads have a day.
fn idle(since: &str) -> String {
    format!(
        "finished_at IS NULL AND state = 'uploading' \
         AND (touched_at <= {since} \
             OR touched_at IS NULL AND created_at <= {since} - interval '1 day')"
    )
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

impl Housekeeping for Database {
    fn sweep(&self, now: OffsetDateTime) -> Result<u64> {
        self.sweep_rows("sign_in_links", "DELETE FROM sign_in_links", "expires_at <= $1", now)?;
        let ended = "(expires_at <= $1 OR revoked_at IS NOT NULL)";
        self.sweep_rows("sessions", "DELETE FROM sessions", ended, now)?;
        let idle = "last_seen_at <= $1";
        self.sweep_rows("sessions", "DELETE FROM sessions", idle, now - SESSION_IDLE)?;
        let condition = "finished_at <= $1 AND log <> '{}'";
        self.sweep_rows(
            "sync_runs",
            "UPDATE sync_runs SET log = '{}'",
            condition,
            now - KEEP_LOGS,
        )?;
        let expired = now - KEEP_INVITATIONS;
        self.sweep_rows("invitations", "DELETE FROM invitations", "expires_at <= $1", expired)?;
        self.sweep_rows("trail", "DELETE FROM trail", "at <= $1", now - KEEP_TRAIL)?;
        self.sweep_journal(now - KEEP_JOURNAL)?;
        let files = now - KEEP_FILES;
        let imports = self.due_imports(&due("$1"), files)?;
        // Ends the import if it has not ended, provided that it is still due.
        let due = due("$3");
        let end = format!(
            "UPDATE imports SET finished_at = $4, problem = $5, state = 'cancelled' \
             WHERE org_id = $1 AND id = $2 AND state = 'ready' AND {due}"
        );
        let over = format!(
            "SELECT FROM imports WHERE org_id = $1 AND id = $2 AND {due} \
             OR org_id = $1 AND id = $2 AND file_state = 'kept' AND finished_at = $4 FOR UPDATE"
        );
        let mut deleted = 0;
        for DueRow { org_id, id } in imports {
            deleted += self.write(OrgId(org_id), |tx| {
                tx.query(&end)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(files)
                    .bind::<Timestamptz, _>(now)
                    .bind::<Text, _>(READY_EXPIRED)
                    .execute(tx)?;
                let is_over = tx
                    .query(&over)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(files)
                    .bind::<Timestamptz, _>(now)
                    .execute(tx)?;
                let is_over = is_over == 1;
                Ok(u64::from(is_over && drop_file(tx, ImportId(id), "expired", &[])?))
            })?;
        }
        Ok(deleted)
    }

    fn fail_idle_uploads(&self, now: OffsetDateTime) -> Result<u64> {
        let since = now - UPLOAD_IDLE;
        let fail = format!(
            "UPDATE imports SET finished_at = $4, problem = $5, state = 'failed' \
             WHERE org_id = $1 AND id = $2 AND {}",
            idle("$3")
        );
        let mut failed = 0;
        for DueRow { org_id, id } in self.due_imports(&idle("$1"), since)? {
            failed += self.write(OrgId(org_id), |tx| {
                let is_idle = tx
                    .query(&fail)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(since)
                    .bind::<Timestamptz, _>(now)
                    .bind::<Text, _>(UPLOAD_STALLED)
                    .execute(tx)?;
                if is_idle == 1 {
                    drop_file(tx, ImportId(id), "expired", &[])?;
                }
                Ok(is_idle as u64)
            })?;
        }
        Ok(failed)
    }

    fn queue_missing_jobs(&self, now: OffsetDateTime) -> Result<u64> {
        queue_missing(self, now)
    }
}

impl Database {
    /// Lists the imports of every organisation that meet a condition at a time ($1).
    fn due_imports(&self, condition: &str, moment: OffsetDateTime) -> Result<Vec<DueRow>> {
        let select = format!("SELECT org_id, id FROM imports WHERE {condition}");
        self.read_everywhere(|all| sql_query(&select).bind::<Timestamptz, _>(moment).load(all))
    }

    /// Deletes what actions that are not being undone did until a time, in every organisation.
    fn sweep_journal(&self, until: OffsetDateTime) -> Result<()> {
        let due = "SELECT DISTINCT org_id FROM journal WHERE at <= $1";
        let due: Vec<OrgRow> =
            self.read_everywhere(|all| sql_query(due).bind::<Timestamptz, _>(until).load(all))?;
        let delete = "DELETE FROM journal j WHERE j.org_id = $1 AND j.at <= $2 AND NOT EXISTS ( \
             SELECT 1 FROM undos u WHERE u.org_id = $1 AND u.subject_id = j.subject_id \
             AND u.finished_at IS NULL)";
        for OrgRow { org_id } in due {
            self.write(OrgId(org_id), |tx| {
                tx.query(delete).bind::<Timestamptz, _>(until).execute(tx).map(drop)
            })?;
        }
        self.sweep_merges(until)
    }

    /// Deletes what merges that are not being undone did until a time, in every organisation.
    fn sweep_merges(&self, until: OffsetDateTime) -> Result<()> {
        let due = "SELECT DISTINCT org_id FROM merged_contacts \
             WHERE at <= $1 AND trace IS NOT NULL";
        let due: Vec<OrgRow> =
            self.read_everywhere(|all| sql_query(due).bind::<Timestamptz, _>(until).load(all))?;
        let forget = "UPDATE merged_contacts m SET trace = NULL \
             WHERE m.org_id = $1 AND m.at <= $2 AND m.trace IS NOT NULL AND NOT EXISTS ( \
                 SELECT 1 FROM undos u WHERE u.org_id = $1 AND u.subject_id = m.id \
                 AND u.finished_at IS NULL)";
        for OrgRow { org_id } in due {
            self.write(OrgId(org_id), |tx| {
                tx.query(forget).bind::<Timestamptz, _>(until).execute(tx).map(drop)
            })?;
        }
        Ok(())
    }

    /// Applies `change` to the rows of a table that meet the condition `over` at a time ($1), in
    /// every organisation.
    fn sweep_rows(
        &self,
        table: &str,
        change: &str,
        over: &str,
        moment: OffsetDateTime,
    ) -> Result<()> {
        let due = format!("SELECT DISTINCT org_id FROM {table} WHERE {over}");
        let due: Vec<OrgRow> =
            self.read_everywhere(|all| sql_query(&due).bind::<Timestamptz, _>(moment).load(all))?;
        let over = over.replace("$1", "$2");
        let change = format!("{change} WHERE {over} AND org_id = $1");
        for OrgRow { org_id } in due {
            self.write(OrgId(org_id), |tx| {
                tx.query(&change).bind::<Timestamptz, _>(moment).execute(tx).map(drop)
            })?;
        }
        Ok(())
    }
}
