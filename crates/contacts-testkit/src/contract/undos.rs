//! The contract of [`contacts_core::undo::UndoRepository`] for imports (R37).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::campaign::DeliveryKind;
use contacts_core::consent::ConsentReason;
use contacts_core::contact::{ActivityKind, Contact, ContactId, SourceDetail};
use contacts_core::field::FieldType;
use contacts_core::import::{Applied, Import, ImportId, ImportRow, ImportState, Policy};
use contacts_core::page::PageSize;
use contacts_core::run::{Run, RunId, RunState};
use contacts_core::undo::{
    KeptItem, KeptReason, Undo, UndoId, UndoStart, UndoStep, UndoSubject, UndoTally,
};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::{display, written};
use crate::Ports;
use crate::samples::{
    self, chunk, custom, import_row, new_name, number, phone, running_import, tags, text,
};

pub(super) fn subject(import: &Import) -> UndoSubject {
    UndoSubject::Import(import.id)
}

/// Imports rows in chunks of `size` rows.
pub(super) fn imported(ports: &Ports, org: OrgId, rows: Vec<ImportRow>, size: usize) -> Import {
    let import = applied_import(ports, org, rows, size);
    let now = ports.clock.tick();
    assert!(ports.imports.end(org, import.id, RunState::Done, None, Actor::System, now).unwrap());
    import
}

fn applied_import(ports: &Ports, org: OrgId, rows: Vec<ImportRow>, size: usize) -> Import {
    let import = running_import(ports, org, Policy::Overwrite);
    for (at, rows) in rows.chunks(size).enumerate() {
        let now = ports.clock.tick();
        let rows = chunk(&ports.ids, (at * size) as u64, rows.to_vec());
        let applied = ports.imports.apply(&import, &rows, now).unwrap();
        assert!(matches!(applied, Applied::Chunk(_)));
    }
    import
}

pub(super) fn started(ports: &Ports, import: &Import) -> UndoId {
    let undo = UndoId(ports.ids.next());
    let now = ports.clock.tick();
    let started = ports.undos.begin(import.org, subject(import), undo, Actor::System, now).unwrap();
    assert_eq!(started, UndoStart::Yes);
    undo
}

/// Undoes an import to the end, and returns the tally.
pub(super) fn undo(ports: &Ports, import: &Import) -> UndoTally {
    let undo = started(ports, import);
    loop {
        match ports.undos.step(import.org, undo, ports.clock.tick()).unwrap() {
            UndoStep::Chunk(_) => {}
            UndoStep::Finished => break,
            UndoStep::Stopped => panic!("the undo does not go on"),
        }
    }
    read(ports, import).tally
}

fn read(ports: &Ports, import: &Import) -> Undo {
    ports.undos.get(import.org, subject(import)).unwrap().unwrap()
}

fn kept_items(ports: &Ports, import: &Import) -> Vec<KeptItem> {
    ports.undos.kept(import.org, subject(import), None, 100).unwrap()
}

fn tally(removed: u64, restored: u64, kept: u64) -> UndoTally {
    UndoTally { removed, restored, kept, ..UndoTally::default() }
}

fn ann(ports: &Ports, org: OrgId) -> Contact {
    ports.of_address(org, "ann@example.org").unwrap()
}

fn rename(ports: &Ports, contact: &Contact, name: &str) {
    let (now, patch) = (ports.clock.tick(), new_name(name));
    let (org, id) = (contact.org, contact.id);
    ports.contacts.update(org, id, None, &patch, Actor::System, now).unwrap().unwrap();
}

fn put_tags(ports: &Ports, contact: &Contact, add: &[&str], remove: &[&str]) {
    let (now, add, remove) = (ports.clock.tick(), tags(add), tags(remove));
    let (org, id) = (contact.org, contact.id);
    ports.contacts.tag(org, id, &add, &remove, Actor::System, now).unwrap().unwrap();
}

