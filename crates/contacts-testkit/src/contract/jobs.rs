//! The contract of [`contacts_core::job::JobQueue`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::import::ImportId;
use contacts_core::job::{ClaimedJob, Job, Lane, MAX_LEASE, Outcome};
use contacts_core::{Clock, Ids, OrgId};
use uuid::Uuid;

use crate::{Ports, samples};

const LEASE: Duration = Duration::from_secs(30);

/// Enqueues a job as an upload does.
fn queue(ports: &Ports, org: OrgId) -> ImportId {
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    ports.imports.insert(&import).unwrap();
    assert!(ports.imports.uploaded(org, import.id, 1, ports.clock.now()).unwrap());
    import.id
}

fn claim(ports: &Ports, worker: Uuid) -> Option<ClaimedJob> {
    ports.jobs.claim(Lane::Work, worker, LEASE, ports.clock.now()).unwrap()
}

fn workers(ports: &Ports) -> [Uuid; 2] {
    [ports.ids.next(), ports.ids.next()]
}

pub fn a_job_is_taken_by_one_worker(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    assert_eq!(claim(ports, one), None);
    let import = queue(ports, org);
    assert!(ports.jobs.is_waiting(Lane::Work, ports.clock.now()).unwrap());
    let job = claim(ports, one).unwrap();
    assert_eq!((job.org, job.job, job.failures), (org, Job::AnalyseImport(import), 0));
    assert_eq!(claim(ports, other), None);
    assert_eq!(claim(ports, one), None);
    assert!(!ports.jobs.is_waiting(Lane::Work, ports.clock.now()).unwrap());
}

pub fn starting_an_import_queues_its_run(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    let import = samples::running_import(ports, org, Default::default());
    let jobs = [claim(ports, one).unwrap().job, claim(ports, other).unwrap().job];
    assert!(jobs.contains(&Job::AnalyseImport(import.id)));
    assert!(jobs.contains(&Job::RunImport(import.id)));
}

pub fn the_oldest_due_job_comes_first(ports: &Ports) {
    let (org, [one, _]) = (ports.org(), workers(ports));
    let mut queued = Vec::new();
    for _ in 0..3 {
        queued.push(Job::AnalyseImport(queue(ports, org)));
        ports.clock.tick();
    }
    let claimed_jobs: Vec<_> = (0..3).map(|_| claim(ports, one).unwrap().job).collect();
    assert_eq!(claimed_jobs, queued);
}

pub fn a_silent_worker_loses_its_job(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    queue(ports, org);
    let job = claim(ports, one).unwrap();
    ports.clock.advance(LEASE - Duration::from_micros(1));
    assert_eq!(claim(ports, other), None);
    ports.clock.advance(Duration::from_micros(1));
    assert!(ports.jobs.is_waiting(Lane::Work, ports.clock.now()).unwrap());
    let again = claim(ports, other).unwrap();
    assert_eq!((again.id, again.job, again.org), (job.id, job.job, job.org));
}

pub fn a_lease_from_before_the_clock_was_set_back_is_expired(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    queue(ports, org);
    let due = ports.clock.now();
    ports.clock.advance(MAX_LEASE + Duration::from_secs(1));
    let job = claim(ports, one).unwrap();
    // The lease now ends later than any that is given at this time.
    ports.clock.set(due);
    assert!(ports.jobs.is_waiting(Lane::Work, due).unwrap());
    assert_eq!(claim(ports, other).map(|again| again.id), Some(job.id));
    assert!(!ports.jobs.extend(&job, one, LEASE, due).unwrap());
    assert_eq!(claim(ports, one), None, "the other worker has a lease of this time");
    ports.clock.advance(LEASE);
    let job = claim(ports, one).unwrap();
    let longest = ports.clock.now();
    assert!(ports.jobs.extend(&job, one, 2 * MAX_LEASE, longest).unwrap());
    assert_eq!(claim(ports, other), None, "a longer lease is shortened to the longest");
    ports.clock.advance(MAX_LEASE);
    assert!(claim(ports, other).is_some());
}

pub fn a_worker_that_extends_its_lease_keeps_its_job(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    queue(ports, org);
    let job = claim(ports, one).unwrap();
    for _ in 0..3 {
        let now = ports.clock.advance(LEASE - Duration::from_secs(1));
        assert!(ports.jobs.extend(&job, one, LEASE, now).unwrap());
        assert_eq!(claim(ports, other), None);
    }
    ports.clock.advance(LEASE);
    assert!(claim(ports, other).is_some());
}

