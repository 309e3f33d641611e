//! Claims jobs and runs their use cases, on threads of its own.
//!
//! A worker has a lease on its job, and extends the lease while it works. When the worker dies, the
//! lease expires, and another worker continues after the last committed chunk. A worker that stops
//! gives its job back to the queue, where another can claim it at once.

mod housekeeper;
mod interrupt;
mod lease;
mod prefetch;

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use contacts_core::import::{DryRunId, ImportId};
use contacts_core::job::{ClaimedJob, Job, Lane, Outcome, backoff};
use contacts_core::run::RunState;
use contacts_core::{Actor, Error, OrgId, Ports, Result, Services};
use uuid::Uuid;

use crate::interrupt::WorkerInterrupt;
use crate::lease::Lease;
use crate::prefetch::prefetch;

/// Settings of the workers.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    /// Number of jobs that run at once in this process, without those of connected sources.
    pub threads: usize,
    /// Number of connected sources that run at once in this process. They mostly wait for other
    /// systems.
    pub sync_threads: usize,
    /// How long a job belongs to a worker without a heartbeat.
    pub lease: Duration,
    /// How often an idle worker tries to claim a job.
    pub poll: Duration,
    /// How long a job may go on while another waits.
    pub slice: Duration,
    /// How often expired files are deleted.
    pub sweep: Duration,
    /// How often jobs that were lost are queued again (R63).
    pub repair: Duration,
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
            repair: Duration::from_secs(30),
        }
    }
}

impl WorkerConfig {
    /// One thread for jobs and none for connected sources: for a command that waits for its job.
    pub fn one() -> Self {
        Self { threads: 1, sync_threads: 0, ..Self::default() }
    }
}

/// Claims jobs and runs their use cases.
#[derive(Clone)]
pub struct Worker {
    ports: Ports,
    services: Services,
    /// The number of threads, and the lengths of leases and pauses.
    pub config: WorkerConfig,
}

/// The threads of a worker. They stop after the current chunk when this is dropped.
pub struct Workers {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// The failures after which a job is given up. Failures while the database is down do not count,
/// because their number cannot be stored.
const MAX_FAILURES: u32 = 20;

impl Worker {
    /// Makes a worker over these ports. [`Worker::start`] and [`Worker::run_due`] run it.
    pub fn over(ports: Ports, config: WorkerConfig) -> Self {
        let services = Services::over(&ports);
        Self { ports, services, config }
    }

    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// The operating system's, when it cannot start a thread.
    pub fn start(self) -> std::io::Result<Workers> {
        let stopping = Arc::new(AtomicBool::new(false));
        let lane = |lane: Lane, threads: usize| iter::repeat_n(lane, threads).enumerate();
        let work = lane(Lane::Work, self.config.threads);
        let mut threads: Vec<_> = work
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
        let (worker, stopped) = (self, stopping.clone());
        let housekeeper = thread::Builder::new().name("housekeeper".to_owned());
        threads.push(housekeeper.spawn(move || worker.run_housekeeping(&stopped))?);
        Ok(Workers { stopping, threads })
    }

    /// Runs jobs on this thread until none is due, and returns their number.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when no job can be claimed.
    pub fn run_due(&self) -> Result<usize> {
        let stopping = AtomicBool::new(false);
        let mut run = 0;
        while self.run_next(Lane::Work, &stopping)? || self.run_next(Lane::Sync, &stopping)? {
            run += 1;
        }
        Ok(run)
    }

