//! The port of bulk actions.

mod apply;
mod export;
mod merge;
mod set_field;
mod stored;
mod undo;

use contacts_core::action::{
    Action, ActionId, ActionKind, ActionRepository, Applied, Chunk, Confirmation,
};
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::export::Sheet;
use contacts_core::file::FileId;
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::selection::SelectionId;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, insert_into,
    update,
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use self::apply::With;
pub(crate) use self::export::erase_file;
pub(crate) use self::stored::read_kind;
use self::stored::{StoredTally, read_skipped, write_kind};
pub(crate) use self::undo::{state_of_tags, undo_chunk, undoable};
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::jobs::{enqueue_at, remove};
use crate::runs::{read_state, stored_state};
use crate::schema::{action_chunks, actions, campaigns, selections, undos};
use crate::selections::{count, filter_of};
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = actions, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    kind: String,
    detail: Value,
    selection_id: Uuid,
    state: String,
    problem: Option<String>,
    contacts: i64,
    chunks: i32,
    chunks_done: i32,
    tally: Value,
    file_id: Option<Uuid>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    created_at: OffsetDateTime,
    started_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = action_chunks, check_for_backend(Pg))]
struct ChunkRow {
    changed: Vec<Option<Uuid>>,
    unchanged: Vec<Option<Uuid>>,
    skipped: Value,
}

impl Row {
    fn of(action: &Action) -> Self {
        let (actor_kind, actor_id) = action.actor.parts();
        Self {
            org_id: action.org.0,
            id: action.id.0,
            kind: action.kind.as_str().to_owned(),
            detail: write_kind(&action.kind),
            selection_id: action.selection.0,
            state: stored_state(action.state).to_owned(),
            problem: action.problem.clone(),
            contacts: action.contacts.cast_signed(),
            chunks: action.chunks.cast_signed(),
            chunks_done: action.chunks_done.cast_signed(),
            tally: StoredTally::write(&action.tally),
            file_id: action.file.map(|file| file.0),
            actor_kind: actor_kind.to_owned(),
            actor_id,
            created_at: action.created_at,
            started_at: action.started_at,
            finished_at: action.finished_at,
        }
    }

