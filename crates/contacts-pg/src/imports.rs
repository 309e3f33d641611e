//! The port of imports.

mod apply;
mod choices;
mod chunks;
mod contacts;
mod corrections;
mod dry_runs;
mod issues;
mod opt_outs;
mod retries;
mod stored;
mod stored_layout;
mod stored_reading;
mod undo;

use contacts_core::file::FileId;
use contacts_core::import::{
    Analysis, Applied, CellEdit, Chunk, Corrections, EarlierChoices, FileState, HeaderFingerprint,
    Import, ImportId, ImportRepository, ImportState, Issue, KnownDomains, LayoutChoice, NewPlan,
    Plan,
};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, OrgId, Result};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::chunks::{forget, of_contact};
pub(crate) use self::contacts::{apply as apply_rows, update_contacts};
pub(crate) use self::corrections::forget_corrections;
pub(crate) use self::stored::StoredTally;
use self::stored::{StoredAnalysis, StoredPlan};
use self::stored_layout::StoredLayout;
pub(crate) use self::undo::{end_undo, start_undo, undo_chunk, undoable};
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::files::insert_chunk;
use crate::jobs::{enqueue, remove};
use crate::statement::{Bind, Statement};
use crate::trail::record;

#[derive(QueryableByName)]
struct PlanOnly {
    #[diesel(sql_type = Jsonb)]
    plan: Value,
}

#[derive(QueryableByName)]
struct DomainRow {
    #[diesel(sql_type = Text)]
    domain: String,
}

#[derive(QueryableByName)]
struct LayoutOnly {
    #[diesel(sql_type = Nullable<Jsonb>)]
    layout: Option<Value>,
}

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
    #[diesel(sql_type = Nullable<Jsonb>)]
    layout: Option<Value>,
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
    #[diesel(sql_type = BigInt)]
    corrected_rows: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    retried_rows: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

#[derive(QueryableByName)]
struct StoredRows {
    #[diesel(sql_type = BigInt)]
    stored: i64,
}

