//! The contract of [`contacts_core::erasure::ErasureRepository`] (R14).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::campaign::{DeliveryKind, SubscribeOutcome};
use contacts_core::contact::{Contact, ContactFilter};
use contacts_core::erasure::{Erasure, ErasureId};
use contacts_core::file::FileId;
use contacts_core::import::{FileState, Import, PlannedRow, Policy, Skip};
use contacts_core::job::{Job, Lane};
use contacts_core::run::RunState;
use contacts_core::sync::SyncRun;
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::syncs;
use crate::Ports;
use crate::samples::{self, new_email, new_name};

fn erasure(ports: &Ports, contact: &Contact) -> Erasure {
    Erasure {
        org: contact.org,
        id: ErasureId(ports.ids.next()),
        contact: contact.id,
        forget_unsubscribe: false,
        state: RunState::Queued,
        waits_for: Vec::new(),
        files: 0,
        actor: Actor::User(ports.ids.next()),
        created_at: ports.clock.now(),
        started_at: None,
        finished_at: None,
    }
}

pub(super) fn begin(ports: &Ports, contact: &Contact) -> Erasure {
    let erasure = erasure(ports, contact);
    assert!(ports.erasures.begin(&erasure).unwrap());
    erasure
}

/// Stores a finished import with its file, one row about a contact and one skipped row.
fn imported(ports: &Ports, org: OrgId, name: &str, email: &str) -> Import {
    let import = samples::running_import(ports, org, Policy::default());
    ports.files.append(org, import.file, 0, b"Name,Email").unwrap();
    let row = samples::import_row(name, email);
    let mut chunk = samples::chunk(&ports.ids, 0, vec![row.clone(), row]);
    let last = chunk.rows.remove(1);
    chunk.rows.push(PlannedRow { row: Err(Skip::MissingName.into()), ..last });
    ports.imports.apply(&import, &chunk, ports.clock.tick()).unwrap();
    ports
        .imports
        .end(org, import.id, RunState::Done, None, Actor::System, ports.clock.now())
        .unwrap();
    ports.imports.get(org, import.id).unwrap().unwrap()
}

fn bytes(ports: &Ports, org: OrgId, file: FileId) -> usize {
    let mut bytes = Vec::new();
    ports.files.open(org, file).unwrap().read_to_end(&mut bytes).unwrap();
    bytes.len()
}

pub fn an_erased_contact_is_gone_at_once_with_all_that_hangs_on_it(ports: &Ports) {
    let org = ports.org();
    let (ann, bo) = (ports.add(org, "Ann Lee", "ann@example.org"), ports.add(org, "Bo", ""));
    let old = ports.add(org, "Annie", "annie@example.org");
    let service = ports.services().contacts;
    service.merge(org, ann.id, old.id, None, Actor::System).unwrap();
    ports.note(org, ann.id, "secret");
    ports.clock.tick();
    begin(ports, &ann);
    assert_eq!(ports.contacts.get(org, ann.id).unwrap(), None);
    assert_eq!(ports.contacts.merged_into(org, old.id).unwrap(), None);
    assert_eq!((ports.notes(org, ann.id), ports.activity(org, ann.id)), (vec![], vec![]));
    assert_eq!(ports.all(org, &ContactFilter::default()), [bo]);
    ports.add(org, "Ann again", "ann@example.org");
}

