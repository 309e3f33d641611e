//! What is deleted by and by.

use contacts_core::housekeeping::{
    Housekeeping, KEEP_FILES, KEEP_UPLOADS, READY_EXPIRED, UPLOAD_EXPIRED,
};
use contacts_core::import::ImportId;
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::store;
use crate::erasures::drop_file;
use crate::{Database, sessions, syncs};

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
        sessions::sweep(self, now)?;
        syncs::sweep_logs(self, now)?;
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
