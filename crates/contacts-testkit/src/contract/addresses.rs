//! The contract of [`contacts_core::contact::ContactRepository`] for the addresses of a contact
//! (R48), and of the other ports for finding a contact by any of them.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::campaign::{DeliveryKind, SubscribeOutcome, SubscribeRefusal};
use contacts_core::contact::{
    ActivityKind, AddressChange, AddressSource, Capture, Contact, ContactId, ContactPatch,
    FieldChange, Updated,
};
use contacts_core::import::{Chunk, DryChunkOutcome, Policy};
use contacts_core::sync::SyncRun;
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId, Result};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::sync_rows::commit_records;
use super::{dry_runs, events, undos};
use crate::samples::{
    self, chunk, email, import_row, new_email, new_name, ready_import, running_import, visitor,
};
use crate::{Ports, samples::phone};

/// Number of random sequences.
const SEQUENCES: u32 = 24;

fn change(
    ports: &Ports,
    contact: &Contact,
    if_version: Option<u64>,
    patch: &ContactPatch,
) -> Result<Updated> {
    let (org, id, now) = (contact.org, contact.id, ports.clock.tick());
    let updated = ports.contacts.update(org, id, if_version, patch, Actor::System, now)?;
    Ok(updated.unwrap())
}

fn add(text: &str) -> ContactPatch {
    let address = Some(AddressChange::Add(email(text)));
    ContactPatch { address, ..ContactPatch::default() }
}

fn remove(text: &str) -> ContactPatch {
    let address = Some(AddressChange::Remove(email(text)));
    ContactPatch { address, ..ContactPatch::default() }
}

/// Adds a contact with several addresses, the first of which is primary.
fn contact(ports: &Ports, org: OrgId, name: &str, emails: &[&str]) -> Contact {
    let contact = ports.add(org, name, emails[0]);
    for text in &emails[1..] {
        change(ports, &contact, None, &add(text)).unwrap();
    }
    ports.get(org, contact.id)
}

/// Returns the addresses of a contact as they are spelled, and checks that each finds it.
fn emails(ports: &Ports, contact: &Contact) -> Vec<String> {
    let (org, id) = (contact.org, contact.id);
    let read = ports.get(org, id);
    let listed = ports.contacts.addresses(org, id).unwrap();
    let primary: Vec<_> = listed.iter().map(|address| address.is_primary).collect();
    assert_eq!(primary, (0..listed.len()).map(|at| at == 0).collect::<Vec<_>>());
    let texts: Vec<_> = listed.iter().map(|address| address.email.as_str().to_owned()).collect();
    assert_eq!(texts, read.emails().map(|email| email.as_str()).collect::<Vec<_>>());
    for address in listed {
        let found = ports.contacts.find_by_email(org, &address.email).unwrap();
        assert_eq!(found.as_ref(), Some(&read));
        assert!(!ports.found(org, address.email.as_str()).is_empty(), "search finds each address");
    }
    texts
}

fn is_taken(ports: &Ports, org: OrgId, text: &str, by: &Contact) -> bool {
    let new = samples::contact(org, &ports.ids, &ports.clock, "New", text);
    matches!(ports.contacts.insert(&new, Actor::System), Err(Error::EmailTaken(id)) if id == by.id)
}

pub fn an_address_that_was_left_stays_with_its_contact(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "Ann@example.org");
    let updated = change(ports, &ann, Some(1), &new_email("ann@example.com")).unwrap();
    assert_eq!(updated.changes.len(), 1);
    assert_eq!(emails(ports, &ann), ["ann@example.com", "Ann@example.org"]);
    assert!(is_taken(ports, org, "ANN@example.org", &ann));
    let bo = ports.add(org, "Bo", "bo@example.org");
    let refused = change(ports, &bo, None, &new_email("ann@example.org"));
    assert!(matches!(refused, Err(Error::EmailTaken(id)) if id == ann.id));
    // Making the old one primary again leaves the other one.
    change(ports, &ann, None, &new_email("ANN@example.org")).unwrap();
    assert_eq!(emails(ports, &ann), ["ANN@example.org", "ann@example.com"]);
}

