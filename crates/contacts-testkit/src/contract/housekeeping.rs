//! The contract of [`contacts_core::housekeeping::Housekeeping`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::action::ActionKind;
use contacts_core::housekeeping::UPLOAD_IDLE;
use contacts_core::import::{FileState, Import, ImportId, ImportState};
use contacts_core::job::{Job, Lane, Outcome};
use contacts_core::key::Token;
use contacts_core::run::RunState;
use contacts_core::session::{LINK_LIFE, SESSION_IDLE};
use contacts_core::{Actor, Clock, Ids, OrgId};

use crate::Ports;
use crate::samples;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const INSTANT: Duration = Duration::from_micros(1);

fn with_file(ports: &Ports, import: &Import) {
    ports.files.append(import.org, import.file, 0, b"Name,Email").unwrap();
}

fn has_file(ports: &Ports, import: &Import) -> bool {
    let mut bytes = Vec::new();
    ports.files.open(import.org, import.file).unwrap().read_to_end(&mut bytes).unwrap();
    !bytes.is_empty()
}

fn get(ports: &Ports, org: OrgId, id: ImportId) -> Import {
    ports.imports.get(org, id).unwrap().unwrap()
}

fn sweep(ports: &Ports) -> u64 {
    ports.housekeeping.sweep(ports.clock.now()).unwrap()
}

pub fn a_file_is_deleted_thirty_days_after_its_import(ports: &Ports) {
    for org in [ports.org(), ports.org()] {
        let import = samples::running_import(ports, org, Default::default());
        with_file(ports, &import);
        ports.clock.advance(DAY * 40);
        assert_eq!(sweep(ports), 0, "it is still running");
        ports
            .imports
            .end(org, import.id, RunState::Done, None, Actor::System, ports.clock.now())
            .unwrap();
        ports.clock.advance(DAY * 30 - INSTANT);
        assert_eq!(sweep(ports), 0);
        assert_eq!(get(ports, org, import.id).file_state, FileState::Kept);
        ports.clock.advance(INSTANT);
        assert_eq!((sweep(ports), sweep(ports)), (1, 0));
        let read = get(ports, org, import.id);
        assert_eq!(
            (read.file_state, read.state),
            (FileState::Expired, ImportState::Run(RunState::Done))
        );
        assert!(read.analysis.unwrap().samples.is_empty(), "nor are its first rows kept");
        assert!(!has_file(ports, &import));
    }
}

pub fn connector_logs_are_deleted_thirty_days_after_their_run(ports: &Ports) {
    for org in [ports.org(), ports.org()] {
        let (source, started) = super::syncs::run_with_log(ports, org, &["Hello"]);
        let log = || ports.sources.run(org, started.id).unwrap().unwrap().log;
        ports.clock.advance(DAY * 40);
        sweep(ports);
        assert_eq!(log(), ["Hello"], "it is still running");
        super::syncs::end(ports, &source, &started, None);
        ports.clock.advance(DAY * 30 - INSTANT);
        sweep(ports);
        assert_eq!(log(), ["Hello"]);
        ports.clock.advance(INSTANT);
        sweep(ports);
        assert!(log().is_empty());
    }
}

pub fn expired_links_and_sessions_are_deleted(ports: &Ports) {
    let org = ports.org();
    let (open_session, ann, token) = samples::signed_in(ports, org, "Ann", 1);
    let link = samples::sign_in_link(ports, &ann, 3);
    let (ended, bob, token_of_bob) = samples::signed_in(ports, org, "Bob", 4);
    let found = |token: &Token| ports.sessions.find(org, token.hash()).unwrap();
    ports.sessions.revoke(org, bob.id, ended.id, ports.clock.now()).unwrap();
    assert_eq!(sweep(ports), 0, "none of these is a file");
    assert_eq!(found(&token_of_bob), None, "it was revoked");
    ports.clock.advance(LINK_LIFE.unsigned_abs() - INSTANT);
    sweep(ports);
    let (new, _) = samples::new_session(org, &ports.ids, &ports.clock, 6);
    let (_, ann) = ports.sessions.sign_in(org, link.hash(), &new).unwrap().unwrap();
    let rest = SESSION_IDLE.unsigned_abs() - LINK_LIFE.unsigned_abs();
    ports.clock.advance(rest);
    sweep(ports);
    assert_eq!(found(&token), Some((open_session.clone(), ann.clone())));
    ports.clock.advance(INSTANT);
    sweep(ports);
    assert_eq!(found(&token), None, "it has rested for a week");
    assert_eq!(ports.sessions.list(org, ann.id, None, 1_000).unwrap().len(), 1);
    for day in 1..=29 {
        ports
            .sessions
            .touch(org, new.id, open_session.created_at + time::Duration::days(day))
            .unwrap();
    }
    ports.clock.advance(DAY * 23 + LINK_LIFE.unsigned_abs() - INSTANT * 2);
    sweep(ports);
    assert_eq!(ports.sessions.list(org, ann.id, None, 1_000).unwrap().len(), 1);
    ports.clock.advance(INSTANT);
    sweep(ports);
    assert_eq!(ports.sessions.list(org, ann.id, None, 1_000).unwrap(), [], "it is a month old");
}

