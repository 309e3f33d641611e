//! Erasures (R14): the search of files for the contact, and the wait for files in use.

use contacts_core::action::{ActionTarget, NewAction, RawAction};
use contacts_core::contact::NewContact;
use contacts_core::import::ImportId;
use contacts_core::run::RunState;
use contacts_core::selection::RawSelectionScope;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::imports::ready;
use crate::walk::{Stage, Walk, finish};

/// Erases a contact that two files contain, one imported and the other not yet, and returns the
/// import of the latter. A third file, also imported, contains other contacts only, and an export
/// contains all contacts.
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
        contacts.imports.start(org, import, Actor::System).unwrap();
        finish(contacts);
    }
    let target = ActionTarget::SelectionScope(RawSelectionScope::Ids(vec![ann.0]));
    let action = RawAction { kind: "export", ..RawAction::default() };
    let export = NewAction { target, action, confirm_count: None };
    contacts.actions.start(org, &export, Actor::System).unwrap();
    let waiting = ready(contacts, org);
    contacts.erasures.erase(org, ann, true, Actor::System).unwrap();
    waiting
}

#[test]
fn a_person_is_looked_for_in_files() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        let waiting = erase(contacts, org);
        contacts.imports.cancel(org, waiting, Actor::System).unwrap();
    });
}

/// An erasure that waits while the other file is neither imported nor cancelled.
struct Waiting;

impl Walk for Waiting {
    fn queue(&self, contacts: &Contacts, org: OrgId) {
        erase(contacts, org);
    }

    fn close(&self, contacts: &Contacts, org: OrgId) {
        let erasure = contacts.erasures.list(org, None, 1).unwrap().remove(0);
        assert_eq!(erasure.state, RunState::Waiting);
        contacts.imports.cancel(org, erasure.waits_for[0], Actor::System).unwrap();
    }
}

#[test]
fn an_erasure_waits_for_a_file_that_is_in_use() {
    Stage::new().walk(Waiting);
}

/// Meanwhile the file is imported and adds the contact again.
#[test]
fn a_waiting_erasure_continues() {
    let mut stage = Stage::new();
    let clock = stage.clock.clone();
    stage.walk(|contacts: &Contacts, org: OrgId| {
        let waiting = erase(contacts, org);
        finish(contacts);
        contacts.imports.start(org, waiting, Actor::System).unwrap();
        finish(contacts);
        let erasure = contacts.erasures.list(org, None, 1).unwrap().remove(0);
        assert_eq!((erasure.state, erasure.waits_for), (RunState::Waiting, vec![waiting]));
        clock.advance(std::time::Duration::from_secs(60));
    });
}
