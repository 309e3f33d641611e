//! The port of undos.

use contacts_core::action::ActionId;
use contacts_core::contact::ContactId;
use contacts_core::import::ImportId;
use contacts_core::job::Job;
use contacts_core::run::{RunKind, RunState};
use contacts_core::trail::TrailEvent;
use contacts_core::undo::{
    KeptItem, KeptReason, Undo, UndoId, UndoOutcome, UndoRepository, UndoStart, UndoStep,
    UndoSubject, UndoTally,
};
use contacts_core::{Actor, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::contacts::{self, unmerge};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::jobs::enqueue;
use crate::runs::read_state;
use crate::statement::Bind;
use crate::trail::record;
use crate::{Database, actions, imports};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
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
        let subject = match RunKind::parse(&self.kind) {
            Some(RunKind::Undo) => UndoSubject::Import(ImportId(self.subject_id)),
            Some(RunKind::UndoAction) => UndoSubject::Action(ActionId(self.subject_id)),
            Some(RunKind::UndoMerge) => UndoSubject::Merge(ContactId(self.subject_id)),
            _ => return Err(unreadable("undos.kind")),
        };
        Ok(Undo {
            id: UndoId(self.id),
            subject,
            actor: actor.ok_or_else(|| unreadable("undos.actor_kind"))?,
            state: read_state(&self.state, self.started_at, "undos.state")?,
            problem: self.problem,
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

/// An import or an action that has ended and is locked, before its undo.
pub(crate) struct Undoable {
    /// State of the import.
    pub(crate) was: Option<String>,
    /// Number of stored chunks.
    pub(crate) chunks: i64,
    /// Whether all that it did is stored.
    pub(crate) is_stored: bool,
}

/// The results of a step.
pub(crate) struct StepResult {
    /// Counts of the undo, including this step.
    pub(crate) tally: UndoTally,
    /// What the step kept.
    pub(crate) kept: Vec<KeptItem>,
    /// Restored contacts of which earlier chunks have traces, too.
    pub(crate) marked: Vec<ContactId>,
}

impl StepResult {
    /// Returns the results of a step that comes after others.
    pub(crate) fn after(undo: &Undo) -> Self {
        Self { tally: undo.tally, kept: Vec::new(), marked: Vec::new() }
    }

    /// Counts a contact of a chunk whose contacts are in no other chunk.
    pub(crate) fn count(&mut self, outcome: UndoOutcome) {
        self.tally.count(outcome);
    }
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
            reason: reason.ok_or_else(|| unreadable("kept_items.reason"))?,
        })
    }
}

