//! Connected sources.

mod commit;
mod links;
mod people;
mod scans;
mod stored;
mod vanish;

use std::collections::HashMap;

use contacts_core::job::Job;
use contacts_core::sync::{
    Begun, Committed, ConnectedSource, End, Mode, Piece, Redefined, SourceId, SyncRepository,
    SyncRun, SyncRunId, SyncService, SyncState, VanishedPiece,
};
use contacts_core::{Error, OrgId, Result, text};
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Jsonb, Uuid as SqlUuid};
use diesel::{OptionalExtension, RunQueryDsl, sql_query};
use time::OffsetDateTime;

pub use self::scans::{Scan, Step, scans};
use self::stored::{RunRow, SourceRow};
use crate::Database;
use crate::database::{is, is_unique_violation, store};
use crate::imports::StoredTally;
use crate::jobs::{call, remove};
use crate::statement::{Bind, Statement};

const OPEN: &str = "state IN ('queued', 'running')";

fn find(
    db: &mut PgConnection,
    org: OrgId,
    id: SourceId,
    lock: &str,
) -> Result<Option<ConnectedSource>> {
    let row: Option<SourceRow> =
        sql_query(format!("SELECT * FROM connected_sources WHERE org_id = $1 AND id = $2 {lock}"))
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(id.0)
            .get_result(db)
            .optional()
            .map_err(store)?;
    row.map(|row| row.read(org)).transpose()
}

/// The open run of a source, which is held.
fn find_open(db: &mut PgConnection, org: OrgId, id: SourceId) -> Result<Option<SyncRun>> {
    let statement = format!(
        "SELECT * FROM sync_runs WHERE org_id = $1 AND source_id = $2 AND {OPEN} FOR UPDATE"
    );
    let row: Option<RunRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .get_result(db)
        .optional()
        .map_err(store)?;
    row.map(RunRow::read).transpose()
}

/// The run as it is kept, held, if it is still that of the worker that has this attempt.
fn of_worker(db: &mut PgConnection, org: OrgId, run: &SyncRun) -> Result<Option<SyncRun>> {
    let statement = format!(
        "SELECT * FROM sync_runs WHERE org_id = $1 AND id = $2 AND attempt = $3 AND {OPEN} \
         FOR UPDATE"
    );
    let row: Option<RunRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(run.id.0)
        .bind::<BigInt, _>(i64::from(run.attempt))
        .get_result(db)
        .optional()
        .map_err(store)?;
    row.map(RunRow::read).transpose()
}

fn insert_run(db: &mut PgConnection, org: OrgId, run: &SyncRun) -> Result<()> {
    let asked = run.asked_by.map(contacts_core::Actor::parts);
    let mut insert = Statement::of(org);
    insert
        .push("INSERT INTO sync_runs (org_id, id, source_id, state, asked_kind, asked_id, tally, ")
        .push("vanished, attempt, stalled, log, created_at) VALUES ($1, ");
    insert.bind(Bind::Uuid(run.id.0)).push(", ").bind(Bind::Uuid(run.source.0)).push(", ");
    insert.bind(Bind::Text(run.state.as_str().to_owned())).push(", ");
    bind_or_null(&mut insert, asked.map(|(kind, _)| Bind::Text(kind.to_owned())));
    insert.push(", ");
    bind_or_null(&mut insert, asked.and_then(|(_, id)| id).map(Bind::Uuid));
    insert.push(", ").bind(Bind::Json(StoredTally::write(&run.tally)));
    insert.push(", 0, 0, 0, '{}', ").bind(Bind::Time(run.created_at)).push(")");
    insert.build().execute(db).map(drop).map_err(store)
}

fn bind_or_null(statement: &mut Statement, value: Option<Bind>) {
    match value {
        Some(value) => statement.bind(value),
        None => statement.push("NULL"),
    };
}

/// What a source is, as it is written; what a run makes of it is not among it.
fn definition(source: &ConnectedSource) -> [(&'static str, Option<Bind>); 12] {
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
    ]
}

/// A name that is taken is the only unique thing of a source.
fn taken(error: Error) -> Error {
    if is(&error, is_unique_violation) { Error::Taken("the source's name") } else { error }
}

impl SyncRepository for Database {
    fn insert(&self, source: &ConnectedSource) -> Result<()> {
        let job = self.ids.next();
        let inserted = self.write(|db| {
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
            insert.build().execute(db).map_err(store)?;
            call(db, source.org, job, source.id, source.created_at)
        });
        inserted.map_err(taken)
    }