/// Returns the existing contact Ann, and a row that changes every field that a row can change.
fn known_and_row(ports: &Ports, org: OrgId) -> (Contact, ImportRow) {
    let old = ports.add_with(org, "Ann", "Ann@Example.org", |contact| {
        contact.phone = Some(phone("+1 202 555 0101"));
        contact.tags = tags(&["vip"]);
        contact.custom = custom(&[("tier", text("gold")), ("seats", number(3.5))]);
    });
    let row = ImportRow {
        phone: Some(phone("2")),
        tags: tags(&["VIP", "show"]),
        custom: custom(&[("tier", text("silver")), ("site", text("x"))]),
        ..import_row("Ann Lee", "ann@example.org")
    };
    (old, row)
}

pub fn undo_removes_added_contacts_and_restores_values(ports: &Ports) {
    let org = ports.org();
    let (old, row) = known_and_row(ports, org);
    let cy = ports.add(org, "Cy", "cy@example.org");
    let new = ImportRow { tags: tags(&["show"]), ..import_row("Bo", "bo@example.org") };
    let existing_row = import_row("Cy", "cy@example.org");
    let import = imported(ports, org, vec![row, new, existing_row], 10);
    assert_eq!(ports.found(org, ""), ["Ann Lee", "Bo", "Cy"]);

    let expected = UndoTally { unchanged: 1, ..tally(1, 1, 0) };
    assert_eq!(undo(ports, &import), expected);
    let now = ports.get(org, old.id);
    let version = old.version + 2;
    assert_eq!(now, Contact { version, updated_at: now.updated_at, ..old.clone() });
    assert!(now.updated_at > old.updated_at);
    assert_eq!(ports.found(org, ""), ["Ann", "Cy"]);
    assert_eq!(ports.found(org, "5550101"), ["Ann"], "what is found is restored, too");
    assert_eq!(ports.get(org, cy.id), cy);
    for contact in [&old, &cy] {
        let came = ports.contacts.sources(org, contact.id, None, 1_000).unwrap();
        assert_eq!(
            came,
            std::slice::from_ref(&contact.source),
            "it has not come by the import any more"
        );
    }
    assert_eq!(kept_items(ports, &import), []);
    let state = ports.imports.get(org, import.id).unwrap().unwrap().state;
    assert_eq!(state, ImportState::Undone);
}

pub fn an_unsubscribe_before_an_import_does_not_keep_its_contact(ports: &Ports) {
    let org = ports.org();
    let bo = ports.add(org, "Bo", "bo@example.org");
    ports.lower_consent(org, bo.id, ConsentReason::Asked, None);
    assert!(ports.removed(org, bo.id));
    let import = imported(ports, org, vec![import_row("Bo", "bo@example.org")], 1);
    let again = ports.of_address(org, "bo@example.org").unwrap();
    assert!(!again.consent.is_subscribed());
    assert_eq!(undo(ports, &import), tally(1, 0, 0));
    assert_eq!(ports.contacts.get(org, again.id).unwrap(), None);
}

pub fn undoing_is_a_change_by_its_requester(ports: &Ports) {
    let org = ports.org();
    let (old, row) = known_and_row(ports, org);
    let import = imported(ports, org, vec![row], 10);
    let by = Actor::User(ports.ids.next());
    let (id, now) = (UndoId(ports.ids.next()), ports.clock.tick());
    assert_eq!(ports.undos.begin(org, subject(&import), id, by, now).unwrap(), UndoStart::Yes);
    let now = ports.clock.tick();
    ports.undos.step(org, id, now).unwrap();
    let size = PageSize::new(2).unwrap();
    let activity = ports.contacts.activity(org, old.id, None, size).unwrap().items;
    let [tagged, edited] = activity.as_slice() else { panic!("{activity:?}") };
    assert_eq!([(tagged.actor, tagged.at), (edited.actor, edited.at)], [(by, now); 2]);
    let removed = vec!["show".to_owned()];
    assert_eq!(tagged.what, ActivityKind::Tagged { added: Vec::new(), removed });
    let ActivityKind::Edited(changes) = &edited.what else { panic!("{edited:?}") };
    let changes: Vec<_> = changes
        .iter()
        .map(|change| (change.field.as_str(), change.from.as_deref(), change.to.as_deref()))
        .collect();
    let expected = [
        ("name", Some("Ann Lee"), Some("Ann")),
        ("phone", Some("2"), Some("+1 202 555 0101")),
        ("custom.tier", Some("silver"), Some("gold")),
        ("custom.site", Some("x"), None),
    ];
    assert_eq!(changes, expected);
}

