//! Takes jobs and runs their use cases, on threads of its own.
//!
//! A worker holds a job by a lease and extends it while it works. When it dies, the lease runs
//! out and another worker takes the job up where the last committed chunk left it.

mod lease;
mod prefetch;
mod turn;

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use contacts_core::action::{ActionService, ActionState};
use contacts_core::erasure::ErasureService;
use contacts_core::event::FeedService;
use contacts_core::housekeeping::Housekeeping;
use contacts_core::import::{DryRunId, ImportId, ImportService, ImportState};
use contacts_core::job::{Claimed, Job, JobQueue, Lane, Outcome, backoff};
use contacts_core::sync::SyncService;
use contacts_core::webhook::WebhookService;
use contacts_core::{Clock, Error, Ids, OrgId, Result};
use uuid::Uuid;

use crate::lease::Lease;
use crate::prefetch::prefetch;
use crate::turn::WorkerTurn;

/// How workers behave.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    /// How many jobs run at once in this process, those of connected sources apart.
    pub threads: usize,
    /// How many connected sources run at once in this process: they wait for others most of the
    /// time.
    pub sync_threads: usize,
    /// For how long a job is held without a sign of life.
    pub lease: Duration,
    /// How often an idle worker looks for a job.
    pub poll: Duration,
    /// For how long a job may go on while another waits.
    pub slice: Duration,
    /// How often an idle worker deletes what is not needed any longer.
    pub sweep: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            threads: 2,
            sync_threads: 4,
            lease: Duration::from_secs(15),
            poll: Duration::from_millis(250),
            slice: Duration::from_secs(10),
            sweep: Duration::from_secs(60 * 60),
        }
    }
}

impl WorkerConfig {
    /// One job after another, and no connected source: for a command that waits for its job.
    pub fn one() -> Self {
        Self { threads: 1, sync_threads: 0, ..Self::default() }
    }
}

/// Takes jobs and runs them.
#[derive(Clone)]
pub struct Worker {
    /// The queue.
    pub jobs: Arc<dyn JobQueue>,
    /// The use cases of imports.
    pub imports: ImportService,
    /// The use cases of the change feed.
    pub feed: FeedService,
    /// The use cases of bulk actions.
    pub actions: ActionService,
    /// The use cases of webhooks.
    pub webhooks: WebhookService,
    /// The use cases of erasures.
    pub erasures: ErasureService,
    /// The use cases of connected sources.
    pub sources: SyncService,
    /// What an idle worker does from time to time.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// How to behave.
    pub config: WorkerConfig,
}

/// Workers that run. They stop when this is dropped, at the next chunk.
pub struct Workers {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// After so many failures a job is given up. A database that is down counts none: nobody can
/// write the number.
const FAILURES: u32 = 20;

impl Worker {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// The operating system's, when it has no more threads.
    pub fn start(self) -> std::io::Result<Workers> {
        let stopping = Arc::new(AtomicBool::new(false));
        let lane = |lane: Lane, threads: usize| iter::repeat_n(lane, threads).enumerate();
        let work = lane(Lane::Work, self.config.threads);
        let threads = work
            .chain(lane(Lane::Sync, self.config.sync_threads))
            .map(|(number, lane)| {
                let (worker, stopping) = (self.clone(), stopping.clone());
                let name = match lane {
                    Lane::Work => format!("worker-{number}"),
                    Lane::Sync => format!("sync-{number}"),
                };
                thread::Builder::new().name(name).spawn(move || worker.work(lane, &stopping))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Workers { stopping, threads })
    }

    /// Runs jobs on this thread until none is due, and says how many.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when no job can be taken.
    pub fn run_due(&self) -> Result<usize> {
        let stopping = AtomicBool::new(false);
        let mut run = 0;
        while self.run_next(Lane::Work, &stopping)? || self.run_next(Lane::Sync, &stopping)? {
            run += 1;
        }
        Ok(run)
    }

    fn work(&self, lane: Lane, stopping: &AtomicBool) {
        let mut swept: Option<Instant> = None;
        while !stopping.load(Ordering::Relaxed) {
            match self.run_next(lane, stopping) {
                Ok(true) => {}
                Ok(false) if swept.is_none_or(|at| at.elapsed() >= self.config.sweep) => {
                    self.sweep();
                    swept = Some(Instant::now());
                }
                Ok(false) => thread::park_timeout(self.config.poll),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "no job can be taken");
                    thread::park_timeout(Duration::from_secs(1));
                }
            }
        }
    }

