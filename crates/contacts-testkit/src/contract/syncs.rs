//! What a [`contacts_core::sync::SyncRepository`] promises of sources and their runs.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::import::Turn;
use contacts_core::job::{Claimed, Job, Lane, Outcome};
use contacts_core::sync::{
    Begun, Committed, ConnectedSource, DefinitionPatch, End, Mode, Piece, Redefined, Schedule,
    SourceId, State, SyncRun, SyncRunId, SyncService, SyncState, Trouble, Vanish,
};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use crate::{FakeConnector, Ports, samples};

const LEASE: Duration = Duration::from_secs(15);

pub(super) struct Always;

impl Turn for Always {
    fn may_go_on(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

pub(super) fn service(ports: &Ports) -> (SyncService, FakeConnector) {
    let connector = FakeConnector::default();
    (ports.sync_service(connector.connectors()), connector)
}

fn claim(ports: &Ports) -> Option<Claimed> {
    ports.jobs.claim(Lane::Sync, ports.ids.next(), LEASE, ports.clock.now()).unwrap()
}

/// Runs every source that is due, as a worker does.
pub(super) fn run_due(ports: &Ports, service: &SyncService) {
    let worker = ports.ids.next();
    let claim = || ports.jobs.claim(Lane::Sync, worker, LEASE, ports.clock.now()).unwrap();
    while let Some(job) = claim() {
        let Job::Sync(id) = job.job else { panic!("{job:?}") };
        let outcome = service.run(job.org, id, &Always).unwrap();
        ports.jobs.finish(&job, worker, outcome, ports.clock.now()).unwrap();
    }
}

/// Runs a source now, and tells how that went.
pub(super) fn sync(ports: &Ports, service: &SyncService, source: &ConnectedSource) -> SyncRun {
    ports.clock.tick();
    let run = service.ask(source.org, source.id, false, Actor::System).unwrap();
    run_due(ports, service);
    service.get_run(source.org, source.id, run.id).unwrap()
}

/// Takes up the run that is open, as a worker does that then says no more.
fn take_up(ports: &Ports, source: &ConnectedSource) -> (ConnectedSource, SyncRun) {
    let (id, now) = (SyncRunId(ports.ids.next()), ports.clock.now());
    match ports.sources.begin(source.org, source.id, id, now).unwrap() {
        Begun::Run(source, run) => (*source, *run),
        begun => panic!("{begun:?}"),
    }
}

/// A source with a run that is under way, and in which so much was said.
pub(super) fn said(ports: &Ports, org: OrgId, lines: &[&str]) -> (ConnectedSource, SyncRun) {
    let (service, _) = service(ports);
    let name = format!("CRM {}", ports.ids.next());
    let definition = contacts_core::sync::Definition { name, ..samples::definition() };
    let source = service.create(org, definition).unwrap();
    service.ask(org, source.id, false, Actor::System).unwrap();
    let (source, run) = take_up(ports, &source);
    says(ports, &source, &run, lines);
    (source, run)
}

/// The connector of a run says something.
pub(super) fn says(ports: &Ports, source: &ConnectedSource, run: &SyncRun, lines: &[&str]) {
    let log = lines.iter().map(|line| (*line).to_owned()).collect();
    let piece = Piece { log, ..Piece::default() };
    let taken = ports.sources.commit(source, run, &piece, ports.clock.now()).unwrap();
    assert!(matches!(taken, Committed::Taken(..)));
}

/// A run ends, well or with a problem.
pub(super) fn end(ports: &Ports, source: &ConnectedSource, run: &SyncRun, problem: Option<&str>) {
    let end = End {
        state: if problem.is_some() { SyncState::Failed } else { SyncState::Done },
        problem: problem.map(str::to_owned),
        failures: 0,
        next_run_at: None,
        log: Vec::new(),
    };
    assert!(ports.sources.end(source.org, run.id, None, &end, ports.clock.now()).unwrap());
}

fn hourly(service: &SyncService, org: OrgId) -> ConnectedSource {
    let schedule = Schedule::every(Duration::from_secs(3600)).unwrap();
    let definition =
        contacts_core::sync::Definition { schedule: Some(schedule), ..samples::definition() };
    service.create(org, definition).unwrap()
}

pub fn a_source_is_read_as_it_was_written(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let mut definition = samples::definition();
    definition.mapping.id_field = Some("crm_id".to_owned());
    definition.schedule = Some(Schedule::cron("30 2 * * *", "Europe/Berlin").unwrap());
    definition.vanish = Vanish::Tag(samples::tag("Gone"));
    let source = service.create(org, definition).unwrap();
    assert_eq!(ports.sources.get(org, source.id).unwrap(), Some(source.clone()));
    assert!(source.secrets.contains_key("credentials.token"), "the secret one is sealed");
    assert_eq!(source.settings.0.len(), 1, "the other one is not");

    connector.plays(vec![samples::batch(&[], "\u{0}ÿ")], None);
    let patch = DefinitionPatch {
        mode: Some(Mode::Incremental { cursor: Some("updated_at".to_owned()) }),
        vanish: Some(Vanish::Unlink),
        ..DefinitionPatch::default()
    };
    service.update(org, source.id, patch).unwrap();
    let run = sync(ports, &service, &source);
    let listed = ports.sources.list(org).unwrap();
    assert_eq!(listed[0].1, Some(run));
    let source = &listed[0].0;
    assert_eq!(source.state, Some(State("\u{0}ÿ".as_bytes().to_vec())));
    assert_eq!(source.vanish, Vanish::Unlink);
    assert_eq!(source.mode, Mode::Incremental { cursor: Some("updated_at".to_owned()) });
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let ((org, other), (service, _)) = ((ports.org(), ports.org()), service(ports));
    let source = service.create(org, samples::definition()).unwrap();
    let run = service.ask(org, source.id, false, Actor::System).unwrap();
    let (id, now, sources) = (source.id, ports.clock.now(), &ports.sources);
    let strange = ConnectedSource { org: other, ..source.clone() };
    assert_eq!(sources.get(other, id).unwrap(), None);
    assert_eq!(sources.list(other).unwrap(), []);
    assert_eq!(sources.update(&strange, true, now).unwrap(), Redefined::Gone);
    assert!(!sources.reseal(&strange, &strange).unwrap());
    assert!(!sources.delete(other, id).unwrap());
    assert_eq!(sources.ask(other, &run, true, now).unwrap(), None);
    assert_eq!(sources.begin(other, id, run.id, now).unwrap(), Begun::Gone);
    let piece = Piece::default();
    assert_eq!(sources.commit(&strange, &run, &piece, now).unwrap(), Committed::Lost);
    assert_eq!(sources.run(other, run.id).unwrap(), None);
    assert_eq!(sources.runs(other, id, None, 10).unwrap(), []);
    let end = End {
        state: SyncState::Done,
        problem: None,
        failures: 0,
        next_run_at: None,
        log: Vec::new(),
    };
    assert!(!sources.end(other, run.id, None, &end, now).unwrap());
    assert_eq!(sources.get(org, id).unwrap(), Some(source));
    assert!(service.create(other, samples::definition()).is_ok(), "the name is another's");
}

pub fn a_name_is_taken_once(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition()).unwrap();
    let mut same = samples::definition();
    same.name = " crm ".to_owned();
    assert!(matches!(service.create(org, same.clone()), Err(Error::Taken(_))));
    same.name = "Shop".to_owned();
    let shop = service.create(org, same).unwrap();
    let named = |name: &str| DefinitionPatch { name: Some(name.to_owned()), ..Default::default() };
    assert!(matches!(service.update(org, shop.id, named("Crm")), Err(Error::Taken(_))));
    assert_eq!(service.update(org, source.id, named("Crm")).unwrap().name, "Crm");
}

pub fn another_stream_begins_anew_and_not_while_a_run_is_open(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition()).unwrap();
    connector.plays(vec![samples::batch(&[], "one")], None);
    sync(ports, &service, &source);
    let renamed = DefinitionPatch { name: Some("x".to_owned()), ..Default::default() };
    assert!(service.update(org, source.id, renamed).unwrap().state.is_some());
    let other = DefinitionPatch { stream: Some("leads".to_owned()), ..Default::default() };
    service.ask(org, source.id, false, Actor::System).unwrap();
    assert!(matches!(service.update(org, source.id, other.clone()), Err(Error::Conflict(_))));
    run_due(ports, &service);
    assert_eq!(service.update(org, source.id, other).unwrap().state, None);
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
    let source = service.create(org, samples::definition()).unwrap();
    service.ask(org, source.id, false, Actor::System).unwrap();
    let (_, lost) = take_up(ports, &source);
    let (_, held) = take_up(ports, &source);
    assert_eq!((lost.id, lost.attempt + 1), (held.id, held.attempt));
    let piece = |state: &str| Piece {
        state: Some(State(state.as_bytes().to_vec())),
        ..super::sync_rows::piece(ports, &[samples::record("1", &[("email", "ann@x.org")])])
    };
    let (one, other, now) = (piece("lost"), piece("held"), ports.clock.now());
    assert_eq!(ports.sources.commit(&source, &lost, &one, now).unwrap(), Committed::Lost);
    assert_eq!(ports.sources.get(org, source.id).unwrap().unwrap().state, None);
    assert_eq!(ports.of_address(org, "ann@x.org"), None);
    let taken = ports.sources.commit(&source, &held, &other, now).unwrap();
    assert!(matches!(taken, Committed::Taken(tally, _) if tally.added == 1));
    assert_eq!(ports.sources.get(org, source.id).unwrap().unwrap().state, other.state);
    let end = End {
        state: SyncState::Done,
        problem: None,
        failures: 0,
        next_run_at: None,
        log: Vec::new(),
    };
    assert!(!ports.sources.end(org, lost.id, Some(lost.attempt), &end, now).unwrap());
    assert!(ports.sources.end(org, held.id, Some(held.attempt), &end, now).unwrap());
    assert_eq!(ports.sources.commit(&source, &held, &one, now).unwrap(), Committed::Lost);
}

