//! Use cases of contacts, on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use std::sync::Arc;

use contacts_core::contact::{
    ActivityKind, Contact, ContactId, ContactService, MockContactRepository, NewContact, Patch,
    RawPatch, SourceDetail,
};
use contacts_core::field::{FieldType, NewField, RawValue};
use contacts_core::page::PageSize;
use contacts_core::{Actor, Current, Error, Ids};
use contacts_testkit::World;

fn ann() -> NewContact<'static> {
    NewContact { name: Some("Ann Lee"), email: Some("Ann@Example.org"), ..NewContact::default() }
}

fn add(world: &World, new: &NewContact<'_>) -> Contact {
    world.services().contacts.create(world.org(), new, Actor::System).unwrap()
}

fn fields_of(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(parts) => parts.into_iter().map(|part| part.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_contact_records_who_created_it_and_when() {
    // R4, R5, R15.
    let world = World::new();
    let user = Actor::User(world.ids().next());
    let made = world.services().contacts.create(world.org(), &ann(), user).unwrap();
    assert_eq!(made.source.detail, SourceDetail::Manual { by: user });
    assert_eq!(
        (made.version, made.created_at, made.updated_at),
        (1, made.source.at, made.source.at)
    );
    assert_eq!(world.services().contacts.get(world.org(), made.id).unwrap(), made);
    assert_eq!(
        world
            .services()
            .contacts
            .sources(world.org(), made.id, None, PageSize::default())
            .unwrap()
            .items,
        [made.source]
    );
}

#[test]
fn name_and_email_are_required_by_hand() {
    // R6.
    let world = World::new();
    let refused =
        world.services().contacts.create(world.org(), &NewContact::default(), Actor::System);
    assert_eq!(fields_of(refused.unwrap_err()), ["name", "email"]);
}

#[test]
fn every_wrong_field_is_named_and_nothing_is_kept() {
    // R43.
    let world = World::new();
    world
        .services()
        .fields
        .define(
            world.org(),
            &NewField::new("seats", "Seats", FieldType::Number).unwrap(),
            Actor::System,
        )
        .unwrap();
    world
        .services()
        .fields
        .define(world.org(), &NewField::new("old", "Old", FieldType::Text).unwrap(), Actor::System)
        .unwrap();
    let archived = contacts_core::field::FieldPatch { archived: Some(true), ..Default::default() };
    world.services().fields.update(world.org(), "old", None, archived, Actor::System).unwrap();
    let long = "x".repeat(101);
    let new = NewContact {
        external_id: None,
        name: Some("\u{200B}"),
        email: Some(".ann@example.org"),
        phone: Some(&long),
        tags: vec!["vip", "a,b", ""],
        custom: vec![
            ("seats", RawValue::Text("many")),
            ("old", RawValue::Text("x")),
            ("unheard", RawValue::Boolean(true)),
        ],
    };
    let refused = world.services().contacts.create(world.org(), &new, Actor::System);
    assert_eq!(
        fields_of(refused.unwrap_err()),
        [
            "name",
            "email",
            "phone",
            "tags[1]",
            "tags[2]",
            "custom.seats",
            "custom.old",
            "custom.unheard"
        ]
    );
    assert_eq!(world.services().tags.list(world.org(), "", "", 10).unwrap(), []);
}

#[test]
fn the_same_address_twice_is_a_conflict() {
    // R7.
    let world = World::new();
    let first = add(&world, &ann());
    let twin = NewContact { email: Some("  ANN@EXAMPLE.ORG\u{200B}"), ..ann() };
    let refused = world.services().contacts.create(world.org(), &twin, Actor::System);
    assert!(matches!(refused, Err(Error::EmailTaken(id)) if id == first.id));
    let other = world.another_org();
    assert!(world.services().contacts.create(other, &twin, Actor::System).is_ok());
}

#[test]
fn the_answer_shows_tags_as_they_were_first_written() {
    // R10.
    let world = World::new();
    add(&world, &NewContact { tags: vec!["Trade Show"], ..ann() });
    let new = NewContact {
        email: Some("bo@example.org"),
        tags: vec!["vip", "TRADE  show", "VIP"],
        ..ann()
    };
    let tags: Vec<_> = add(&world, &new).tags.iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["Trade Show", "vip"]);
}

#[test]
fn changing_one_field_never_touches_another() {
    // R12.
    let world = World::new();
    world
        .services()
        .fields
        .define(
            world.org(),
            &NewField::new("seats", "Seats", FieldType::Number).unwrap(),
            Actor::System,
        )
        .unwrap();
    let custom = vec![("seats", RawValue::Number(3.0))];
    let made = add(&world, &NewContact { phone: Some("1"), custom, ..ann() });
    let now = world.clock().tick();
    let patch = RawPatch { name: Patch::Set(" Bo "), ..RawPatch::default() };
    let updated =
        world.services().contacts.update(world.org(), made.id, Some(1), &patch, Actor::System);
    let updated = updated.unwrap();
    assert_eq!(updated.changes.len(), 1);
    let name = contacts_testkit::samples::name("Bo");
    let expected = Contact { name: Some(name), version: 2, updated_at: now, ..made };
    assert_eq!(updated.contact, expected);
}

#[test]
fn an_empty_form_field_clears_an_optional_value() {
    // R6, R12.
    let world = World::new();
    world
        .services()
        .fields
        .define(
            world.org(),
            &NewField::new("seats", "Seats", FieldType::Number).unwrap(),
            Actor::System,
        )
        .unwrap();
    let custom = vec![("seats", RawValue::Number(3.0))];
    let made = add(&world, &NewContact { phone: Some("1"), custom, ..ann() });
    let patch = RawPatch {
        phone: Patch::Set("  "),
        custom: vec![("seats", Some(RawValue::Text("")))],
        ..RawPatch::default()
    };
    let updated = world
        .services()
        .contacts
        .update(world.org(), made.id, None, &patch, Actor::System)
        .unwrap();
    assert_eq!((updated.contact.phone, updated.contact.custom.len()), (None, 0));
    let patch = RawPatch { name: Patch::Clear, email: Patch::Set(""), ..RawPatch::default() };
    let refused =
        world.services().contacts.update(world.org(), made.id, None, &patch, Actor::System);
    assert_eq!(fields_of(refused.unwrap_err()), ["email"]);
    let patch = RawPatch { name: Patch::Clear, ..RawPatch::default() };
    let refused =
        world.services().contacts.update(world.org(), made.id, None, &patch, Actor::System);
    assert_eq!(fields_of(refused.unwrap_err()), ["name"]);
}

#[test]
fn a_stale_edit_is_refused_with_the_current_state() {
    // R12.
    let world = World::new();
    let made = add(&world, &ann());
    let rename = |name, version| {
        let patch = RawPatch { name: Patch::Set(name), ..RawPatch::default() };
        world.services().contacts.update(world.org(), made.id, Some(version), &patch, Actor::System)
    };
    let current = rename("Bo", 1).unwrap().contact;
    assert!(
        matches!(rename("Cy", 1), Err(Error::Stale(state)) if *state == Current::Contact(current.clone()))
    );
    assert!(rename("Cy", 2).is_ok());
}

#[test]
fn a_phone_is_read_in_the_region_of_the_organisation() {
    // R8.
    let world = World::new();
    let org = contacts_core::OrgId(world.ids().next());
    let region = contacts_core::contact::Region::parse("DE");
    let now = contacts_core::Clock::now(&world.clock());
    let german = contacts_core::org::Organisation::new(org, "Bäckerei", region, now).unwrap();
    world.ports().organisations.insert(&german).unwrap();
    let new = NewContact { phone: Some("030 901820"), ..ann() };
    let here = world.services().contacts.create(org, &new, Actor::System).unwrap().phone.unwrap();
    assert_eq!((here.as_str(), here.e164()), ("030 901820", Some("+4930901820")));
    let elsewhere = add(&world, &new).phone.unwrap();
    assert_eq!((elsewhere.as_str(), elsewhere.e164()), ("030 901820", None));
}

#[test]
fn activity_lists_edits_and_tags() {
    // R41.
    let world = World::new();
    let made = add(&world, &ann());
    world.clock().tick();
    let user = Actor::User(world.ids().next());
    world.services().contacts.tag(world.org(), made.id, &["vip"], &[], user).unwrap();
    world.services().contacts.tag(world.org(), made.id, &["VIP"], &["none"], user).unwrap();
    let activity =
        world.services().contacts.activity(world.org(), made.id, None, PageSize::default());
    let activity = activity.unwrap().items;
    assert_eq!(activity.len(), 2);
    assert_eq!(activity[0].actor, user);
    assert!(matches!(&activity[0].what, ActivityKind::Tagged { added, .. } if added == &["vip"]));
    assert_eq!(activity[1].what, ActivityKind::Created);
}

#[test]
fn anothers_contact_answers_like_one_that_is_not_there() {
    // R1.
    let world = World::new();
    let made = add(&world, &NewContact { tags: vec!["vip"], ..ann() });
    let other = world.another_org();
    for id in [made.id, ContactId(world.ids().next())] {
        let contacts = world.services().contacts;
        let not_found = |error: Error| matches!(error, Error::NotFound("contact"));
        let patch = RawPatch { name: Patch::Set("Bo"), ..RawPatch::default() };
        assert!(not_found(contacts.get(other, id).unwrap_err()));
        assert!(not_found(contacts.update(other, id, Some(7), &patch, Actor::System).unwrap_err()));
        assert!(not_found(contacts.tag(other, id, &[], &["vip"], Actor::System).unwrap_err()));
        assert!(not_found(contacts.delete(other, id, Some(7), Actor::System).unwrap_err()));
        assert!(not_found(contacts.sources(other, id, None, PageSize::default()).unwrap_err()));
        assert!(not_found(contacts.activity(other, id, None, PageSize::default()).unwrap_err()));
    }
    assert_eq!(world.services().contacts.get(world.org(), made.id).unwrap(), made);
}

#[test]
fn deleting_is_irreversible_and_asks_for_the_version() {
    // R14.
    let world = World::new();
    let made = add(&world, &ann());
    let delete =
        |version| world.services().contacts.delete(world.org(), made.id, version, Actor::System);
    assert!(matches!(delete(Some(2)), Err(Error::Stale(_))));
    delete(Some(1)).unwrap();
    assert!(matches!(delete(None), Err(Error::NotFound("contact"))));
    add(&world, &ann());
}

/// Returns the service on a world whose contact repository is a mock.
fn over(world: &World, contacts: MockContactRepository) -> ContactService {
    let mut ports = world.ports();
    ports.repositories.contacts = Arc::new(contacts);
    ports.services().contacts
}

#[test]
fn invalid_input_never_reaches_the_store() {
    let world = World::new();
    // A mock without expectations fails the test when it is called.
    let contacts = over(&world, MockContactRepository::new());
    assert!(contacts.create(world.org(), &NewContact::default(), Actor::System).is_err());
    let id = ContactId(world.ids().next());
    let patch = RawPatch { email: Patch::Set("none"), ..RawPatch::default() };
    assert!(contacts.update(world.org(), id, None, &patch, Actor::System).is_err());
    let clash = contacts.tag(world.org(), id, &["vip"], &["VIP"], Actor::System);
    assert_eq!(fields_of(clash.unwrap_err()), ["remove"]);
    let batch = vec!["x"; ContactService::MAX_TAGS + 1];
    let batch = contacts.tag(world.org(), id, &batch, &[], Actor::System);
    assert_eq!(fields_of(batch.unwrap_err()), ["add"]);
}

#[test]
fn a_failing_store_is_reported() {
    let world = World::new();
    let mut broken = MockContactRepository::new();
    broken.expect_insert().times(1).returning(|_, _| Err(Error::store("the disk is full")));
    let failed = over(&world, broken).create(world.org(), &ann(), Actor::System);
    assert!(matches!(failed, Err(Error::Store(_))));
}
