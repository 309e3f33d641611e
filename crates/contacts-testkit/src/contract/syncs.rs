//! The contract of [`contacts_core::sync::SyncRepository`] for sources and their runs.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::import::Interrupt;
use contacts_core::job::{ClaimedJob, Job, Lane, Outcome};
use contacts_core::run::RunState;
use contacts_core::sync::{
    Chunk, Committed, ConnectedSource, ConnectorError, End, Mode, RawSourcePatch, RunStart,
    Schedule, SourceId, SourcePatch, State, SyncRun, SyncRunId, SyncService, VanishPolicy,
};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use crate::{FakeConnector, Ports, samples};

const LEASE: Duration = Duration::from_secs(15);

pub(super) struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

pub(super) fn service(ports: &Ports) -> (SyncService, FakeConnector) {
    (ports.services().sources, ports.connector.clone())
}

fn claim(ports: &Ports) -> Option<ClaimedJob> {
    ports.jobs.claim(Lane::Sync, ports.ids.next(), LEASE, ports.clock.now()).unwrap()
}

/// Runs every connected source that is due, as a worker does.
pub(super) fn run_due(ports: &Ports, service: &SyncService) {
    let worker = ports.ids.next();
    let claim = || ports.jobs.claim(Lane::Sync, worker, LEASE, ports.clock.now()).unwrap();
    while let Some(job) = claim() {
        let Job::Sync(id) = job.job else { panic!("{job:?}") };
        let outcome = service.run(job.org, id, &Always).unwrap();
        ports.jobs.finish(&job, worker, outcome, ports.clock.now()).unwrap();
    }
}

/// Runs a connected source now, and returns the run.
pub(super) fn sync(ports: &Ports, service: &SyncService, source: &ConnectedSource) -> SyncRun {
    ports.clock.tick();
    let run = service.ask(source.org, source.id, false, Actor::System).unwrap();
    run_due(ports, service);
    service.get_run(source.org, source.id, run.id).unwrap()
}

/// Claims the open run of a source, like a worker that then stops responding.
pub(super) fn start_run(ports: &Ports, source: &ConnectedSource) -> (ConnectedSource, SyncRun) {
    let (id, now) = (SyncRunId(ports.ids.next()), ports.clock.now());
    match ports.sources.begin(source.org, source.id, id, now).unwrap() {
        RunStart::Run(source, run) => (*source, *run),
        started => panic!("{started:?}"),
    }
}

/// Stores a source with a run in progress that has log lines.
pub(super) fn run_with_log(
    ports: &Ports,
    org: OrgId,
    lines: &[&str],
) -> (ConnectedSource, SyncRun) {
    let (service, _) = service(ports);
    let name = format!("CRM {}", ports.ids.next());
    let definition = contacts_core::sync::SourceDefinition { name, ..samples::definition() };
    let source = service.create(org, definition, Actor::System).unwrap();
    service.ask(org, source.id, false, Actor::System).unwrap();
    let (source, run) = start_run(ports, &source);
    commit_log(ports, &source, &run, lines);
    (source, run)
}

/// Adds lines to the log of a run.
pub(super) fn commit_log(ports: &Ports, source: &ConnectedSource, run: &SyncRun, lines: &[&str]) {
    let log = lines.iter().map(|line| (*line).to_owned()).collect();
    let chunk = Chunk { log, ..Chunk::default() };
    let committed = ports.sources.commit(source, run, &chunk, ports.clock.now()).unwrap();
    assert!(matches!(committed, Committed::Records(..)));
}

/// Ends a run, successfully or with a problem.
pub(super) fn end(ports: &Ports, source: &ConnectedSource, run: &SyncRun, problem: Option<&str>) {
    let end = End {
        state: if problem.is_some() { RunState::Failed } else { RunState::Done },
        problem: problem.map(str::to_owned),
        failures: 0,
        next_run_at: None,
        source_version: 1,
        log: Vec::new(),
    };
    assert!(ports.sources.end(source.org, run.id, None, &end, ports.clock.now()).unwrap());
}

