//! Counts of the rows that a step of a run reads, for the tests that limit them.

use contacts_core::sync::{Chunk, ConnectedSource, SyncRun, SyncRunId};
use contacts_core::{OrgId, Result};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use time::OffsetDateTime;

use super::{begin, commit, vanish};
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};

/// The scans of a table or of an index.
#[derive(Debug, QueryableByName)]
pub struct Scan {
    /// Name of the table or index.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Number of scans.
    #[diesel(sql_type = BigInt)]
    pub scans: i64,
    /// Number of rows that the scans returned.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
}

/// A step of a run.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Begin the run.
    Begin,
    /// Commit a chunk.
    Commit(&'a Chunk),
    /// Apply the policy for vanished records.
    VanishPolicy,
}

/// Runs a step and returns the scans it made.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when the store fails.
pub fn scans(
    database: &Database,
    source: &ConnectedSource,
    run: &SyncRun,
    step: Step<'_>,
    now: OffsetDateTime,
) -> Result<Vec<Scan>> {
    let (org, id): (OrgId, _) = (source.org, source.id);
    database.write_at(org, now, |tx| {
        // The counts may still include earlier transactions of this connection: the server updates
        // its statistics with a delay.
        let before = scanned(tx)?;
        match step {
            Step::Begin => begin(tx, id, SyncRunId(database.ids.next())).map(drop)?,
            Step::Commit(chunk) => commit::commit(tx, source, run, chunk, false).map(drop)?,
            Step::VanishPolicy => vanish::vanish(tx, source, run, false).map(drop)?,
        }
        let mut after = scanned(tx)?;
        for scan in &mut after {
            let earlier = before.iter().find(|earlier| earlier.name == scan.name);
            scan.scans -= earlier.map_or(0, |earlier| earlier.scans);
            scan.rows -= earlier.map_or(0, |earlier| earlier.rows);
        }
        after.retain(|scan| scan.scans > 0);
        Ok(after)
    })
}

fn scanned(tx: &mut Tx<'_>) -> PgResult<Vec<Scan>> {
    let statement = "SELECT relname::text AS name, pg_stat_get_xact_numscans(oid) AS scans, \
             pg_stat_get_xact_tuples_returned(oid) AS rows \
         FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') \
         AND pg_stat_get_xact_numscans(oid) > 0 ORDER BY 1";
    sql_query(statement).load(tx)
}
