//! The port of connected sources.

mod commit;
mod contacts;
mod links;
mod scans;
mod stored;
mod vanish;

use std::cell::Cell;
use std::collections::HashMap;

use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::sync::{
    Chunk, Committed, ConnectedSource, End, Mode, RunStart, SourceId, SourcePatch, SyncRepository,
    SyncRun, SyncRunId, SyncService, VanishedChunk,
};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, Error, OrgId, Result, text};
use diesel::sql_types::{BigInt, Jsonb, Uuid as SqlUuid};
use time::OffsetDateTime;

pub use self::scans::{Scan, Step, scans};
use self::stored::{RunRow, SourceRow};
use crate::Database;
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx};
use crate::imports::StoredTally;
use crate::jobs::{call, remove};
use crate::limits::check_limit;
use crate::statement::{Bind, Statement};
use crate::trail::record;

const OPEN: &str = "state IN ('queued', 'running')";

fn find(tx: &mut Tx<'_>, id: SourceId, lock: &str) -> PgResult<Option<ConnectedSource>> {
    let org = tx.org;
    let row: Option<SourceRow> = tx
        .query(format!("SELECT * FROM connected_sources WHERE org_id = $1 AND id = $2 {lock}"))
        .bind::<SqlUuid, _>(id.0)
        .row(tx)?;
    row.map(|row| row.read(org)).transpose()
}

/// Returns the open run of a source, locked.
fn find_open(tx: &mut Tx<'_>, id: SourceId) -> PgResult<Option<SyncRun>> {
    let statement = format!(
        "SELECT * FROM sync_runs WHERE org_id = $1 AND source_id = $2 AND {OPEN} FOR UPDATE"
    );
    let row: Option<RunRow> = tx.query(statement).bind::<SqlUuid, _>(id.0).row(tx)?;
    row.map(RunRow::read).transpose()
}

fn is_running(tx: &mut Tx<'_>, id: SourceId) -> PgResult<bool> {
    let open = format!("SELECT 1 FROM sync_runs WHERE org_id = $1 AND source_id = $2 AND {OPEN}");
    tx.query(open).bind::<SqlUuid, _>(id.0).execute(tx).map(|open| open > 0)
}

/// Returns the stored run, locked, if it is open and still belongs to the worker's attempt.
fn of_worker(tx: &mut Tx<'_>, run: &SyncRun) -> PgResult<Option<SyncRun>> {
    let statement = format!(
        "SELECT * FROM sync_runs WHERE org_id = $1 AND id = $2 AND attempt = $3 AND {OPEN} \
         FOR UPDATE"
    );
    let row: Option<RunRow> = tx
        .query(statement)
        .bind::<SqlUuid, _>(run.id.0)
        .bind::<BigInt, _>(i64::from(run.attempt))
        .row(tx)?;
    row.map(RunRow::read).transpose()
}

fn insert_run(tx: &mut Tx<'_>, run: &SyncRun) -> PgResult<()> {
    let requested = run.actor.map(contacts_core::Actor::parts);
    let mut insert = tx.statement();
    insert
        .push("INSERT INTO sync_runs (org_id, id, source_id, state, actor_kind, actor_id, tally, ")
        .push("vanished, attempt, stalled, log, created_at) VALUES ($1, ");
    insert.bind(Bind::Uuid(run.id.0)).push(", ").bind(Bind::Uuid(run.source.0)).push(", ");
    insert.bind(Bind::Text(run.state.as_str().to_owned())).push(", ");
    bind_or_null(&mut insert, requested.map(|(kind, _)| Bind::Text(kind.to_owned())));
    insert.push(", ");
    bind_or_null(&mut insert, requested.and_then(|(_, id)| id).map(Bind::Uuid));
    insert.push(", ").bind(Bind::Json(StoredTally::write(&run.tally)));
    insert.push(", 0, 0, 0, '{}', ").bind(Bind::Time(run.created_at)).push(")");
    insert.execute(tx).map(drop)
}

