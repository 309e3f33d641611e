//! The stored traces of imports, one row for each chunk.

use std::collections::HashMap;

use contacts_core::Error;
use contacts_core::contact::ContactId;
use contacts_core::import::{Chunk, Fingerprint, Import, ImportEffect, ImportId, Trace};
use contacts_core::tag::TagId;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Uuid as SqlUuid};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::edits::StoredEdits;
use crate::statement::IdRow;

/// The name of the column, for error messages.
const COLUMN: &str = "import_chunks.changes";

/// The JSON of a chunk. Keys are one letter, because a chunk has thousands of them.
#[derive(Serialize, Deserialize)]
struct StoredChunk {
    /// Tag ids; traces refer to them by index.
    t: Vec<Uuid>,
    /// Traces.
    p: Vec<StoredTrace>,
}

#[derive(Serialize, Deserialize)]
struct StoredTrace {
    /// Id of the contact.
    i: Uuid,
    /// Number of the row.
    r: u64,
    /// Whether an earlier chunk has a trace of the contact, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    g: bool,
    /// Fingerprint of the profile, if the import added the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<u64>,
    #[serde(flatten)]
    edits: StoredEdits,
    /// Indexes of the tags that were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<usize>,
}

fn write(traces: &[Trace]) -> PgResult<Vec<u8>> {
    let mut tags = Vec::new();
    let mut indexes: HashMap<Uuid, usize> = HashMap::new();
    let mut people = Vec::with_capacity(traces.len());
    for trace in traces {
        let mut person = StoredTrace {
            i: trace.contact.0,
            r: trace.row,
            g: trace.again,
            a: None,
            edits: StoredEdits::default(),
            t: Vec::with_capacity(trace.effect.tags().len()),
        };
        for tag in trace.effect.tags() {
            person.t.push(*indexes.entry(tag.0).or_insert_with(|| {
                tags.push(tag.0);
                tags.len() - 1
            }));
        }
        match &trace.effect {
            ImportEffect::Added { profile, .. } => person.a = Some(profile.0),
            ImportEffect::Updated { edits, .. } => person.edits = StoredEdits::of(edits),
        }
        people.push(person);
    }
    Ok(serde_json::to_vec(&StoredChunk { t: tags, p: people }).map_err(Error::store)?)
}

fn read_traces(bytes: &[u8]) -> PgResult<Vec<Trace>> {
    let chunk: StoredChunk = serde_json::from_slice(bytes).map_err(Error::store)?;
    let StoredChunk { t: tags, p: people } = chunk;
    people.into_iter().map(|person| person.read(&tags)).collect()
}

impl StoredTrace {
    fn read(self, tags: &[Uuid]) -> PgResult<Trace> {
        let unreadable_column = || unreadable(COLUMN);
        let tag = |at: usize| tags.get(at).map(|tag| TagId(*tag)).ok_or_else(unreadable_column);
        let tags = self.t.into_iter().map(tag).collect::<PgResult<Vec<_>>>()?;
        let effect = match self.a {
            Some(profile) => ImportEffect::Added { profile: Fingerprint(profile), tags },
            None => {
                let edits = self.edits.read(COLUMN)?;
                ImportEffect::Updated { edits, tags }
            }
        };
        Ok(Trace { contact: ContactId(self.i), row: self.r, again: self.g, effect })
    }
}

/// Stores the traces of a chunk, in the transaction that applies it.
///
/// A chunk of corrected rows comes after all others, and counts no rows, because its rows were
/// counted when they were skipped. All its contacts are found by `again`: their rows are those of
/// other chunks.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    import: &Import,
    chunk: &Chunk,
    traces: &[Trace],
) -> PgResult<()> {
    let is_retry = chunk.is_retry;
    let again = traces.iter().filter(|trace| trace.again || is_retry);
    let again: Vec<_> = again.map(|trace| trace.contact.0).collect();
    let (number, rows) = match is_retry {
        true => (next_number(tx, import.id)?, 0),
        false => (chunk.after.cast_signed(), chunk.rows.len() as i64),
    };
    let statement = "INSERT INTO import_chunks (org_id, import_id, chunk, rows, again, changes) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    tx.query(statement)
        .bind::<SqlUuid, _>(import.id.0)
        .bind::<BigInt, _>(number)
        .bind::<BigInt, _>(rows)
        .bind::<Array<SqlUuid>, _>(again)
        .bind::<Binary, _>(write(traces)?)
        .execute(tx)
        .map(drop)
}

