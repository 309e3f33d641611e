//! Erasures.

mod erase;
mod stored;

use contacts_core::contact::ContactId;
use contacts_core::erasure::{Erasure, ErasureId, ErasureRepository, ErasureState, Work};
use contacts_core::import::ImportId;
use contacts_core::job::Job;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::erase::drop_file;
use self::stored::StoredSought;
use crate::Database;
use crate::database::{store, unreadable};
use crate::jobs::enqueue;
use crate::statement::{Bind, Statement};

const SELECT: &str = "SELECT e.id, e.contact_id, e.forget_unsubscribe, e.state, e.sought, \
     e.reached, e.waits_for, e.files, e.actor_kind, e.actor_id, e.created_at, e.finished_at \
     FROM erasures e WHERE e.org_id = $1";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = Bool)]
    forget_unsubscribe: bool,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    sought: Option<Value>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    reached: Option<Uuid>,
    #[diesel(sql_type = Array<SqlUuid>)]
    waits_for: Vec<Uuid>,
    #[diesel(sql_type = BigInt)]
    files: i64,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self, org: OrgId) -> Result<Erasure> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let state = ErasureState::parse(&self.state);
        Ok(Erasure {
            org,
            id: ErasureId(self.id),
            contact: ContactId(self.contact_id),
            forget_unsubscribe: self.forget_unsubscribe,
            state: state.ok_or_else(|| unreadable("erasures.state"))?,
            waits_for: self.waits_for.into_iter().map(ImportId).collect(),
            files: self.files.cast_unsigned(),
            actor: actor.ok_or_else(|| unreadable("erasures.actor_kind"))?,
            created_at: self.created_at,
            finished_at: self.finished_at,
        })
    }
}

impl ErasureRepository for Database {
    fn begin(&self, erasure: &Erasure) -> Result<bool> {
        let (org, id, now) = (erasure.org, erasure.id.0, erasure.created_at);
        let (actor_kind, actor_id) = erasure.actor.parts();
        let job = self.ids.next();
        let statement = "INSERT INTO erasures (org_id, id, contact_id, forget_unsubscribe, \
                 state, sought, waits_for, files, actor_kind, actor_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        self.write(|db| {
            let Some(sought) = self.erase(db, erasure, erasure.contact, now)? else {
                return Ok(false);
            };
            let waits_for: Vec<_> = erasure.waits_for.iter().map(|import| import.0).collect();
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id)
                .bind::<SqlUuid, _>(erasure.contact.0)
                .bind::<Bool, _>(erasure.forget_unsubscribe)
                .bind::<Text, _>(erasure.state.as_str())
                .bind::<Jsonb, _>(StoredSought::write(&sought))
                .bind::<Array<SqlUuid>, _>(waits_for)
                .bind::<BigInt, _>(erasure.files.cast_signed())
                .bind::<Text, _>(actor_kind)
                .bind::<Nullable<SqlUuid>, _>(actor_id)
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map_err(store)?;
            enqueue(db, org, job, Job::Erase(erasure.id), now).map(|()| true)
        })
    }

    fn get(&self, org: OrgId, id: ErasureId) -> Result<Option<Erasure>> {
        self.read(|db| find(db, org, id, "")?.map(|row| row.read(org)).transpose())
    }

    fn list(&self, org: OrgId, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>> {
        let mut select = Statement::of(org);
        select.push(SELECT);
        if let Some(before) = before {
            select.push(" AND e.id < ").bind(Bind::Uuid(before.0));
        }
        select.push(" ORDER BY e.id DESC LIMIT ").bind(Bind::Int(limit as i64));
        let rows: Vec<Row> = self.read(|db| select.build().load(db).map_err(store))?;
        rows.into_iter().map(|row| row.read(org)).collect()
    }

    fn work(&self, org: OrgId, id: ErasureId) -> Result<Option<Work>> {
        let Some(mut row) = self.read(|db| find(db, org, id, ""))? else { return Ok(None) };
        let Some(sought) = row.sought.take() else { return Ok(None) };
        let (sought, reached) = (StoredSought::read(sought)?, row.reached.map(ImportId));
        Ok(Some(Work { erasure: row.read(org)?, sought, reached }))
    }

    fn erase_file(&self, org: OrgId, id: ErasureId, import: ImportId, rows: &[u64]) -> Result<()> {
        self.write(|db| {
            if erase::drop_file(db, org, import, "erased", rows)? {
                let count = "UPDATE erasures SET files = files + 1 WHERE org_id = $1 AND id = $2";
                sql_query(count)
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<SqlUuid, _>(id.0)
                    .execute(db)
                    .map_err(store)?;
            }
            Ok(())
        })
    }

    fn reached(
        &self,
        org: OrgId,
        id: ErasureId,
        reached: Option<ImportId>,
        waits_for: &[ImportId],
        state: ErasureState,
    ) -> Result<()> {
        let waits_for: Vec<_> = waits_for.iter().map(|import| import.0).collect();
        let statement = "UPDATE erasures SET reached = $3, waits_for = $4, state = $5 \
             WHERE org_id = $1 AND id = $2 AND finished_at IS NULL";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Nullable<SqlUuid>, _>(reached.map(|import| import.0))
                .bind::<Array<SqlUuid>, _>(&waits_for)
                .bind::<Text, _>(state.as_str())
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn finish(&self, org: OrgId, id: ErasureId, now: OffsetDateTime) -> Result<bool> {
        self.write(|db| {
            let Some(mut row) = find(db, org, id, " FOR UPDATE")? else { return Ok(true) };
            let Some(sought) = row.sought.take() else { return Ok(true) };
            let (sought, erasure) = (StoredSought::read(sought)?, row.read(org)?);
            if erase::is_at_work(db, &erasure)? {
                return Ok(false);
            }
            for contact in erase::added_since(db, &erasure, &sought)? {
                self.erase(db, &erasure, contact, now)?;
            }
            self.forget(db, &erasure, &sought)?;
            let statement = "UPDATE erasures SET sought = NULL, reached = NULL, waits_for = '{}', \
                     state = 'done', finished_at = $3 WHERE org_id = $1 AND id = $2";
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map(|_| true)
                .map_err(store)
        })
    }
}

fn find(db: &mut PgConnection, org: OrgId, id: ErasureId, lock: &str) -> Result<Option<Row>> {
    let mut select = Statement::of(org);
    select.push(SELECT).push(" AND e.id = ").bind(Bind::Uuid(id.0)).push(lock);
    select.build().get_result(db).optional().map_err(store)
}
