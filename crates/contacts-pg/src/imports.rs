//! Imports.

mod apply;
mod dry_runs;
mod pieces;
mod stored;
mod undos;

use contacts_core::file::FileId;
use contacts_core::import::{
    Analysis, Applied, Chunk, FileState, Import, ImportId, ImportRepository, ImportState, Issue,
    Plan,
};
use contacts_core::job::Job;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::apply::update_contacts;
pub(crate) use self::pieces::{forget, of_contact};
pub(crate) use self::stored::StoredTally;
use self::stored::{StoredAnalysis, StoredPlan};
use crate::Database;
use crate::database::{store, unreadable};
use crate::jobs::enqueue;
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    file_id: Uuid,
    #[diesel(sql_type = Text)]
    file_state: String,
    #[diesel(sql_type = Text)]
    file_name: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    analysis: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    plan: Option<Value>,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    stored: i64,
}

impl Row {
    fn read(self) -> Result<Import> {
        let analysis = self.analysis.map(StoredAnalysis::read).transpose()?;
        let plan = self.plan.map(StoredPlan::read).transpose()?;
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Import {
            org: OrgId(self.org_id),
            id: ImportId(self.id),
            file: FileId(self.file_id),
            file_state: FileState::parse(&self.file_state)
                .ok_or_else(|| unreadable("imports.file_state"))?,
            file_name: self.file_name,
            bytes: self.bytes.cast_unsigned(),
            actor: actor.ok_or_else(|| unreadable("imports.actor_kind"))?,
            state: ImportState::parse(&self.state).ok_or_else(|| unreadable("imports.state"))?,
            problem: self.problem,
            analysis,
            plan,
            tally: StoredTally::read(self.tally)?,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

#[derive(QueryableByName)]
struct IssueRow {
    #[diesel(sql_type = BigInt)]
    row_number: i64,
    #[diesel(sql_type = BigInt)]
    line: i64,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    reason: String,
}

impl ImportRepository for Database {
    fn insert(&self, import: &Import) -> Result<()> {
        let (actor_kind, actor_id) = import.actor.parts();
        let statement = "INSERT INTO imports (org_id, id, file_id, file_name, bytes, actor_kind, \
                 actor_id, state, problem, analysis, plan, rows_read, tally, created_at, \
                 started_at, finished_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(import.org.0)
                .bind::<SqlUuid, _>(import.id.0)
                .bind::<SqlUuid, _>(import.file.0)
                .bind::<Text, _>(&import.file_name)
                .bind::<BigInt, _>(import.bytes.cast_signed())
                .bind::<Text, _>(actor_kind)
                .bind::<Nullable<SqlUuid>, _>(actor_id)
                .bind::<Text, _>(import.state.as_str())
                .bind::<Nullable<Text>, _>(&import.problem)
                .bind::<Nullable<Jsonb>, _>(import.analysis.as_ref().map(StoredAnalysis::write))
                .bind::<Nullable<Jsonb>, _>(import.plan.as_ref().map(StoredPlan::write))
                .bind::<BigInt, _>(import.tally.rows().cast_signed())
                .bind::<Jsonb, _>(StoredTally::write(&import.tally))
                .bind::<Timestamptz, _>(import.created_at)
                .bind::<Nullable<Timestamptz>, _>(import.started_at)
                .bind::<Nullable<Timestamptz>, _>(import.finished_at)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn get(&self, org: OrgId, id: ImportId) -> Result<Option<Import>> {
        self.read(|db| {
            let row: Option<Row> = Statement::find(org, "imports", "id", id.0).row(db)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>> {
        self.read(|db| {
            let mut select = Statement::of(org);
            select.push("SELECT * FROM imports WHERE org_id = $1");
            select.newest(before.map(|id| id.0), limit);
            let rows: Vec<Row> = select.build().load(db).map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn uploaded(&self, org: OrgId, id: ImportId, bytes: u64, now: OffsetDateTime) -> Result<bool> {
        let job = self.ids.next();
        self.write(|db| {
            let mut set = Statement::of(org);
            set.push("state = 'analysing', bytes = ").bind(Bind::Int(bytes.cast_signed()));
            if !change(db, id, set, "'uploading'")? {
                return Ok(false);
            }
            enqueue(db, org, job, Job::AnalyseImport(id), now).map(|()| true)
        })
    }

    fn analysed(
        &self,
        org: OrgId,
        id: ImportId,
        found: &Result<(Analysis, Plan), String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(|db| {
            let mut set = Statement::of(org);
            match found {
                Ok((analysis, plan)) => {
                    set.push("state = 'ready', analysis = ")
                        .bind(Bind::Json(StoredAnalysis::write(analysis)));
                    set.push(", plan = ").bind(Bind::Json(StoredPlan::write(plan)));
                }
                Err(problem) => {
                    set.push("state = 'unusable', problem = ").bind(Bind::Text(problem.clone()));
                    set.push(", finished_at = ").bind(Bind::Time(now));
                }
            }
            change(db, id, set, "'analysing'")
        })
    }

    fn replan(&self, org: OrgId, id: ImportId, plan: &Plan) -> Result<bool> {
        self.write(|db| {
            let mut set = Statement::of(org);
            set.push("plan = ").bind(Bind::Json(StoredPlan::write(plan)));
            let changed = change(db, id, set, "'ready'")?;
            // What a dry run has said is not true of the import any more.
            if changed {
                dry_runs::discard(db, org, id)?;
            }
            Ok(changed)
        })
    }

    fn start(&self, org: OrgId, id: ImportId, now: OffsetDateTime) -> Result<bool> {
        let job = self.ids.next();
        self.write(|db| {
            let mut set = Statement::of(org);
            set.push("state = 'running', started_at = ").bind(Bind::Time(now));
            if !change(db, id, set, "'ready'")? {
                return Ok(false);
            }
            dry_runs::discard(db, org, id)?;
            enqueue(db, org, job, Job::RunImport(id), now).map(|()| true)
        })
    }

    fn apply(&self, import: &Import, chunk: &Chunk, now: OffsetDateTime) -> Result<Applied> {
        let applied = self.write(|db| apply::apply(self, db, import, chunk, now))?;
        if let Applied::Taken(tally) = &applied
            && (chunk.after..tally.rows()).contains(&(MANY - 1))
            && let Err(error) = self.introduce(import.org)
        {
            // The rows are taken, whatever comes of this.
            tracing::warn!(%error, "upkeep amid an import failed");
        }
        Ok(applied)
    }

    fn end(
        &self,
        org: OrgId,
        id: ImportId,
        state: ImportState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        // Before it is done: upkeep that a crash cut short is then made good with the end itself.
        let is_done = state == ImportState::Done;
        if is_done {
            self.tidy_after_import(org, id)?;
        }
        let ended = self.write(|db| {
            let mut set = Statement::of(org);
            set.push("state = ").bind(Bind::Text(state.as_str().to_owned()));
            set.push(", finished_at = ").bind(Bind::Time(now));
            if let Some(problem) = &problem {
                set.push(", problem = ").bind(Bind::Text(problem.clone()));
            }
            dry_runs::discard(db, org, id)?;
            change(db, id, set, "'uploading', 'analysing', 'ready', 'running'")
        })?;
        if ended
            && !is_done
            && let Err(error) = self.tidy_after_import(org, id)
        {
            tracing::warn!(%error, "upkeep after an import failed");
        }
        Ok(ended)
    }

    fn issues(&self, org: OrgId, id: ImportId, after_row: u64, limit: usize) -> Result<Vec<Issue>> {
        // Whole rows only: the next ones are asked for by a row's number.
        let statement = "SELECT row_number, line, code, reason FROM import_issues \
             WHERE org_id = $1 AND import_id = $2 AND row_number > $3 AND row_number <= ( \
                 SELECT max(row_number) FROM (SELECT row_number FROM import_issues \
                 WHERE org_id = $1 AND import_id = $2 AND row_number > $3 \
                 ORDER BY row_number LIMIT $4) page) \
             ORDER BY row_number, ordinal";
        self.read(|db| {
            let rows: Vec<IssueRow> = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<BigInt, _>(after_row.cast_signed())
                .bind::<BigInt, _>(limit as i64)
                .load(db)
                .map_err(store)?;
            Ok(rows.into_iter().map(IssueRow::read).collect())
        })
    }
}

impl IssueRow {
    fn read(self) -> Issue {
        Issue {
            row: self.row_number.cast_unsigned(),
            line: self.line.cast_unsigned(),
            code: self.code,
            reason: self.reason,
        }
    }
}

/// How many rows of an import are worth upkeep.
const MANY: u64 = 10_000;

/// What an import fills.
const ANALYZE: &str = "ANALYZE contacts, contact_tags, contact_sources";

impl Database {
    /// Plans for an organisation that the statistics do not know are made for a handful of
    /// contacts: every page of a list would find all of them and sort them, until the import
    /// ends. So they are told of a new one once it has many.
    fn introduce(&self, org: OrgId) -> Result<()> {
        let known = "SELECT count(*) AS stored FROM pg_stats \
             WHERE schemaname = current_schema() AND tablename = 'contacts' \
             AND attname = 'org_id' AND $1 = ANY(most_common_vals::text::uuid[])";
        let known: Known = self
            .read(|db| sql_query(known).bind::<SqlUuid, _>(org.0).get_result(db).map_err(store))?;
        if known.stored == 0 { self.tidy(ANALYZE) } else { Ok(()) }
    }

    /// After many new rows, search goes slowly through a long list of pending entries, and
    /// plans are made from what the table held before.
    fn tidy_after_import(&self, org: OrgId, id: ImportId) -> Result<()> {
        let changed =
            ImportRepository::get(self, org, id)?.map_or(0, |i| i.tally.added + i.tally.updated);
        if changed >= MANY {
            self.tidy("SELECT gin_clean_pending_list('contacts_org_id_search_idx')")?;
            self.tidy(ANALYZE)?;
        }
        Ok(())
    }
}

/// Changes an import that is in one of the states, and says whether it was.
fn change(db: &mut PgConnection, id: ImportId, set: Statement, states: &str) -> Result<bool> {
    let mut update = set.before("UPDATE imports SET ");
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(id.0));
    update.push(" AND state IN (").push(states).push(")");
    update.build().execute(db).map(|changed| changed == 1).map_err(store)
}