pub fn a_contact_that_was_changed_since_stays_and_is_listed(ports: &Ports) {
    let org = ports.org();
    let rows = ["ann", "bo", "cy"].map(|who| ImportRow {
        tags: tags(&["show"]),
        ..import_row(who, &format!("{who}@example.org"))
    });
    let import = imported(ports, org, rows.to_vec(), 2);
    let [bo, cy] = ["bo@example.org", "cy@example.org"].map(|a| ports.of_address(org, a).unwrap());
    rename(ports, &bo, "Bob");
    put_tags(ports, &cy, &[], &["show"]);
    assert_eq!(undo(ports, &import), tally(1, 0, 2));
    let expected = [(&bo, KeptReason::Edited), (&cy, KeptReason::Tagged)];
    let expected = expected.map(|(who, reason)| KeptItem { contact: who.id, field: None, reason });
    assert_eq!(kept_items(ports, &import), expected);
    assert_eq!(ports.found(org, ""), ["Bob", "cy"]);
    let came = ports.contacts.sources(org, bo.id, None, 1_000).unwrap();
    assert!(matches!(&came[..], [way] if matches!(way.detail, SourceDetail::CsvImport { .. })));
}

pub fn a_field_that_was_changed_since_stays_and_is_listed(ports: &Ports) {
    let org = ports.org();
    let (old, row) = known_and_row(ports, org);
    let import = imported(ports, org, vec![row], 1);
    rename(ports, &old, "Anna");
    put_tags(ports, &old, &["mine"], &["vip"]);
    assert_eq!(undo(ports, &import), tally(0, 0, 1));
    let field = Some("name".to_owned());
    let expected = KeptItem { contact: old.id, field, reason: KeptReason::Edited };
    assert_eq!(kept_items(ports, &import), [expected]);
    let now = ports.get(org, old.id);
    assert_eq!((display(&now), &now.phone, &now.custom), ("Anna".into(), &old.phone, &old.custom));
    assert_eq!(written(&now.tags), ["mine"]);
}

pub fn chunks_of_any_size_are_undone_to_the_same(ports: &Ports) {
    let row = |name, email: &str, tag| ImportRow { tags: tags(&[tag]), ..import_row(name, email) };
    let rows = vec![
        row("Ann Lee", "ann@example.org", "a"),
        row("Bo", "bo@example.org", "b"),
        row("Anna", "ann@example.org", "c"),
        row("Bob", "bo@example.org", "c"),
        row("Cy", "cy@example.org", "c"),
        row("Ann", "ann@example.org", "d"),
        row("Bo", "bo@example.org", "d"),
        row("Ann Lee", "ann@example.org", "a"),
    ];
    for size in 1..=rows.len() {
        let org = ports.org();
        let old = ports.add(org, "Ann", "ann@example.org");
        let import = imported(ports, org, rows.clone(), size);
        let cy = ports.of_address(org, "cy@example.org").unwrap();
        rename(ports, &cy, "Cyd");
        assert_eq!(undo(ports, &import), tally(1, 1, 1), "{size} in a chunk");
        let now = ports.get(org, old.id);
        assert_eq!((display(&now), now.tags), ("Ann".to_owned(), Vec::new()), "{size} in a chunk");
        assert_eq!(ports.found(org, ""), ["Ann", "Cyd"]);
        assert_eq!(ports.contacts.sources(org, old.id, None, 1_000).unwrap(), [old.source]);
        assert_eq!(kept_items(ports, &import).len(), 1);
        let undo = read(ports, &import);
        assert_eq!((undo.chunks, undo.chunks_done), (undo.chunks_done, undo.chunks));
    }
}

