//! The contract of [`contacts_core::field::FieldRepository`] (R11).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::ContactPatch;
use contacts_core::field::{Field, FieldPatch, FieldType, NewField};
use contacts_core::{Actor, Clock, Current, Error, OrgId, Result};

use super::check::{RACES, at_once};
use crate::Ports;
use crate::samples::{custom, field, key, text};

fn keys(ports: &Ports, org: OrgId) -> Vec<String> {
    ports.fields.list(org).unwrap().iter().map(|field| field.key.to_string()).collect()
}

fn define(ports: &Ports, org: OrgId, names: &[&str]) {
    for name in names {
        ports.add_field(org, &field(name, FieldType::Text, 0));
    }
}

fn insert(ports: &Ports, org: OrgId, name: &str, limit: usize) -> Result<Field> {
    ports.fields.insert(
        org,
        &NewField::new(name, name, FieldType::Text).unwrap(),
        limit,
        Actor::System,
        ports.clock.now(),
    )
}

fn patch(ports: &Ports, org: OrgId, name: &str, patch: &FieldPatch) -> Result<Option<Field>> {
    ports.fields.patch(org, &key(name), patch, None, Actor::System, ports.clock.now())
}

fn retyping(kind: FieldType) -> FieldPatch {
    FieldPatch { kind: Some(kind), ..FieldPatch::default() }
}

fn relabelling(label: &str) -> FieldPatch {
    FieldPatch { label: Some(label.to_owned()), ..FieldPatch::default() }
}

fn archiving(archived: bool) -> FieldPatch {
    FieldPatch { archived: Some(archived), ..FieldPatch::default() }
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
            ..field(&format!("f{position}"), kind, position)
        })
        .collect();
    for field in &fields {
        assert_eq!(ports.add_field(org, field), *field);
    }
    assert_eq!(ports.fields.list(org).unwrap(), fields);
}

pub fn a_new_field_stands_after_the_others(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["b", "a"]);
    ports.fields.reorder(org, &[key("a")], Actor::System, ports.clock.now()).unwrap();
    define(ports, org, &["a_b"]);
    assert_eq!(keys(ports, org), ["a", "b", "a_b"]);
}

/// Concurrent inserts get different positions (R63).
pub fn fields_that_are_defined_at_once_have_places_of_their_own(ports: &Ports) {
    let org = ports.org();
    at_once(6, |nth| insert(ports, org, &format!("f{nth}"), 10).unwrap());
    let positions = ports.fields.list(org).unwrap().iter().map(|f| f.position).collect::<Vec<_>>();
    assert_eq!(positions, [0, 1, 2, 3, 4, 5]);
}

/// Concurrent inserts do not exceed the limit (R63).
pub fn a_limit_holds_when_many_insert_at_once(ports: &Ports) {
    for race in 0..RACES {
        let org = ports.org();
        let added = at_once(8, |nth| insert(ports, org, &format!("f{nth}"), 3));
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 3, "race {race}");
        let refused = added.iter().filter(|added| matches!(added, Err(Error::Conflict(_))));
        assert_eq!(refused.count(), 5, "race {race}");
        assert_eq!(ports.fields.list(org).unwrap().len(), 3, "race {race}");
    }
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    define(ports, org, &["a", "b"]);
    assert_eq!(ports.fields.list(other).unwrap(), []);
    assert_eq!(patch(ports, other, "a", &retyping(FieldType::Number)).unwrap(), None);
    ports.fields.reorder(other, &[key("b"), key("a")], Actor::System, ports.clock.now()).unwrap();
    ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("a", text("x"))]));
    ports.add_field(other, &field("a", FieldType::Number, 0));
    // Values of one organisation do not restrict another.
    assert!(patch(ports, other, "a", &retyping(FieldType::Date)).unwrap().is_some());
    let expected = [field("a", FieldType::Text, 0), field("b", FieldType::Text, 1)];
    assert_eq!(ports.fields.list(org).unwrap(), expected);
}

