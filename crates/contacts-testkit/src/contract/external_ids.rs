//! The contract of [`contacts_core::contact::ContactRepository`] for external ids (R49).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{Contact, ContactPatch, Patch};
use contacts_core::{Actor, Clock, Error, OrgId};

use crate::Ports;
use crate::samples::{self, external_id, new_name};

fn new_id(text: &str) -> ContactPatch {
    ContactPatch { external_id: Patch::Set(external_id(text)), ..ContactPatch::default() }
}

fn add(ports: &Ports, org: OrgId, name: &str, id: &str) -> Contact {
    ports.add_with(org, name, "", |contact| contact.external_id = Some(external_id(id)))
}

fn named(ports: &Ports, org: OrgId, id: &str) -> Option<String> {
    let found = ports.contacts.of_external_id(org, &external_id(id)).unwrap();
    found.and_then(|contact| contact.name).map(|name| name.to_string())
}

pub fn a_contact_is_found_by_its_external_id_exactly(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    add(ports, org, "Ann", "A-17");
    add(ports, org, "Bo", "a-17");
    add(ports, org, "Cy", "é");
    ports.add(org, "Dee", "");
    assert_eq!(named(ports, org, "A-17").as_deref(), Some("Ann"));
    assert_eq!(named(ports, org, "a-17").as_deref(), Some("Bo"));
    assert_eq!(named(ports, org, "e\u{301}"), None, "another Unicode form is another id");
    assert_eq!(named(ports, other, "A-17"), None);
    add(ports, other, "Eve", "A-17");
    assert_eq!(named(ports, other, "A-17").as_deref(), Some("Eve"));
}

pub fn a_new_contact_cannot_have_anothers_external_id(ports: &Ports) {
    let org = ports.org();
    let ann = add(ports, org, "Ann", "1");
    let mut twin = samples::contact(org, &ports.ids, &ports.clock, "Bo", "bo@example.org");
    twin.external_id = Some(external_id("1"));
    let refused = ports.contacts.insert(&twin, Actor::System);
    assert!(matches!(refused, Err(Error::ExternalIdTaken(id)) if id == ann.id));
    assert_eq!(ports.contacts.get(org, twin.id).unwrap(), None);
}

pub fn an_external_id_is_set_changed_and_cleared(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let bo = add(ports, org, "Bo", "1");
    let update =
        |patch| ports.contacts.update(org, ann.id, None, &patch, Actor::System, ports.clock.tick());
    assert!(matches!(update(new_id("1")), Err(Error::ExternalIdTaken(id)) if id == bo.id));
    let both = ContactPatch { email: Patch::Set(samples::email("cy@example.org")), ..new_id("1") };
    assert!(matches!(update(both), Err(Error::ExternalIdTaken(id)) if id == bo.id));
    let updated = update(new_id("2")).unwrap().unwrap();
    assert_eq!(updated.changes[0].field, "external_id");
    assert_eq!(updated.changes[0].to.as_deref(), Some("2"));
    assert_eq!(named(ports, org, "2").as_deref(), Some("Ann"));
    update(new_id("3")).unwrap();
    assert_eq!(named(ports, org, "2"), None, "an id that was left is free");
    update(ContactPatch { external_id: Patch::Clear, ..ContactPatch::default() }).unwrap();
    assert_eq!(ports.get(org, ann.id).external_id, None);
    update(new_name("Anna")).unwrap();
    ports.contacts.delete(org, bo.id, None, Actor::System, ports.clock.now()).unwrap();
    update(new_id("1")).unwrap();
    assert_eq!(named(ports, org, "1").as_deref(), Some("Anna"));
}

pub fn a_merge_fills_a_blank_external_id(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = [("Ann", "1"), ("Bo", "2")].map(|(name, id)| add(ports, org, name, id));
    let cy = ports.add(org, "Cy", "");
    let merge = |survivor: &Contact, other: &Contact| {
        let now = ports.clock.tick();
        ports.contacts.merge(org, survivor.id, other.id, None, Actor::System, now).unwrap().unwrap()
    };
    let merged = merge(&cy, &bo);
    assert_eq!(merged.changes[0].field, "external_id");
    assert_eq!(named(ports, org, "2").as_deref(), Some("Cy"));
    assert_eq!(merge(&ann, &cy).changes, [], "the survivor keeps its own");
    assert_eq!(ports.get(org, ann.id).external_id, Some(external_id("1")));
    assert_eq!(named(ports, org, "2"), None, "the other one is free");
    add(ports, org, "Dee", "2");
}