pub(super) fn hourly(service: &SyncService, org: OrgId) -> ConnectedSource {
    let schedule = Schedule::every(Duration::from_secs(3600)).unwrap();
    let definition =
        contacts_core::sync::SourceDefinition { schedule: Some(schedule), ..samples::definition() };
    service.create(org, definition, Actor::System).unwrap()
}

pub fn a_source_is_read_as_it_was_written(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let mut definition = samples::definition();
    definition.mapping.id_field = Some("crm_id".to_owned());
    definition.schedule = Some(Schedule::cron("30 2 * * *", "Europe/Berlin").unwrap());
    definition.vanish = VanishPolicy::Tag(samples::tag("Gone"));
    let source = service.create(org, definition, Actor::System).unwrap();
    assert_eq!(ports.sources.get(org, source.id).unwrap(), Some(source.clone()));
    assert!(source.secrets.contains_key("credentials.token"), "the secret one is sealed");
    assert_eq!(source.settings.0.len(), 1, "the other one is not");

    connector.plays(vec![samples::batch(&[], "\u{0}ÿ")], None);
    let patch = RawSourcePatch {
        mode: Some(Mode::Incremental { cursor: Some("updated_at".to_owned()) }),
        vanish: Some(VanishPolicy::Unlink),
        ..RawSourcePatch::default()
    };
    service.update(org, source.id, None, patch, Actor::System).unwrap();
    let run = sync(ports, &service, &source);
    let listed = ports.sources.list(org).unwrap();
    assert_eq!(listed[0].1, Some(run));
    let source = &listed[0].0;
    assert_eq!(source.state, Some(State("\u{0}ÿ".as_bytes().to_vec())));
    assert_eq!(source.vanish, VanishPolicy::Unlink);
    assert_eq!(source.mode, Mode::Incremental { cursor: Some("updated_at".to_owned()) });
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let ((org, other), (service, _)) = ((ports.org(), ports.org()), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let run = service.ask(org, source.id, false, Actor::System).unwrap();
    let (id, now, sources) = (source.id, ports.clock.now(), &ports.sources);
    let foreign = ConnectedSource { org: other, ..source.clone() };
    assert_eq!(sources.get(other, id).unwrap(), None);
    assert_eq!(sources.list(other).unwrap(), []);
    let patched = sources.patch(other, id, &SourcePatch::default(), Some(9), Actor::System, now);
    assert_eq!(patched.unwrap(), None);
    assert!(!sources.reseal(&foreign, &foreign).unwrap());
    assert!(!sources.delete(other, id, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(sources.ask(other, &run, true, now).unwrap(), None);
    assert_eq!(sources.begin(other, id, run.id, now).unwrap(), RunStart::Gone);
    let chunk = Chunk::default();
    assert_eq!(sources.commit(&foreign, &run, &chunk, now).unwrap(), Committed::Lost);
    assert_eq!(sources.run(other, run.id).unwrap(), None);
    assert_eq!(sources.runs(other, id, None, 10).unwrap(), []);
    let end = End {
        state: RunState::Done,
        problem: None,
        failures: 0,
        next_run_at: None,
        source_version: 1,
        log: Vec::new(),
    };
    assert!(!sources.end(other, run.id, None, &end, now).unwrap());
    assert_eq!(sources.get(org, id).unwrap(), Some(source));
    assert!(
        service.create(other, samples::definition(), Actor::System).is_ok(),
        "the name is another's"
    );
}

pub fn a_name_is_taken_once(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let mut same = samples::definition();
    same.name = " crm ".to_owned();
    assert!(matches!(service.create(org, same.clone(), Actor::System), Err(Error::Taken(_))));
    same.name = "Shop".to_owned();
    let shop = service.create(org, same, Actor::System).unwrap();
    let named = |name: &str| RawSourcePatch { name: Some(name.to_owned()), ..Default::default() };
    assert!(matches!(
        service.update(org, shop.id, None, named("Crm"), Actor::System),
        Err(Error::Taken(_))
    ));
    assert_eq!(
        service.update(org, source.id, None, named("Crm"), Actor::System).unwrap().name,
        "Crm"
    );
}

pub fn another_stream_starts_over_and_not_during_a_run(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    connector.plays(vec![samples::batch(&[], "one")], None);
    sync(ports, &service, &source);
    let renamed = RawSourcePatch { name: Some("x".to_owned()), ..Default::default() };
    assert!(service.update(org, source.id, None, renamed, Actor::System).unwrap().state.is_some());
    let other = RawSourcePatch { stream: Some("leads".to_owned()), ..Default::default() };
    service.ask(org, source.id, false, Actor::System).unwrap();
    assert!(matches!(
        service.update(org, source.id, None, other.clone(), Actor::System),
        Err(Error::Conflict(_))
    ));
    run_due(ports, &service);
    assert_eq!(service.update(org, source.id, None, other, Actor::System).unwrap().state, None);
    sync(ports, &service, &source);
    ports.clock.tick();
    service.ask(org, source.id, true, Actor::System).unwrap();
    connector.readings();
    run_due(ports, &service);
    let mode = Mode::Incremental { cursor: None };
    assert_eq!(connector.readings(), [(mode, None)], "asked for anew, it has no state");
}

pub fn a_worker_that_lost_its_run_stores_nothing(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    service.ask(org, source.id, false, Actor::System).unwrap();
    let (_, lost) = start_run(ports, &source);
    let (_, running) = start_run(ports, &source);
    assert_eq!((lost.id, lost.attempt + 1), (running.id, running.attempt));
    let chunk = |state: &str| Chunk {
        state: Some(State(state.as_bytes().to_vec())),
        ..super::sync_rows::chunk(ports, &[samples::record("1", &[("email", "ann@x.org")])])
    };
    let (one, other, now) = (chunk("lost"), chunk("held"), ports.clock.now());
    assert_eq!(ports.sources.commit(&source, &lost, &one, now).unwrap(), Committed::Lost);
    assert_eq!(ports.sources.get(org, source.id).unwrap().unwrap().state, None);
    assert_eq!(ports.of_address(org, "ann@x.org"), None);
    let committed = ports.sources.commit(&source, &running, &other, now).unwrap();
    assert!(matches!(committed, Committed::Records(tally, _) if tally.added == 1));
    assert_eq!(ports.sources.get(org, source.id).unwrap().unwrap().state, other.state);
    let end = End {
        state: RunState::Done,
        problem: None,
        failures: 0,
        next_run_at: None,
        source_version: 1,
        log: Vec::new(),
    };
    assert!(!ports.sources.end(org, lost.id, Some(lost.attempt), &end, now).unwrap());
    assert!(ports.sources.end(org, running.id, Some(running.attempt), &end, now).unwrap());
    assert_eq!(ports.sources.commit(&source, &running, &one, now).unwrap(), Committed::Lost);
}

pub fn an_interrupted_run_resumes_from_its_last_state(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let definition =
        contacts_core::sync::SourceDefinition { mode: Mode::Full, ..samples::definition() };
    let source = service.create(org, definition, Actor::System).unwrap();
    service.ask(org, source.id, false, Actor::System).unwrap();
    let job = claim(ports).unwrap();
    assert_eq!(job.job, Job::Sync(source.id));
    let (started, run) = start_run(ports, &source);
    let mut chunk = super::sync_rows::chunk(ports, &[samples::record("1", &[("name", "Ann")])]);
    chunk.state = Some(State(b"after Ann".to_vec()));
    ports.sources.commit(&started, &run, &chunk, ports.clock.now()).unwrap();
    // The worker crashes, and its lease expires.
    run_due(ports, &service);
    assert_eq!(connector.readings(), []);
    ports.clock.advance(LEASE);
    connector.plays(vec![samples::batch(&[samples::record("2", &[("name", "Bob")])], "")], None);
    run_due(ports, &service);
    assert_eq!(connector.readings(), [(Mode::Full, chunk.state)]);
    let run = service.get_run(org, source.id, run.id).unwrap();
    assert_eq!((run.state, run.tally.added, run.attempt), (RunState::Done, 2, 2));
}

pub fn a_full_reading_starts_at_the_beginning(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let definition =
        contacts_core::sync::SourceDefinition { mode: Mode::Full, ..samples::definition() };
    let source = service.create(org, definition, Actor::System).unwrap();
    connector.plays(vec![samples::batch(&[], "one")], None);
    for _ in 0..2 {
        assert_eq!(sync(ports, &service, &source).state, RunState::Done);
        assert_eq!(connector.readings(), [(Mode::Full, None)]);
    }
}

pub fn a_source_runs_when_it_is_due_and_once_for_all_it_missed(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 1, "an interval begins with a run");
    ports.clock.advance(Duration::from_secs(3599));
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 0);
    ports.clock.advance(Duration::from_secs(1));
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 1);
    ports.clock.advance(Duration::from_secs(100 * 3600));
    for _ in 0..3 {
        run_due(ports, &service);
        ports.clock.advance(Duration::from_secs(600));
    }
    assert_eq!(connector.readings().len(), 1, "what it missed, it runs once");
    let runs = service.runs(org, source.id, None, 10).unwrap();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.actor.is_none() && run.state == RunState::Done));
    assert_eq!(service.runs(org, source.id, Some(runs[1].id), 10).unwrap(), [runs[2].clone()]);
}