pub fn addresses_are_added_and_removed(ports: &Ports) {
    let org = ports.org();
    let ann = contact(ports, org, "Ann", &["ann@example.org", "z@example.org", "b@example.org"]);
    assert_eq!(emails(ports, &ann), ["ann@example.org", "b@example.org", "z@example.org"]);
    assert_eq!(ann.version, 3);
    let same = change(ports, &ann, None, &add("Z@example.org")).unwrap();
    assert_eq!((same.changes.len(), same.contact.version), (0, 3));
    let stale = change(ports, &ann, Some(2), &add("new@example.org"));
    assert!(matches!(stale, Err(Error::Stale(now)) if *now == Current::Contact(ann.clone())));
    change(ports, &ann, Some(3), &remove("B@example.org")).unwrap();
    assert_eq!(emails(ports, &ann), ["ann@example.org", "z@example.org"]);
    assert_eq!(ports.contacts.find_by_email(org, &email("b@example.org")).unwrap(), None);
    assert_eq!(ports.found(org, "b@example"), Vec::<String>::new());
    ports.add(org, "Bo", "b@example.org");
    let taken = change(ports, &ann, None, &add("b@example.org"));
    assert!(matches!(taken, Err(Error::EmailTaken(id)) if id != ann.id));
    let missing = change(ports, &ann, None, &remove("b@example.org"));
    assert!(matches!(missing, Err(Error::NotFound("address"))));
    let primary = change(ports, &ann, None, &remove("ann@example.org"));
    assert!(matches!(primary, Err(Error::Conflict(_))));
    assert_eq!(emails(ports, &ann), ["ann@example.org", "z@example.org"]);
    let nobody = ContactId(ports.ids.next());
    assert_eq!(ports.contacts.addresses(org, nobody).unwrap(), []);
}

pub fn the_first_address_of_a_contact_is_primary(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    assert_eq!(ports.contacts.addresses(org, ann.id).unwrap(), []);
    change(ports, &ann, None, &add("ann@example.org")).unwrap();
    assert_eq!(emails(ports, &ann), ["ann@example.org"]);
}

pub fn a_contact_has_twenty_addresses_at_most(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "a00@example.org");
    for at in 1..20 {
        change(ports, &ann, None, &new_email(&format!("a{at:02}@example.org"))).unwrap();
    }
    for patch in [new_email("new@example.org"), add("new@example.org")] {
        let refused = change(ports, &ann, None, &patch);
        assert!(matches!(refused, Err(Error::Invalid(parts)) if parts[0].field == "email"));
    }
    assert_eq!(emails(ports, &ann).len(), 20);
    change(ports, &ann, None, &new_email("a07@example.org")).unwrap();
    let bo = ports.add(org, "Bo", "bo@example.org");
    let before = (ports.get(org, ann.id), ports.get(org, bo.id));
    let merged = ports.contacts.merge(org, ann.id, bo.id, None, Actor::System, ports.clock.tick());
    assert!(matches!(merged, Err(Error::Conflict(_))));
    assert_eq!((ports.get(org, ann.id), ports.get(org, bo.id)), before, "nothing has moved");
}

pub fn each_address_has_its_time_and_its_source(ports: &Ports) {
    let org = ports.org();
    let begin = ports.clock.now();
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    ports.imports.apply(&import, &rows, begin).unwrap();
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    let added = change(ports, &ann, None, &add("b@example.org")).unwrap().contact.updated_at;
    let captured = captured(ports, org, "v", "Bo", "c@example.org");
    let merged_at = ports.clock.tick();
    ports.contacts.merge(org, ann.id, captured, None, Actor::System, merged_at).unwrap();
    change(ports, &ann, None, &new_email("B@example.org")).unwrap();
    let listed = ports.contacts.addresses(org, ann.id).unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|address| (address.email.as_str(), address.added_at, address.source))
        .collect();
    let expected = [
        ("B@example.org", added, AddressSource::Manual),
        ("ann@example.org", begin, AddressSource::CsvImport),
        ("c@example.org", merged_at, AddressSource::Merge),
    ];
    assert_eq!(listed, expected);
}