pub fn a_contact_that_was_added_again_stays(ports: &Ports) {
    let org = ports.org();
    let rows = || vec![import_row("Ann", "ann@example.org")];
    let first = imported(ports, org, rows(), 1);
    let second = imported(ports, org, rows(), 1);
    assert_eq!(undo(ports, &first), tally(0, 0, 1));
    let contact = ann(ports, org).id;
    assert_eq!(
        kept_items(ports, &first),
        [KeptItem { contact, field: None, reason: KeptReason::CameAgain }]
    );
    assert_eq!(undo(ports, &second), UndoTally { unchanged: 1, ..UndoTally::default() });
    assert_eq!(ports.found(org, ""), ["Ann"]);
}

/// Changes a contact that an import added, undoes the import, and checks that the contact stays for
/// the given reason.
fn assert_stays(ports: &Ports, reason: KeptReason, act: impl FnOnce(OrgId, &Contact)) {
    let org = ports.org();
    let import = imported(ports, org, vec![import_row("Ann", "ann@example.org")], 1);
    let contact = ann(ports, org);
    act(org, &contact);
    ports.clock.tick();
    assert_eq!(undo(ports, &import), tally(0, 0, 1));
    assert_eq!(kept_items(ports, &import), [KeptItem { contact: contact.id, field: None, reason }]);
}

pub fn a_contact_with_a_note_stays(ports: &Ports) {
    assert_stays(ports, KeptReason::Noted, |org, ann| drop(ports.note(org, ann.id, "called")));
}

pub fn a_contact_in_a_campaign_stays(ports: &Ports) {
    assert_stays(ports, KeptReason::Subscribed, |org, ann| {
        let campaign = ports.campaign(org, "Spring");
        ports.join(org, &campaign, ann.id);
    });
    assert_stays(ports, KeptReason::Subscribed, |org, ann| {
        let campaign = ports.campaign(org, "Spring");
        ports.report_delivery(org, &campaign, ann, DeliveryKind::Unsubscribed);
    });
}

pub fn a_contact_that_another_was_merged_into_stays(ports: &Ports) {
    assert_stays(ports, KeptReason::Merged, |org, ann| {
        // The merged contact has no values that Ann lacks.
        let other = ports.add(org, "Ann", "");
        let (by, now) = (Actor::System, ports.clock.tick());
        ports.contacts.merge(org, ann.id, other.id, None, by, now).unwrap().unwrap();
    });
}

pub fn a_contact_that_was_merged_into_another_stays_so(ports: &Ports) {
    assert_stays(ports, KeptReason::Merged, |org, ann| {
        let other = ports.add(org, "Bo", "bo@example.org");
        let (by, now) = (Actor::System, ports.clock.tick());
        ports.contacts.merge(org, other.id, ann.id, None, by, now).unwrap().unwrap();
    });
}

pub fn deleted_contacts_are_counted(ports: &Ports) {
    let org = ports.org();
    let (old, row) = known_and_row(ports, org);
    let import = imported(ports, org, vec![row, import_row("Bo", "bo@example.org")], 1);
    let (by, now) = (Actor::System, ports.clock.tick());
    assert!(ports.contacts.delete(org, old.id, None, by, now).unwrap());
    let again = ports.add(org, "Ann", "ann@example.org");
    assert_eq!(undo(ports, &import), UndoTally { gone: 1, ..tally(1, 0, 0) });
    assert_eq!(ports.get(org, again.id), again, "somebody else of her address is nobody's");
}

