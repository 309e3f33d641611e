//! The port of the job queue.

mod missing;

use std::time::Duration;

use contacts_core::action::ActionId;
use contacts_core::erasure::ErasureId;
use contacts_core::import::{DryRunId, ImportId};
use contacts_core::job::{ClaimedJob, Job, JobId, JobQueue, Lane, MAX_LEASE, Outcome};
use contacts_core::sync::SourceId;
use contacts_core::undo::UndoId;
use contacts_core::webhook::WebhookId;
use contacts_core::{OrgId, Result};
use diesel::sql_types::{Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::missing::{OPEN, queue_missing};
use crate::Database;
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::statement::{Bind, PlanRow, Statement};

/// The condition of a job that is due and that no worker has claimed; `now` is the parameter that
/// has the time.
fn free(now: &str) -> String {
    let leased = leased(now);
    format!("given_up_at IS NULL AND due_at <= {now} AND ({leased}) IS NOT TRUE")
}

/// The condition of a job that a worker has claimed.
fn leased(now: &str) -> String {
    let longest = MAX_LEASE.as_secs();
    format!("leased_until > {now} AND leased_until <= {now} + interval '{longest} seconds'")
}

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
    fn read(self, org: OrgId) -> PgResult<ClaimedJob> {
        let job = match self.kind.as_str() {
            "analyse_import" => Job::AnalyseImport(ImportId(self.subject_id)),
            "run_import" => Job::RunImport(ImportId(self.subject_id)),
            "sweep_events" => Job::SweepEvents,
            "dry_run" => Job::DryRun(DryRunId(self.subject_id)),
            "undo" => Job::Undo(UndoId(self.subject_id)),
            "run_action" => Job::RunAction(ActionId(self.subject_id)),
            "erase_file" => Job::EraseFile(ActionId(self.subject_id)),
            "deliver_webhook" => Job::DeliverWebhook(WebhookId(self.subject_id)),
            "erase" => Job::Erase(ErasureId(self.subject_id)),
            "sync" => Job::Sync(SourceId(self.subject_id)),
            "rebuild_search" => Job::RebuildSearch,
            _ => return Err(unreadable("jobs.kind")),
        };
        Ok(ClaimedJob { org, id: JobId(self.id), job, failures: self.failures.cast_unsigned() })
    }
}

fn parts(job: Job) -> (&'static str, Uuid) {
    match job {
        Job::AnalyseImport(import) => ("analyse_import", import.0),
        Job::RunImport(import) => ("run_import", import.0),
        Job::SweepEvents => ("sweep_events", Uuid::nil()),
        Job::DryRun(run) => ("dry_run", run.0),
        Job::Undo(undo) => ("undo", undo.0),
        Job::RunAction(action) => ("run_action", action.0),
        Job::EraseFile(action) => ("erase_file", action.0),
        Job::DeliverWebhook(webhook) => ("deliver_webhook", webhook.0),
        Job::Erase(erasure) => ("erase", erasure.0),
        Job::Sync(source) => ("sync", source.0),
        Job::RebuildSearch => ("rebuild_search", Uuid::nil()),
    }
}

/// Enqueues a job, in the transaction that needs it. A job that is already enqueued stays as it is.
pub(crate) fn enqueue(tx: &mut TimedTx<'_>, job: Job) -> PgResult<()> {
    let now = tx.now;
    enqueue_at(tx, job, now)
}

/// Like [`enqueue`], for a job that is due later.
pub(crate) fn enqueue_at(tx: &mut Tx<'_>, job: Job, due: OffsetDateTime) -> PgResult<()> {
    let (kind, subject) = parts(job);
    let statement = "INSERT INTO jobs (org_id, id, kind, subject_id, due_at, failures) \
         VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (org_id, kind, subject_id) DO NOTHING";
    tx.query(statement)
        .bind::<SqlUuid, _>(tx.next_id())
        .bind::<Text, _>(kind)
        .bind::<SqlUuid, _>(subject)
        .bind::<Timestamptz, _>(due)
        .execute(tx)
        .map(drop)
}

/// Enqueues a job, or makes it due, in the transaction that needs it. A worker that runs the job at
/// the moment may miss the change, so the job is marked to run once more.
pub(crate) fn call(tx: &mut Tx<'_>, job: Job, due: OffsetDateTime) -> PgResult<()> {
    let (kind, subject) = parts(job);
    let statement = "INSERT INTO jobs (org_id, id, kind, subject_id, due_at, failures) \
         VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (org_id, kind, subject_id) \
         DO UPDATE SET due_at = LEAST(jobs.due_at, excluded.due_at), called = true";
    tx.query(statement)
        .bind::<SqlUuid, _>(tx.next_id())
        .bind::<Text, _>(kind)
        .bind::<SqlUuid, _>(subject)
        .bind::<Timestamptz, _>(due)
        .execute(tx)
        .map(drop)
}