pub fn a_key_is_taken_once(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    let refused = insert(ports, org, "tier", 10);
    assert!(matches!(refused, Err(Error::Taken(_))));
    assert_eq!(ports.fields.list(org).unwrap(), [field("tier", FieldType::Text, 0)]);
}

pub fn a_field_is_changed(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    let all = FieldPatch {
        label: Some("Tier!".to_owned()),
        kind: Some(FieldType::Number),
        archived: Some(true),
        ..FieldPatch::default()
    };
    let expected = Field {
        label: "Tier!".to_owned(),
        archived: true,
        version: 2,
        ..field("tier", FieldType::Number, 0)
    };
    let patched = ports
        .fields
        .patch(org, &key("tier"), &all, Some(1), Actor::System, ports.clock.now())
        .unwrap();
    assert_eq!(patched, Some(expected.clone()));
    assert_eq!(ports.fields.list(org).unwrap(), [expected]);
    assert_eq!(patch(ports, org, "other", &all).unwrap(), None);
    assert_eq!(keys(ports, org), ["tier"]);
}

pub fn a_patch_that_changes_nothing_leaves_the_version(ports: &Ports) {
    let org = ports.org();
    let tier = ports.add_field(org, &field("tier", FieldType::Text, 0));
    for same in
        [FieldPatch::default(), relabelling("tier"), retyping(FieldType::Text), archiving(false)]
    {
        assert_eq!(patch(ports, org, "tier", &same).unwrap(), Some(tier.clone()));
    }
    ports.fields.reorder(org, &[key("tier")], Actor::System, ports.clock.now()).unwrap();
    assert_eq!(ports.fields.list(org).unwrap(), [tier]);
}

pub fn a_stale_version_is_refused_with_the_current_state(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    let current = patch(ports, org, "tier", &archiving(true)).unwrap().unwrap();
    let refused = ports.fields.patch(
        org,
        &key("tier"),
        &archiving(false),
        Some(1),
        Actor::System,
        ports.clock.now(),
    );
    let Err(Error::Stale(state)) = refused else { panic!("{refused:?}") };
    assert_eq!(*state, Current::Field(current.clone()));
    assert_eq!(ports.fields.list(org).unwrap(), [current]);
}

/// Concurrent patches do not overwrite one another (R63).
pub fn two_patches_at_once_both_hold(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    for race in 0..RACES {
        let label = format!("Label {race}");
        let archived = race % 2 == 0;
        let patches = [relabelling(&label), archiving(archived)];
        at_once(2, |nth| patch(ports, org, "tier", &patches[nth]).unwrap().unwrap());
        let after = ports.fields.list(org).unwrap().remove(0);
        assert_eq!((after.label, after.archived), (label, archived), "race {race}");
        assert_eq!(after.version, 3 + 2 * race as u64);
    }
}

pub fn a_type_cannot_change_while_values_exist(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier", "spare"]);
    let ann =
        ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("tier", text("x"))]));
    let refused = patch(ports, org, "tier", &retyping(FieldType::Number));
    assert!(matches!(refused, Err(Error::Conflict(_))));
    assert_eq!(ports.fields.list(org).unwrap()[0].kind, FieldType::Text);
    // Everything else can change, and so can the type of a field without values.
    assert!(patch(ports, org, "tier", &archiving(true)).unwrap().is_some());
    assert!(patch(ports, org, "spare", &retyping(FieldType::Number)).unwrap().is_some());
    ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap();
    assert!(patch(ports, org, "tier", &retyping(FieldType::Number)).unwrap().is_some());
}