    fn get(&self, org: OrgId, id: SourceId) -> Result<Option<ConnectedSource>> {
        self.read(|db| find(db, org, id, ""))
    }

    fn list(&self, org: OrgId) -> Result<Vec<(ConnectedSource, Option<SyncRun>)>> {
        self.read(|db| {
            let rows: Vec<SourceRow> = sql_query(
                "SELECT * FROM connected_sources WHERE org_id = $1 ORDER BY created_at, id",
            )
            .bind::<SqlUuid, _>(org.0)
            .load(db)
            .map_err(store)?;
            let last = "SELECT DISTINCT ON (source_id) * FROM sync_runs WHERE org_id = $1 \
                 ORDER BY source_id, id DESC";
            let runs: Vec<RunRow> =
                sql_query(last).bind::<SqlUuid, _>(org.0).load(db).map_err(store)?;
            let runs = runs.into_iter().map(|run| Ok((run.source(), run.read()?)));
            let mut runs: HashMap<_, _> = runs.collect::<Result<_>>()?;
            let with_last = |row: SourceRow| {
                let source = row.read(org)?;
                let last = runs.remove(&source.id);
                Ok((source, last))
            };
            rows.into_iter().map(with_last).collect()
        })
    }

    fn update(
        &self,
        source: &ConnectedSource,
        anew: bool,
        now: OffsetDateTime,
    ) -> Result<Redefined> {
        let (org, id, job) = (source.org, source.id, self.ids.next());
        let updated = self.write(|db| {
            // Held, so that no run begins meanwhile.
            if find(db, org, id, "FOR UPDATE")?.is_none() {
                return Ok(Redefined::Gone);
            }
            if anew && find_open(db, org, id)?.is_some() {
                return Ok(Redefined::Running);
            }
            define(db, source)?;
            if anew {
                forget_state(db, org, id)?;
            }
            call(db, org, job, id, now).map(|()| Redefined::Done)
        });
        updated.map_err(taken)
    }