pub fn a_run_that_broke_off_goes_on_from_its_last_state(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let definition = contacts_core::sync::Definition { mode: Mode::Full, ..samples::definition() };
    let source = service.create(org, definition).unwrap();
    service.ask(org, source.id, false, Actor::System).unwrap();
    let job = claim(ports).unwrap();
    assert_eq!(job.job, Job::Sync(source.id));
    let (begun, run) = take_up(ports, &source);
    let mut piece = super::sync_rows::piece(ports, &[samples::record("1", &[("name", "Ann")])]);
    piece.state = Some(State(b"after Ann".to_vec()));
    ports.sources.commit(&begun, &run, &piece, ports.clock.now()).unwrap();
    // The worker dies; its lease runs out.
    run_due(ports, &service);
    assert_eq!(connector.readings(), []);
    ports.clock.advance(LEASE);
    connector.plays(vec![samples::batch(&[samples::record("2", &[("name", "Bob")])], "")], None);
    run_due(ports, &service);
    assert_eq!(connector.readings(), [(Mode::Full, piece.state)]);
    let run = service.get_run(org, source.id, run.id).unwrap();
    assert_eq!((run.state, run.tally.added, run.attempt), (SyncState::Done, 2, 2));
}

pub fn a_full_reading_begins_at_the_beginning(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let definition = contacts_core::sync::Definition { mode: Mode::Full, ..samples::definition() };
    let source = service.create(org, definition).unwrap();
    connector.plays(vec![samples::batch(&[], "one")], None);
    for _ in 0..2 {
        assert_eq!(sync(ports, &service, &source).state, SyncState::Done);
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
    assert!(runs.iter().all(|run| run.asked_by.is_none() && run.state == SyncState::Done));
    assert_eq!(service.runs(org, source.id, Some(runs[1].id), 10).unwrap(), [runs[2].clone()]);
}

pub fn what_fails_is_told_and_tried_again_after_pauses_that_grow(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    let down = |retry_after| Trouble::Down { why: "it said hush-hush".to_owned(), retry_after };
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
    assert_eq!(runs[1].state, SyncState::Failed);
    assert_eq!(runs.last().unwrap().log, ["0 records"]);
}

pub fn what_somebody_must_change_is_not_tried_again_before_its_time(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    connector.plays(vec![], Some(Trouble::Settings("the token is wrong".to_owned())));
    run_due(ports, &service);
    let next = service.get(org, source.id).unwrap().next_run_at.unwrap();
    assert_eq!(next - ports.clock.now(), Duration::from_secs(3600));
    let by_hand = service.create(
        org,
        contacts_core::sync::Definition { name: "By hand".to_owned(), ..samples::definition() },
    );
    let run = sync(ports, &service, by_hand.as_ref().unwrap());
    assert_eq!(run.state, SyncState::Failed);
    assert_eq!(service.get(org, by_hand.unwrap().id).unwrap().next_run_at, None);
}

pub fn one_that_is_paused_runs_when_asked_only(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = hourly(&service, org);
    let pause = |paused| DefinitionPatch { paused: Some(paused), ..Default::default() };
    service.update(org, source.id, pause(true)).unwrap();
    ports.clock.advance(Duration::from_secs(7200));
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 0);
    assert_eq!(sync(ports, &service, &source).state, SyncState::Done);
    assert_eq!(connector.readings().len(), 1);
    let source = service.update(org, source.id, pause(false)).unwrap();
    assert_eq!(source.next_run_at, Some(ports.clock.now() + Duration::from_secs(3600)));
    ports.clock.advance(Duration::from_secs(3600));
    run_due(ports, &service);
    assert_eq!(connector.readings().len(), 1);
}