    fn work(&self, lane: Lane, stopping: &AtomicBool) {
        while !stopping.load(Ordering::Relaxed) {
            match self.run_next(lane, stopping) {
                Ok(true) => {}
                Ok(false) => thread::park_timeout(self.config.poll),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "failed to claim a job");
                    thread::park_timeout(Duration::from_secs(1));
                }
            }
        }
    }

    fn run_next(&self, lane: Lane, stopping: &AtomicBool) -> Result<bool> {
        let worker = self.ports.ids.next();
        let Some(job) =
            self.ports.jobs.claim(lane, worker, self.config.lease, self.ports.clock.now())?
        else {
            return Ok(false);
        };
        let outcome = self.run(&job, worker, stopping);
        // When this fails, the lease expires and the job is claimed again.
        self.ports.jobs.finish(&job, worker, outcome, self.ports.clock.now())?;
        Ok(true)
    }

    fn run(&self, job: &ClaimedJob, worker: Uuid, stopping: &AtomicBool) -> Outcome {
        let lost = AtomicBool::new(false);
        let done = thread::scope(|scope| {
            let _lease = Lease::keep_alive(scope, self, job, worker, &lost);
            let interrupt = WorkerInterrupt::new(self, job.job.lane(), stopping, &lost);
            catch_unwind(AssertUnwindSafe(|| self.run_job(job, &interrupt)))
        });
        let problem = match done {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(error)) => chain(&error),
            Err(_) => "the job panicked".to_owned(),
        };
        tracing::warn!(job = %job.id, org = %job.org, failures = job.failures, problem, "a job failed");
        // These are retried until they succeed: a webhook and a source have one job each for their
        // whole life, and a file may contain personal data.
        let is_permanent =
            matches!(job.job, Job::DeliverWebhook(_) | Job::EraseFile(_) | Job::Sync(_));
        if is_permanent || job.failures + 1 < MAX_FAILURES {
            return Outcome::Retry(self.ports.clock.now() + backoff(job.failures));
        }
        match self.give_up(job) {
            Ok(()) => Outcome::GiveUp,
            Err(_) => Outcome::Retry(self.ports.clock.now() + backoff(job.failures)),
        }
    }

    fn run_job(&self, job: &ClaimedJob, interrupt: &WorkerInterrupt<'_>) -> Result<Outcome> {
        match job.job {
            Job::AnalyseImport(import) => self.services.imports.analyse(job.org, import, interrupt),
            Job::RunImport(import) => self.run_import(job.org, import, interrupt),
            Job::SweepEvents => self.services.feed.sweep(job.org, interrupt),
            Job::DryRun(run) => self.dry_run(job.org, run, interrupt),
            Job::Undo(undo) => self.services.undos.run(job.org, undo, interrupt),
            Job::RunAction(action) => self.services.actions.run(job.org, action, interrupt),
            Job::EraseFile(action) => self.services.actions.erase_file(job.org, action),
            Job::DeliverWebhook(webhook) => {
                self.services.webhooks.deliver(job.org, webhook, interrupt)
            }
            Job::Erase(erasure) => self.services.erasures.run(job.org, erasure, interrupt),
            Job::Sync(source) => self.services.sources.run(job.org, source, interrupt),
            Job::RebuildSearch => self.services.contacts.rebuild_search(job.org, interrupt),
        }
    }

    fn run_import(
        &self,
        org: OrgId,
        id: ImportId,
        interrupt: &WorkerInterrupt<'_>,
    ) -> Result<Outcome> {
        let Some((import, chunks)) = self.services.imports.chunks(org, id)? else {
            return Ok(Outcome::Done);
        };
        prefetch(chunks, |chunks| self.services.imports.take(&import, chunks, interrupt))
    }

    fn dry_run(
        &self,
        org: OrgId,
        run: DryRunId,
        interrupt: &WorkerInterrupt<'_>,
    ) -> Result<Outcome> {
        let Some((import, chunks)) = self.services.imports.dry_chunks(org, run)? else {
            return Ok(Outcome::Done);
        };
        prefetch(chunks, |chunks| {
            self.services.imports.run_dry_chunks(&import, run, chunks, interrupt)
        })
    }

    fn give_up(&self, job: &ClaimedJob) -> Result<()> {
        let (org, now) = (job.org, self.ports.clock.now());
        let problem = |what: &str| {
            format!("the {what} failed {MAX_FAILURES} times: see the log of the service")
        };
        match job.job {
            Job::AnalyseImport(id) | Job::RunImport(id) => self.ports.imports.end(
                org,
                id,
                RunState::Failed,
                Some(problem("import")),
                Actor::System,
                now,
            )?,
            Job::DryRun(id) => {
                self.ports.dry_runs.end(org, id, RunState::Failed, Some(problem("dry run")), now)?
            }
            Job::Undo(id) => {
                self.ports.undos.end(org, id, RunState::Failed, Some(problem("undo")), now)?
            }
            Job::RunAction(id) => {
                self.ports.actions.end(org, id, RunState::Failed, Some(problem("action")), now)?
            }
            Job::SweepEvents
            | Job::EraseFile(_)
            | Job::DeliverWebhook(_)
            | Job::Sync(_)
            | Job::RebuildSearch => false,
            // An erasure is never given up.
            Job::Erase(_) => return Err(Error::Busy),
        };
        Ok(())
    }
}

impl Workers {
    /// Asks the workers to stop, without waiting: no further job is claimed, and each job in
    /// progress is given back to the queue after its current chunk, where any worker can claim it.
    pub fn ask_to_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
    }

    /// Asks the workers to stop, and waits until they have.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.ask_to_stop();
        for thread in self.threads.drain(..) {
            // The panic hook has logged a panic.
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
