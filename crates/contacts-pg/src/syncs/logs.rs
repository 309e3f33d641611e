//! How long what connectors said is kept.

use contacts_core::Result;
use contacts_core::housekeeping::KEEP_LOGS;
use diesel::sql_types::{Timestamptz, Uuid as SqlUuid};
use diesel::{RunQueryDsl, sql_query};
use time::OffsetDateTime;

use crate::Database;
use crate::database::store;
use crate::sessions::OrgRow;

/// Forgets the logs of runs that ended long ago.
pub(crate) fn sweep(database: &Database, now: OffsetDateTime) -> Result<()> {
    const ENDED: &str = "ended_at <= $1 AND log <> '{}'";
    let before = now - KEEP_LOGS;
    let due = format!("SELECT DISTINCT org_id FROM sync_runs WHERE {ENDED}");
    let due: Vec<OrgRow> = database.read_everywhere(|db| {
        sql_query(&due).bind::<Timestamptz, _>(before).load(db).map_err(store)
    })?;
    let forget = format!("UPDATE sync_runs SET log = '{{}}' WHERE {ENDED} AND org_id = $2");
    for OrgRow { org_id } in due {
        database.write(|db| {
            sql_query(&forget)
                .bind::<Timestamptz, _>(before)
                .bind::<SqlUuid, _>(org_id)
                .execute(db)
                .map(drop)
                .map_err(store)
        })?;
    }
    Ok(())
}
