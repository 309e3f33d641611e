//! Bulk actions.

mod apply;
mod export;
mod stored;

use contacts_core::action::{
    Action, ActionId, ActionKind, ActionRepository, ActionState, Applied, Piece,
};
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::export::Sheet;
use contacts_core::file::FileId;
use contacts_core::job::Job;
use contacts_core::selection::SelectionId;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use self::apply::With;
pub(crate) use self::stored::read_kind;
use self::stored::{StoredTally, read_skipped, write_kind};
use crate::Database;
use crate::database::{store, unreadable};
use crate::jobs::{enqueue, remove};
use crate::statement::Statement;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Jsonb)]
    detail: Value,
    #[diesel(sql_type = SqlUuid)]
    selection_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = Integer)]
    pieces: i32,
    #[diesel(sql_type = Integer)]
    pieces_done: i32,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    file_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
struct PieceRow {
    #[diesel(sql_type = Array<SqlUuid>)]
    changed: Vec<Uuid>,
    #[diesel(sql_type = Array<SqlUuid>)]
    unchanged: Vec<Uuid>,
    #[diesel(sql_type = Jsonb)]
    skipped: Value,
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = Bool)]
    has_file: bool,
}

impl Row {
    fn read(self) -> Result<Action> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Action {
            org: OrgId(self.org_id),
            id: ActionId(self.id),
            kind: read_kind(&self.kind, &self.detail)?,
            selection: SelectionId(self.selection_id),
            state: ActionState::parse(&self.state).ok_or_else(|| unreadable("actions.state"))?,
            problem: self.problem,
            people: self.people.cast_unsigned(),
            pieces: self.pieces.cast_unsigned(),
            pieces_done: self.pieces_done.cast_unsigned(),
            tally: StoredTally::read(self.tally)?,
            file: self.file_id.map(FileId),
            actor: actor.ok_or_else(|| unreadable("actions.actor_kind"))?,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

impl PieceRow {
    fn read(self) -> Result<Piece> {
        Ok(Piece {
            changed: self.changed.into_iter().map(ContactId).collect(),
            unchanged: self.unchanged.into_iter().map(ContactId).collect(),
            skipped: read_skipped(self.skipped)?,
        })
    }
}

impl ActionRepository for Database {
    fn insert(&self, action: &Action, due: OffsetDateTime) -> Result<()> {
        let org = action.org;
        let job = self.ids.next();
        self.write(|db| {
            // Held, so that nobody sweeps it away before the action is there to need it.
            let held = "SELECT FROM selections WHERE org_id = $1 AND id = $2 FOR KEY SHARE";
            check(db, org, held, action.selection.0, "selection")?;
            if let ActionKind::AddToCampaign(campaign) = action.kind {
                let held = "SELECT FROM campaigns WHERE org_id = $1 AND id = $2";
                check(db, org, held, campaign.0, "campaign")?;
            }
            insert(db, action)?;
            enqueue(db, org, job, Job::RunAction(action.id), due)
        })
    }

    fn get(&self, org: OrgId, id: ActionId) -> Result<Option<Action>> {
        self.read(|db| {
            let row: Option<Row> = Statement::find(org, "actions", "id", id.0).row(db)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId, before: Option<ActionId>, limit: usize) -> Result<Vec<Action>> {
        self.read(|db| {
            let mut select = Statement::of(org);
            select.push("SELECT * FROM actions WHERE org_id = $1");
            select.newest(before.map(|id| id.0), limit);
            let rows: Vec<Row> = select.build().load(db).map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn apply(
        &self,
        action: &Action,
        piece: u32,
        still: &ContactFilter,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        self.write(|db| apply::apply(self, db, action, piece, &With::Still(still), now))
    }

    fn export(
        &self,
        action: &Action,
        piece: u32,
        sheet: &Sheet,
        now: OffsetDateTime,
    ) -> Result<Applied> {
        self.write(|db| apply::apply(self, db, action, piece, &With::Sheet(sheet), now))
    }

    fn erase_file(&self, org: OrgId, id: ActionId) -> Result<()> {
        self.write(|db| export::erase(db, org, id))
    }

    fn end(
        &self,
        org: OrgId,
        id: ActionId,
        state: ActionState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        // Before it is done: upkeep that a crash cut short is then made good with the end itself.
        let is_done = state == ActionState::Done;
        if is_done {
            self.tidy_after_action(org, id)?;
        }
        let statement = "UPDATE actions SET state = $3, problem = $4, finished_at = $5 \
             WHERE org_id = $1 AND id = $2 AND state = 'running' \
             RETURNING file_id IS NOT NULL AS has_file";
        let job = self.ids.next();
        let ended = self.write(|db| {
            let ended: Option<Ended> = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Text, _>(state.as_str())
                .bind::<Nullable<Text>, _>(&problem)
                .bind::<Timestamptz, _>(now)
                .get_result(db)
                .optional()
                .map_err(store)?;
            let Some(Ended { has_file }) = ended else { return Ok(false) };
            if has_file && is_done {
                enqueue(db, org, job, Job::EraseFile(id), now + Action::FILE_KEPT)?;
            } else if has_file {
                export::erase(db, org, id)?;
            }
            remove(db, org, Job::RunAction(id)).map(|()| true)
        })?;
        if ended
            && !is_done
            && let Err(error) = self.tidy_after_action(org, id)
        {
            tracing::warn!(%error, "upkeep after an action failed");
        }
        Ok(ended)
    }

    fn piece(&self, org: OrgId, id: ActionId, piece: u32) -> Result<Option<Piece>> {
        let select = "SELECT changed, unchanged, skipped FROM action_pieces \
             WHERE org_id = $1 AND action_id = $2 AND piece = $3";
        self.read(|db| {
            let row: Option<PieceRow> = sql_query(select)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Integer, _>(piece.cast_signed())
                .get_result(db)
                .optional()
                .map_err(store)?;
            row.map(PieceRow::read).transpose()
        })
    }
}

impl Database {
    /// After many changes, plans would be made from what the tables held before.
    fn tidy_after_action(&self, org: OrgId, id: ActionId) -> Result<()> {
        const MANY: u64 = 10_000;
        let action = ActionRepository::get(self, org, id)?;
        let Some(action) = action.filter(|action| action.tally.changed >= MANY) else {
            return Ok(());
        };
        match action.kind {
            ActionKind::AddTags(_) | ActionKind::RemoveTags(_) => self.tidy("ANALYZE contact_tags"),
            ActionKind::AddToCampaign(_) => self.tidy("ANALYZE subscriptions"),
            ActionKind::Export(_) => Ok(()),
            ActionKind::Delete => {
                self.tidy("SELECT gin_clean_pending_list('contacts_org_id_search_idx')")?;
                self.tidy("ANALYZE contacts, contact_tags, contact_sources")
            }
        }
    }
}

/// Refuses what names something that is not there.
fn check(
    db: &mut PgConnection,
    org: OrgId,
    select: &str,
    id: Uuid,
    what: &'static str,
) -> Result<()> {
    let found = sql_query(select)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id)
        .execute(db)
        .map_err(store)?;
    if found == 1 { Ok(()) } else { Err(Error::NotFound(what)) }
}

fn insert(db: &mut PgConnection, action: &Action) -> Result<()> {
    let (actor_kind, actor_id) = action.actor.parts();
    let statement = "INSERT INTO actions (org_id, id, kind, detail, selection_id, state, problem, \
             people, pieces, pieces_done, tally, file_id, actor_kind, actor_id, created_at, \
             started_at, finished_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    sql_query(statement)
        .bind::<SqlUuid, _>(action.org.0)
        .bind::<SqlUuid, _>(action.id.0)
        .bind::<Text, _>(action.kind.as_str())
        .bind::<Jsonb, _>(write_kind(&action.kind))
        .bind::<SqlUuid, _>(action.selection.0)
        .bind::<Text, _>(action.state.as_str())
        .bind::<Nullable<Text>, _>(&action.problem)
        .bind::<BigInt, _>(action.people.cast_signed())
        .bind::<Integer, _>(action.pieces.cast_signed())
        .bind::<Integer, _>(action.pieces_done.cast_signed())
        .bind::<Jsonb, _>(StoredTally::write(&action.tally))
        .bind::<Nullable<SqlUuid>, _>(action.file.map(|file| file.0))
        .bind::<Text, _>(actor_kind)
        .bind::<Nullable<SqlUuid>, _>(actor_id)
        .bind::<Timestamptz, _>(action.created_at)
        .bind::<Nullable<Timestamptz>, _>(action.started_at)
        .bind::<Nullable<Timestamptz>, _>(action.finished_at)
        .execute(db)
        .map(drop)
        .map_err(store)
}
