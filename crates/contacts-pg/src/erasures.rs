//! The port of erasures.

mod erase;
mod stored;

use contacts_core::contact::ContactId;
use contacts_core::erasure::{Erasure, ErasureId, ErasureIdentifiers, ErasureRepository, Work};
use contacts_core::import::ImportId;
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::Pg;
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, insert_into,
    update,
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::erase::drop_file;
use self::stored::StoredIdentifiers;
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::jobs::enqueue;
use crate::runs::{read_state, stored_state};
use crate::schema::erasures;
use crate::statement::coalesce;
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = erasures, check_for_backend(Pg), treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    contact_id: Uuid,
    forget_unsubscribe: bool,
    state: String,
    sought: Option<Value>,
    reached: Option<Uuid>,
    waits_for: Vec<Option<Uuid>>,
    files: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    created_at: OffsetDateTime,
    started_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
}

impl Row {
    /// Returns the row of a new erasure, which has yet to search the files of imports.
    fn of(erasure: &Erasure, sought: &ErasureIdentifiers) -> Self {
        let (actor_kind, actor_id) = erasure.actor.parts();
        Self {
            org_id: erasure.org.0,
            id: erasure.id.0,
            contact_id: erasure.contact.0,
            forget_unsubscribe: erasure.forget_unsubscribe,
            state: stored_state(erasure.state).to_owned(),
            sought: Some(StoredIdentifiers::write(sought)),
            reached: None,
            waits_for: import_ids(&erasure.waits_for),
            files: erasure.files.cast_signed(),
            actor_kind: actor_kind.to_owned(),
            actor_id,
            created_at: erasure.created_at,
            started_at: None,
            finished_at: None,
        }
    }

    fn read(self) -> PgResult<Erasure> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Erasure {
            org: OrgId(self.org_id),
            id: ErasureId(self.id),
            contact: ContactId(self.contact_id),
            forget_unsubscribe: self.forget_unsubscribe,
            state: read_state(&self.state, self.started_at, "erasures.state")?,
            waits_for: self.waits_for.into_iter().flatten().map(ImportId).collect(),
            files: self.files.cast_unsigned(),
            actor: actor.ok_or_else(|| unreadable("erasures.actor_kind"))?,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

impl ErasureRepository for Database {
    fn begin(&self, erasure: &Erasure) -> Result<bool> {
        self.write_at(erasure.org, erasure.created_at, |tx| {
            let Some(sought) = self.erase(tx, erasure, erasure.contact)? else {
                return Ok(false);
            };
            insert_into(erasures::table).values(Row::of(erasure, &sought)).execute(tx)?;
            let now = erasure.created_at;
            record(tx, &TrailEvent::contact_erased(erasure), erasure.actor, now)?;
            enqueue(tx, Job::Erase(erasure.id)).map(|()| true)
        })
    }

    fn get(&self, org: OrgId, id: ErasureId) -> Result<Option<Erasure>> {
        self.read(org, |tx| find(tx, id)?.map(Row::read).transpose())
    }

    fn list(&self, org: OrgId, before: Option<ErasureId>, limit: usize) -> Result<Vec<Erasure>> {
        self.read(org, |tx| {
            let mut select = erasures::table
                .filter(erasures::org_id.eq(tx.org.0))
                .order(erasures::id.desc())
                .limit(limit as i64)
                .select(Row::as_select())
                .into_boxed();
            if let Some(before) = before {
                select = select.filter(erasures::id.lt(before.0));
            }
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn work(&self, org: OrgId, id: ErasureId) -> Result<Option<Work>> {
        let Some(mut row) = self.read(org, |tx| find(tx, id))? else { return Ok(None) };
        let Some(sought) = row.sought.take() else { return Ok(None) };
        let (sought, reached) = (StoredIdentifiers::read(sought)?, row.reached.map(ImportId));
        Ok(Some(Work { erasure: row.read()?, identifiers: sought, reached }))
    }

    fn erase_file(&self, org: OrgId, id: ErasureId, import: ImportId, rows: &[u64]) -> Result<()> {
        self.write(org, |tx| {
            if erase::drop_file(tx, import, "erased", rows)? {
                update(erasures::table.find((tx.org.0, id.0)))
                    .set(erasures::files.eq(erasures::files + 1))
                    .execute(tx)?;
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
        state: RunState,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.write_at(org, now, |tx| {
            let erasure = erasures::table.find((tx.org.0, id.0));
            update(erasure.filter(erasures::finished_at.is_null()))
                .set((
                    erasures::reached.eq(reached.map(|import| import.0)),
                    erasures::waits_for.eq(import_ids(waits_for)),
                    erasures::state.eq(stored_state(state)),
                    erasures::started_at.eq(coalesce(erasures::started_at, now)),
                ))
                .execute(tx)
                .map(drop)
        })
    }

    fn finish(&self, org: OrgId, id: ErasureId, now: OffsetDateTime) -> Result<bool> {
        self.write_at(org, now, |tx| {
            let row: Option<Row> = erasures::table
                .find((tx.org.0, id.0))
                .select(Row::as_select())
                .for_update()
                .row(tx)?;
            let Some(mut row) = row else { return Ok(true) };
            let Some(sought) = row.sought.take() else { return Ok(true) };
            let (sought, erasure) = (StoredIdentifiers::read(sought)?, row.read()?);
            if erase::is_at_work(tx, &erasure)? {
                return Ok(false);
            }
            for contact in erase::added_since(tx, &erasure, &sought)? {
                self.erase(tx, &erasure, contact)?;
            }
            self.forget(tx, &erasure, &sought)?;
            update(erasures::table.find((tx.org.0, id.0)))
                .set((
                    erasures::sought.eq(None::<Value>),
                    erasures::reached.eq(None::<Uuid>),
                    erasures::waits_for.eq(import_ids(&[])),
                    erasures::state.eq(RunState::Done.as_str()),
                    erasures::started_at.eq(coalesce(erasures::started_at, now)),
                    erasures::finished_at.eq(now),
                ))
                .execute(tx)
                .map(|_| true)
        })
    }
}

fn find(tx: &mut Tx<'_>, id: ErasureId) -> PgResult<Option<Row>> {
    erasures::table.find((tx.org.0, id.0)).select(Row::as_select()).row(tx)
}

fn import_ids(imports: &[ImportId]) -> Vec<Option<Uuid>> {
    imports.iter().map(|import| Some(import.0)).collect()
}
