//! Jobs in memory.

use std::time::Duration;

use contacts_core::job::{ClaimedJob, Job, JobId, JobQueue, Lane, MAX_LEASE, Outcome};
use contacts_core::{Ids, OrgId, Result};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{CountedIds, World};

/// All unfinished jobs of every organisation, in the order of their creation.
#[derive(Default)]
pub(crate) struct Jobs(Vec<Queued>);

struct Queued {
    claimed: ClaimedJob,
    due: OffsetDateTime,
    held: Option<Held>,
    /// Whether the job was requested again while a worker had claimed it.
    called: bool,
}

#[derive(Clone, Copy)]
struct Held {
    by: Uuid,
    until: OffsetDateTime,
}

impl Queued {
    fn is_held(&self, now: OffsetDateTime) -> bool {
        self.held.is_some_and(|held| now < held.until && held.until <= now + MAX_LEASE)
    }

    fn is_waiting(&self, now: OffsetDateTime) -> bool {
        self.due <= now && !self.is_held(now)
    }

    fn call(&mut self, due: OffsetDateTime) {
        self.due = self.due.min(due);
        self.called = true;
    }
}

impl Jobs {
    pub(crate) fn push(&mut self, org: OrgId, job: Job, now: OffsetDateTime, ids: &CountedIds) {
        let claimed = ClaimedJob { org, id: JobId(ids.next()), job, failures: 0 };
        self.0.push(Queued { claimed, due: now, held: None, called: false });
    }

    /// Whether a job is queued or in progress.
    pub(crate) fn contains(&self, org: OrgId, job: Job) -> bool {
        self.0.iter().any(|queued| (queued.claimed.org, queued.claimed.job) == (org, job))
    }

    /// Returns the jobs of an organisation, each with its id and the time at which it is due.
    pub(super) fn of_org(&self, org: OrgId) -> impl Iterator<Item = (JobId, Job, OffsetDateTime)> {
        let jobs = self.0.iter().filter(move |queued| queued.claimed.org == org);
        jobs.map(|queued| (queued.claimed.id, queued.claimed.job, queued.due))
    }

    /// Removes a job that is no longer needed.
    pub(crate) fn remove(&mut self, org: OrgId, job: Job) {
        self.0.retain(|queued| (queued.claimed.org, queued.claimed.job) != (org, job));
    }

    /// Enqueues a job that can exist only once, or makes it due even while a worker has claimed it.
    pub(crate) fn call(&mut self, org: OrgId, job: Job, due: OffsetDateTime, ids: &CountedIds) {
        let known = self.0.iter_mut().find(|q| (q.claimed.org, q.claimed.job) == (org, job));
        match known {
            Some(queued) => queued.call(due),
            None => self.push(org, job, due, ids),
        }
    }

    /// Calls the jobs that follow the change feed.
    pub(crate) fn wake(&mut self, org: OrgId, now: OffsetDateTime) {
        let follows = |job: Job| matches!(job, Job::DeliverWebhook(_));
        let of_org = self.0.iter_mut().filter(|queued| queued.claimed.org == org);
        of_org.filter(|queued| follows(queued.claimed.job)).for_each(|queued| queued.call(now));
    }

    fn in_hand(&self, org: OrgId, lane: Lane, now: OffsetDateTime) -> usize {
        let of_lane = self.0.iter().filter(|job| job.claimed.job.lane() == lane);
        of_lane.filter(|job| job.claimed.org == org && job.is_held(now)).count()
    }

    fn next(&self, lane: Lane, now: OffsetDateTime) -> Option<JobId> {
        let of_lane = self.0.iter().filter(|job| job.claimed.job.lane() == lane);
        let waiting = of_lane.filter(|job| job.is_waiting(now));
        let first = waiting.min_by_key(|job| (self.in_hand(job.claimed.org, lane, now), job.due));
        first.map(|job| job.claimed.id)
    }

    fn find(&mut self, id: JobId) -> Option<&mut Queued> {
        self.0.iter_mut().find(|job| job.claimed.id == id)
    }

    /// Returns the job if the worker still has its lease.
    fn of_worker(&mut self, job: &ClaimedJob, worker: Uuid) -> Option<&mut Queued> {
        let org = job.org;
        self.find(job.id)
            .filter(|job| job.claimed.org == org && job.held.is_some_and(|held| held.by == worker))
    }
}

impl JobQueue for World {
    fn claim(
        &self,
        lane: Lane,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<ClaimedJob>> {
        let jobs = &mut self.state().jobs;
        let Some(job) = jobs.next(lane, now).and_then(|id| jobs.find(id)) else { return Ok(None) };
        job.held = Some(Held { by: worker, until: now + lease.min(MAX_LEASE) });
        job.called = false;
        Ok(Some(job.claimed))
    }

    fn is_waiting(&self, lane: Lane, now: OffsetDateTime) -> Result<bool> {
        Ok(self.state().jobs.next(lane, now).is_some())
    }

    fn extend(
        &self,
        job: &ClaimedJob,
        worker: Uuid,
        lease: Duration,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let jobs = &mut self.state().jobs;
        let Some(job) = jobs.of_worker(job, worker) else { return Ok(false) };
        job.held = Some(Held { by: worker, until: now + lease.min(MAX_LEASE) });
        Ok(true)
    }

    fn finish(
        &self,
        job: &ClaimedJob,
        worker: Uuid,
        outcome: Outcome,
        now: OffsetDateTime,
    ) -> Result<()> {
        let jobs = &mut self.state().jobs;
        let Some(queued) = jobs.of_worker(job, worker) else { return Ok(()) };
        queued.held = None;
        match outcome {
            Outcome::Again => queued.due = now,
            Outcome::Rest(at) => {
                if !queued.called {
                    queued.due = at;
                }
                queued.claimed.failures = 0;
            }
            Outcome::Retry(at) => {
                queued.due = at;
                queued.claimed.failures += 1;
            }
            Outcome::Done | Outcome::GiveUp => jobs.0.retain(|stored| stored.claimed.id != job.id),
        }
        Ok(())
    }
}
