//! Custom fields (R11), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::contact::{NewContact, RawPatch};
use contacts_core::field::{Field, FieldPatch, FieldService, FieldType, NewField, RawValue};
use contacts_core::{Actor, Error, Result};
use contacts_testkit::{World, samples};

fn add(world: &World, key: &str, kind: FieldType) -> Result<Field> {
    let field = NewField::new(key, key, kind)?;
    world.services().fields.define(world.org(), &field, Actor::System)
}

fn define(world: &World, key: &str, kind: FieldType) {
    add(world, key, kind).unwrap();
}

fn keys(world: &World) -> Vec<String> {
    world
        .services()
        .fields
        .list(world.org())
        .unwrap()
        .iter()
        .map(|field| field.key.to_string())
        .collect()
}

fn with_value(
    world: &World,
    raw: RawValue<'_>,
) -> contacts_core::Result<contacts_core::contact::Contact> {
    let new = NewContact {
        name: Some("Ann"),
        email: Some("ann@example.org"),
        custom: vec![("tier", raw)],
        ..NewContact::default()
    };
    world.services().contacts.create(world.org(), &new, Actor::System)
}

#[test]
fn a_new_field_is_last_and_its_key_is_unique() {
    let world = World::new();
    define(&world, "z", FieldType::Text);
    define(&world, "a", FieldType::Text);
    assert_eq!(keys(&world), ["z", "a"]);
    let again = add(&world, "z", FieldType::Number);
    assert!(matches!(again, Err(Error::Taken(_))));
    let core = NewField::new("email", "", FieldType::Text);
    assert!(matches!(core, Err(Error::Invalid(parts)) if parts.len() == 2));
}

#[test]
fn a_value_is_coerced_and_a_wrong_one_is_refused_by_name() {
    let world = World::new();
    define(&world, "tier", FieldType::Select(vec!["Pro".to_owned(), "Free".to_owned()]));
    let refused = with_value(&world, RawValue::Text("Max"));
    assert!(matches!(refused, Err(Error::Invalid(parts)) if parts[0].field == "custom.tier"));
    let made = with_value(&world, RawValue::Text(" PRO ")).unwrap();
    assert_eq!(made.custom, samples::custom(&[("tier", samples::text("Pro"))]));
}

#[test]
fn archiving_hides_a_field_and_keeps_its_values() {
    let world = World::new();
    define(&world, "tier", FieldType::Text);
    let made = with_value(&world, RawValue::Text("gold")).unwrap();
    let archive = |archived| {
        let patch = FieldPatch { archived: Some(archived), ..FieldPatch::default() };
        world.services().fields.update(world.org(), "tier", None, patch, Actor::System).unwrap()
    };
    assert!(archive(true).archived);
    assert!(world.services().contacts.get(world.org(), made.id).unwrap().custom.is_empty());
    let patch = RawPatch { custom: vec![("tier", None)], ..RawPatch::default() };
    let refused =
        world.services().contacts.update(world.org(), made.id, None, &patch, Actor::System);
    assert!(matches!(refused, Err(Error::Invalid(_))));
    archive(false);
    assert_eq!(world.services().contacts.get(world.org(), made.id).unwrap(), made);
    assert!(
        world.services().contacts.update(world.org(), made.id, None, &patch, Actor::System).is_ok()
    );
}

#[test]
fn a_type_cannot_change_while_values_exist() {
    let world = World::new();
    define(&world, "tier", FieldType::Text);
    let made = with_value(&world, RawValue::Text("gold")).unwrap();
    let retype = || {
        let patch = FieldPatch { kind: Some(FieldType::Number), ..FieldPatch::default() };
        world.services().fields.update(world.org(), "tier", None, patch, Actor::System)
    };
    assert!(matches!(retype(), Err(Error::Conflict(_))));
    world.services().contacts.delete(world.org(), made.id, None, Actor::System).unwrap();
    assert_eq!(retype().unwrap().kind, FieldType::Number);
}

#[test]
fn only_fields_of_words_are_searchable() {
    let world = World::new();
    let searchable = |key: &str, kind| NewField::new(key, key, kind).unwrap().searchable(true);
    for kind in [FieldType::Number, FieldType::Boolean, FieldType::Date] {
        assert!(matches!(searchable("x", kind), Err(Error::Invalid(_))));
    }
    let field = searchable("site", FieldType::Url).unwrap();
    let field = world.services().fields.define(world.org(), &field, Actor::System).unwrap();
    assert!(field.is_searched());
    let patch =
        |patch| world.services().fields.update(world.org(), "site", None, patch, Actor::System);
    let number = FieldPatch { kind: Some(FieldType::Number), ..FieldPatch::default() };
    assert!(matches!(patch(number.clone()), Err(Error::Invalid(_))));
    let both = patch(FieldPatch { searchable: Some(false), ..number }).unwrap();
    assert!(!both.searchable);
}

#[test]
fn fields_are_put_in_order() {
    let world = World::new();
    for key in ["a", "b", "c"] {
        define(&world, key, FieldType::Text);
    }
    let reorder = |keys: &[&str]| {
        let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
        world.services().fields.reorder(world.org(), &keys, Actor::System)
    };
    reorder(&["c"]).unwrap();
    assert_eq!(keys(&world), ["c", "a", "b"]);
    assert!(matches!(reorder(&["a", "a"]), Err(Error::Invalid(_))));
    assert!(matches!(reorder(&["unheard"]), Err(Error::Invalid(_))));
    assert_eq!(keys(&world), ["c", "a", "b"]);
}

#[test]
fn there_are_500_fields_at_most() {
    let world = World::new();
    for at in 0..FieldService::MAX_FIELDS {
        define(&world, &format!("f{at}"), FieldType::Text);
    }
    let one_more = add(&world, "g", FieldType::Text);
    assert!(matches!(one_more, Err(Error::Conflict(_))));
}