pub fn erasure_identifiers_are_blanked_at_the_end(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann Lee", "Ann@Example.org", |contact| {
        contact.phone = Some(samples::phone("+1 (202) 555-0101"));
    });
    let import = imported(ports, org, "Ann Lee", "ann@example.org");
    let patch = new_email("new@example.org");
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, ports.clock.tick()).unwrap();
    let patch = new_name("Ann Moe");
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, ports.clock.tick()).unwrap();
    let erasure = begin(ports, &ann);

    let work = ports.erasures.work(org, erasure.id).unwrap().unwrap();
    assert_eq!((&work.erasure, work.reached), (&erasure, None));
    let texts = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
    assert_eq!(texts(&work.identifiers.addresses), ["ann@example.org", "new@example.org"]);
    assert_eq!(texts(&work.identifiers.phones), ["12025550101"]);
    assert_eq!(texts(&work.identifiers.names), ["ann lee", "ann moe"]);
    assert_eq!(work.identifiers.imports.into_iter().collect::<Vec<_>>(), [(import.id, 1)]);

    let waits_for = vec![import.id];
    let (erasures, id) = (&ports.erasures, erasure.id);
    let started = ports.clock.tick();
    erasures.reached(org, id, Some(import.id), &[], RunState::Running, started).unwrap();
    let running =
        Erasure { state: RunState::Running, started_at: Some(started), ..erasure.clone() };
    assert_eq!(erasures.get(org, id).unwrap(), Some(running.clone()));
    let later = ports.clock.tick();
    erasures.reached(org, id, Some(import.id), &waits_for, RunState::Waiting, later).unwrap();
    let work = erasures.work(org, id).unwrap().unwrap();
    let waiting = Erasure { waits_for, state: RunState::Waiting, ..running.clone() };
    assert_eq!((work.erasure, work.reached), (waiting, Some(import.id)));

    let now = ports.clock.tick();
    assert!(erasures.finish(org, id, now).unwrap());
    assert!(erasures.finish(org, id, ports.clock.tick()).unwrap());
    let done = Erasure { state: RunState::Done, finished_at: Some(now), ..running };
    assert_eq!(erasures.get(org, id).unwrap(), Some(done));
    assert_eq!(erasures.work(org, id).unwrap(), None);
    erasures.reached(org, id, None, &[import.id], RunState::Waiting, now).unwrap();
    assert_eq!(erasures.get(org, id).unwrap().unwrap().state, RunState::Done);
}

pub fn an_erased_file_is_deleted_and_marked_on_its_import(ports: &Ports) {
    let org = ports.org();
    let (import, other) = (
        imported(ports, org, "Ann", "ann@example.org"),
        imported(ports, org, "Bo", "bo@example.org"),
    );
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    let erasure = begin(ports, &ann);
    for _ in 0..2 {
        ports.erasures.erase_file(org, erasure.id, import.id, &[1, 2]).unwrap();
    }
    let read = ports.imports.get(org, import.id).unwrap().unwrap();
    assert_eq!((read.file_state, bytes(ports, org, import.file)), (FileState::Erased, 0));
    assert!(read.analysis.as_ref().unwrap().samples.is_empty());
    assert_eq!(read.tally, import.tally, "the summary stays true");
    let issues = ports.imports.issues(org, import.id, 0, 10).unwrap();
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].reason, issues[0].code.as_str());
    assert_eq!(ports.erasures.get(org, erasure.id).unwrap().unwrap().files, 1, "counted once");
    assert_eq!(ports.imports.get(org, other.id).unwrap(), Some(other.clone()));
    assert!(bytes(ports, org, other.file) > 0);
}

pub fn a_contact_imported_during_an_erasure_is_erased(ports: &Ports) {
    let org = ports.org();
    let running = samples::running_import(ports, org, Policy::default());
    let ann = ports.add(org, "Ann", "ann@example.org");
    ports.clock.tick();
    let erasure = begin(ports, &ann);
    ports.clock.tick();
    let rows = vec![
        samples::import_row("Ann", "ANN@example.org"),
        samples::import_row("Bo", "bo@example.org"),
    ];
    let chunk = samples::chunk(&ports.ids, 0, rows);
    ports.imports.apply(&running, &chunk, ports.clock.now()).unwrap();
    assert!(ports.of_address(org, "ann@example.org").is_some());
    assert!(ports.erasures.finish(org, erasure.id, ports.clock.tick()).unwrap());
    assert!(ports.of_address(org, "ann@example.org").is_none());
    assert!(ports.of_address(org, "bo@example.org").is_some());
}

pub fn a_contact_that_returned_by_itself_stays(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let erasure = begin(ports, &ann);
    ports.clock.tick();
    let manual = ports.add(org, "Ann", "ann@example.org");
    assert!(ports.erasures.finish(org, erasure.id, ports.clock.tick()).unwrap());
    assert_eq!(ports.get(org, manual.id), manual);
}