pub fn a_renamed_tag_is_taken_off_and_a_deleted_one_is_no_change(ports: &Ports) {
    let org = ports.org();
    let old = ports.add(org, "Ann", "ann@example.org");
    let rows = ["ann", "bo"].map(|contact| ImportRow {
        tags: tags(&["show", "left"]),
        ..import_row(if contact == "ann" { "Ann" } else { "Bo" }, &format!("{contact}@example.org"))
    });
    let import = imported(ports, org, rows.to_vec(), 1);
    let id = |name: &str| {
        let listed = ports.tags.list(org, name, "", 1).unwrap();
        listed[0].id
    };
    let (by, now, expo) = (Actor::System, ports.clock.tick(), samples::tag("Expo"));
    ports.tags.rename(org, id("show"), &expo, None, by, now).unwrap().unwrap();
    assert!(ports.tags.delete(org, id("left"), by, now).unwrap());
    assert_eq!(undo(ports, &import), tally(1, 1, 0));
    assert_eq!(ports.get(org, old.id).tags, []);
    assert_eq!(ports.found(org, ""), ["Ann"]);
}

pub fn values_of_an_archived_field_are_restored(ports: &Ports) {
    let org = ports.org();
    let field = samples::field("tier", FieldType::Text, 0);
    ports.add_field(org, &field);
    let (old, row) = known_and_row(ports, org);
    let import = imported(ports, org, vec![row], 1);
    let archive = |archived| drop(ports.archive_field(org, &field.key, archived));
    archive(true);
    assert_eq!(undo(ports, &import), tally(0, 1, 0));
    archive(false);
    assert_eq!(ports.get(org, old.id).custom, old.custom);
}

pub fn an_import_is_undone_once(ports: &Ports) {
    let org = ports.org();
    let import = imported(ports, org, vec![import_row("Ann", "ann@example.org")], 1);
    let (id, now) = (started(ports, &import), ports.clock.now());
    let again = || {
        let other = UndoId(ports.ids.next());
        ports.undos.begin(org, subject(&import), other, Actor::System, now).unwrap()
    };
    assert_eq!(again(), UndoStart::NotNow, "it is being undone");
    let undo = read(ports, &import);
    assert_eq!((undo.id, undo.state, undo.chunks), (id, RunState::Queued, 1));
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Chunk(tally(1, 0, 0)));
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Finished);
    assert_eq!(ports.undos.step(org, id, now).unwrap(), UndoStep::Stopped);
    assert_eq!(again(), UndoStart::NotNow, "it was undone");
    let undo = read(ports, &import);
    assert_eq!((undo.state, undo.finished_at), (RunState::Done, Some(now)));
    assert!(!ports.undos.end(org, id, RunState::Cancelled, None, now).unwrap());
}

pub fn an_undo_starts_after_the_end_of_an_import(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::Overwrite);
    let ready = samples::ready_import(ports, org, Policy::Overwrite);
    for id in [import.id, ready.id, ImportId(ports.ids.next())] {
        let undo = UndoId(ports.ids.next());
        let now = ports.clock.now();
        let started =
            ports.undos.begin(org, UndoSubject::Import(id), undo, Actor::System, now).unwrap();
        assert_eq!(started, UndoStart::NotNow);
        assert_eq!(ports.undos.get(org, UndoSubject::Import(id)).unwrap(), None);
        assert_eq!(ports.undos.step(org, undo, now).unwrap(), UndoStep::Stopped);
    }
}

pub fn the_imported_part_of_a_cancelled_import_is_undone(ports: &Ports) {
    let org = ports.org();
    let rows = vec![import_row("Ann", "ann@example.org"), import_row("Bo", "bo@example.org")];
    let import = applied_import(ports, org, rows, 1);
    let now = ports.clock.tick();
    assert!(
        ports.imports.end(org, import.id, RunState::Cancelled, None, Actor::System, now).unwrap()
    );
    assert_eq!(undo(ports, &import), tally(2, 0, 0));
    assert_eq!(ports.found(org, "").len(), 0);
}

pub fn an_undo_that_ended_early_resumes_where_it_stopped(ports: &Ports) {
    for (state, problem) in [(RunState::Failed, Some("it broke")), (RunState::Cancelled, None)] {
        resumes(ports, state, problem);
    }
}

