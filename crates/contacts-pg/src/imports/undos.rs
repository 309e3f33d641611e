//! Undoing imports.

mod step;

use contacts_core::contact::ContactId;
use contacts_core::import::{
    Begun, ImportId, ImportState, Kept, KeptReason, Undo, UndoId, UndoRepository, UndoState,
    UndoStep, UndoTally,
};
use contacts_core::job::Job;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::change;
use crate::Database;
use crate::database::{store, unreadable};
use crate::jobs::enqueue;
use crate::statement::{Bind, Statement};

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
    pieces: i64,
    #[diesel(sql_type = BigInt)]
    pieces_done: i64,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
    #[diesel(sql_type = Timestamptz)]
    asked_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> Result<Undo> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let state = UndoState::parse(&self.state);
        Ok(Undo {
            id: UndoId(self.id),
            import: ImportId(self.import_id),
            actor: actor.ok_or_else(|| unreadable("import_undos.actor_kind"))?,
            state: state.ok_or_else(|| unreadable("import_undos.state"))?,
            problem: self.problem,
            was: ImportState::parse(&self.was).ok_or_else(|| unreadable("import_undos.was"))?,
            pieces: self.pieces.cast_unsigned(),
            pieces_done: self.pieces_done.cast_unsigned(),
            tally: read_tally(&self.tally),
            asked_at: self.asked_at,
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
    pieces: i64,
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
    fn read(self) -> Result<Kept> {
        let reason = KeptReason::parse(&self.reason);
        Ok(Kept {
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
    ) -> Result<Begun> {
        let job = self.ids.next();
        self.write(|db| begin(db, job, org, import, id, actor, now))
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<Undo>> {
        self.read(|db| select(db, org, "import_id", import.0, ""))
    }

    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        self.write(|db| {
            // Held, so that of two workers one finds the piece undone.
            match select(db, org, "id", id.0, " FOR UPDATE")? {
                Some(undo) if undo.state == UndoState::Running => {
                    step::step(self, db, org, &undo, now)
                }
                _ => Ok(UndoStep::Stopped),
            }
        })
    }

    fn fail(&self, org: OrgId, id: UndoId, problem: &str, now: OffsetDateTime) -> Result<bool> {
        self.write(|db| {
            let undo = select(db, org, "id", id.0, " FOR UPDATE")?;
            let Some(undo) = undo.filter(|undo| undo.state == UndoState::Running) else {
                return Ok(false);
            };
            end(db, org, &undo, UndoState::Failed, Some(problem), undo.was, now)?;
            Ok(true)
        })
    }

    fn kept(
        &self,
        org: OrgId,
        import: ImportId,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<Kept>> {
        self.read(|db| {
            let mut select = Statement::of(org);
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
            let rows: Vec<KeptRow> = select.build().load(db).map_err(store)?;
            rows.into_iter().map(KeptRow::read).collect()
        })
    }
}

fn select(
    db: &mut PgConnection,
    org: OrgId,
    column: &str,
    value: Uuid,
    lock: &str,
) -> Result<Option<Undo>> {
    let row: Option<Row> =
        Statement::find(org, "import_undos", column, value).push(lock).row(db)?;
    row.map(Row::read).transpose()
}

fn begin(
    db: &mut PgConnection,
    job: Uuid,
    org: OrgId,
    import: ImportId,
    id: UndoId,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Begun> {
    // The import is held first, so that what is read of it stays so.
    let mut set = Statement::of(org);
    set.push("state = state");
    if !change(db, import, set, "'done', 'cancelled', 'failed'")? {
        return Ok(Begun::NotNow);
    }
    let statement = "SELECT i.state, i.rows_read = coalesce(sum(p.rows), 0) AS is_told, \
             count(p.piece) AS pieces \
         FROM imports i LEFT JOIN import_pieces p ON p.org_id = $1 AND p.import_id = i.id \
         WHERE i.org_id = $1 AND i.id = $2 GROUP BY i.state, i.rows_read";
    let ended: Ended = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .get_result(db)
        .map_err(store)?;
    let before = select(db, org, "import_id", import.0, " FOR UPDATE")?;
    if before.is_none() && !ended.is_told {
        return Ok(Begun::Untold);
    }
    let (actor_kind, actor_id) = actor.parts();
    let statement = "INSERT INTO import_undos (org_id, id, import_id, actor_kind, actor_id, \
             state, was, pieces, pieces_done, tally, asked_at) \
         VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, 0, $8, $9) \
         ON CONFLICT (org_id, import_id) DO UPDATE SET id = excluded.id, \
             actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, \
             state = excluded.state, problem = NULL, asked_at = excluded.asked_at, \
             finished_at = NULL";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .bind::<Text, _>(ended.state)
        .bind::<BigInt, _>(ended.pieces)
        .bind::<Jsonb, _>(write_tally(&UndoTally::default()))
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map_err(store)?;
    let mut set = Statement::of(org);
    set.push("state = 'undoing'");
    change(db, import, set, "'done', 'cancelled', 'failed'")?;
    enqueue(db, org, job, Job::UndoImport(id), now)?;
    Ok(Begun::Yes)
}

/// Brings an undo to its end, and the import to a state.
fn end(
    db: &mut PgConnection,
    org: OrgId,
    undo: &Undo,
    state: UndoState,
    problem: Option<&str>,
    import_state: ImportState,
    now: OffsetDateTime,
) -> Result<()> {
    let statement = "UPDATE import_undos SET state = $3, problem = $4, finished_at = $5 \
         WHERE org_id = $1 AND import_id = $2";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Text, _>(state.as_str())
        .bind::<Nullable<Text>, _>(problem)
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map_err(store)?;
    let mut set = Statement::of(org);
    set.push("state = ").bind(Bind::Text(import_state.as_str().to_owned()));
    change(db, undo.import, set, "'undoing'").map(drop)
}