pub fn failures_are_recorded_and_retried_after_growing_pauses(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    let down =
        |retry_after| ConnectorError::Down { reason: "it said hush-hush".to_owned(), retry_after };
    connector.plays(vec![samples::batch(&[], "kept")], Some(down(None)));
    let mut pauses = Vec::new();
    for failures in 1..=3 {
        run_due(ports, &service);
        let source = service.get(org, source.id).unwrap();
        assert_eq!(source.failures, failures);
        assert_eq!(source.problem.as_deref(), Some("it said ***"));
        assert_eq!(source.state, Some(State(b"kept".to_vec())));
        let next = source.next_run_at.unwrap();
        pauses.push((next - ports.clock.now()).whole_seconds());
        ports.clock.advance((next - ports.clock.now()).unsigned_abs());
    }
    assert_eq!(pauses, [60, 120, 300]);
    connector.plays(vec![], Some(down(Some(Duration::from_secs(4000)))));
    run_due(ports, &service);
    let next = service.get(org, source.id).unwrap().next_run_at.unwrap();
    assert_eq!((next - ports.clock.now()).whole_seconds(), 4000, "it asks to be left alone");
    connector.plays(vec![], None);
    ports.clock.advance(Duration::from_secs(4000));
    run_due(ports, &service);
    let source = service.get(org, source.id).unwrap();
    assert_eq!((source.failures, source.problem), (0, None));
    let runs = service.runs(org, source.id, None, 10).unwrap();
    assert_eq!(runs[1].problem.as_deref(), Some("it said ***"));
    assert_eq!(runs[1].state, RunState::Failed);
    assert_eq!(runs.last().unwrap().log, ["0 records"]);
}