impl UndoRepository for Database {
    fn begin(
        &self,
        org: OrgId,
        subject: UndoSubject,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<UndoStart> {
        self.write_at(org, now, |tx| begin(tx, subject, id, actor))
    }

    fn get(&self, org: OrgId, subject: UndoSubject) -> Result<Option<Undo>> {
        self.read(org, |tx| select(tx, "subject_id", subject.id(), ""))
    }

    fn find(&self, org: OrgId, id: UndoId) -> Result<Option<Undo>> {
        self.read(org, |tx| select(tx, "id", id.0, ""))
    }

    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        self.write_at(org, now, |tx| {
            // Locks the undo, so that the second of two workers finds the chunk undone.
            match select(tx, "id", id.0, " FOR UPDATE")? {
                Some(undo) if undo.state.is_open() => step(tx, &undo),
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
            end(tx, &undo, state, problem.as_deref())?;
            Ok(true)
        })
    }

    fn kept(
        &self,
        org: OrgId,
        subject: UndoSubject,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push(
                "SELECT contact_id, field, reason FROM kept_items \
                 WHERE org_id = $1 AND reason <> 'restored' AND subject_id = ",
            );
            select.bind(Bind::Uuid(subject.id()));
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
    let row: Option<Row> = tx.find("undos", column, value).push(lock).row(tx)?;
    row.map(Row::read).transpose()
}

fn begin(
    tx: &mut TimedTx<'_>,
    subject: UndoSubject,
    id: UndoId,
    actor: Actor,
) -> PgResult<UndoStart> {
    let now = tx.now;
    // Locks the import or the action first, so that it stays as it is read.
    let undoable = match subject {
        UndoSubject::Import(import) => imports::undoable(tx, import)?,
        UndoSubject::Action(action) => actions::undoable(tx, action)?,
        UndoSubject::Merge(other) => undoable_merge(tx, other)?,
    };
    let Some(undoable) = undoable else { return Ok(UndoStart::NotNow) };
    let is_stored = match select(tx, "subject_id", subject.id(), " FOR UPDATE")? {
        // A contact whose merge was undone can be merged again.
        Some(before) if matches!(subject, UndoSubject::Merge(_)) && !before.state.is_open() => {
            delete_ended(tx, subject)?;
            undoable.is_stored
        }
        Some(before) if before.state.is_open() || before.state == RunState::Done => {
            return Ok(UndoStart::NotNow);
        }
        Some(before) => before.chunks <= before.chunks_done + undoable.chunks.cast_unsigned(),
        None => undoable.is_stored,
    };
    if !is_stored {
        return Ok(UndoStart::NoTraces);
    }
    let (actor_kind, actor_id) = actor.parts();
    let statement = "INSERT INTO undos (org_id, id, kind, subject_id, actor_kind, actor_id, \
             state, was, chunks, chunks_done, tally, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8, 0, $9, $10) \
         ON CONFLICT (org_id, subject_id) DO UPDATE SET id = excluded.id, \
             actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, \
             state = excluded.state, problem = NULL, created_at = excluded.created_at, \
             started_at = NULL, finished_at = NULL, chunks_done_before = undos.chunks_done";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Text, _>(subject.run_kind().as_str())
        .bind::<SqlUuid, _>(subject.id())
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .bind::<Nullable<Text>, _>(undoable.was)
        .bind::<BigInt, _>(undoable.chunks)
        .bind::<Jsonb, _>(write_tally(&UndoTally::default()))
        .bind::<Timestamptz, _>(now)
        .execute(tx)?;
    if let UndoSubject::Import(import) = subject {
        imports::start_undo(tx, import)?;
    }
    record(tx, &TrailEvent::undo_started(subject), actor, now)?;
    enqueue(tx, Job::Undo(id))?;
    Ok(UndoStart::Yes)
}

/// Returns whether the merge of a contact can be undone now.
fn undoable_merge(tx: &mut Tx<'_>, other: ContactId) -> PgResult<Option<Undoable>> {
    let merge = contacts::undoable_merge(tx, other)?.filter(|merge| merge.is_last);
    Ok(merge.map(|merge| Undoable { was: None, chunks: 1, is_stored: merge.is_stored }))
}

/// Deletes an undo that has ended, and what it kept.
fn delete_ended(tx: &mut Tx<'_>, subject: UndoSubject) -> PgResult<()> {
    for statement in [
        "DELETE FROM kept_items WHERE org_id = $1 AND subject_id = $2",
        "DELETE FROM undos WHERE org_id = $1 AND subject_id = $2",
    ] {
        tx.query(statement).bind::<SqlUuid, _>(subject.id()).execute(tx)?;
    }
    Ok(())
}

/// Undoes the last chunk that is stored, or ends the undo.
fn step(tx: &mut TimedTx<'_>, undo: &Undo) -> PgResult<UndoStep> {
    let now = tx.now;
    let result = match undo.subject {
        UndoSubject::Import(import) => imports::undo_chunk(tx, undo, import)?,
        UndoSubject::Action(action) => actions::undo_chunk(tx, undo, action)?,
        UndoSubject::Merge(_) if undo.chunks_done > 0 => None,
        UndoSubject::Merge(other) => {
            let (outcome, kept) = unmerge(tx, undo, other)?;
            let mut result = StepResult::after(undo);
            result.count(outcome);
            result.kept = kept;
            Some(result)
        }
    };
    let chunks = i64::from(result.is_some());
    let tally = result.as_ref().map_or(undo.tally, |result| result.tally);
    let statement = "UPDATE undos SET started_at = coalesce(started_at, $3), \
             chunks_done = chunks_done + $4, tally = $5 \
         WHERE org_id = $1 AND subject_id = $2";
    tx.query(statement)
        .bind::<SqlUuid, _>(undo.subject.id())
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(chunks)
        .bind::<Jsonb, _>(write_tally(&tally))
        .execute(tx)?;
    let Some(result) = result else {
        end(tx, undo, RunState::Done, None)?;
        return Ok(UndoStep::Finished);
    };
    store_kept(tx, undo, &result)?;
    Ok(UndoStep::Chunk(tally))
}

/// Ends an undo, and changes the state of an import.
fn end(tx: &mut TimedTx<'_>, undo: &Undo, state: RunState, problem: Option<&str>) -> PgResult<()> {
    let now = tx.now;
    let statement = "UPDATE undos SET state = $3, problem = $4, finished_at = $5 \
         WHERE org_id = $1 AND subject_id = $2";
    tx.query(statement)
        .bind::<SqlUuid, _>(undo.subject.id())
        .bind::<Text, _>(state.as_str())
        .bind::<Nullable<Text>, _>(problem)
        .bind::<Timestamptz, _>(now)
        .execute(tx)?;
    match undo.subject {
        UndoSubject::Import(import) => imports::end_undo(tx, import, state == RunState::Done),
        UndoSubject::Action(_) | UndoSubject::Merge(_) => Ok(()),
    }
}

/// Stores what was kept, and marks the contacts that are counted with an earlier chunk.
fn store_kept(tx: &mut Tx<'_>, undo: &Undo, result: &StepResult) -> PgResult<()> {
    let kept = result
        .kept
        .iter()
        .map(|kept| (kept.contact.0, kept.field.clone().unwrap_or_default(), kept.reason.as_str()));
    // No field can have the name `+`.
    let marked = result.marked.iter().map(|id| (id.0, "+".to_owned(), "restored"));
    let (mut contacts, mut fields, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for (contact, field, reason) in kept.chain(marked) {
        contacts.push(contact);
        fields.push(field);
        reasons.push(reason);
    }
    let statement = "INSERT INTO kept_items (org_id, subject_id, contact_id, field, reason) \
         SELECT $1, $2, k.* FROM unnest($3, $4, $5) AS k \
         ON CONFLICT (org_id, subject_id, contact_id, field) DO NOTHING";
    tx.query(statement)
        .bind::<SqlUuid, _>(undo.subject.id())
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Array<Text>, _>(fields)
        .bind::<Array<Text>, _>(reasons)
        .execute(tx)
        .map(drop)
}