pub fn changes_of_addresses_are_in_the_activity_and_the_feed(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    change(ports, &ann, None, &add("b@example.org")).unwrap();
    change(ports, &ann, None, &remove("b@example.org")).unwrap();
    let edits = ports.activity(org, ann.id).into_iter().filter_map(|entry| match entry.what {
        ActivityKind::Edited(changes) => Some(changes),
        _ => None,
    });
    let edits: Vec<_> = edits.flatten().collect();
    let text = || Some("b@example.org".to_owned());
    let field = || "addresses".to_owned();
    let expected = [
        FieldChange { field: field(), from: text(), to: None },
        FieldChange { field: field(), from: None, to: text() },
    ];
    assert_eq!(edits, expected);
    let events = events::all_events(ports, org);
    let fields: Vec<_> = events.into_iter().flat_map(|event| event.fields).collect();
    assert_eq!(fields, ["addresses", "addresses"]);
}

pub fn a_merge_moves_every_address(ports: &Ports) {
    let org = ports.org();
    let ann = contact(ports, org, "Ann", &["m@example.org", "z@example.org"]);
    let twin = contact(ports, org, "Ann", &["b@example.org", "a@example.org"]);
    let (org_id, now) = (ann.org, ports.clock.tick());
    let merged = ports.contacts.merge(org_id, ann.id, twin.id, None, Actor::System, now);
    let merged = merged.unwrap().unwrap();
    assert_eq!(merged.contact.version, ann.version + 1);
    let expected = ["m@example.org", "a@example.org", "b@example.org", "z@example.org"];
    assert_eq!(emails(ports, &ann), expected);
    assert!(is_taken(ports, org, "b@example.org", &ann));
    let blank = ports.add(org, "Ann", "");
    let now = ports.clock.tick();
    ports.contacts.merge(org, blank.id, ann.id, None, Actor::System, now).unwrap().unwrap();
    assert_eq!(emails(ports, &blank), expected);
}

pub fn a_deleted_contact_frees_all_its_addresses(ports: &Ports) {
    let org = ports.org();
    let ann = contact(ports, org, "Ann", &["ann@example.org", "b@example.org"]);
    assert!(ports.removed(org, ann.id));
    assert_eq!(ports.contacts.find_by_email(org, &email("b@example.org")).unwrap(), None);
    ports.add(org, "Bo", "b@example.org");
    ports.add(org, "Cy", "ann@example.org");
}

pub fn an_unsubscribe_holds_for_every_address(ports: &Ports) {
    let org = ports.org();
    let campaign = ports.campaign(org, "Spring");
    let ann = contact(ports, org, "Ann", &["ann@example.org", "b@example.org"]);
    ports.report_delivery(org, &campaign, &ann, DeliveryKind::Unsubscribed);
    change(ports, &ann, None, &add("c@example.org")).unwrap();
    assert!(ports.removed(org, ann.id));
    let refused = SubscribeOutcome::Skipped(SubscribeRefusal::Unsubscribed);
    let unsubscribed = |contact: &Contact| ports.join(org, &campaign, contact.id) == refused;
    for text in ["ann@example.org", "b@example.org", "c@example.org"] {
        let again = ports.add(org, "Ann", text);
        assert!(unsubscribed(&again), "{text} was unsubscribed");
        assert!(ports.removed(org, again.id));
    }
    // A further address that was unsubscribed before unsubscribes its contact, and the others.
    let bo = contact(ports, org, "Bo", &["bo@example.org", "b@example.org", "c@example.org"]);
    assert!(unsubscribed(&bo));
    assert!(ports.removed(org, bo.id));
    assert!(unsubscribed(&ports.add(org, "Bo", "bo@example.org")));
}