pub fn a_worker_that_lost_its_job_changes_nothing(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    queue(ports, org);
    let lost = claim(ports, one).unwrap();
    let now = ports.clock.advance(LEASE);
    let claimed = claim(ports, other).unwrap();
    assert!(!ports.jobs.extend(&lost, one, LEASE * 10, now).unwrap());
    for outcome in [Outcome::Done, Outcome::Again, Outcome::Retry(now), Outcome::GiveUp] {
        ports.jobs.finish(&lost, one, outcome, now).unwrap();
        assert_eq!(claim(ports, one), None, "{outcome:?}");
    }
    assert!(ports.jobs.extend(&claimed, other, LEASE, now).unwrap());
    ports.clock.advance(LEASE);
    assert_eq!(claim(ports, one).unwrap().failures, 0);
}

pub fn a_job_that_is_done_or_given_up_is_gone(ports: &Ports) {
    let (org, [one, _]) = (ports.org(), workers(ports));
    for outcome in [Outcome::Done, Outcome::GiveUp] {
        queue(ports, org);
        let job = claim(ports, one).unwrap();
        let now = ports.clock.tick();
        ports.jobs.finish(&job, one, outcome, now).unwrap();
        assert!(!ports.jobs.extend(&job, one, LEASE, now).unwrap());
        let later = ports.clock.advance(LEASE * 1_000);
        assert!(!ports.jobs.is_waiting(Lane::Work, later).unwrap(), "{outcome:?}");
        assert_eq!(claim(ports, one), None, "{outcome:?}");
    }
}

pub fn a_job_that_gives_way_is_queued_behind_the_others(ports: &Ports) {
    let (org, [one, _]) = (ports.org(), workers(ports));
    let first = queue(ports, org);
    ports.clock.tick();
    let second = queue(ports, org);
    let job = claim(ports, one).unwrap();
    assert_eq!(job.job, Job::AnalyseImport(first));
    ports.jobs.finish(&job, one, Outcome::Again, ports.clock.tick()).unwrap();
    assert_eq!(claim(ports, one).unwrap().job, Job::AnalyseImport(second));
    let again = claim(ports, one).unwrap();
    assert_eq!((again.job, again.failures), (Job::AnalyseImport(first), 0));
}

pub fn a_job_that_failed_waits_and_counts_its_failures(ports: &Ports) {
    let (org, [one, other]) = (ports.org(), workers(ports));
    queue(ports, org);
    for failures in 0..3 {
        let job = claim(ports, one).unwrap();
        assert_eq!(job.failures, failures);
        let now = ports.clock.tick();
        ports.jobs.finish(&job, one, Outcome::Retry(now + LEASE), now).unwrap();
        assert!(!ports.jobs.is_waiting(Lane::Work, now).unwrap());
        ports.clock.advance(LEASE - Duration::from_micros(1));
        assert_eq!(claim(ports, other), None);
        ports.clock.advance(Duration::from_micros(1));
    }
    assert_eq!(claim(ports, other).unwrap().failures, 3);
}

pub fn an_organisation_with_fewer_claimed_jobs_comes_first(ports: &Ports) {
    let (many, few, [one, _]) = (ports.org(), ports.org(), workers(ports));
    for _ in 0..4 {
        queue(ports, many);
        ports.clock.tick();
    }
    for _ in 0..2 {
        queue(ports, few);
        ports.clock.tick();
    }
    let orgs: Vec<_> = (0..6).map(|_| claim(ports, one).unwrap().org).collect();
    assert_eq!(orgs, [many, few, many, few, many, many]);
}

pub fn a_lease_that_ran_out_is_no_job_in_hand(ports: &Ports) {
    let (many, few, [one, other]) = (ports.org(), ports.org(), workers(ports));
    queue(ports, many);
    queue(ports, many);
    assert!(claim(ports, one).is_some() && claim(ports, one).is_some());
    ports.clock.advance(LEASE);
    queue(ports, few);
    // No organisation has a claimed job, so the oldest job is claimed first.
    assert_eq!(claim(ports, other).unwrap().org, many);
    assert_eq!(claim(ports, other).unwrap().org, few);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other, [worker, _]) = (ports.org(), ports.org(), workers(ports));
    queue(ports, org);
    let job = claim(ports, worker).unwrap();
    let forged = ClaimedJob { org: other, ..job };
    let now = ports.clock.now();
    assert!(!ports.jobs.extend(&forged, worker, LEASE, now).unwrap());
    ports.jobs.finish(&forged, worker, Outcome::Done, now).unwrap();
    assert!(ports.jobs.extend(&job, worker, LEASE, now).unwrap());
}