    fn reseal(&self, before: &ConnectedSource, after: &ConnectedSource) -> Result<bool> {
        let statement = "UPDATE connected_sources SET secrets = $4 \
             WHERE org_id = $1 AND id = $2 AND secrets = $3";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(before.org.0)
                .bind::<SqlUuid, _>(before.id.0)
                .bind::<Jsonb, _>(stored::secrets(&before.secrets))
                .bind::<Jsonb, _>(stored::secrets(&after.secrets))
                .execute(db)
                .map(|updated| updated == 1)
                .map_err(store)
        })
    }

    fn delete(&self, org: OrgId, id: SourceId) -> Result<bool> {
        self.write(|db| {
            let deleted = sql_query("DELETE FROM connected_sources WHERE org_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .execute(db)
                .map_err(store)?;
            if deleted == 1 {
                remove(db, org, Job::Sync(id))?;
            }
            Ok(deleted == 1)
        })
    }

    fn ask(
        &self,
        org: OrgId,
        run: &SyncRun,
        anew: bool,
        now: OffsetDateTime,
    ) -> Result<Option<SyncRun>> {
        let job = self.ids.next();
        self.write(|db| {
            // Held, so that of two who ask at once one finds the other's run.
            if find(db, org, run.source, "FOR UPDATE")?.is_none() {
                return Ok(None);
            }
            let asked = match find_open(db, org, run.source)? {
                Some(open) => open,
                None => {
                    insert_run(db, org, run)?;
                    if anew {
                        forget_state(db, org, run.source)?;
                    }
                    run.clone()
                }
            };
            call(db, org, job, run.source, now).map(|()| Some(asked))
        })
    }

    fn begin(
        &self,
        org: OrgId,
        id: SourceId,
        run: SyncRunId,
        now: OffsetDateTime,
    ) -> Result<Begun> {
        self.write(|db| begin(db, org, id, run, now))
    }

    fn commit(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        piece: &Piece,
        now: OffsetDateTime,
    ) -> Result<Committed> {
        self.write(|db| {
            let Some(kept) = of_worker(db, source.org, run)? else { return Ok(Committed::Lost) };
            commit::commit(self, db, source, &kept, piece, now)
        })
    }

    fn vanish(
        &self,
        source: &ConnectedSource,
        run: &SyncRun,
        now: OffsetDateTime,
    ) -> Result<VanishedPiece> {
        self.write(|db| match of_worker(db, source.org, run)? {
            Some(kept) => vanish::vanish(self, db, source, &kept, now),
            None => Ok(VanishedPiece::Lost),
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
        self.write(|db| finish(db, org, run, attempt, end, now))
    }

    fn run(&self, org: OrgId, run: SyncRunId) -> Result<Option<SyncRun>> {
        self.read(|db| {
            let row: Option<RunRow> = Statement::find(org, "sync_runs", "id", run.0).row(db)?;
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
        self.read(|db| {
            let mut select = Statement::find(org, "sync_runs", "source_id", id.0);
            select.newest(before.map(|run| run.0), limit);
            let rows: Vec<RunRow> = select.build().load(db).map_err(store)?;
            rows.into_iter().map(RunRow::read).collect()
        })
    }
}

fn define(db: &mut PgConnection, source: &ConnectedSource) -> Result<()> {
    let mut update = Statement::of(source.org);
    update.push("UPDATE connected_sources SET ");
    for (at, (column, value)) in definition(source).into_iter().enumerate() {
        update.push(if at == 0 { "" } else { ", " }).push(column).push(" = ");
        bind_or_null(&mut update, value);
    }
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(source.id.0));
    update.build().execute(db).map(drop).map_err(store)
}

fn forget_state(db: &mut PgConnection, org: OrgId, id: SourceId) -> Result<()> {
    sql_query("UPDATE connected_sources SET state = NULL WHERE org_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn begin(
    db: &mut PgConnection,
    org: OrgId,
    id: SourceId,
    new: SyncRunId,
    now: OffsetDateTime,
) -> Result<Begun> {
    let Some(mut source) = find(db, org, id, "FOR UPDATE")? else { return Ok(Begun::Gone) };
    let run = match find_open(db, org, id)? {
        Some(run) => run,
        None => {
            let next = source.next_run_at.filter(|_| !source.paused);
            if next.is_none_or(|next| now < next) {
                return Ok(Begun::Rest(next));
            }
            let run = SyncRun::queued(id, new, None, now);
            insert_run(db, org, &run)?;
            forget_runs(db, org, id)?;
            run
        }
    };
    let is_new = run.state == SyncState::Queued;
    if is_new && source.mode == Mode::Full {
        forget_state(db, org, id)?;
        source.state = None;
    }
    let mut update = Statement::of(org);
    update.push("UPDATE sync_runs SET state = 'running', attempt = attempt + 1, ");
    update.push("stalled = stalled + 1, started_at = coalesce(started_at, ");
    update.bind(Bind::Time(now)).push(") WHERE org_id = $1 AND id = ").bind(Bind::Uuid(run.id.0));
    update.push(" RETURNING *");
    let run: RunRow = update.build().get_result(db).map_err(store)?;
    Ok(Begun::Run(Box::new(source), Box::new(run.read()?)))
}

/// Forgets the oldest runs of a source.
fn forget_runs(db: &mut PgConnection, org: OrgId, id: SourceId) -> Result<()> {
    let statement = "DELETE FROM sync_runs WHERE org_id = $1 AND source_id = $2 AND id <= ( \
         SELECT id FROM sync_runs WHERE org_id = $1 AND source_id = $2 \
         ORDER BY id DESC LIMIT 1 OFFSET $3)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(SyncService::RUNS as i64)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn finish(
    db: &mut PgConnection,
    org: OrgId,
    run: SyncRunId,
    attempt: Option<u32>,
    end: &End,
    now: OffsetDateTime,
) -> Result<bool> {
    let problem = || end.problem.clone().map(Bind::Text);
    let mut update = Statement::of(org);
    update.push("UPDATE sync_runs SET state = ").bind(Bind::Text(end.state.as_str().to_owned()));
    update.push(", problem = ");
    bind_or_null(&mut update, problem());
    if !end.log.is_empty() {
        update.push(", log = ").bind(Bind::Texts(end.log.clone()));
    }
    update.push(", ended_at = ").bind(Bind::Time(now));
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(run.0));
    update.push(" AND ").push(OPEN);
    if let Some(attempt) = attempt {
        update.push(" AND attempt = ").bind(Bind::Int(attempt.into()));
    }
    update.push(" RETURNING *");
    let ended: Option<RunRow> = update.build().get_result(db).optional().map_err(store)?;
    let Some(ended) = ended else { return Ok(false) };
    let mut update = Statement::of(org);
    update.push("UPDATE connected_sources SET failures = ");
    update.bind(Bind::Int(end.failures.into())).push(", problem = ");
    bind_or_null(&mut update, problem());
    update.push(", next_run_at = ");
    bind_or_null(&mut update, end.next_run_at.map(Bind::Time));
    update.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(ended.source().0));
    update.build().execute(db).map(|_| true).map_err(store)
}
