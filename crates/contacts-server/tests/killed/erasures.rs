//! Erasures (R14): looking for the person in files, and waiting for those that are in use.

use contacts_core::action::{NewAction, RawAction, Whom};
use contacts_core::contact::NewContact;
use contacts_core::erasure::ErasureState;
use contacts_core::import::ImportId;
use contacts_core::selection::RawChosen;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::imports::ready;
use crate::walk::{Stage, Walk, finish};

/// Erases somebody whom two files hold, one of which was imported, the other not yet: returns
/// that. A third file, which was imported, too, holds others, and an export everybody.
fn erase(contacts: &Contacts, org: OrgId) -> ImportId {
    let ann = NewContact {
        name: Some("Ann"),
        email: Some("ann@example.org"),
        phone: Some("+1 202 555 0101"),
        ..NewContact::default()
    };
    let ann = contacts.contacts.create(org, &ann, Actor::System).unwrap().id;
    contacts.notes.create(org, ann, "called", Actor::System).unwrap();
    let imported = ready(contacts, org);
    let mut others = contacts.imports.begin(org, "others.csv", Actor::System, u64::MAX).unwrap();
    others.push(b"name,email\nEve,eve@example.org\n").unwrap();
    let others = others.finish().unwrap().id;
    finish(contacts);
    for import in [imported, others] {
        contacts.imports.start(org, import).unwrap();
        finish(contacts);
    }
    let whom = Whom::Chosen(RawChosen::Ids(vec![ann.0]));
    let action = RawAction { kind: "export", ..RawAction::default() };
    let export = NewAction { whom, action, confirm_count: None };
    contacts.actions.start(org, &export, Actor::System).unwrap();
    let waiting = ready(contacts, org);
    contacts.erasures.erase(org, ann, true, Actor::System).unwrap();
    waiting
}

#[test]
fn a_person_is_looked_for_in_files() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        let waiting = erase(contacts, org);
        contacts.imports.cancel(org, waiting).unwrap();
    });
}

/// An erasure that waits as long as nobody does anything with the other file.
struct Waiting;

impl Walk for Waiting {
    fn queue(&self, contacts: &Contacts, org: OrgId) {
        erase(contacts, org);
    }

    fn close(&self, contacts: &Contacts, org: OrgId) {
        let erasure = contacts.erasures.list(org, None, 1).unwrap().remove(0);
        assert_eq!(erasure.state, ErasureState::Waiting);
        contacts.imports.cancel(org, erasure.waits_for[0]).unwrap();
    }
}

#[test]
fn an_erasure_waits_for_a_file_that_is_in_use() {
    Stage::new().walk(Waiting);
}

/// The file is imported meanwhile, and adds the person again.
#[test]
fn an_erasure_that_waited_goes_on() {
    let mut stage = Stage::new();
    let clock = stage.clock.clone();
    stage.walk(|contacts: &Contacts, org: OrgId| {
        let waiting = erase(contacts, org);
        finish(contacts);
        contacts.imports.start(org, waiting).unwrap();
        finish(contacts);
        let erasure = contacts.erasures.list(org, None, 1).unwrap().remove(0);
        assert_eq!((erasure.state, erasure.waits_for), (ErasureState::Waiting, vec![waiting]));
        clock.advance(std::time::Duration::from_secs(60));
    });
}
