//! What a [`contacts_core::field::FieldRepository`] promises (R11).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::field::{Field, FieldType};
use contacts_core::{Actor, Clock, Error, OrgId};

use crate::Ports;
use crate::samples::{custom, field, key, text};

fn keys(ports: &Ports, org: OrgId) -> Vec<String> {
    ports.fields.list(org).unwrap().iter().map(|field| field.key.to_string()).collect()
}

fn define(ports: &Ports, org: OrgId, names: &[&str]) {
    for (position, name) in (0..).zip(names) {
        ports.fields.insert(org, &field(name, FieldType::Text, position)).unwrap();
    }
}

pub fn a_field_of_every_type_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let options = vec!["Pro, \"max\"".to_owned(), "Free {1}".to_owned(), "NULL".to_owned()];
    let kinds = [
        FieldType::Text,
        FieldType::Number,
        FieldType::Boolean,
        FieldType::Date,
        FieldType::Select(options),
        FieldType::Url,
    ];
    let fields: Vec<_> = (0..)
        .zip(kinds)
        .map(|(position, kind)| Field {
            label: format!("Label é {position}"),
            archived: position % 2 == 1,
            ..field(&format!("f{position}"), kind, position)
        })
        .collect();
    for field in fields.iter().rev() {
        ports.fields.insert(org, field).unwrap();
    }
    assert_eq!(ports.fields.list(org).unwrap(), fields);
}

pub fn fields_stand_by_position_and_then_by_key(ports: &Ports) {
    let org = ports.org();
    for (name, position) in [("b", 1), ("a_b", 1), ("aa", 1), ("z", 0)] {
        ports.fields.insert(org, &field(name, FieldType::Text, position)).unwrap();
    }
    assert_eq!(keys(ports, org), ["z", "a_b", "aa", "b"]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    define(ports, org, &["a", "b"]);
    assert_eq!(ports.fields.list(other).unwrap(), []);
    assert!(!ports.fields.update(other, &field("a", FieldType::Number, 0)).unwrap());
    ports.fields.reorder(other, &[key("b"), key("a")]).unwrap();
    ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("a", text("x"))]));
    ports.fields.insert(other, &field("a", FieldType::Number, 0)).unwrap();
    // Values of one organisation do not bind another.
    assert!(ports.fields.update(other, &field("a", FieldType::Date, 0)).unwrap());
    let expected = [field("a", FieldType::Text, 0), field("b", FieldType::Text, 1)];
    assert_eq!(ports.fields.list(org).unwrap(), expected);
}

pub fn a_key_is_taken_once(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    let refused = ports.fields.insert(org, &field("tier", FieldType::Number, 5));
    assert!(matches!(refused, Err(Error::Taken(_))));
    assert_eq!(ports.fields.list(org).unwrap(), [field("tier", FieldType::Text, 0)]);
}

pub fn a_field_is_changed(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    let changed =
        Field { label: "Tier!".to_owned(), archived: true, ..field("tier", FieldType::Number, 0) };
    assert!(ports.fields.update(org, &changed).unwrap());
    assert_eq!(ports.fields.list(org).unwrap(), [changed]);
    assert!(!ports.fields.update(org, &field("other", FieldType::Text, 0)).unwrap());
    assert_eq!(keys(ports, org), ["tier"]);
}

pub fn a_type_cannot_change_while_values_exist(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier", "spare"]);
    let ann =
        ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("tier", text("x"))]));
    let refused = ports.fields.update(org, &field("tier", FieldType::Number, 0));
    assert!(matches!(refused, Err(Error::Conflict(_))));
    assert_eq!(ports.fields.list(org).unwrap()[0].kind, FieldType::Text);
    // All else may change, and so may the type of a field without values.
    let archived = Field { archived: true, ..field("tier", FieldType::Text, 0) };
    assert!(ports.fields.update(org, &archived).unwrap());
    assert!(ports.fields.update(org, &field("spare", FieldType::Number, 1)).unwrap());
    ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap();
    assert!(ports.fields.update(org, &field("tier", FieldType::Number, 0)).unwrap());
}

pub fn an_archived_fields_values_are_kept_and_not_shown(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier", "city"]);
    let values = custom(&[("tier", text("x")), ("city", text("Rome"))]);
    let ann = ports.add_with(org, "Ann", "", |contact| contact.custom = values);
    let tier = |archived| Field { archived, ..field("tier", FieldType::Text, 0) };
    assert!(ports.fields.update(org, &tier(true)).unwrap());
    let shown = custom(&[("city", text("Rome"))]);
    assert_eq!(ports.get(org, ann.id).custom, shown);
    let (patch, now) = (crate::samples::new_name("Bo"), ports.clock.now());
    let stale = ports.contacts.update(org, ann.id, Some(9), &patch, Actor::System, now);
    assert!(matches!(stale, Err(Error::Stale(contact)) if contact.custom == shown));
    let updated = ports.contacts.update(org, ann.id, None, &patch, Actor::System, now);
    assert_eq!(updated.unwrap().unwrap().contact.custom, shown);
    assert!(ports.fields.update(org, &tier(false)).unwrap());
    assert_eq!(ports.get(org, ann.id).custom, ann.custom, "archiving keeps the values");
}

pub fn options_may_change_while_values_exist(ports: &Ports) {
    let org = ports.org();
    let select = |options: &[&str]| {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        field("tier", FieldType::Select(options), 0)
    };
    ports.fields.insert(org, &select(&["Free", "Pro"])).unwrap();
    ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("tier", text("Pro"))]));
    assert!(ports.fields.update(org, &select(&["Pro", "Max"])).unwrap());
    assert_eq!(ports.fields.list(org).unwrap(), [select(&["Pro", "Max"])]);
}

pub fn named_fields_come_first_and_the_others_follow_as_they_stood(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["a", "b", "c", "d"]);
    ports.fields.reorder(org, &[key("d"), key("b")]).unwrap();
    assert_eq!(keys(ports, org), ["d", "b", "a", "c"]);
    ports.fields.reorder(org, &[]).unwrap();
    assert_eq!(keys(ports, org), ["d", "b", "a", "c"]);
    ports.fields.reorder(org, &[key("c"), key("a"), key("b"), key("d")]).unwrap();
    assert_eq!(keys(ports, org), ["c", "a", "b", "d"]);
}