impl Row {
    fn read(self) -> PgResult<Import> {
        let analysis = self.analysis.map(StoredAnalysis::read).transpose()?;
        let plan = self.plan.map(StoredPlan::read).transpose()?;
        let layout = self.layout.map(StoredLayout::read).transpose()?;
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let state = ImportState::parse(&self.state);
        Ok(Import {
            org: OrgId(self.org_id),
            id: ImportId(self.id),
            file: FileId(self.file_id),
            file_state: FileState::parse(&self.file_state)
                .ok_or_else(|| unreadable("imports.file_state"))?,
            file_name: self.file_name,
            layout: layout.unwrap_or_default(),
            bytes: self.bytes.cast_unsigned(),
            actor: actor.ok_or_else(|| unreadable("imports.actor_kind"))?,
            state: state.ok_or_else(|| unreadable("imports.state"))?.since(self.started_at),
            problem: self.problem,
            analysis,
            plan,
            tally: StoredTally::read(self.tally)?,
            corrected_rows: self.corrected_rows.cast_unsigned(),
            retried_rows: self.retried_rows.map(i64::cast_unsigned),
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

impl ImportRepository for Database {
    fn insert(&self, import: &Import) -> Result<()> {
        let (actor_kind, actor_id) = import.actor.parts();
        let statement = "INSERT INTO imports (org_id, id, file_id, file_name, bytes, actor_kind, \
                 actor_id, state, problem, analysis, plan, rows_read, tally, created_at, \
                 touched_at, started_at, finished_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16)";
        self.write(import.org, |tx| {
            tx.query(statement)
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
                .execute(tx)
                .map(drop)
        })
    }

    fn get(&self, org: OrgId, id: ImportId) -> Result<Option<Import>> {
        self.read(org, |tx| {
            let row: Option<Row> = tx.find("imports", "id", id.0).row(tx)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId, before: Option<ImportId>, limit: usize) -> Result<Vec<Import>> {
        self.read(org, |tx| {
            let mut select = tx.statement();
            select.push("SELECT * FROM imports WHERE org_id = $1");
            select.newest(before.map(|id| id.0), limit);
            let rows: Vec<Row> = select.load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn store_chunk(
        &self,
        import: &Import,
        chunk: u32,
        bytes: &[u8],
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(import.org, |tx| {
            let mut set = tx.statement();
            set.push("touched_at = ").bind(Bind::Time(now));
            // It locks the import, so that no chunk is stored after the file was deleted.
            if !change(tx, import.id, set, "'uploading'")? {
                return Ok(false);
            }
            insert_chunk(tx, import.file, chunk, bytes).map(|()| true)
        })
    }

    fn uploaded(&self, org: OrgId, id: ImportId, bytes: u64, now: OffsetDateTime) -> Result<bool> {
        self.write_at(org, now, |tx| {
            let mut set = tx.statement();
            set.push("state = 'analysing', bytes = ").bind(Bind::Int(bytes.cast_signed()));
            if !change(tx, id, set, "'uploading'")? {
                return Ok(false);
            }
            enqueue(tx, Job::AnalyseImport(id)).map(|()| true)
        })
    }

    fn analysed(
        &self,
        import: &Import,
        found: &Result<(Analysis, Plan), String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(import.org, now, |tx| {
            let mut set = tx.statement();
            match found {
                Ok((analysis, plan)) => {
                    set.push("state = 'ready', analysis = ")
                        .bind(Bind::Json(StoredAnalysis::write(analysis)));
                    set.push(", plan = ").bind(Bind::Json(StoredPlan::write(plan)));
                    set.push(", header_fingerprint = ");
                    match analysis.layout.header_fingerprint() {
                        Some(headers) => set.bind(Bind::Int(headers.0.cast_signed())),
                        None => set.push("NULL"),
                    };
                }
                Err(problem) => {
                    set.push("state = 'unusable', problem = ").bind(Bind::Text(problem.clone()));
                    set.push(", finished_at = ").bind(Bind::Time(now));
                }
            }
            let mut update = update(import.id, set, "'analysing'");
            match StoredLayout::write(&import.layout) {
                Some(layout) => update.push(" AND layout = ").bind(Bind::Json(layout)),
                None => update.push(" AND layout IS NULL"),
            };
            update.execute(tx).map(|changed| changed == 1)
        })
    }

    fn replan(&self, org: OrgId, id: ImportId, new: &NewPlan) -> Result<bool> {
        self.write(org, |tx| {
            let Some(mut plan) = lock_ready(tx, id)? else { return Ok(false) };
            new.apply_to(&mut plan);
            let mut set = tx.statement();
            set.push("plan = ").bind(Bind::Json(StoredPlan::write(&plan)));
            change(tx, id, set, "'ready'")?;
            // A dry run of the previous plan is outdated.
            dry_runs::discard(tx, id)?;
            Ok(true)
        })
    }

    fn correct(&self, org: OrgId, id: ImportId, edits: &[CellEdit]) -> Result<bool> {
        self.write(org, |tx| corrections::correct(tx, id, edits))
    }

    fn retry(
        &self,
        org: OrgId,
        id: ImportId,
        edits: &[CellEdit],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| retries::retry(tx, id, edits, actor))
    }

    fn corrected_rows(&self, org: OrgId, id: ImportId) -> Result<Vec<u64>> {
        self.read(org, |tx| retries::read(tx, id))
    }

    fn corrections(&self, org: OrgId, id: ImportId) -> Result<Corrections> {
        self.read(org, |tx| corrections::read(tx, id))
    }

    fn choices_of(&self, org: OrgId, headers: HeaderFingerprint) -> Result<Option<EarlierChoices>> {
        self.read(org, |tx| choices::find(tx, headers))
    }

    fn frequent_domains(&self, org: OrgId) -> Result<Vec<String>> {
        // The first addresses of the index stand for the others: counting all takes seconds in a
        // large organisation.
        let statement = "SELECT a.domain FROM ( \
                 SELECT split_part(email_key, '@', 2) AS domain FROM addresses \
                 WHERE org_id = $1 LIMIT 10000) a \
             GROUP BY a.domain HAVING count(*) >= $2 ORDER BY count(*) DESC, a.domain LIMIT $3";
        self.read(org, |tx| {
            let rows: Vec<DomainRow> = tx
                .query(statement)
                .bind::<BigInt, _>(KnownDomains::MIN_ADDRESSES.cast_signed())
                .bind::<BigInt, _>(KnownDomains::MAX as i64)
                .load(tx)?;
            Ok(rows.into_iter().map(|row| row.domain).collect())
        })
    }

    fn choose_layout(
        &self,
        org: OrgId,
        id: ImportId,
        layout: &LayoutChoice,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            let former: Option<LayoutOnly> = tx
                .query("SELECT layout FROM imports WHERE org_id = $1 AND id = $2 FOR UPDATE")
                .bind::<SqlUuid, _>(id.0)
                .row(tx)?;
            let former = former.and_then(|row| row.layout).map(StoredLayout::read).transpose()?;
            let has_same_cells = layout.has_cells_of(&former.unwrap_or_default());
            let mut set = tx.statement();
            set.push("state = 'analysing', problem = NULL, finished_at = NULL, layout = ");
            match StoredLayout::write(layout) {
                Some(layout) => set.bind(Bind::Json(layout)),
                None => set.push("NULL"),
            };
            let mut update = update(id, set, "'ready', 'unusable'");
            update.push(" AND file_state = 'kept'");
            if update.execute(tx)? == 0 {
                return Ok(false);
            }
            dry_runs::discard(tx, id)?;
            if !has_same_cells {
                forget_corrections(tx, id)?;
            }
            // The worker that made the import ready may not have ended its job yet.
            remove(tx, Job::AnalyseImport(id))?;
            enqueue(tx, Job::AnalyseImport(id)).map(|()| true)
        })
    }

    fn start(&self, org: OrgId, id: ImportId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.write_at(org, now, |tx| {
            let Some(plan) = lock_ready(tx, id)? else { return Ok(false) };
            plan.check()?;
            let mut set = tx.statement();
            set.push("state = 'running', confirmed_at = ").bind(Bind::Time(now));
            change(tx, id, set, "'ready'")?;
            dry_runs::discard(tx, id)?;
            record(tx, &TrailEvent::import_started(id), actor, now)?;
            enqueue(tx, Job::RunImport(id)).map(|()| true)
        })
    }

    fn apply(&self, import: &Import, chunk: &Chunk, now: OffsetDateTime) -> Result<Applied> {
        let applied = self.write_at(import.org, now, |tx| apply::apply(tx, import, chunk))?;
        if let Applied::Chunk(tally) = &applied
            && (chunk.after..tally.rows()).contains(&(MIN_ROWS_FOR_UPKEEP - 1))
            && let Err(error) = self.add_to_statistics(import.org)
        {
            // Report success even if this fails, because the rows are applied.
            tracing::warn!(%error, "maintenance of the database during an import failed");
        }
        Ok(applied)
    }

    fn end(
        &self,
        org: OrgId,
        id: ImportId,
        state: RunState,
        problem: Option<String>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        // Maintain the tables before the import ends: a crash in between repeats both.
        let is_done = state == RunState::Done;
        if is_done {
            self.tidy_after_import(org, id)?;
        }
        let ended = self.write_at(org, now, |tx| {
            let mut set = tx.statement();
            // A run of corrected rows belongs to an import that is done, however the run ends.
            set.push("state = CASE WHEN retried_rows IS NULL THEN ");
            set.bind(Bind::Text(state.as_str().to_owned()));
            set.push("::text ELSE 'done' END, finished_at = ").bind(Bind::Time(now));
            if let Some(problem) = &problem {
                set.push(", problem = ").bind(Bind::Text(problem.clone()));
            }
            dry_runs::discard(tx, id)?;
            let mut update = update(id, set, "'uploading', 'analysing', 'ready', 'running'");
            if is_done {
                // A worker may have been frozen before the end of the first run.
                update.push(" AND corrected_rows = 0");
            }
            let ended = update.execute(tx)? == 1;
            if ended && state == RunState::Cancelled {
                record(tx, &TrailEvent::import_cancelled(id), actor, now)?;
            }
            Ok(ended)
        })?;
        if ended
            && !is_done
            && let Err(error) = self.tidy_after_import(org, id)
        {
            tracing::warn!(%error, "maintenance of the database after an import failed");
        }
        Ok(ended)
    }

    fn issues(&self, org: OrgId, id: ImportId, after_row: u64, limit: usize) -> Result<Vec<Issue>> {
        self.read(org, |tx| issues::list(tx, id, after_row, limit))
    }
}

/// Minimum rows of an import after which the tables are maintained.
const MIN_ROWS_FOR_UPKEEP: u64 = 10_000;

/// Refreshes the statistics of the tables that an import fills.
const ANALYZE: &str = "ANALYZE contacts, contact_tags, contact_sources";

impl Database {
    /// Refreshes the statistics when they do not contain the organisation. Without this, plans
    /// assume a handful of contacts: until the import ends, every page of a list would find and
    /// sort all of them.
    fn add_to_statistics(&self, org: OrgId) -> Result<()> {
        let statistics = "SELECT count(*) AS stored FROM pg_stats \
             WHERE schemaname = current_schema() AND tablename = 'contacts' \
             AND attname = 'org_id' AND $1 = ANY(most_common_vals::text::uuid[])";
        let statistics: StoredRows = self.read(org, |tx| tx.query(statistics).get_result(tx))?;
        if statistics.stored == 0 { self.tidy(ANALYZE) } else { Ok(()) }
    }

    /// Maintains the tables after many new rows: search would scan a long list of pending entries,
    /// and plans would assume the old number of rows.
    fn tidy_after_import(&self, org: OrgId, id: ImportId) -> Result<()> {
        let changed =
            ImportRepository::get(self, org, id)?.map_or(0, |i| i.tally.added + i.tally.updated);
        if changed >= MIN_ROWS_FOR_UPKEEP {
            self.tidy("SELECT gin_clean_pending_list('contacts_org_id_search_idx')")?;
            self.tidy(ANALYZE)?;
        }
        Ok(())
    }
}

/// Locks an import that is ready, and returns its plan.
fn lock_ready(tx: &mut Tx<'_>, id: ImportId) -> PgResult<Option<Plan>> {
    let lock = "SELECT plan FROM imports WHERE org_id = $1 AND id = $2 AND state = 'ready' \
         AND plan IS NOT NULL FOR UPDATE";
    let row: Option<PlanOnly> = tx.query(lock).bind::<SqlUuid, _>(id.0).row(tx)?;
    row.map(|row| StoredPlan::read(row.plan)).transpose()
}

/// Changes an import that is in one of the states. Returns whether it was.
fn change(tx: &mut Tx<'_>, id: ImportId, set: Statement, states: &str) -> PgResult<bool> {
    update(id, set, states).execute(tx).map(|changed| changed == 1)
}

/// Returns the statement that changes an import that is in one of the states.
fn update(id: ImportId, set: Statement, states: &str) -> Statement {
    let mut update = set.before("UPDATE imports SET ");
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(id.0));
    update.push(" AND state IN (").push(states).push(")");
    update
}