pub fn an_unsubscribe_is_erased_only_on_request(ports: &Ports) {
    let org = ports.org();
    let campaign = ports.campaign(org, "Spring");
    for forget_unsubscribe in [false, true] {
        let ann = ports.add(org, "Ann", "ann@example.org");
        ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
        ports.clock.tick();
        // Both the old and the new address identify the person.
        let patch = new_email("new@example.org");
        let now = ports.clock.tick();
        ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap().unwrap();
        let erasure = Erasure { forget_unsubscribe, ..erasure(ports, &ann) };
        assert!(ports.erasures.begin(&erasure).unwrap());
        assert!(ports.erasures.finish(org, erasure.id, ports.clock.tick()).unwrap());
        for address in ["ANN@example.org", "new@example.org"] {
            let again = ports.add(org, "Ann", address);
            let joined = ports.join(org, &campaign, again.id);
            assert_eq!(
                joined == SubscribeOutcome::Added,
                forget_unsubscribe,
                "{address}: {joined:?}"
            );
            assert!(ports.removed(org, again.id));
        }
    }
}

pub fn connector_logs_are_deleted_by_an_erasure(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "ann@example.org");
    let (source, ended) = syncs::run_with_log(ports, org, &["a row of ann@example.org"]);
    syncs::end(ports, &source, &ended, Some("it says: no such row: ANN@example.org"));
    let run = |run: &SyncRun| ports.sources.run(org, run.id).unwrap().unwrap();
    let erasure = begin(ports, &ann);
    assert_eq!((run(&ended).log, run(&ended).problem), (vec![], Some("erased".to_owned())));
    let problem = ports.sources.get(org, source.id).unwrap().unwrap().problem;
    assert_eq!(problem.as_deref(), Some("erased"));
    assert!(ports.erasures.finish(org, erasure.id, ports.clock.now()).unwrap());
}

pub fn a_source_that_is_read_meanwhile_is_waited_for(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "ann@example.org");
    let (source, open) = syncs::run_with_log(ports, org, &[]);
    let erasure = begin(ports, &ann);
    assert!(!ports.erasures.finish(org, erasure.id, ports.clock.now()).unwrap());
    syncs::commit_log(ports, &source, &open, &["a row of ann@example.org"]);
    syncs::end(ports, &source, &open, Some("no address is free"));
    // A run that starts after the erasure has read nothing about the person, so it need not end
    // first.
    ports.clock.tick();
    syncs::run_with_log(ports, org, &["nobody"]);
    assert!(ports.erasures.finish(org, erasure.id, ports.clock.now()).unwrap());
    let open = ports.sources.run(org, open.id).unwrap().unwrap();
    assert_eq!((open.log, open.problem.as_deref()), (vec![], Some("no address is free")));
}

pub fn an_erasure_queues_its_job_once(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let first = begin(ports, &ann);
    assert!(!ports.erasures.begin(&erasure(ports, &ann)).unwrap(), "there is nobody any more");
    let claim = || {
        let (worker, lease) = (ports.ids.next(), Duration::from_secs(30));
        ports
            .jobs
            .claim(Lane::Work, worker, lease, ports.clock.now())
            .unwrap()
            .map(|claimed| claimed.job)
    };
    assert_eq!((claim(), claim()), (Some(Job::Erase(first.id)), None));
    assert_eq!(ports.erasures.list(org, None, 10).unwrap(), [first]);
}

pub fn the_newest_erasure_is_listed_first(ports: &Ports) {
    let org = ports.org();
    let mut made = Vec::new();
    for nth in 0..3 {
        let contact = ports.add(org, &format!("Ann {nth}"), "");
        made.insert(0, begin(ports, &contact));
    }
    assert_eq!(ports.erasures.list(org, None, 2).unwrap(), made[..2]);
    assert_eq!(ports.erasures.list(org, Some(made[1].id), 2).unwrap(), made[2..]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let theirs = ports.add(other, "Ann", "ann@example.org");
    let import = imported(ports, other, "Ann", "ann@example.org");
    let foreign = Contact { org: other, ..ann.clone() };
    assert!(!ports.erasures.begin(&erasure(ports, &foreign)).unwrap());
    let erasure = begin(ports, &ann);
    assert_eq!(ports.erasures.get(other, erasure.id).unwrap(), None);
    assert_eq!(ports.erasures.work(other, erasure.id).unwrap(), None);
    assert_eq!(ports.erasures.list(other, None, 10).unwrap(), []);
    ports.erasures.erase_file(org, erasure.id, import.id, &[1]).unwrap();
    assert!(ports.erasures.finish(org, erasure.id, ports.clock.tick()).unwrap());
    assert!(ports.contacts.get(other, theirs.id).unwrap().is_some());
    assert_eq!(ports.imports.get(other, import.id).unwrap(), Some(import.clone()));
    assert!(bytes(ports, other, import.file) > 0);
}