pub fn errors_that_need_a_person_are_not_retried_early(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    connector.plays(vec![], Some(ConnectorError::Settings("the token is wrong".to_owned())));
    run_due(ports, &service);
    let next = service.get(org, source.id).unwrap().next_run_at.unwrap();
    assert_eq!(next - ports.clock.now(), Duration::from_secs(3600));
    let unscheduled = service.create(
        org,
        contacts_core::sync::SourceDefinition {
            name: "By hand".to_owned(),
            ..samples::definition()
        },
        Actor::System,
    );
    let run = sync(ports, &service, unscheduled.as_ref().unwrap());
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(service.get(org, unscheduled.unwrap().id).unwrap().next_run_at, None);
}

pub fn one_that_is_paused_runs_when_asked_only(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    let pause = |paused| RawSourcePatch { paused: Some(paused), ..Default::default() };
    service.update(org, source.id, None, pause(true), Actor::System).unwrap();
    ports.clock.advance(Duration::from_secs(7200));
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 0);
    assert_eq!(sync(ports, &service, &source).state, RunState::Done);
    assert_eq!(connector.readings().len(), 1);
    let source = service.update(org, source.id, None, pause(false), Actor::System).unwrap();
    assert_eq!(source.next_run_at, Some(ports.clock.now() + Duration::from_secs(3600)));
    ports.clock.advance(Duration::from_secs(3600));
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 1);
}