/// Makes the jobs that follow the change feed due, as [`call`] does. It skips a job whose row another
/// transaction has locked, so that no writer waits for another. Such a job finds the event when its
/// pause ends.
pub(crate) fn wake(tx: &mut Tx<'_>, now: OffsetDateTime) -> PgResult<()> {
    let statement = "UPDATE jobs SET due_at = LEAST(due_at, $2), called = true \
         WHERE org_id = $1 AND id IN ( \
             SELECT id FROM jobs WHERE org_id = $1 AND kind = 'deliver_webhook' \
             AND (due_at > $2 OR leased_until IS NOT NULL AND NOT called) FOR UPDATE SKIP LOCKED)";
    tx.query(statement).bind::<Timestamptz, _>(now).execute(tx).map(drop)
}

/// Deletes a job, in the transaction after which it is not needed.
pub(crate) fn remove(tx: &mut Tx<'_>, job: Job) -> PgResult<()> {
    let (kind, subject) = parts(job);
    tx.query("DELETE FROM jobs WHERE org_id = $1 AND kind = $2 AND subject_id = $3")
        .bind::<Text, _>(kind)
        .bind::<SqlUuid, _>(subject)
        .execute(tx)
        .map(drop)
}

/// Returns the statement that claims a due ($2) job of an organisation ($1) for a worker ($3), with
/// a lease until a time ($4).
fn claim_statement(lane: &str) -> String {
    let free = free("$2");
    format!(
        "UPDATE jobs SET worker_id = $3, leased_until = $4, called = false \
         WHERE org_id = $1 AND id = ( \
             SELECT id FROM jobs WHERE org_id = $1 AND {lane} AND {free} \
             ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING id, kind, subject_id, failures"
    )
}

/// Returns the plan of the statement that claims a job.
///
/// # Errors
///
/// [`contacts_core::Error::Store`] when the store fails.
pub fn explain_claim(
    database: &Database,
    org: OrgId,
    lane: Lane,
    now: OffsetDateTime,
) -> Result<String> {
    let statement = format!("EXPLAIN {}", claim_statement(of_lane(lane)));
    let lines: Vec<PlanRow> = database.write_at(org, now, |tx| {
        tx.query(&statement)
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(Uuid::nil())
            .bind::<Timestamptz, _>(now)
            .load(tx)
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
    ) -> Result<Option<ClaimedJob>> {
        // Find the organisations that have due jobs with a query over all of them, which locks
        // nothing. Then claim a job within one organisation.
        let (lane, free, leased) = (of_lane(lane), free("$1"), leased("$1"));
        let orgs = format!(
            "SELECT org_id FROM jobs WHERE given_up_at IS NULL AND due_at <= $1 AND {lane} \
             GROUP BY org_id \
             HAVING bool_or({free}) \
             ORDER BY count(*) FILTER (WHERE {leased}), min(due_at) FILTER (WHERE {free}), org_id"
        );
        let orgs: Vec<OrgRow> =
            self.read_everywhere(|all| sql_query(&orgs).bind::<Timestamptz, _>(now).load(all))?;
        for OrgRow { org_id } in orgs {
            if let Some(row) = self.claim_in(OrgId(org_id), lane, worker, lease, now)? {
                return Ok(Some(row.read(OrgId(org_id))?));
            }
        }
        Ok(None)
    }

    fn is_waiting(&self, lane: Lane, now: OffsetDateTime) -> Result<bool> {
        let (lane, free) = (of_lane(lane), free("$1"));
        let statement =
            format!("SELECT EXISTS (SELECT 1 FROM jobs WHERE {lane} AND {free}) AS yes");
        self.read_everywhere(|all| {
            let answer: Answer =
                sql_query(&statement).bind::<Timestamptz, _>(now).get_result(all)?;
            Ok(answer.yes)
        })
    }

    fn extend(
        &self,
        job: &ClaimedJob,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let statement = "UPDATE jobs SET leased_until = $4 \
             WHERE org_id = $1 AND id = $2 AND worker_id = $3 AND leased_until IS NOT NULL";
        self.write_at(job.org, now, |tx| {
            tx.query(statement)
                .bind::<SqlUuid, _>(job.id.0)
                .bind::<SqlUuid, _>(worker)
                .bind::<Timestamptz, _>(now + lease.min(MAX_LEASE))
                .execute(tx)
                .map(|extended| extended == 1)
        })
    }

    fn finish(
        &self,
        job: &ClaimedJob,
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
    /// Runs a change of a job, if the worker still has its lease.
    fn finish_held(&self, job: &ClaimedJob, worker: Uuid, mut change: Statement) -> Result<()> {
        change.push(" WHERE org_id = $1 AND leased_until IS NOT NULL AND id = ");
        change.bind(Bind::Uuid(job.id.0)).push(" AND worker_id = ").bind(Bind::Uuid(worker));
        self.write(job.org, |tx| change.execute(tx).map(drop))
    }

    fn claim_in(
        &self,
        org: OrgId,
        lane: &str,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<Row>> {
        let statement = claim_statement(lane);
        self.write_at(org, now, |tx| {
            tx.query(&statement)
                .bind::<Timestamptz, _>(now)
                .bind::<SqlUuid, _>(worker)
                .bind::<Timestamptz, _>(now + lease.min(MAX_LEASE))
                .row(tx)
        })
    }
}