pub fn an_upload_that_stores_nothing_for_two_minutes_fails(ports: &Ports) {
    let fail = || ports.housekeeping.fail_idle_uploads(ports.clock.now()).unwrap();
    for org in [ports.org(), ports.org()] {
        let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
        ports.imports.insert(&import).unwrap();
        for chunk in 0..3 {
            ports.clock.advance(UPLOAD_IDLE.unsigned_abs() - INSTANT);
            assert_eq!((fail(), sweep(ports)), (0, 0));
            let now = ports.clock.now();
            assert!(ports.imports.store_chunk(&import, chunk, b"Name,Email", now).unwrap());
        }
        assert!(has_file(ports, &import));
        let now = ports.clock.advance(UPLOAD_IDLE.unsigned_abs());
        assert_eq!((fail(), fail()), (1, 0));
        let read = get(ports, org, import.id);
        assert_eq!((read.state, read.finished_at), (ImportState::Run(RunState::Failed), Some(now)));
        assert!(read.problem.unwrap().contains("upload the file again"));
        assert!(!has_file(ports, &import));
        assert!(!ports.imports.store_chunk(&import, 3, b"late", now).unwrap());
        assert!(!has_file(ports, &import), "nothing is stored after the end");
        assert!(!ports.imports.uploaded(org, import.id, 10, now).unwrap());
    }
}

pub fn an_import_whose_file_is_complete_is_not_idle(ports: &Ports) {
    let org = ports.org();
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    ports.imports.insert(&import).unwrap();
    assert!(ports.imports.uploaded(org, import.id, 10, ports.clock.now()).unwrap());
    ports.clock.advance(DAY);
    assert_eq!(ports.housekeeping.fail_idle_uploads(ports.clock.now()).unwrap(), 0);
    assert_eq!(get(ports, org, import.id).state, ImportState::Analysing);
}

pub fn an_import_that_is_never_started_is_cancelled_after_thirty_days(ports: &Ports) {
    let org = ports.org();
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    let (id, now) = (import.id, ports.clock.now());
    ports.imports.insert(&import).unwrap();
    with_file(ports, &import);
    assert!(ports.imports.uploaded(org, id, 10, now).unwrap());
    let found = Ok((samples::analysis(), samples::plan(Default::default())));
    assert!(ports.imports.analysed(&import, &found, now).unwrap());
    ports.clock.advance(DAY * 30 - INSTANT);
    assert_eq!(sweep(ports), 0);
    ports.clock.advance(INSTANT);
    assert_eq!(sweep(ports), 1);
    assert_eq!(get(ports, org, id).state, ImportState::Run(RunState::Cancelled));
    assert!(!has_file(ports, &import));
    assert!(!ports.imports.start(org, id, Actor::System, ports.clock.now()).unwrap());
}

/// Claims and ends the due jobs of every lane, and returns them.
pub(super) fn end_jobs(ports: &Ports) -> Vec<(OrgId, Job)> {
    let (worker, now) = (ports.ids.next(), ports.clock.now());
    let claim = |lane| ports.jobs.claim(lane, worker, DAY, now).unwrap();
    let mut ended = Vec::new();
    while let Some(job) = claim(Lane::Work).or_else(|| claim(Lane::Sync)) {
        ports.jobs.finish(&job, worker, Outcome::Done, now).unwrap();
        if job.job != Job::SweepEvents {
            ended.push((job.org, job.job));
        }
    }
    ended
}

/// Stores one run of every kind that needs a job until it ends, and returns these jobs.
pub(super) fn open_runs(ports: &Ports, org: OrgId) -> Vec<Job> {
    let contact = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    ports.contacts.insert(&contact, Actor::System).unwrap();
    let analysing = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    ports.imports.insert(&analysing).unwrap();
    assert!(ports.imports.uploaded(org, analysing.id, 1, ports.clock.now()).unwrap());
    let running = samples::running_import(ports, org, Default::default());
    let ready = samples::ready_import(ports, org, Default::default());
    let undone = samples::running_import(ports, org, Default::default());
    ports
        .imports
        .end(org, undone.id, RunState::Done, None, Actor::System, ports.clock.now())
        .unwrap();
    let selection = super::selections::frozen(ports, org, [contact.id]);
    let kind = ActionKind::AddTags(samples::tags(&["vip"]));
    let webhooks = super::webhooks::service(ports).0;
    let sources = super::syncs::service(ports).0;
    vec![
        Job::AnalyseImport(analysing.id),
        Job::RunImport(running.id),
        Job::DryRun(super::dry_runs::started(ports, &ready)),
        Job::Undo(super::undos::started(ports, &undone)),
        Job::RunAction(super::actions::inserted(ports, org, &selection, kind).id),
        Job::Erase(super::erasures::begin(ports, &contact).id),
        Job::DeliverWebhook(super::webhooks::add_webhook(&webhooks, org, &[]).id),
        Job::Sync(sources.create(org, samples::definition(), Actor::System).unwrap().id),
    ]
}

pub fn a_run_without_a_job_gets_one(ports: &Ports) {
    let mut expected = Vec::new();
    for org in [ports.org(), ports.org()] {
        expected.extend(open_runs(ports, org).into_iter().map(|job| (org, job)));
    }
    let queue = || ports.housekeeping.queue_missing_jobs(ports.clock.now()).unwrap();
    assert_eq!(queue(), 0, "each has its job");
    end_jobs(ports);
    assert_eq!((queue(), queue()), (expected.len() as u64, 0));
    let queued = end_jobs(ports);
    assert_eq!(queued.len(), expected.len(), "{queued:?}");
    assert!(expected.iter().all(|job| queued.contains(job)), "{queued:?}");
}

pub fn a_run_that_has_ended_gets_no_job(ports: &Ports) {
    let org = ports.org();
    for state in [RunState::Done, RunState::Cancelled, RunState::Failed] {
        let import = samples::running_import(ports, org, Default::default());
        ports.imports.end(org, import.id, state, None, Actor::System, ports.clock.now()).unwrap();
    }
    samples::ready_import(ports, org, Default::default());
    end_jobs(ports);
    assert_eq!(ports.housekeeping.queue_missing_jobs(ports.clock.now()).unwrap(), 0);
}