    /// What this leaves behind is deleted the next time.
    fn sweep(&self) {
        match self.housekeeping.sweep(self.clock.now()) {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "files of old imports were deleted"),
            Err(error) => tracing::warn!(error = chain(&error), "housekeeping failed"),
        }
    }

    fn run_next(&self, lane: Lane, stopping: &AtomicBool) -> Result<bool> {
        let worker = self.ids.next();
        let Some(job) = self.jobs.claim(lane, worker, self.config.lease, self.clock.now())? else {
            return Ok(false);
        };
        let outcome = self.run(&job, worker, stopping);
        // When this fails, the lease runs out and the job is taken again.
        self.jobs.finish(&job, worker, outcome, self.clock.now())?;
        Ok(true)
    }

    fn run(&self, job: &Claimed, worker: Uuid, stopping: &AtomicBool) -> Outcome {
        let lost = AtomicBool::new(false);
        let done = thread::scope(|scope| {
            let _lease = Lease::hold(scope, self, job, worker, &lost);
            let turn = WorkerTurn::new(self, job.job.lane(), stopping, &lost);
            catch_unwind(AssertUnwindSafe(|| self.run_job(job, &turn)))
        });
        let problem = match done {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(error)) => chain(&error),
            Err(_) => "it panicked".to_owned(),
        };
        tracing::warn!(job = %job.id, org = %job.org, failures = job.failures, problem, "a job failed");
        // These stay until they are done: a webhook's and a source's is the only one that there
        // will be, and a file holds personal data.
        let stays = matches!(job.job, Job::DeliverWebhook(_) | Job::EraseFile(_) | Job::Sync(_));
        if stays || job.failures + 1 < FAILURES {
            return Outcome::Retry(self.clock.now() + backoff(job.failures));
        }
        match self.give_up(job) {
            Ok(()) => Outcome::GiveUp,
            Err(_) => Outcome::Retry(self.clock.now() + backoff(job.failures)),
        }
    }

    fn run_job(&self, job: &Claimed, turn: &WorkerTurn<'_>) -> Result<Outcome> {
        match job.job {
            Job::AnalyseImport(import) => self.imports.analyse(job.org, import, turn),
            Job::RunImport(import) => self.run_import(job.org, import, turn),
            Job::SweepEvents => self.feed.sweep(job.org, turn),
            Job::DryRun(run) => self.dry_run(job.org, run, turn),
            Job::UndoImport(undo) => self.imports.take_back(job.org, undo, turn),
            Job::RunAction(action) => self.actions.run(job.org, action, turn),
            Job::EraseFile(action) => self.actions.erase_file(job.org, action),
            Job::DeliverWebhook(webhook) => self.webhooks.deliver(job.org, webhook, turn),
            Job::Erase(erasure) => self.erasures.run(job.org, erasure, turn),
            Job::Sync(source) => self.sources.run(job.org, source, turn),
        }
    }

    fn run_import(&self, org: OrgId, id: ImportId, turn: &WorkerTurn<'_>) -> Result<Outcome> {
        let Some((import, chunks)) = self.imports.chunks(org, id)? else {
            return Ok(Outcome::Done);
        };
        prefetch(chunks, |chunks| self.imports.take(&import, chunks, turn))
    }

    fn dry_run(&self, org: OrgId, run: DryRunId, turn: &WorkerTurn<'_>) -> Result<Outcome> {
        let Some((import, chunks)) = self.imports.dry_chunks(org, run)? else {
            return Ok(Outcome::Done);
        };
        prefetch(chunks, |chunks| self.imports.rehearse(&import, run, chunks, turn))
    }

    fn give_up(&self, job: &Claimed) -> Result<()> {
        let (org, now) = (job.org, self.clock.now());
        let ImportService { imports, dry_runs, undos, .. } = &self.imports;
        let problem = |what: &str| {
            format!("the {what} failed again and again: the log of the service says why")
        };
        match job.job {
            Job::AnalyseImport(id) | Job::RunImport(id) => {
                imports.end(org, id, ImportState::Failed, Some(problem("import")), now)?
            }
            Job::DryRun(id) => dry_runs.end(org, id, Some(problem("dry run")), now)?,
            Job::UndoImport(id) => undos.fail(org, id, &problem("undo"), now)?,
            Job::RunAction(id) => {
                let actions = &self.actions.actions;
                actions.end(org, id, ActionState::Failed, Some(problem("action")), now)?
            }
            Job::SweepEvents | Job::EraseFile(_) | Job::DeliverWebhook(_) | Job::Sync(_) => false,
            // An erasure that was asked for is never given up.
            Job::Erase(_) => return Err(Error::Busy),
        };
        Ok(())
    }
}

impl Workers {
    /// Stops the workers: each job ends with the chunk it is at, and is taken up again later.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A worker that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.join();
    }
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
