//! The contract of [`contacts_core::person::PersonalDataRepository`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::consent::{ConsentChange, ConsentNote, ConsentReason};
use contacts_core::contact::ContactId;
use contacts_core::person::PersonalValue;
use contacts_core::{Actor, Ids, OrgId};

use crate::Ports;
use crate::samples::{self, custom, new_name, tags, text};

/// The names of all sections, in their order.
const SECTIONS: [&str; 16] = [
    "profile",
    "addresses",
    "tags",
    "sources",
    "connected",
    "activity",
    "actions",
    "notes",
    "conversations",
    "visitors",
    "subscriptions",
    "deliveries",
    "unsubscribed",
    "possible_duplicates",
    "merged",
    "imported",
];

/// Returns the personal data report of a contact as one text.
fn sections(ports: &Ports, org: OrgId, contact: ContactId) -> Option<String> {
    let sections = ports.people.sections(org, contact).unwrap()?;
    Some(format!("{sections:?}"))
}

pub fn everything_is_told(ports: &Ports) {
    let org = ports.org();
    for key in ["tier", "old_tier"] {
        let field = samples::field(key, contacts_core::field::FieldType::Text, 0);
        ports.add_field(org, &field);
    }
    let ann = ports.add_with(org, "Ann Lee", "Ann@Example.org", |contact| {
        contact.phone = Some(samples::phone("555 0101"));
        contact.tags = tags(&["VIP"]);
        contact.custom = custom(&[("tier", text("gold")), ("old_tier", text("silver"))]);
    });
    ports.archive_field(org, &samples::key("old_tier"), true);
    let now = ports.clock.tick();
    ports.contacts.update(org, ann.id, None, &new_name("Ann Moe"), Actor::System, now).unwrap();
    ports.note(org, ann.id, "called back");
    let note = Some(ConsentNote::parse("said so on the phone").unwrap());
    let lower = ConsentChange::Lower { reason: ConsentReason::Asked, note };
    ports.consents.change(org, ann.id, &lower, Actor::System, now).unwrap();
    let other = ports.add(org, "Other", "other@example.org");
    let service = ports.services().contacts;
    service.merge(org, ann.id, other.id, None, Actor::System).unwrap();
    let data = sections(ports, org, ann.id).unwrap();
    for mark in [
        "Ann Lee",
        "Ann Moe",
        "Ann@Example.org",
        "555 0101",
        "VIP",
        "gold",
        "silver",
        "called back",
        "said so on the phone",
        "other@example.org",
    ] {
        assert!(data.contains(mark), "{mark} is missing in {data}");
    }
    assert!(data.contains(&other.id.to_string()), "{data}");
    let all = ports.people.sections(org, ann.id).unwrap().unwrap();
    assert_eq!(all.iter().map(|section| section.name).collect::<Vec<_>>(), SECTIONS);
    let first = &ports.people.sections(org, ann.id).unwrap().unwrap()[0];
    assert_eq!((first.name, first.rows.len()), ("profile", 1));
    assert!(matches!(first.rows[0], PersonalValue::Named(_)));
}

pub fn nothing_of_other_organisations_is_returned(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let bo = ports.add(org, "Bo", "bo@example.org");
    ports.note(org, bo.id, "about the other");
    let data = sections(ports, org, ann.id).unwrap();
    assert!(!data.contains("bo@example.org") && !data.contains("about the other"), "{data}");
    assert_eq!(sections(ports, other, ann.id), None);
    assert_eq!(sections(ports, org, ContactId(ports.ids.next())), None);
}
