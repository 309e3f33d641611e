//! The contract of [`contacts_core::import::ImportRepository`] for rules of columns and cleared values
//! (R58).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::Contact;
use contacts_core::field::FieldValue;
use contacts_core::import::{Applied, CellRule, Import, ImportRow, Policy, Target};
use contacts_core::run::RunState;
use contacts_core::undo::{UndoId, UndoStart, UndoStep, UndoSubject};
use contacts_core::{Actor, Ids, OrgId};

use crate::Ports;
use crate::samples::{self, chunk, external_id, import_row, key, phone, running_import};

fn tier() -> Target {
    Target::Field(key("tier"))
}

/// Imports a contact with a value in every field that can be cleared.
fn existing(ports: &Ports, org: OrgId) -> Contact {
    let row = ImportRow {
        phone: Some(phone("+12025550101")),
        external_id: Some(external_id("7")),
        custom: samples::custom(&[("tier", FieldValue::Text("pro".to_owned()))]),
        ..import_row("Ann", "ann@example.org")
    };
    take(ports, &running_import(ports, org, Policy::Overwrite), row);
    read(ports, org)
}

fn read(ports: &Ports, org: OrgId) -> Contact {
    ports.all(org, &Default::default()).remove(0)
}

fn take(ports: &Ports, import: &Import, row: ImportRow) {
    let rows = chunk(&ports.ids, 0, vec![row]);
    let applied = ports.imports.apply(import, &rows, ports.clock.tick()).unwrap();
    assert!(matches!(applied, Applied::Chunk(_)));
}

fn values(contact: &Contact) -> [Option<String>; 3] {
    let tier = contact.custom.get(&key("tier")).map(ToString::to_string);
    let external_id = contact.external_id.as_ref().map(ToString::to_string);
    [external_id, contact.phone.as_ref().map(ToString::to_string), tier]
}

pub fn a_rule_of_a_column_takes_the_place_of_the_policy(ports: &Ports) {
    let org = ports.org();
    let ann = existing(ports, org);
    let row = |rule| ImportRow {
        phone: Some(phone("+12025550199")),
        rules: [(Target::Phone, rule), (Target::Name, rule)].into(),
        ..import_row("Anna", "ann@example.org")
    };
    let import = running_import(ports, org, Policy::Overwrite);
    take(ports, &import, row(CellRule::FillBlanks));
    assert_eq!(read(ports, org).version, ann.version);
    let import = running_import(ports, org, Policy::FillBlanks);
    take(ports, &import, row(CellRule::Overwrite));
    let changed = read(ports, org);
    assert_eq!(changed.name.unwrap().as_str(), "Anna");
    assert_eq!(changed.phone.unwrap().as_str(), "+12025550199");
}

pub fn a_word_clears_values_where_the_column_overwrites(ports: &Ports) {
    let org = ports.org();
    let before = existing(ports, org);
    let clears = || ImportRow {
        clears: [Target::Phone, Target::ExternalId, tier()].into(),
        ..import_row("Ann", "ann@example.org")
    };
    take(ports, &running_import(ports, org, Policy::FillBlanks), clears());
    assert_eq!(values(&read(ports, org)), values(&before));
    let import = running_import(ports, org, Policy::Overwrite);
    take(ports, &import, clears());
    let cleared = read(ports, org);
    assert_eq!((values(&cleared), cleared.version), ([None, None, None], before.version + 1));
    let now = ports.clock.tick();
    assert!(ports.imports.end(org, import.id, RunState::Done, None, Actor::System, now).unwrap());

    let (undo, subject) = (UndoId(ports.ids.next()), UndoSubject::Import(import.id));
    let started = ports.undos.begin(org, subject, undo, Actor::System, now).unwrap();
    assert_eq!(started, UndoStart::Yes);
    while ports.undos.step(org, undo, now).unwrap() != UndoStep::Finished {}
    assert_eq!(values(&read(ports, org)), values(&before), "the cleared values come back");
}

pub fn a_word_clears_nothing_of_a_contact_that_has_nothing(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::Overwrite);
    let row =
        ImportRow { clears: [Target::Phone, tier()].into(), ..import_row("Bo", "bo@example.org") };
    let rows = chunk(&ports.ids, 0, vec![row.clone(), row]);
    let applied = ports.imports.apply(&import, &rows, ports.clock.tick()).unwrap();
    let Applied::Chunk(tally) = applied else { panic!("not taken") };
    assert_eq!((tally.added, tally.updated, tally.skips()), (1, 0, 1));
}