fn resumes(ports: &Ports, state: RunState, problem: Option<&str>) {
    let org = ports.org();
    let rows = vec![import_row("Ann", "ann@example.org"), import_row("Bo", "bo@example.org")];
    let import = imported(ports, org, rows, 1);
    let (first, now) = (started(ports, &import), ports.clock.tick());
    assert_eq!(ports.undos.step(org, first, now).unwrap(), UndoStep::Chunk(tally(1, 0, 0)));
    let running = read(ports, &import);
    assert_eq!((running.state, running.started_at), (RunState::Running, Some(now)));
    let end = |now| ports.undos.end(org, first, state, problem.map(str::to_owned), now).unwrap();
    assert!(end(now));
    assert!(!end(now));
    assert_eq!(ports.undos.step(org, first, now).unwrap(), UndoStep::Stopped);
    let ended = read(ports, &import);
    assert_eq!((ended.state, ended.problem.as_deref()), (state, problem));
    assert_eq!(ports.undos.find(org, first).unwrap(), Some(ended));
    let state = ports.imports.get(org, import.id).unwrap().unwrap().state;
    assert_eq!(state, ImportState::Run(RunState::Done), "as it was before");

    let again = started(ports, &import);
    let began = ports.clock.tick();
    assert_eq!(ports.undos.step(org, again, began).unwrap(), UndoStep::Chunk(tally(2, 0, 0)));
    // One chunk in two seconds: the chunk that was undone before does not count.
    let run = ports.runs.find(org, RunId(again.0)).unwrap().unwrap();
    assert_eq!(run.pace(began + Duration::from_secs(2)).per_second, Some(0.5));
    assert_eq!(run, Run::from(&read(ports, &import)));
    assert_eq!(ports.undos.step(org, again, began).unwrap(), UndoStep::Finished);
    let done = read(ports, &import);
    assert_eq!((done.chunks, done.chunks_done, done.problem), (2, 2, None));
    assert_ne!(done.id, first);
}

pub fn kept_items_are_read_page_by_page(ports: &Ports) {
    let org = ports.org();
    let (old, row) = known_and_row(ports, org);
    let rows = vec![row, import_row("Bo", "bo@example.org"), import_row("Cy", "cy@example.org")];
    let import = imported(ports, org, rows, 2);
    let mut patch = new_name("Anna");
    patch.custom.insert(samples::key("site"), None);
    let now = ports.clock.tick();
    ports.contacts.update(org, old.id, None, &patch, Actor::System, now).unwrap().unwrap();
    for address in ["bo@example.org", "cy@example.org"] {
        rename(ports, &ports.of_address(org, address).unwrap(), "X");
    }
    undo(ports, &import);
    let all = kept_items(ports, &import);
    let fields: Vec<_> = all.iter().map(|kept_items| kept_items.field.as_deref()).collect();
    assert_eq!(fields, [Some("name"), None, None], "a field that was cleared is what it was");
    for size in 1..=3 {
        let mut read = Vec::new();
        let mut after: Option<(ContactId, Option<String>)> = None;
        loop {
            let page = ports.undos.kept(org, subject(&import), after.take(), size).unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.contact, last.field.clone()));
            read.extend(page);
        }
        assert_eq!(read, all);
    }
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let import = imported(ports, org, vec![import_row("Ann", "ann@example.org")], 1);
    let (id, now) = (UndoId(ports.ids.next()), ports.clock.now());
    let started = ports.undos.begin(other, subject(&import), id, Actor::System, now).unwrap();
    assert_eq!(started, UndoStart::NotNow);
    let id = self::started(ports, &import);
    let before = read(ports, &import);
    assert_eq!(ports.undos.get(other, subject(&import)).unwrap(), None);
    assert_eq!(ports.undos.find(other, id).unwrap(), None);
    assert_eq!(ports.undos.step(other, id, now).unwrap(), UndoStep::Stopped);
    assert!(!ports.undos.end(other, id, RunState::Cancelled, None, now).unwrap());
    assert_eq!(ports.undos.kept(other, subject(&import), None, 10).unwrap(), []);
    assert_eq!(read(ports, &import), before);
    assert_eq!(ports.found(org, ""), ["Ann"]);
}
