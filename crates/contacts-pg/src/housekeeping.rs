//! What is deleted by and by.

use contacts_core::housekeeping::{
    Housekeeping, KEEP_FILES, KEEP_LOGS, KEEP_UPLOADS, READY_EXPIRED, UPLOAD_EXPIRED,
};
use contacts_core::import::ImportId;
use contacts_core::session::SESSION_IDLE;
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::store;
use crate::erasures::drop_file;
use crate::jobs::OrgRow;

/// An import whose file is not needed any longer: $1 is when its upload began at the latest, $2
/// when it came to its end or was ready.
const DUE: &str = "file_state = 'kept' AND (state = 'uploading' AND created_at <= $1 \
     OR state = 'ready' AND created_at <= $2 OR finished_at <= $2)";

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
        let said = "ended_at <= $1 AND log <> '{}'";
        self.sweep_rows("sync_runs", "UPDATE sync_runs SET log = '{}'", said, now - KEEP_LOGS)?;
        let (uploads, files) = (now - KEEP_UPLOADS, now - KEEP_FILES);
        let due = format!("SELECT org_id, id FROM imports WHERE {DUE}");
        let due: Vec<DueRow> = self.read_everywhere(|db| {
            sql_query(&due)
                .bind::<Timestamptz, _>(uploads)
                .bind::<Timestamptz, _>(files)
                .load(db)
                .map_err(store)
        })?;
        // What has not come to an end does so now, if it is still due.
        let end = format!(
            "UPDATE imports SET finished_at = $5, \
                 problem = CASE state WHEN 'uploading' THEN $6 ELSE $7 END, \
                 state = CASE state WHEN 'uploading' THEN 'failed' ELSE 'cancelled' END \
             WHERE org_id = $3 AND id = $4 AND state IN ('uploading', 'ready') AND {DUE}"
        );
        let over = format!(
            "SELECT FROM imports WHERE org_id = $3 AND id = $4 AND {DUE} \
             OR org_id = $3 AND id = $4 AND file_state = 'kept' AND finished_at = $5 FOR UPDATE"
        );
        let mut deleted = 0;
        for DueRow { org_id, id } in due {
            deleted += self.write(|db| {
                sql_query(&end)
                    .bind::<Timestamptz, _>(uploads)
                    .bind::<Timestamptz, _>(files)
                    .bind::<SqlUuid, _>(org_id)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(now)
                    .bind::<Text, _>(UPLOAD_EXPIRED)
                    .bind::<Text, _>(READY_EXPIRED)
                    .execute(db)
                    .map_err(store)?;
                let is_over = sql_query(&over)
                    .bind::<Timestamptz, _>(uploads)
                    .bind::<Timestamptz, _>(files)
                    .bind::<SqlUuid, _>(org_id)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(now)
                    .execute(db)
                    .map_err(store)?;
                let is_over = is_over == 1;
                Ok(u64::from(
                    is_over && drop_file(db, OrgId(org_id), ImportId(id), "expired", &[])?,
                ))
            })?;
        }
        Ok(deleted)
    }
}

impl Database {
    /// Makes a change, in every organisation, to the rows of a table that are over at a moment
    /// ($1).
    fn sweep_rows(
        &self,
        table: &str,
        change: &str,
        over: &str,
        moment: OffsetDateTime,
    ) -> Result<()> {
        let due = format!("SELECT DISTINCT org_id FROM {table} WHERE {over}");
        let due: Vec<OrgRow> = self.read_everywhere(|db| {
            sql_query(&due).bind::<Timestamptz, _>(moment).load(db).map_err(store)
        })?;
        let change = format!("{change} WHERE {over} AND org_id = $2");
        for OrgRow { org_id } in due {
            self.write(|db| {
                sql_query(&change)
                    .bind::<Timestamptz, _>(moment)
                    .bind::<SqlUuid, _>(org_id)
                    .execute(db)
                    .map(drop)
                    .map_err(store)
            })?;
        }
        Ok(())
    }
}
