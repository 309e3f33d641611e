//! What a [`contacts_core::housekeeping::Housekeeping`] promises.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::import::{FileState, Import, ImportId, ImportState};
use contacts_core::key::Token;
use contacts_core::session::{LINK_LIFE, SESSION_IDLE};
use contacts_core::{Clock, OrgId};

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

pub fn a_file_goes_thirty_days_after_the_end_of_its_import(ports: &Ports) {
    for org in [ports.org(), ports.org()] {
        let import = samples::running_import(ports, org, Default::default());
        with_file(ports, &import);
        ports.clock.advance(DAY * 40);
        assert_eq!(sweep(ports), 0, "it is still running");
        ports.imports.end(org, import.id, ImportState::Done, None, ports.clock.now()).unwrap();
        ports.clock.advance(DAY * 30 - INSTANT);
        assert_eq!(sweep(ports), 0);
        assert_eq!(get(ports, org, import.id).file_state, FileState::Kept);
        ports.clock.advance(INSTANT);
        assert_eq!((sweep(ports), sweep(ports)), (1, 0));
        let read = get(ports, org, import.id);
        assert_eq!((read.file_state, read.state), (FileState::Expired, ImportState::Done));
        assert!(read.analysis.unwrap().samples.is_empty(), "nor are its first rows kept");
        assert!(!has_file(ports, &import));
    }
}

pub fn what_a_connector_said_goes_thirty_days_after_the_end_of_its_run(ports: &Ports) {
    for org in [ports.org(), ports.org()] {
        let (source, begun) = super::syncs::said(ports, org, &["Hello"]);
        let log = || ports.sources.run(org, begun.id).unwrap().unwrap().log;
        ports.clock.advance(DAY * 40);
        sweep(ports);
        assert_eq!(log(), ["Hello"], "it is still running");
        super::syncs::end(ports, &source, &begun, None);
        ports.clock.advance(DAY * 30 - INSTANT);
        sweep(ports);
        assert_eq!(log(), ["Hello"]);
        ports.clock.advance(INSTANT);
        sweep(ports);
        assert!(log().is_empty());
    }
}

pub fn links_and_sessions_that_have_ended_are_forgotten_and_live_ones_stay(ports: &Ports) {
    let org = ports.org();
    let (kept, ann, token) = samples::signed_in(ports, org, "Ann", 1);
    let link = samples::sign_in_link(ports, &ann, 3);
    let (ended, bob, theirs) = samples::signed_in(ports, org, "Bob", 4);
    let found = |token: &Token| ports.sessions.find(org, token.hash()).unwrap();
    ports.sessions.revoke(org, bob.id, ended.id, ports.clock.now()).unwrap();
    assert_eq!(sweep(ports), 0, "none of these is a file");
    assert_eq!(found(&theirs), None, "it was revoked");
    ports.clock.advance(LINK_LIFE.unsigned_abs() - INSTANT);
    sweep(ports);
    let (new, _) = samples::new_session(org, &ports.ids, &ports.clock, 6);
    assert!(ports.sessions.sign_in(org, link.hash(), &new).unwrap().is_some());
    let rest = SESSION_IDLE.unsigned_abs() - LINK_LIFE.unsigned_abs();
    ports.clock.advance(rest);
    sweep(ports);
    assert_eq!(found(&token), Some((kept.clone(), ann.clone())));
    ports.clock.advance(INSTANT);
    sweep(ports);
    assert_eq!(found(&token), None, "it has rested for a week");
    assert_eq!(ports.sessions.list(org, ann.id).unwrap().len(), 1);
    for day in 1..=29 {
        ports.sessions.touch(org, new.id, kept.created_at + time::Duration::days(day)).unwrap();
    }
    ports.clock.advance(DAY * 23 + LINK_LIFE.unsigned_abs() - INSTANT * 2);
    sweep(ports);
    assert_eq!(ports.sessions.list(org, ann.id).unwrap().len(), 1);
    ports.clock.advance(INSTANT);
    sweep(ports);
    assert_eq!(ports.sessions.list(org, ann.id).unwrap(), [], "it is a month old");
}

pub fn an_upload_that_is_never_completed_fails_after_a_day(ports: &Ports) {
    let org = ports.org();
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    ports.imports.insert(&import).unwrap();
    with_file(ports, &import);
    ports.clock.advance(DAY - INSTANT);
    assert_eq!(sweep(ports), 0);
    let now = ports.clock.advance(INSTANT);
    assert_eq!(sweep(ports), 1);
    let read = get(ports, org, import.id);
    assert_eq!((read.state, read.finished_at), (ImportState::Failed, Some(now)));
    assert!(read.problem.unwrap().contains("upload the file again"));
    assert!(!has_file(ports, &import));
    assert!(!ports.imports.uploaded(org, import.id, 10, now).unwrap());
}

pub fn an_import_that_is_never_started_is_cancelled_after_thirty_days(ports: &Ports) {
    let org = ports.org();
    let import = samples::import(org, &ports.ids, &ports.clock, "people.csv");
    let (id, now) = (import.id, ports.clock.now());
    ports.imports.insert(&import).unwrap();
    with_file(ports, &import);
    assert!(ports.imports.uploaded(org, id, 10, now).unwrap());
    let found = Ok((samples::analysis(), samples::plan(Default::default())));
    assert!(ports.imports.analysed(org, id, &found, now).unwrap());
    ports.clock.advance(DAY * 30 - INSTANT);
    assert_eq!(sweep(ports), 0);
    ports.clock.advance(INSTANT);
    assert_eq!(sweep(ports), 1);
    assert_eq!(get(ports, org, id).state, ImportState::Cancelled);
    assert!(!has_file(ports, &import));
    assert!(!ports.imports.start(org, id, ports.clock.now()).unwrap());
}
