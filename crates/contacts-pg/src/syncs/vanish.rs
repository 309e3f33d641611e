//! Applies the policy for contacts that a complete run did not see.

use contacts_core::sync::{
    ConnectedSource, ReadPlan, RecordPlan, StaleLink, SyncRun, VanishPolicy, VanishedChunk,
};
use diesel::sql_types::{BigInt, Uuid as SqlUuid};

use super::{contacts, links};
use crate::database::{PgResult, RunQuery, TimedTx, run_again};

/// Maximum number of vanished contacts per transaction.
const MAX_VANISHED: usize = 1_000;

pub(super) fn vanish(
    tx: &mut TimedTx<'_>,
    source: &ConnectedSource,
    run: &SyncRun,
    lock: bool,
) -> PgResult<VanishedChunk> {
    if source.vanish == VanishPolicy::Nothing {
        return Ok(VanishedChunk::Done);
    }
    tx.use_generic_plans()?;
    let unseen = links::unseen(tx, source, run, MAX_VANISHED)?;
    if unseen.is_empty() {
        return Ok(VanishedChunk::Done);
    }
    let mut ids: Vec<String> = unseen.keys().cloned().collect();
    ids.sort_unstable();
    let needed = ReadPlan::of_vanished(source, &unseen);
    let existing = contacts::existing(tx, &needed, unseen, lock)?;
    let mut plan = RecordPlan::new(source, existing, tx.now);
    for id in &ids {
        plan.vanish(id).map_err(|StaleLink| run_again())?;
    }
    contacts::write(tx, source, run, &plan.finish())?;
    tx.query("UPDATE sync_runs SET vanished = vanished + $3 WHERE org_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(run.id.0)
        .bind::<BigInt, _>(ids.len() as i64)
        .execute(tx)?;
    Ok(VanishedChunk::More)
}
