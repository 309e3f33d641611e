//! What a step of a run reads, for the tests that pin that.

use contacts_core::sync::{ConnectedSource, Piece, SyncRun, SyncRunId};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;

use super::{begin, commit, vanish};
use crate::Database;
use crate::database::store;

/// A table that was read as a whole, or an index that was asked.
#[derive(Debug, QueryableByName)]
pub struct Scan {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// How often.
    #[diesel(sql_type = BigInt)]
    pub scans: i64,
    /// How many rows that gave.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
}

/// A step of a run.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// It is taken up.
    Begin,
    /// A piece is taken.
    Commit(&'a Piece),
    /// Those who vanished are looked for.
    Vanish,
}

/// Takes a step, and says what it read.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when it cannot be kept.
pub fn scans(
    database: &Database,
    source: &ConnectedSource,
    run: &SyncRun,
    step: Step<'_>,
    now: OffsetDateTime,
) -> Result<Vec<Scan>> {
    let (org, id): (OrgId, _) = (source.org, source.id);
    database.write(|db| {
        // What the connection's last transactions did may not have been told to the server yet.
        let before = scanned(db)?;
        match step {
            Step::Begin => begin(db, org, id, SyncRunId(database.ids.next()), now).map(drop)?,
            Step::Commit(piece) => {
                commit::commit(database, db, source, run, piece, now).map(drop)?
            }
            Step::Vanish => vanish::vanish(database, db, source, run, now).map(drop)?,
        }
        let mut after = scanned(db)?;
        for scan in &mut after {
            let known = before.iter().find(|known| known.name == scan.name);
            scan.scans -= known.map_or(0, |known| known.scans);
            scan.rows -= known.map_or(0, |known| known.rows);
        }
        after.retain(|scan| scan.scans > 0);
        Ok(after)
    })
}

fn scanned(db: &mut PgConnection) -> Result<Vec<Scan>> {
    let statement = "SELECT relname::text AS name, pg_stat_get_xact_numscans(oid) AS scans, \
             pg_stat_get_xact_tuples_returned(oid) AS rows \
         FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') \
         AND pg_stat_get_xact_numscans(oid) > 0 ORDER BY 1";
    sql_query(statement).load(db).map_err(store)
}