    fn read(self) -> PgResult<Action> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Action {
            org: OrgId(self.org_id),
            id: ActionId(self.id),
            kind: read_kind(&self.kind, &self.detail)?,
            selection: SelectionId(self.selection_id),
            state: read_state(&self.state, self.started_at, "actions.state")?,
            problem: self.problem,
            contacts: self.contacts.cast_unsigned(),
            chunks: self.chunks.cast_unsigned(),
            chunks_done: self.chunks_done.cast_unsigned(),
            tally: StoredTally::read(self.tally)?,
            undo: None,
            file: self.file_id.map(FileId),
            actor: actor.ok_or_else(|| unreadable("actions.actor_kind"))?,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

impl ChunkRow {
    fn read(self) -> PgResult<Chunk> {
        Ok(Chunk {
            changed: self.changed.into_iter().flatten().map(ContactId).collect(),
            unchanged: self.unchanged.into_iter().flatten().map(ContactId).collect(),
            skipped: read_skipped(self.skipped)?,
        })
    }
}

impl ActionRepository for Database {
    fn insert(
        &self,
        action: &Action,
        confirmed: Option<Confirmation>,
        due: OffsetDateTime,
    ) -> Result<()> {
        let row = Row::of(action);
        self.write(action.org, |tx| {
            check_subjects(tx, action)?;
            if let Some(confirmed) = &confirmed {
                check_count(tx, action.selection, confirmed)?;
            }
            insert_into(actions::table).values(&row).execute(tx)?;
            let filter = filter_of(tx, action.selection)?;
            if let Some(event) = TrailEvent::action_started(action, filter.as_ref()) {
                record(tx, &event, action.actor, action.created_at)?;
            }
            enqueue_at(tx, Job::RunAction(action.id), due)
        })
    }

    fn get(&self, org: OrgId, id: ActionId) -> Result<Option<Action>> {
        self.read(org, |tx| {
            let row: Option<Row> =
                actions::table.find((tx.org.0, id.0)).select(Row::as_select()).row(tx)?;
            Ok(read_all(tx, row)?.pop())
        })
    }

    fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>> {
        self.read(org, |tx| {
            let mut select = actions::table
                .filter(actions::org_id.eq(tx.org.0))
                .order(actions::id.desc())
                .limit(limit as i64)
                .select(Row::as_select())
                .into_boxed();
            if let Some(before) = before {
                select = select.filter(actions::id.lt(before.0));
            }
            let rows: Vec<Row> = select.load(tx)?;
            read_all(tx, rows)
        })
    }

    fn apply(
        &self,
        action: &Action,
        chunk: u32,
        limit: usize,
        filter: &ContactFilter,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        let with = With::Matching(filter);
        self.write_at(action.org, now, |tx| apply::apply(tx, action, chunk, limit, &with))
    }

    fn export(
        &self,
        action: &Action,
        chunk: u32,
        limit: usize,
        sheet: &Sheet,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        let with = With::Sheet(sheet);
        self.write_at(action.org, now, |tx| apply::apply(tx, action, chunk, limit, &with))
    }

    fn erase_file(&self, org: OrgId, id: ActionId) -> Result<()> {
        self.write(org, |tx| erase_file(tx, id))
    }

    fn end(
        &self,
        org: OrgId,
        id: ActionId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.end_action(org, id, state, problem, None, now)
    }

    fn cancel(&self, org: OrgId, id: ActionId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.end_action(org, id, RunState::Cancelled, None, Some(actor), now)
    }

    fn part(&self, org: OrgId, id: ActionId, part: u32) -> Result<Option<Chunk>> {
        self.read(org, |tx| {
            let row: Option<ChunkRow> = action_chunks::table
                .find((tx.org.0, id.0, part.cast_signed()))
                .select(ChunkRow::as_select())
                .row(tx)?;
            row.map(ChunkRow::read).transpose()
        })
    }
}

impl Database {
    /// Ends an action; `by` is who cancelled it.
    fn end_action(
        &self,
        org: OrgId,
        id: ActionId,
        state: RunState,
        problem: Option<String>,
        by: Option<Actor>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        // Maintain the tables before the action ends: if the program crashes in between, the action
        // is still running, and both the maintenance and the end are repeated.
        let is_done = state == RunState::Done;
        if is_done {
            self.tidy_after_action(org, id)?;
        }
        let ended = self.write_at(org, now, |tx| {
            let running =
                actions::table.find((tx.org.0, id.0)).filter(actions::finished_at.is_null());
            let ended: Option<Row> = update(running)
                .set((
                    actions::state.eq(state.as_str()),
                    actions::problem.eq(&problem),
                    actions::finished_at.eq(now),
                ))
                .returning(Row::as_returning())
                .row(tx)?;
            let Some(action) = read_all(tx, ended)?.pop() else { return Ok(false) };
            if let Some((event, actor)) = TrailEvent::action_cancelled(&action).zip(by) {
                record(tx, &event, actor, now)?;
            }
            let has_file = action.file.is_some();
            if has_file && is_done {
                enqueue_at(tx, Job::EraseFile(id), now + Action::FILE_RETENTION)?;
            } else if has_file {
                erase_file(tx, id)?;
            }
            remove(tx, Job::RunAction(id)).map(|()| true)
        })?;
        if ended
            && !is_done
            && let Err(error) = self.tidy_after_action(org, id)
        {
            tracing::warn!(%error, "maintenance of the database after an action failed");
        }
        Ok(ended)
    }

    /// Updates the statistics of the tables that an action has changed much. Otherwise Postgres
    /// makes plans from outdated statistics.
    fn tidy_after_action(&self, org: OrgId, id: ActionId) -> Result<()> {
        const MANY: u64 = 10_000;
        let action = ActionRepository::get(self, org, id)?;
        let Some(action) = action.filter(|action| action.tally.changed >= MANY) else {
            return Ok(());
        };
        match action.kind {
            ActionKind::AddTags(_) | ActionKind::RemoveTags(_) => self.tidy("ANALYZE contact_tags"),
            ActionKind::AddToCampaign(_) | ActionKind::RemoveFromCampaign(_) => {
                self.tidy("ANALYZE subscriptions")
            }
            ActionKind::Unsubscribe => self.tidy("ANALYZE unsubscribes, suppressions"),
            ActionKind::Export(_) | ActionKind::Merge(_) => Ok(()),
            ActionKind::SetField(_) => {
                self.tidy("SELECT gin_clean_pending_list('contacts_org_id_search_idx')")?;
                self.tidy("ANALYZE contacts")
            }
            ActionKind::Delete => {
                self.tidy("SELECT gin_clean_pending_list('contacts_org_id_search_idx')")?;
                self.tidy("ANALYZE contacts, contact_tags, contact_sources")
            }
        }
    }
}

/// Reads actions, with the states of their undos.
fn read_all(tx: &mut Tx<'_>, rows: impl IntoIterator<Item = Row>) -> PgResult<Vec<Action>> {
    let mut actions = rows.into_iter().map(Row::read).collect::<PgResult<Vec<_>>>()?;
    let states: Vec<(Uuid, String, Option<OffsetDateTime>)> = undos::table
        .filter(undos::org_id.eq(tx.org.0))
        .filter(undos::subject_id.eq_any(actions.iter().map(|action| action.id.0)))
        .select((undos::subject_id, undos::state, undos::started_at))
        .load(tx)?;
    for (action, state, started_at) in states {
        let state = read_state(&state, started_at, "undos.state")?;
        let undone = actions.iter_mut().filter(|undone| undone.id.0 == action);
        undone.for_each(|undone| undone.undo = Some(state));
    }
    Ok(actions)
}

/// Checks that the confirmed number of contacts is the current one.
fn check_count(tx: &mut Tx<'_>, id: SelectionId, confirmed: &Confirmation) -> PgResult<()> {
    let current = count(tx, id, &confirmed.filter)?;
    if current == confirmed.count { Ok(()) } else { Err(Error::CountChanged(current).into()) }
}

/// Checks that the selection and the campaign of an action exist.
fn check_subjects(tx: &mut Tx<'_>, action: &Action) -> PgResult<()> {
    // Locked, so that the selection is not swept before the action that needs it exists.
    let selection: Option<Uuid> = selections::table
        .find((tx.org.0, action.selection.0))
        .select(selections::id)
        .for_key_share()
        .row(tx)?;
    selection.ok_or(Error::NotFound("selection"))?;
    if let Some(campaign) = action.kind.campaign() {
        let campaign: Option<Uuid> =
            campaigns::table.find((tx.org.0, campaign.0)).select(campaigns::id).row(tx)?;
        campaign.ok_or(Error::NotFound("campaign"))?;
    }
    Ok(())
}
