//! Merges of contacts, on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::contact::{Contact, NewContact, RawPatch};
use contacts_core::page::PageSize;
use contacts_core::{Actor, Error};
use contacts_testkit::World;

fn add(world: &World, email: &str) -> Contact {
    let new = NewContact { name: Some("Ann"), email: Some(email), ..NewContact::default() };
    world.services().contacts.create(world.org(), &new, Actor::System).unwrap()
}

#[test]
fn an_old_id_answers_with_the_survivor_everywhere() {
    // R13.
    let world = World::new();
    let (contacts, org, by) = (world.services().contacts, world.org(), Actor::System);
    let (one, two) = (add(&world, "1@example.org"), add(&world, "2@example.org"));
    contacts.merge(org, one.id, two.id, None, by).unwrap();
    let merged = |error: Error| matches!(error, Error::Merged(id) if id == one.id);
    let patch = RawPatch::default();
    assert!(merged(contacts.get(org, two.id).unwrap_err()));
    assert!(merged(contacts.update(org, two.id, None, &patch, by).unwrap_err()));
    assert!(merged(contacts.tag(org, two.id, &["a"], &[], by).unwrap_err()));
    assert!(merged(contacts.delete(org, two.id, None, Actor::System).unwrap_err()));
    assert!(merged(contacts.sources(org, two.id, None, PageSize::default()).unwrap_err()));
    assert!(merged(contacts.activity(org, two.id, None, PageSize::default()).unwrap_err()));
    assert!(merged(contacts.merge(org, two.id, one.id, None, by).unwrap_err()));
    let elsewhere = contacts.get(world.another_org(), two.id);
    assert!(matches!(elsewhere, Err(Error::NotFound(_))));
}

#[test]
fn a_merge_that_is_asked_for_again_changes_nothing() {
    let world = World::new();
    let (contacts, org) = (world.services().contacts, world.org());
    let (one, two) = (add(&world, "1@example.org"), add(&world, "2@example.org"));
    let first = contacts.merge(org, one.id, two.id, Some(1), Actor::System).unwrap();
    let again = contacts.merge(org, one.id, two.id, Some(1), Actor::System).unwrap();
    assert_eq!((again.contact, again.changes), (first.contact, vec![]));
    let itself = contacts.merge(org, one.id, one.id, None, Actor::System);
    assert!(matches!(itself, Err(Error::Invalid(_))));
}