#[derive(QueryableByName)]
struct NextRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns the number of a chunk of corrected rows: it is greater than the numbers of all chunks and
/// at least that of the rows of the file, so that no row of the file seems to belong to it.
fn next_number(tx: &mut Tx<'_>, import: ImportId) -> PgResult<i64> {
    let select = "SELECT greatest(coalesce(max(p.chunk) + 1, 0), i.rows_read) AS number \
         FROM imports i LEFT JOIN import_chunks p ON p.org_id = $1 AND p.import_id = i.id \
         WHERE i.org_id = $1 AND i.id = $2 GROUP BY i.rows_read";
    let next: NextRow = tx.query(select).bind::<SqlUuid, _>(import.0).get_result(tx)?;
    Ok(next.number)
}

#[derive(QueryableByName)]
struct ChunkRow {
    #[diesel(sql_type = SqlUuid)]
    import_id: Uuid,
    #[diesel(sql_type = BigInt)]
    chunk: i64,
    #[diesel(sql_type = Array<SqlUuid>)]
    again: Vec<Uuid>,
    #[diesel(sql_type = Binary)]
    changes: Vec<u8>,
}

/// Returns the last chunk of an import, with its traces.
pub(super) fn last(tx: &mut Tx<'_>, import: ImportId) -> PgResult<Option<(i64, Vec<Trace>)>> {
    let statement = "SELECT import_id, chunk, again, changes FROM import_chunks \
         WHERE org_id = $1 AND import_id = $2 ORDER BY chunk DESC LIMIT 1";
    let row: Option<ChunkRow> = tx.query(statement).bind::<SqlUuid, _>(import.0).row(tx)?;
    row.map(|row| Ok((row.chunk, read_traces(&row.changes)?))).transpose()
}

/// Deletes a chunk that was undone.
pub(super) fn delete(tx: &mut Tx<'_>, import: ImportId, chunk: i64) -> PgResult<()> {
    tx.query("DELETE FROM import_chunks WHERE org_id = $1 AND import_id = $2 AND chunk = $3")
        .bind::<SqlUuid, _>(import.0)
        .bind::<BigInt, _>(chunk)
        .execute(tx)
        .map(drop)
}

/// Selects the chunks that have traces of a contact: the one with the row that added the source,
/// and those that list the contact in `again`.
const OF_CONTACT: &str = "SELECT p.import_id, p.chunk, p.again, p.changes FROM import_chunks p \
     JOIN contact_sources s ON s.org_id = $1 AND s.contact_id = $2 AND s.kind = 'csv_import' \
         AND s.detail_id = p.import_id \
     WHERE p.org_id = $1 AND (p.again @> ARRAY[$2] OR p.chunk = ( \
         SELECT max(q.chunk) FROM import_chunks q WHERE q.org_id = $1 \
         AND q.import_id = s.detail_id AND q.chunk < s.row_number)) \
     ORDER BY p.import_id, p.chunk";

/// Returns the traces of a contact in the order of their chunks.
pub(crate) fn of_contact(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<Vec<(ImportId, Trace)>> {
    let mut traces = Vec::new();
    for row in rows_of_contact(tx, contact)? {
        let chunk = read_traces(&row.changes)?;
        let own = chunk.into_iter().find(|trace| trace.contact == contact);
        traces.extend(own.map(|trace| (ImportId(row.import_id), trace)));
    }
    Ok(traces)
}

/// Deletes the traces of a contact, and the dry runs that mention it. The contact must still exist,
/// because its sources name the imports.
pub(crate) fn forget(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<()> {
    let old = "SELECT id FROM merged_contacts WHERE org_id = $1 AND survivor_id = $2";
    let old: Vec<IdRow> = tx.query(old).bind::<SqlUuid, _>(contact.0).load(tx)?;
    let mut ids: Vec<_> = old.into_iter().map(|row| ContactId(row.id)).collect();
    ids.push(contact);
    for row in rows_of_contact(tx, contact)? {
        let mut traces = read_traces(&row.changes)?;
        traces.retain(|trace| !ids.contains(&trace.contact));
        let again = row.again.into_iter().filter(|id| !ids.contains(&ContactId(*id)));
        let again: Vec<_> = again.collect();
        let statement = "UPDATE import_chunks SET changes = $4, again = $5 \
             WHERE org_id = $1 AND import_id = $2 AND chunk = $3";
        tx.query(statement)
            .bind::<SqlUuid, _>(row.import_id)
            .bind::<BigInt, _>(row.chunk)
            .bind::<Binary, _>(write(&traces)?)
            .bind::<Array<SqlUuid>, _>(again)
            .execute(tx)?;
    }
    super::dry_runs::forget(tx, contact)
}

fn rows_of_contact(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<Vec<ChunkRow>> {
    tx.query(OF_CONTACT).bind::<SqlUuid, _>(contact.0).load(tx)
}
