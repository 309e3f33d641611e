//! What a [`contacts_core::person::PersonRepository`] promises.
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::ContactId;
use contacts_core::person::Held;
use contacts_core::{Actor, Ids, OrgId};

use crate::Ports;
use crate::samples::{self, custom, new_name, tags, text};

/// Everything that is held, as one text.
fn everything(ports: &Ports, org: OrgId, contact: ContactId) -> Option<String> {
    let sections = ports.people.everything(org, contact).unwrap()?;
    Some(format!("{sections:?}"))
}

pub fn everything_is_told(ports: &Ports) {
    let org = ports.org();
    for key in ["tier", "old_tier"] {
        let field = samples::field(key, contacts_core::field::FieldType::Text, 0);
        ports.fields.insert(org, &field).unwrap();
    }
    let ann = ports.add_with(org, "Ann Lee", "Ann@Example.org", |contact| {
        contact.phone = Some(samples::phone("555 0101"));
        contact.tags = tags(&["VIP"]);
        contact.custom = custom(&[("tier", text("gold")), ("old_tier", text("silver"))]);
    });
    let mut archived = ports.fields.list(org).unwrap();
    archived.retain(|field| field.key.as_str() == "old_tier");
    archived[0].archived = true;
    ports.fields.update(org, &archived[0]).unwrap();
    let now = ports.clock.tick();
    ports.contacts.update(org, ann.id, None, &new_name("Ann Moe"), Actor::System, now).unwrap();
    ports.note(org, ann.id, "called back");
    let other = ports.add(org, "Other", "other@example.org");
    let service = ports.contact_service();
    service.merge(org, ann.id, other.id, None, Actor::System).unwrap();
    let told = everything(ports, org, ann.id).unwrap();
    for mark in [
        "Ann Lee",
        "Ann Moe",
        "Ann@Example.org",
        "555 0101",
        "VIP",
        "gold",
        "silver",
        "called back",
    ] {
        assert!(told.contains(mark), "{mark} is missing in {told}");
    }
    assert!(told.contains(&other.id.to_string()), "{told}");
    let first = &ports.people.everything(org, ann.id).unwrap().unwrap()[0];
    assert_eq!((first.name, first.rows.len()), ("profile", 1));
    assert!(matches!(first.rows[0], Held::Named(_)));
}

pub fn nothing_of_others_is_told(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let bo = ports.add(org, "Bo", "bo@example.org");
    ports.note(org, bo.id, "about the other");
    let told = everything(ports, org, ann.id).unwrap();
    assert!(!told.contains("bo@example.org") && !told.contains("about the other"), "{told}");
    assert_eq!(everything(ports, other, ann.id), None);
    assert_eq!(everything(ports, org, ContactId(ports.ids.next())), None);
}
