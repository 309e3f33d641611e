//! The port of undos.

mod step;

use contacts_core::contact::ContactId;
use contacts_core::import::{
    ImportId, ImportState, KeptItem, KeptReason, Undo, UndoId, UndoRepository, UndoStart, UndoStep,
    UndoTally,
};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::{Actor, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::change;
use crate::Database;
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::jobs::enqueue;
use crate::runs::read_state;
use crate::statement::Bind;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    import_id: Uuid,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Text)]
    was: String,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
    #[diesel(sql_type = BigInt)]
    chunks_done: i64,
    #[diesel(sql_type = BigInt)]
    chunks_done_before: i64,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> PgResult<Undo> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Undo {
            id: UndoId(self.id),
            import: ImportId(self.import_id),
            actor: actor.ok_or_else(|| unreadable("import_undos.actor_kind"))?,
            state: read_state(&self.state, self.started_at, "import_undos.state")?,
            problem: self.problem,
            was: ImportState::parse(&self.was).ok_or_else(|| unreadable("import_undos.was"))?,
            chunks: self.chunks.cast_unsigned(),
            chunks_done: self.chunks_done.cast_unsigned(),
            chunks_done_before: self.chunks_done_before.cast_unsigned(),
            tally: read_tally(&self.tally),
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

fn write_tally(tally: &UndoTally) -> Value {
    let UndoTally { removed, restored, kept, unchanged, gone } = tally;
    json!({"removed": removed, "restored": restored, "kept": kept, "unchanged": unchanged,
           "gone": gone})
}

fn read_tally(tally: &Value) -> UndoTally {
    let number = |name: &str| tally[name].as_u64().unwrap_or_default();
    UndoTally {
        removed: number("removed"),
        restored: number("restored"),
        kept: number("kept"),
        unchanged: number("unchanged"),
        gone: number("gone"),
    }
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Bool)]
    is_told: bool,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
}

#[derive(QueryableByName)]
struct KeptRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = Text)]
    field: String,
    #[diesel(sql_type = Text)]
    reason: String,
}

impl KeptRow {
    fn read(self) -> PgResult<KeptItem> {
        let reason = KeptReason::parse(&self.reason);
        Ok(KeptItem {
            contact: ContactId(self.contact_id),
            field: Some(self.field).filter(|field| !field.is_empty()),
            reason: reason.ok_or_else(|| unreadable("import_kept.reason"))?,
        })
    }
}

impl UndoRepository for Database {
    fn begin(
        &self,
        org: OrgId,
        import: ImportId,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<UndoStart> {
        self.write_at(org, now, |tx| begin(tx, import, id, actor))
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<Undo>> {
        self.read(org, |tx| select(tx, "import_id", import.0, ""))
    }

    fn find(&self, org: OrgId, id: UndoId) -> Result<Option<Undo>> {
        self.read(org, |tx| select(tx, "id", id.0, ""))
    }

    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        self.write_at(org, now, |tx| {
            // Locks the undo, so that the second of two workers finds the chunk undone.
            match select(tx, "id", id.0, " FOR UPDATE")? {
                Some(undo) if undo.state.is_open() => step::step(tx, &undo),
                _ => Ok(UndoStep::Stopped),
            }
        })
    }

    fn end(
        &self,
        org: OrgId,
        id: UndoId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            let undo = select(tx, "id", id.0, " FOR UPDATE")?;
            let Some(undo) = undo.filter(|undo| undo.state.is_open()) else {
                return Ok(false);
            };
            end(tx, &undo, state, problem.as_deref(), undo.was)?;
            Ok(true)
        })
    }

    fn kept(
        &self,
        org: OrgId,
        import: ImportId,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push(
                "SELECT contact_id, field, reason FROM import_kept \
                 WHERE org_id = $1 AND reason <> 'restored' AND import_id = ",
            );
            select.bind(Bind::Uuid(import.0));
            if let Some((contact, field)) = &after {
                select.push(" AND (contact_id, field) > (").bind(Bind::Uuid(contact.0));
                select.push(", ").bind(Bind::Text(field.clone().unwrap_or_default())).push(")");
            }
            select.push(" ORDER BY contact_id, field LIMIT ").bind(Bind::Int(limit as i64));
            let rows: Vec<KeptRow> = select.load(tx)?;
            rows.into_iter().map(KeptRow::read).collect()
        })
    }
}

fn select(tx: &mut Tx<'_>, column: &str, value: Uuid, lock: &str) -> PgResult<Option<Undo>> {
    let row: Option<Row> = tx.find("import_undos", column, value).push(lock).row(tx)?;
    row.map(Row::read).transpose()
}

fn begin(tx: &mut TimedTx<'_>, import: ImportId, id: UndoId, actor: Actor) -> PgResult<UndoStart> {
    let now = tx.now;
    // Locks the import first, so that it stays as it is read.
    let mut set = tx.statement();
    set.push("state = state");
    if !change(tx, import, set, "'done', 'cancelled', 'failed'")? {
        return Ok(UndoStart::NotNow);
    }
    let statement = "SELECT i.state, i.rows_read = coalesce(sum(p.rows), 0) AS is_told, \
             count(p.chunk) AS chunks \
         FROM imports i LEFT JOIN import_chunks p ON p.org_id = $1 AND p.import_id = i.id \
         WHERE i.org_id = $1 AND i.id = $2 GROUP BY i.state, i.rows_read";
    let ended: Ended = tx.query(statement).bind::<SqlUuid, _>(import.0).get_result(tx)?;
    let before = select(tx, "import_id", import.0, " FOR UPDATE")?;
    if before.is_none() && !ended.is_told {
        return Ok(UndoStart::NoTraces);
    }
    let (actor_kind, actor_id) = actor.parts();
    let statement = "INSERT INTO import_undos (org_id, id, import_id, actor_kind, actor_id, \
             state, was, chunks, chunks_done, tally, created_at) \
         VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, 0, $8, $9) \
         ON CONFLICT (org_id, import_id) DO UPDATE SET id = excluded.id, \
             actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, \
             state = excluded.state, problem = NULL, created_at = excluded.created_at, \
             started_at = NULL, finished_at = NULL, \
             chunks_done_before = import_undos.chunks_done";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .bind::<Text, _>(ended.state)
        .bind::<BigInt, _>(ended.chunks)
        .bind::<Jsonb, _>(write_tally(&UndoTally::default()))
        .bind::<Timestamptz, _>(now)
        .execute(tx)?;
    let mut set = tx.statement();
    set.push("state = 'undoing'");
    change(tx, import, set, "'done', 'cancelled', 'failed'")?;
    enqueue(tx, Job::UndoImport(id))?;
    Ok(UndoStart::Yes)
}

/// Ends an undo, and changes the state of the import.
fn end(
    tx: &mut TimedTx<'_>,
    undo: &Undo,
    state: RunState,
    problem: Option<&str>,
    import_state: ImportState,
) -> PgResult<()> {
    let now = tx.now;
    let statement = "UPDATE import_undos SET state = $3, problem = $4, finished_at = $5 \
         WHERE org_id = $1 AND import_id = $2";
    tx.query(statement)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Text, _>(state.as_str())
        .bind::<Nullable<Text>, _>(problem)
        .bind::<Timestamptz, _>(now)
        .execute(tx)?;
    let mut set = tx.statement();
    set.push("state = ").bind(Bind::Text(import_state.as_str().to_owned()));
    change(tx, undo.import, set, "'undoing'").map(drop)
}