pub fn a_run_that_was_cancelled_takes_nothing_more(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let requested = service.ask(org, source.id, false, Actor::System).unwrap();
    let again = service.ask(org, source.id, false, Actor::System).unwrap();
    assert_eq!(again.id, requested.id, "one run is open at most");
    let (_, run) = start_run(ports, &source);
    let cancelled = service.cancel(org, source.id, run.id).unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled);
    let chunk = super::sync_rows::chunk(ports, &[samples::record("1", &[("name", "Ann")])]);
    let now = ports.clock.now();
    assert_eq!(ports.sources.commit(&source, &run, &chunk, now).unwrap(), Committed::Lost);
    assert!(matches!(service.cancel(org, source.id, run.id), Err(Error::Conflict(_))));
    run_due(ports, &service);
    assert_eq!(connector.readings(), []);
    assert!(matches!(
        service.cancel(org, SourceId(ports.ids.next()), run.id),
        Err(Error::NotFound(_))
    ));
}

pub fn one_that_gets_nowhere_is_given_up(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let run = service.ask(org, source.id, false, Actor::System).unwrap();
    for _ in 0..10 {
        start_run(ports, &source);
    }
    run_due(ports, &service);
    let run = service.get_run(org, source.id, run.id).unwrap();
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(connector.readings(), []);
}

/// The worker has looked for requests before the new one arrives, and has found none.
pub fn a_run_requested_during_a_run_is_not_lost(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let worker = ports.ids.next();
    let claim = || ports.jobs.claim(Lane::Sync, worker, LEASE, ports.clock.now()).unwrap();
    let job = claim().unwrap();
    let rest = service.run(org, source.id, &Always).unwrap();
    let until = ports.clock.now() + Duration::from_secs(300);
    assert_eq!(rest, Outcome::Rest(until));
    ports.clock.tick();
    service.ask(org, source.id, false, Actor::System).unwrap();
    ports.jobs.finish(&job, worker, rest, ports.clock.now()).unwrap();
    let job = claim().expect("the job is due");
    let outcome = service.run(org, source.id, &Always).unwrap();
    ports.jobs.finish(&job, worker, outcome, ports.clock.now()).unwrap();
    let (_, run) = &service.list(org).unwrap()[0];
    assert_eq!(run.as_ref().map(|run| run.state), Some(RunState::Done));
    assert_eq!(claim(), None, "and was called once");
}

pub fn a_source_runs_beside_other_jobs(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let now = ports.clock.now();
    let worker = ports.ids.next();
    assert!(!ports.jobs.is_waiting(Lane::Work, now).unwrap());
    assert!(ports.jobs.is_waiting(Lane::Sync, now).unwrap());
    assert_eq!(ports.jobs.claim(Lane::Work, worker, LEASE, now).unwrap(), None);
    let job = ports.jobs.claim(Lane::Sync, worker, LEASE, now).unwrap().unwrap();
    assert_eq!(job.job, Job::Sync(source.id));
    assert!(service.delete(org, source.id, Actor::System).is_ok());
    assert_eq!(service.run(org, source.id, &Always).unwrap(), Outcome::Done);
    ports.clock.advance(LEASE);
    assert_eq!(claim(ports), None, "its job is gone with it");
}

pub fn only_the_last_runs_are_kept(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    for _ in 0..SyncService::RUNS + 2 {
        run_due(ports, &service);
        ports.clock.advance(Duration::from_secs(3600));
    }
    let runs = service.runs(org, source.id, None, 1_000).unwrap();
    assert_eq!(runs.len(), SyncService::RUNS);
}

pub fn existing_secrets_are_sealed_with_the_new_key(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let before = service.create(org, samples::definition(), Actor::System).unwrap();
    let mut after = before.clone();
    after.secrets.insert("credentials.token".to_owned(), vec![0, 255]);
    assert!(ports.sources.reseal(&before, &after).unwrap());
    assert!(!ports.sources.reseal(&before, &before).unwrap(), "they were changed meanwhile");
    assert_eq!(ports.sources.get(org, before.id).unwrap(), Some(after));
}
