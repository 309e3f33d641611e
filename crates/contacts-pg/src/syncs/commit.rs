//! Turns the records of a source into contacts, one chunk per transaction.
//!
//! It reads the links and contacts of the records, the core plans the effects of the records, and
//! the plan is written with a few statements on sets. A record whose values have all been written
//! before costs one look-up of its link.

use contacts_core::sync::{
    Chunk, Committed, ConnectedSource, ReadPlan, RecordPlan, StaleLink, SyncRun,
};
use diesel::sql_types::{Array, Binary, Jsonb, Nullable, Text, Uuid as SqlUuid};

use super::{contacts, links};
use crate::database::{PgResult, RunQuery, TimedTx, run_again};
use crate::imports::StoredTally;

pub(super) fn commit(
    tx: &mut TimedTx<'_>,
    source: &ConnectedSource,
    run: &SyncRun,
    chunk: &Chunk,
    lock: bool,
) -> PgResult<Committed> {
    tx.use_generic_plans()?;
    let ids: Vec<_> = chunk.records.iter().map(|planned| planned.external_id.as_str()).collect();
    let links = links::known(tx, source, &ids)?;
    let needed = ReadPlan::of(source, &chunk.records, &links);
    let existing = contacts::existing(tx, &needed, links, lock)?;
    let mut plan = RecordPlan::new(source, existing, tx.now);
    for planned in &chunk.records {
        plan.plan_record(planned).map_err(|StaleLink| run_again())?;
    }
    let writes = plan.finish();
    contacts::write(tx, source, run, &writes)?;
    let mut all = run.tally.clone();
    all.add(&writes.tally);
    tx.query(
        "UPDATE sync_runs SET tally = $3, stalled = 0, log = $4 WHERE org_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(run.id.0)
    .bind::<Jsonb, _>(StoredTally::write(&all))
    .bind::<Array<Text>, _>(&chunk.log)
    .execute(tx)?;
    tx.query(
        "UPDATE connected_sources SET state = coalesce($3, state) WHERE org_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(source.id.0)
    .bind::<Nullable<Binary>, _>(chunk.state.as_ref().map(|state| &state.0))
    .execute(tx)?;
    Ok(Committed::Records(all, writes.log))
}