/// The value is checked before the type changes, and written after that (R63).
pub fn a_value_of_the_old_type_is_refused_after_the_type_has_changed(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier"]);
    let ann = ports.add(org, "Ann", "");
    patch(ports, org, "tier", &retyping(FieldType::Number)).unwrap();
    let (by, now) = (Actor::System, ports.clock.now());
    let old = custom(&[("tier", text("gold"))]);
    let is_refusal =
        |error: &Error| matches!(error, Error::Invalid(parts) if parts[0].field == "custom.tier");
    let setting = ContactPatch {
        custom: old.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect(),
        ..ContactPatch::default()
    };
    let refused = ports.contacts.update(org, ann.id, None, &setting, by, now).unwrap_err();
    assert!(is_refusal(&refused), "{refused:?}");
    let mut bo = crate::samples::contact(org, &ports.ids, &ports.clock, "Bo", "");
    bo.custom = old;
    let refused = ports.contacts.insert(&bo, by).unwrap_err();
    assert!(is_refusal(&refused), "{refused:?}");
    assert_eq!(ports.get(org, ann.id).custom, custom(&[]));
}

/// A concurrent write of a value prevents the change of its field's type (R63).
pub fn a_type_does_not_change_under_a_value_that_is_written_at_once(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    for race in 0..RACES {
        let name = format!("f{race}");
        define(ports, org, &[&name]);
        let value = (key(&name), Some(text("gold")));
        let setting = ContactPatch { custom: [value].into(), ..ContactPatch::default() };
        let (by, now) = (Actor::System, ports.clock.now());
        let done = at_once(2, |nth| match nth {
            0 => ports.contacts.update(org, ann.id, None, &setting, by, now).is_ok(),
            _ => patch(ports, org, &name, &retyping(FieldType::Number)).is_ok(),
        });
        assert_ne!(done[0], done[1], "race {race}");
    }
}

pub fn an_archived_fields_values_are_kept_and_not_shown(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["tier", "city"]);
    let values = custom(&[("tier", text("x")), ("city", text("Rome"))]);
    let ann = ports.add_with(org, "Ann", "", |contact| contact.custom = values);
    ports.archive_field(org, &key("tier"), true);
    let visible = custom(&[("city", text("Rome"))]);
    assert_eq!(ports.get(org, ann.id).custom, visible);
    let (patch, now) = (crate::samples::new_name("Bo"), ports.clock.now());
    let stale = ports.contacts.update(org, ann.id, Some(9), &patch, Actor::System, now);
    let Err(Error::Stale(state)) = stale else { panic!("{stale:?}") };
    assert!(matches!(*state, Current::Contact(contact) if contact.custom == visible));
    let updated = ports.contacts.update(org, ann.id, None, &patch, Actor::System, now);
    assert_eq!(updated.unwrap().unwrap().contact.custom, visible);
    ports.archive_field(org, &key("tier"), false);
    assert_eq!(ports.get(org, ann.id).custom, ann.custom, "archiving keeps the values");
}

pub fn options_may_change_while_values_exist(ports: &Ports) {
    let org = ports.org();
    let select = |options: &[&str]| {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        field("tier", FieldType::Select(options), 0)
    };
    ports.add_field(org, &select(&["Free", "Pro"]));
    ports.add_with(org, "Ann", "", |contact| contact.custom = custom(&[("tier", text("Pro"))]));
    let changed = Field { version: 2, ..select(&["Pro", "Max"]) };
    let patched = patch(ports, org, "tier", &retyping(changed.kind.clone())).unwrap();
    assert_eq!(patched, Some(changed.clone()));
    assert_eq!(ports.fields.list(org).unwrap(), [changed]);
}

pub fn reordering_puts_named_fields_first(ports: &Ports) {
    let org = ports.org();
    define(ports, org, &["a", "b", "c", "d"]);
    ports.fields.reorder(org, &[key("d"), key("b")], Actor::System, ports.clock.now()).unwrap();
    assert_eq!(keys(ports, org), ["d", "b", "a", "c"]);
    ports.fields.reorder(org, &[], Actor::System, ports.clock.now()).unwrap();
    assert_eq!(keys(ports, org), ["d", "b", "a", "c"]);
    ports
        .fields
        .reorder(org, &[key("c"), key("a"), key("b"), key("d")], Actor::System, ports.clock.now())
        .unwrap();
    assert_eq!(keys(ports, org), ["c", "a", "b", "d"]);
}