pub fn a_run_that_was_cancelled_takes_nothing_more(ports: &Ports) {
    let (org, (service, connector)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition()).unwrap();
    let asked = service.ask(org, source.id, false, Actor::System).unwrap();
    let again = service.ask(org, source.id, false, Actor::System).unwrap();
    assert_eq!(again.id, asked.id, "one run is open at most");
    let (_, run) = take_up(ports, &source);
    let cancelled = service.cancel(org, source.id, run.id).unwrap();
    assert_eq!(cancelled.state, SyncState::Cancelled);
    let piece = super::sync_rows::piece(ports, &[samples::record("1", &[("name", "Ann")])]);
    let now = ports.clock.now();
    assert_eq!(ports.sources.commit(&source, &run, &piece, now).unwrap(), Committed::Lost);
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
    let source = service.create(org, samples::definition()).unwrap();
    let run = service.ask(org, source.id, false, Actor::System).unwrap();
    for _ in 0..10 {
        take_up(ports, &source);
    }
    run_due(ports, &service);
    let run = service.get_run(org, source.id, run.id).unwrap();
    assert_eq!(run.state, SyncState::Failed);
    assert_eq!(connector.readings(), []);
}

/// The worker looked before somebody asked, and found nothing to do.
pub fn a_run_that_is_asked_for_while_its_job_is_held_is_not_lost(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition()).unwrap();
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
    assert_eq!(run.as_ref().map(|run| run.state), Some(SyncState::Done));
    assert_eq!(claim(), None, "and was called once");
}

pub fn a_source_runs_beside_other_jobs(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let source = service.create(org, samples::definition()).unwrap();
    let now = ports.clock.now();
    let worker = ports.ids.next();
    assert!(!ports.jobs.is_waiting(Lane::Work, now).unwrap());
    assert!(ports.jobs.is_waiting(Lane::Sync, now).unwrap());
    assert_eq!(ports.jobs.claim(Lane::Work, worker, LEASE, now).unwrap(), None);
    let job = ports.jobs.claim(Lane::Sync, worker, LEASE, now).unwrap().unwrap();
    assert_eq!(job.job, Job::Sync(source.id));
    assert!(service.delete(org, source.id).is_ok());
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

pub fn secrets_are_sealed_anew_where_they_are_still_there(ports: &Ports) {
    let (org, (service, _)) = (ports.org(), service(ports));
    let before = service.create(org, samples::definition()).unwrap();
    let mut after = before.clone();
    after.secrets.insert("credentials.token".to_owned(), vec![0, 255]);
    assert!(ports.sources.reseal(&before, &after).unwrap());
    assert!(!ports.sources.reseal(&before, &before).unwrap(), "they were changed meanwhile");
    assert_eq!(ports.sources.get(org, before.id).unwrap(), Some(after));
}
