//! Those whom a run that read everything did not see.

use std::collections::BTreeSet;

use contacts_core::Result;
use contacts_core::sync::{ConnectedSource, SyncRun, Vanish, VanishedPiece};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel::{RunQueryDsl, sql_query};
use time::OffsetDateTime;

use super::commit::Taking;
use super::links;
use super::people::People;
use crate::Database;
use crate::database::{SETTINGS, store};

/// The most of one transaction.
const MOST: usize = 1_000;

pub(super) fn vanish(
    database: &Database,
    db: &mut PgConnection,
    source: &ConnectedSource,
    run: &SyncRun,
    now: OffsetDateTime,
) -> Result<VanishedPiece> {
    if source.vanish == Vanish::Nothing {
        return Ok(VanishedPiece::Done);
    }
    sql_query(SETTINGS).execute(db).map_err(store)?;
    let unseen = links::unseen(db, source, run, MOST)?;
    if unseen.is_empty() {
        return Ok(VanishedPiece::Done);
    }
    let mut ids: Vec<String> = unseen.keys().cloned().collect();
    ids.sort_unstable();
    let contacts = unseen.values().map(|link| link.contact.0).collect();
    let people = People::read(db, source, contacts, Vec::new(), BTreeSet::new())?;
    let mut taking = Taking::over(source, people, unseen, now);
    for id in &ids {
        taking.vanish(id)?;
    }
    taking.write(database, db, run)?;
    sql_query("UPDATE sync_runs SET vanished = vanished + $3 WHERE org_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(source.org.0)
        .bind::<SqlUuid, _>(run.id.0)
        .bind::<BigInt, _>(ids.len() as i64)
        .execute(db)
        .map_err(store)?;
    Ok(VanishedPiece::More)
}