fn bind_or_null(statement: &mut Statement, value: Option<Bind>) {
    match value {
        Some(value) => statement.bind(value),
        None => statement.push("NULL"),
    };
}

/// Returns the columns of a source's definition and of its next run, without its state and
/// failures.
fn definition(source: &ConnectedSource) -> [(&'static str, Option<Bind>); 13] {
    let text = |text: &str| Some(Bind::Text(text.to_owned()));
    [
        ("name", text(&source.name)),
        ("name_key", text(&text::caseless(&source.name))),
        ("connector", text(&source.connector)),
        ("settings", Some(Bind::Json(stored::settings(&source.settings)))),
        ("secrets", Some(Bind::Json(stored::secrets(&source.secrets)))),
        ("stream", text(&source.stream)),
        ("mode", Some(Bind::Json(stored::mode(&source.mode)))),
        ("mapping", Some(Bind::Json(stored::mapping(&source.mapping)))),
        ("schedule", source.schedule.as_ref().map(|s| Bind::Json(stored::schedule(s)))),
        ("vanish", Some(Bind::Json(stored::vanish(&source.vanish)))),
        ("paused", Some(Bind::Bool(source.paused))),
        ("next_run_at", source.next_run_at.map(Bind::Time)),
        ("version", Some(Bind::Int(source.version.cast_signed()))),
    ]
}

/// Returns the error for a name that another source has. The name is the only unique column of a
/// source.
fn name_taken(error: PgError) -> PgError {
    if error.is_unique_violation() { Error::Taken("the source's name").into() } else { error }
}

impl SyncRepository for Database {
    fn insert(&self, source: &ConnectedSource, limit: usize, actor: Actor) -> Result<()> {
        self.write(source.org, |tx| {
            check_limit(tx, "connected_sources", limit, "connected sources")?;
            let definition = definition(source);
            let mut insert = Statement::of(source.org);
            insert.push("INSERT INTO connected_sources (org_id, id, failures, created_at");
            for (column, _) in &definition {
                insert.push(", ").push(column);
            }
            insert.push(") VALUES ($1, ").bind(Bind::Uuid(source.id.0)).push(", 0, ");
            insert.bind(Bind::Time(source.created_at));
            for (_, value) in definition {
                insert.push(", ");
                bind_or_null(&mut insert, value);
            }
            insert.push(")");
            insert.execute(tx).map_err(name_taken)?;
            record(tx, &TrailEvent::source_added(source.id), actor, source.created_at)?;
            call(tx, Job::Sync(source.id), source.created_at)
        })
    }

    fn get(&self, org: OrgId, id: SourceId) -> Result<Option<ConnectedSource>> {
        self.read(org, |tx| find(tx, id, ""))
    }

    fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>> {
        self.read(org, |tx| {
            let rows: Vec<SourceRow> = tx
                .query("SELECT * FROM connected_sources WHERE org_id = $1 ORDER BY created_at, id")
                .load(tx)?;
            let last = "SELECT DISTINCT ON (source_id) * FROM sync_runs WHERE org_id = $1 \
                 ORDER BY source_id, id DESC";
            let runs: Vec<RunRow> = tx.query(last).load(tx)?;
            let runs = runs.into_iter().map(|run| Ok((run.source(), run.read()?)));
            let mut runs: HashMap<_, _> = runs.collect::<PgResult<_>>()?;
            let with_last = |row: SourceRow| {
                let source = row.read(org)?;
                let last = runs.remove(&source.id);
                Ok((source, last))
            };
            rows.into_iter().map(with_last).collect()
        })
    }

    fn patch(
        &self,
        org: OrgId,
        id: SourceId,
        patch: &SourcePatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ConnectedSource>> {
        self.write_at(org, now, |tx| {
            // Locks the source, so that no run starts in the meantime.
            let Some(mut source) = find(tx, id, "FOR UPDATE")? else { return Ok(None) };
            Current::check(&source, if_version)?;
            let had_state = source.state.is_some();
            let is_running = is_running(tx, id)?;
            if source.apply(patch, is_running, now)? {
                define(tx, &source).map_err(name_taken)?;
                record(tx, &TrailEvent::source_changed(id), actor, now)?;
                if had_state && source.state.is_none() {
                    forget_state(tx, id)?;
                }
            }
            call(tx, Job::Sync(id), now).map(|()| Some(source))
        })
    }

    fn reseal(&self, before: &ConnectedSource, after: &ConnectedSource) -> Result<bool> {
        let statement = "UPDATE connected_sources SET secrets = $4 \
             WHERE org_id = $1 AND id = $2 AND secrets = $3";
        self.write(before.org, |tx| {
            tx.query(statement)
                .bind::<SqlUuid, _>(before.id.0)
                .bind::<Jsonb, _>(stored::secrets(&before.secrets))
                .bind::<Jsonb, _>(stored::secrets(&after.secrets))
                .execute(tx)
                .map(|updated| updated == 1)
        })
    }

    fn delete(&self, org: OrgId, id: SourceId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.write(org, |tx| {
            let deleted = tx
                .query("DELETE FROM connected_sources WHERE org_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(id.0)
                .execute(tx)?;
            if deleted == 1 {
                remove(tx, Job::Sync(id))?;
                record(tx, &TrailEvent::source_deleted(id), actor, now)?;
            }
            Ok(deleted == 1)
        })
    }

    fn ask(
        &self,
        org: OrgId,
        run: &SyncRun,
        from_start: bool,
        now: OffsetDateTime,
    ) -> Result<Option<SyncRun>> {
        self.write_at(org, now, |tx| {
            // Locks the source, so that the second of two concurrent requests finds the run of the
            // first.
            if find(tx, run.source, "FOR UPDATE")?.is_none() {
                return Ok(None);
            }
            let requested = match find_open(tx, run.source)? {
                Some(open) => open,
                None => {
                    insert_run(tx, run)?;
                    if from_start {
                        forget_state(tx, run.source)?;
                    }
                    run.clone()
                }
            };
            call(tx, Job::Sync(run.source), now).map(|()| Some(requested))
        })
    }

    fn begin(
        &self,
        org: OrgId,
        id: SourceId,
        run: SyncRunId,
        now: OffsetDateTime,
    ) -> Result<RunStart> {
        self.write_at(org, now, |tx| begin(tx, id, run))
    }

    fn commit(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<Committed> {
        let is_retry = Cell::new(false);
        self.write_at(source.org, now, |tx| {
            let lock = is_retry.replace(true);
            let Some(run_of_worker) = of_worker(tx, run)? else { return Ok(Committed::Lost) };
            commit::commit(tx, source, &run_of_worker, chunk, lock)
        })
    }

    fn vanish(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        now: OffsetDateTime,
    ) -> Result<VanishedChunk> {
        let is_retry = Cell::new(false);
        self.write_at(source.org, now, |tx| {
            let lock = is_retry.replace(true);
            let Some(run_of_worker) = of_worker(tx, run)? else { return Ok(VanishedChunk::Lost) };
            vanish::vanish(tx, source, &run_of_worker, lock)
        })
    }

    fn end(
        &self,
        org: OrgId,
        run: SyncRunId,
        attempt: Option<u32>,
        end: &End,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| finish(tx, run, attempt, end))
    }

    fn run(&self, org: OrgId, run: SyncRunId) -> Result<Option<SyncRun>> {
        self.read(org, |tx| {
            let row: Option<RunRow> = tx.find("sync_runs", "id", run.0).row(tx)?;
            row.map(RunRow::read).transpose()
        })
    }

    fn runs(
        &self,
        org: OrgId,
        id: SourceId,
        before: Option<SyncRunId>,
        limit: usize,
    ) -> Result<Vec<SyncRun>> {
        self.read(org, |tx| {
            let mut select = tx.find("sync_runs", "source_id", id.0);
            select.newest(before.map(|run| run.0), limit);
            let rows: Vec<RunRow> = select.load(tx)?;
            rows.into_iter().map(RunRow::read).collect()
        })
    }
}

fn define(tx: &mut Tx<'_>, source: &ConnectedSource) -> PgResult<()> {
    let mut update = Statement::of(source.org);
    update.push("UPDATE connected_sources SET ");
    for (at, (column, value)) in definition(source).into_iter().enumerate() {
        update.push(if at == 0 { "" } else { ", " }).push(column).push(" = ");
        bind_or_null(&mut update, value);
    }
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(source.id.0));
    update.execute(tx).map(drop)
}

fn forget_state(tx: &mut Tx<'_>, id: SourceId) -> PgResult<()> {
    tx.query("UPDATE connected_sources SET state = NULL WHERE org_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(id.0)
        .execute(tx)
        .map(drop)
}

fn begin(tx: &mut TimedTx<'_>, id: SourceId, new: SyncRunId) -> PgResult<RunStart> {
    let now = tx.now;
    let Some(mut source) = find(tx, id, "FOR UPDATE")? else { return Ok(RunStart::Gone) };
    let run = match find_open(tx, id)? {
        Some(run) => run,
        None => {
            let next = source.next_run_at.filter(|_| !source.paused);
            if next.is_none_or(|next| now < next) {
                return Ok(RunStart::Rest(next));
            }
            let run = SyncRun::queued(id, new, None, now);
            insert_run(tx, &run)?;
            forget_runs(tx, id)?;
            run
        }
    };
    let is_new = run.state == RunState::Queued;
    if is_new && source.mode == Mode::Full {
        forget_state(tx, id)?;
        source.state = None;
    }
    let mut update = tx.statement();
    update.push("UPDATE sync_runs SET state = 'running', attempt = attempt + 1, ");
    update.push("stalled = stalled + 1, started_at = coalesce(started_at, ");
    update.bind(Bind::Time(now)).push(") WHERE org_id = $1 AND id = ").bind(Bind::Uuid(run.id.0));
    update.push(" RETURNING *");
    let run: RunRow = update.get_result(tx)?;
    Ok(RunStart::Run(Box::new(source), Box::new(run.read()?)))
}

/// Deletes the oldest runs of a source.
fn forget_runs(tx: &mut Tx<'_>, id: SourceId) -> PgResult<()> {
    let statement = "DELETE FROM sync_runs WHERE org_id = $1 AND source_id = $2 AND id <= ( \
         SELECT id FROM sync_runs WHERE org_id = $1 AND source_id = $2 \
         ORDER BY id DESC LIMIT 1 OFFSET $3)";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(SyncService::RUNS as i64)
        .execute(tx)
        .map(drop)
}

fn finish(tx: &mut TimedTx<'_>, run: SyncRunId, attempt: Option<u32>, end: &End) -> PgResult<bool> {
    let now = tx.now;
    let problem = || end.problem.clone().map(Bind::Text);
    let mut update = tx.statement();
    update.push("UPDATE sync_runs SET state = ").bind(Bind::Text(end.state.as_str().to_owned()));
    update.push(", problem = ");
    bind_or_null(&mut update, problem());
    if !end.log.is_empty() {
        update.push(", log = ").bind(Bind::Texts(end.log.clone()));
    }
    update.push(", finished_at = ").bind(Bind::Time(now));
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(run.0));
    update.push(" AND ").push(OPEN);
    if let Some(attempt) = attempt {
        update.push(" AND attempt = ").bind(Bind::Int(attempt.into()));
    }
    update.push(" RETURNING *");
    let ended: Option<RunRow> = update.row(tx)?;
    let Some(ended) = ended else { return Ok(false) };
    let Some(mut source) = find(tx, ended.source(), "FOR UPDATE")? else { return Ok(true) };
    source.record_end(end, now);
    let mut update = tx.statement();
    update.push("UPDATE connected_sources SET failures = ");
    update.bind(Bind::Int(source.failures.into())).push(", problem = ");
    bind_or_null(&mut update, problem());
    update.push(", next_run_at = ");
    bind_or_null(&mut update, source.next_run_at.map(Bind::Time));
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(source.id.0));
    update.execute(tx).map(|_| true)
}
