//! Jobs.

use std::time::Duration;

use contacts_core::action::ActionId;
use contacts_core::erasure::ErasureId;
use contacts_core::import::{DryRunId, ImportId, UndoId};
use contacts_core::job::{Claimed, Job, JobId, JobQueue, Lane, Outcome};
use contacts_core::sync::SourceId;
use contacts_core::webhook::WebhookId;
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{store, unreadable};
use crate::statement::{Bind, PlanRow, Statement};

/// A job that is due and that nobody holds.
const FREE: &str =
    "given_up_at IS NULL AND due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)";

fn of_lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Work => "kind <> 'sync'",
        Lane::Sync => "kind = 'sync'",
    }
}

#[derive(QueryableByName)]
pub(crate) struct OrgRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) org_id: Uuid,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Integer)]
    failures: i32,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

impl Row {
    fn read(self, org: OrgId) -> Result<Claimed> {
        let job = match self.kind.as_str() {
            "analyse_import" => Job::AnalyseImport(ImportId(self.subject_id)),
            "run_import" => Job::RunImport(ImportId(self.subject_id)),
            "sweep_events" => Job::SweepEvents,
            "dry_run" => Job::DryRun(DryRunId(self.subject_id)),
            "undo_import" => Job::UndoImport(UndoId(self.subject_id)),
            "run_action" => Job::RunAction(ActionId(self.subject_id)),
            "erase_file" => Job::EraseFile(ActionId(self.subject_id)),
            "deliver_webhook" => Job::DeliverWebhook(WebhookId(self.subject_id)),
            "erase" => Job::Erase(ErasureId(self.subject_id)),
            "sync" => Job::Sync(SourceId(self.subject_id)),
            _ => return Err(unreadable("jobs.kind")),
        };
        Ok(Claimed { org, id: JobId(self.id), job, failures: self.failures.cast_unsigned() })
    }
}

fn parts(job: Job) -> (&'static str, Uuid) {
    match job {
        Job::AnalyseImport(import) => ("analyse_import", import.0),
        Job::RunImport(import) => ("run_import", import.0),
        Job::SweepEvents => ("sweep_events", Uuid::nil()),
        Job::DryRun(run) => ("dry_run", run.0),
        Job::UndoImport(undo) => ("undo_import", undo.0),
        Job::RunAction(action) => ("run_action", action.0),
        Job::EraseFile(action) => ("erase_file", action.0),
        Job::DeliverWebhook(webhook) => ("deliver_webhook", webhook.0),
        Job::Erase(erasure) => ("erase", erasure.0),
        Job::Sync(source) => ("sync", source.0),
    }
}