pub fn a_row_finds_a_contact_by_any_address(ports: &Ports) {
    let org = ports.org();
    let ann = contact(ports, org, "Ann", &["ann@example.org", "B@example.org"]);
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = vec![
        import_row("Anna", "b@example.org"),
        import_row("Anne", "ANN@example.org"),
        import_row("Bo", "bo@example.org"),
    ];
    let planned = chunk(&ports.ids, 0, rows.clone());
    ports.imports.apply(&import, &planned, ports.clock.tick()).unwrap();
    let tally = ports.imports.get(org, import.id).unwrap().unwrap().tally;
    assert_eq!((tally.added, tally.updated), (1, 2));
    assert_eq!(ports.names(org, &Default::default()), ["Anne", "Bo"]);
    assert_eq!(emails(ports, &ann), ["ann@example.org", "B@example.org"], "none is rewritten");
}

pub fn a_dry_run_finds_a_contact_by_any_address(ports: &Ports) {
    let org = ports.org();
    contact(ports, org, "Ann", &["ann@example.org", "b@example.org"]);
    let import = ready_import(ports, org, Policy::Overwrite);
    let run = dry_runs::started(ports, &import);
    let rows = [("Anna", "b@example.org"), ("Anna", "ann@example.org"), ("Anna", "b@example.org")];
    for (at, (name, text)) in (0..).zip(rows) {
        let rows: Chunk = chunk(&ports.ids, at, vec![import_row(name, text)]);
        let now = ports.clock.tick();
        let outcome = ports.dry_runs.process_chunk(&import, run, &rows, now).unwrap();
        let DryChunkOutcome::Chunk(tally) = outcome else { panic!("it was superseded") };
        assert_eq!((tally.added, tally.updated, tally.rows()), (0, 1, at + 1));
    }
}

fn captured(ports: &Ports, org: OrgId, who: &str, name: &str, text: &str) -> ContactId {
    let capture = samples::capture(org, &ports.ids, &ports.clock, visitor(who), name, text);
    take(ports, &capture)
}

fn take(ports: &Ports, capture: &Capture) -> ContactId {
    let id = ContactId(ports.ids.next());
    ports.captures.capture(capture, id, Actor::System, ports.clock.tick()).unwrap()
}

pub fn a_capture_finds_a_contact_by_any_address(ports: &Ports) {
    let org = ports.org();
    let ann = contact(ports, org, "Ann", &["ann@example.org", "b@example.org"]);
    let capture =
        samples::capture(org, &ports.ids, &ports.clock, visitor("v"), "Anna", "B@example.org");
    let capture = Capture { phone: Some(phone("12")), ..capture };
    assert_eq!(take(ports, &capture), ann.id);
    let read = ports.get(org, ann.id);
    assert_eq!((read.name, read.phone), (ann.name.clone(), Some(phone("12"))), "blanks are filled");
    assert_eq!(emails(ports, &ann), ["ann@example.org", "b@example.org"]);
    // A nameless record of a visitor is folded into the contact of a further address.
    let nameless = captured(ports, org, "w", "Annie", "");
    assert_ne!(nameless, ann.id);
    assert_eq!(captured(ports, org, "w", "", "b@example.org"), ann.id);
    assert_eq!(ports.contacts.get(org, nameless).unwrap(), None);
}

fn synced(ports: &Ports, org: OrgId, id: &str, name: &str, text: &str) -> SyncRun {
    let record = samples::record(id, &[("name", name), ("email", text)]);
    commit_records(ports, org, &[record])
}

pub fn a_record_finds_a_contact_by_any_address(ports: &Ports) {
    let org = ports.org();
    let ann = contact(ports, org, "Ann", &["ann@example.org", "b@example.org"]);
    let run = synced(ports, org, "1", "Anna", "B@example.org");
    assert_eq!((run.tally.added, run.tally.warnings), (0, 0));
    assert_eq!(emails(ports, &ann), ["ann@example.org", "b@example.org"], "the primary one stays");
    assert_eq!(ports.names(org, &Default::default()), ["Ann"]);
}

