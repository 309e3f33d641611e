//! Turns the rows of a file into contacts, one chunk per transaction.
//!
//! It reads the contacts with the keys of the chunk, the core plans the effects of the rows,
//! and the plan is written with a few statements on sets. Contacts that do not change are neither
//! locked nor written.

use contacts_core::Error;
use contacts_core::contact::ContactId;
use contacts_core::import::{
    Applied, Chunk, ChunkWrites, Import, ImportState, Issue, PlannedContact, Trace,
};
use contacts_core::tag::{TagId, TagName};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;

use super::{StoredTally, chunks, contacts, retries};
use crate::contacts::{Sources, insert_sources, link_tags};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::events::publish;

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    rows_read: i64,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
}

pub(super) fn apply(tx: &mut TimedTx<'_>, import: &Import, chunk: &Chunk) -> PgResult<Applied> {
    let now = tx.now;
    tx.use_generic_plans()?;
    let progress: Option<Progress> = tx
        .query(
            "SELECT state, rows_read, tally FROM imports WHERE org_id = $1 AND id = $2 FOR UPDATE",
        )
        .bind::<SqlUuid, _>(import.id.0)
        .row(tx)?;
    let progress = progress.ok_or(Error::NotFound("import"))?;
    let state = ImportState::parse(&progress.state).ok_or_else(|| unreadable("imports.state"))?;
    if !state.is_applying() {
        return Ok(Applied::Stopped(state));
    }
    // Each chunk increments this number, or takes its rows from those that wait, whichever worker
    // applies it, so that each row is applied once.
    let is_next = match chunk.is_retry {
        true => retries::is_waiting(tx, import.id, &chunk.rows)?,
        false => progress.rows_read.cast_unsigned() == chunk.after,
    };
    if !is_next {
        return Ok(Applied::Superseded);
    }
    let mut tally = StoredTally::read(progress.tally)?;
    if chunk.is_retry {
        retries::take(tx, import.id, &chunk.rows, &mut tally)?;
    }
    let writes = contacts::apply(tx, import, &chunk.rows)?;
    let traces = add_sources_and_tags(tx, import, &writes)?;
    chunks::insert(tx, import, chunk, &traces)?;
    insert_issues(tx, import, &writes.issues)?;
    tally.add(&writes.tally);
    let statement = "UPDATE imports SET rows_read = $3, tally = $4, \
             started_at = coalesce(started_at, $5) \
         WHERE org_id = $1 AND id = $2";
    tx.query(statement)
        .bind::<SqlUuid, _>(import.id.0)
        .bind::<BigInt, _>(tally.rows().cast_signed())
        .bind::<Jsonb, _>(StoredTally::write(&tally))
        .bind::<Timestamptz, _>(now)
        .execute(tx)?;
    publish(tx, &writes.events)?;
    Ok(Applied::Chunk(tally))
}

/// Adds the import to the sources of the contacts, and adds their tags. Returns the effect of the
/// chunk on each contact.
fn add_sources_and_tags(
    tx: &mut TimedTx<'_>,
    import: &Import,
    writes: &ChunkWrites,
) -> PgResult<Vec<Trace>> {
    let mut sources = Sources::default();
    let mut links: Vec<(ContactId, &TagName)> = Vec::new();
    for planned in &writes.contacts {
        let id = planned.contact.id;
        sources.push(id, &import.source(planned.first_row, tx.now), planned.is_new());
        links.extend(planned.tags.iter().map(|tag| (id, tag)));
    }
    let added = insert_sources(tx, &sources)?;
    let tags = link_tags(tx, &writes.tags, &links)?;
    let trace = |planned: &PlannedContact| {
        let tag_ids = planned.tags.iter().filter_map(|tag| tags.get(tag.key()).copied().map(TagId));
        planned.trace(!added.contains(&planned.contact.id.0), tag_ids.collect())
    };
    Ok(writes.contacts.iter().map(trace).collect())
}

fn insert_issues(tx: &mut Tx<'_>, import: &Import, issues: &[Issue]) -> PgResult<()> {
    if issues.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = issues.iter().map(|issue| issue.row.cast_signed()).collect();
    let ordinals: Vec<_> = (0..).take(issues.len()).collect::<Vec<i32>>();
    let lines: Vec<_> = issues.iter().map(|issue| issue.line.cast_signed()).collect();
    let codes: Vec<_> = issues.iter().map(|issue| issue.code.as_str()).collect();
    let reasons: Vec<_> = issues.iter().map(|issue| issue.reason.as_str()).collect();
    let statement = "INSERT INTO import_issues \
             (org_id, import_id, row_number, ordinal, line, code, reason) \
         SELECT $1, $2, i.* FROM unnest($3, $4, $5, $6, $7) AS i";
    tx.query(statement)
        .bind::<SqlUuid, _>(import.id.0)
        .bind::<Array<BigInt>, _>(&rows)
        .bind::<Array<Integer>, _>(&ordinals)
        .bind::<Array<BigInt>, _>(&lines)
        .bind::<Array<Text>, _>(&codes)
        .bind::<Array<Text>, _>(&reasons)
        .execute(tx)
        .map(drop)
}