/// Queues a job, in the transaction that asks for it. One that is queued already is queued once.
pub(crate) fn enqueue(
    db: &mut PgConnection,
    org: OrgId,
    id: Uuid,
    job: Job,
    now: OffsetDateTime,
) -> Result<()> {
    let (kind, subject) = parts(job);
    let statement = "INSERT INTO jobs (org_id, id, kind, subject_id, due_at, failures) \
         VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (org_id, kind, subject_id) DO NOTHING";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(kind)
        .bind::<SqlUuid, _>(subject)
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Queues the job of a connected source, or makes it due, in the transaction that asks for it.
/// Whoever holds it meanwhile may have looked already, and does not rest before it has looked again.
pub(crate) fn call(
    db: &mut PgConnection,
    org: OrgId,
    id: Uuid,
    source: SourceId,
    due: OffsetDateTime,
) -> Result<()> {
    let statement = "INSERT INTO jobs (org_id, id, kind, subject_id, due_at, failures) \
         VALUES ($1, $2, 'sync', $3, $4, 0) ON CONFLICT (org_id, kind, subject_id) \
         DO UPDATE SET due_at = LEAST(jobs.due_at, excluded.due_at), called = true";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id)
        .bind::<SqlUuid, _>(source.0)
        .bind::<Timestamptz, _>(due)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Makes the jobs due that follow the feed and have nothing to do. One that somebody holds is
/// passed over: nobody who writes waits for another, and the job looks again by itself.
pub(crate) fn wake(db: &mut PgConnection, org: OrgId, now: OffsetDateTime) -> Result<()> {
    let statement = "UPDATE jobs SET due_at = $2 WHERE org_id = $1 AND id IN ( \
         SELECT id FROM jobs WHERE org_id = $1 AND kind = 'deliver_webhook' AND due_at > $2 \
         AND leased_until IS NULL FOR UPDATE SKIP LOCKED)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Ends a job that is not needed any more, in the transaction after which it is not.
pub(crate) fn remove(db: &mut PgConnection, org: OrgId, job: Job) -> Result<()> {
    let (kind, subject) = parts(job);
    sql_query("DELETE FROM jobs WHERE org_id = $1 AND kind = $2 AND subject_id = $3")
        .bind::<SqlUuid, _>(org.0)
        .bind::<Text, _>(kind)
        .bind::<SqlUuid, _>(subject)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Takes a job of an organisation ($2) that is due ($1), for a worker ($3) and a time ($4).
fn claim_statement(lane: &str) -> String {
    format!(
        "UPDATE jobs SET worker_id = $3, leased_until = $4, called = false \
         WHERE org_id = $2 AND id = ( \
             SELECT id FROM jobs WHERE org_id = $2 AND {lane} AND {FREE} \
             ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, kind, subject_id, failures"
    )
}

/// The plan by which a job is taken.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when it cannot be asked for.
pub fn explain_claim(
    database: &Database,
    org: OrgId,
    lane: Lane,
    now: OffsetDateTime,
) -> Result<String> {
    let statement = format!("EXPLAIN {}", claim_statement(of_lane(lane)));
    let lines: Vec<PlanRow> = database.write(|db| {
        sql_query(&statement)
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(Uuid::nil())
            .bind::<Timestamptz, _>(now)
            .load(db)
            .map_err(store)
    })?;
    Ok(lines.into_iter().map(|row| row.line + "\n").collect())
}

impl JobQueue for Database {
    fn claim(
        &self,
        lane: Lane,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<Claimed>> {
        // Which organisations have work is asked of all of them, without a lock; the claim then
        // is within one.
        let lane = of_lane(lane);
        let orgs = format!(
            "SELECT org_id FROM jobs WHERE given_up_at IS NULL AND due_at <= $1 AND {lane} \
             GROUP BY org_id \
             HAVING bool_or({FREE}) \
             ORDER BY count(*) FILTER (WHERE leased_until > $1), min(due_at) FILTER (WHERE {FREE}), org_id"
        );
        let orgs: Vec<OrgRow> =
            self.read(|db| sql_query(&orgs).bind::<Timestamptz, _>(now).load(db).map_err(store))?;
        for OrgRow { org_id } in orgs {
            if let Some(row) = self.claim_in(org_id, lane, worker, lease, now)? {
                return row.read(OrgId(org_id)).map(Some);
            }
        }
        Ok(None)
    }

    fn is_waiting(&self, lane: Lane, now: OffsetDateTime) -> Result<bool> {
        let lane = of_lane(lane);
        let statement = format!("SELECT EXISTS (SELECT FROM jobs WHERE {lane} AND {FREE}) AS yes");
        self.read_everywhere(|db| {
            let answer: Answer =
                sql_query(&statement).bind::<Timestamptz, _>(now).get_result(db).map_err(store)?;
            Ok(answer.yes)
        })
    }

    fn extend(
        &self,
        job: &Claimed,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let statement = "UPDATE jobs SET leased_until = $4 \
             WHERE org_id = $1 AND id = $2 AND worker_id = $3 AND leased_until IS NOT NULL";
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(job.org.0)
                .bind::<SqlUuid, _>(job.id.0)
                .bind::<SqlUuid, _>(worker)
                .bind::<Timestamptz, _>(now + lease)
                .execute(db)
                .map(|extended| extended == 1)
                .map_err(store)
        })
    }

    fn finish(
        &self,
        job: &Claimed,
        worker: Uuid,
        outcome: Outcome,
        now: OffsetDateTime,
    ) -> Result<()> {
        let mut change = Statement::of(job.org);
        let (failures, due_at, given_up) = match outcome {
            Outcome::Done => {
                change.push("DELETE FROM jobs");
                return self.finish_held(job, worker, change);
            }
            Outcome::Again => ("failures", now, false),
            Outcome::Rest(at) => ("0", at, false),
            Outcome::Retry(at) => ("failures + 1", at, false),
            Outcome::GiveUp => ("failures + 1", now, true),
        };
        change.push("UPDATE jobs SET worker_id = NULL, leased_until = NULL, due_at = ");
        if matches!(outcome, Outcome::Rest(_)) {
            change.push("CASE WHEN called THEN due_at ELSE ");
            change.bind(Bind::Time(due_at)).push(" END");
        } else {
            change.bind(Bind::Time(due_at));
        }
        change.push(", failures = ").push(failures);
        if given_up {
            change.push(", given_up_at = ").bind(Bind::Time(now));
        }
        self.finish_held(job, worker, change)
    }
}

impl Database {
    /// Runs a change of a job, if the worker still holds it.
    fn finish_held(&self, job: &Claimed, worker: Uuid, mut change: Statement) -> Result<()> {
        change.push(" WHERE org_id = $1 AND leased_until IS NOT NULL AND id = ");
        change.bind(Bind::Uuid(job.id.0)).push(" AND worker_id = ").bind(Bind::Uuid(worker));
        self.write(|db| change.build().execute(db).map(drop).map_err(store))
    }

    fn claim_in(
        &self,
        org: Uuid,
        lane: &str,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<Row>> {
        let statement = claim_statement(lane);
        self.write(|db| {
            sql_query(&statement)
                .bind::<Timestamptz, _>(now)
                .bind::<SqlUuid, _>(org)
                .bind::<SqlUuid, _>(worker)
                .bind::<Timestamptz, _>(now + lease)
                .get_result(db)
                .optional()
                .map_err(store)
        })
    }
}