pub fn an_import_of_a_contact_that_gained_an_address_keeps_it(ports: &Ports) {
    let org = ports.org();
    let rows = vec![import_row("Ann", "ann@example.org"), import_row("Bo", "bo@example.org")];
    let import = undos::imported(ports, org, rows, 10);
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    change(ports, &ann, None, &add("b@example.org")).unwrap();
    let undo = undos::started(ports, &import);
    while let contacts_core::undo::UndoStep::Chunk(_) =
        ports.undos.step(org, undo, ports.clock.tick()).unwrap()
    {}
    assert_eq!(ports.names(org, &Default::default()), ["Ann"]);
}

pub fn organisations_do_not_see_each_others_addresses(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = contact(ports, org, "Ann", &["ann@example.org", "b@example.org"]);
    assert_eq!(ports.contacts.find_by_email(other, &email("b@example.org")).unwrap(), None);
    assert_eq!(ports.contacts.addresses(other, ann.id).unwrap(), []);
    let bo = contact(ports, other, "Bo", &["b@example.org", "ann@example.org"]);
    assert_eq!(emails(ports, &ann), ["ann@example.org", "b@example.org"]);
    assert_eq!(emails(ports, &bo), ["b@example.org", "ann@example.org"]);
}

/// A way in which a person comes again.
#[derive(Clone, Copy, Debug)]
enum Again {
    /// An edit makes the address primary.
    Edit,
    /// The address is added.
    Add,
    /// The address belongs to a second contact, which is merged.
    Merge,
    /// A file has a row with the address.
    Import,
    /// A visitor leaves the address in a chat.
    Capture,
    /// A connected source has a record with the address.
    Sync,
}

/// Lets a person come again with an address.
fn come_again(ports: &Ports, ann: &Contact, way: Again, text: &str) {
    let org = ann.org;
    let is_known = ports.contacts.find_by_email(org, &email(text)).unwrap().is_some();
    match way {
        Again::Edit => drop(change(ports, ann, None, &new_email(text)).unwrap()),
        Again::Add => drop(change(ports, ann, None, &add(text)).unwrap()),
        Again::Merge if is_known => {
            change(ports, ann, None, &new_name("Anna")).unwrap();
        }
        _ if !is_known => {
            let twin = ports.add(org, "Twin", text);
            let now = ports.clock.tick();
            ports.contacts.merge(org, ann.id, twin.id, None, Actor::System, now).unwrap();
        }
        Again::Merge => {}
        Again::Import => {
            let import = running_import(ports, org, Policy::Overwrite);
            let rows = chunk(&ports.ids, 0, vec![import_row("Ann", text)]);
            ports.imports.apply(&import, &rows, ports.clock.tick()).unwrap();
        }
        Again::Capture => {
            assert_eq!(captured(ports, org, text, "Ann", text), ann.id);
        }
        Again::Sync => drop(synced(ports, org, text, "Ann", text)),
    }
}

pub fn nobody_becomes_a_second_contact_by_an_old_address(ports: &Ports) {
    use Again::{Add, Capture, Edit, Import, Merge, Sync};

    let way = prop::sample::select(vec![Edit, Add, Merge, Import, Capture, Sync]);
    let steps = prop::collection::vec((way, 0..5_usize), 1..20);
    let texts =
        ["a@example.org", "B@example.org", "c@bücher.example", "A@example.org", "d@example.org"];
    let config = Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let org = ports.org();
        let ann = ports.add(org, "Ann", texts[0]);
        for (way, at) in steps {
            come_again(ports, &ann, way, texts[at]);
            let all: Vec<_> = ports.all(org, &Default::default());
            prop_assert_eq!(all.len(), 1, "a second contact by {:?} of {}", way, texts[at]);
            prop_assert!(all[0].has_email(email(texts[at]).key()));
            emails(ports, &ann);
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
