//! Tags (R10), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::contact::{ContactFilter, NewContact, PageRequest, TagCondition};
use contacts_core::tag::Renamed;
use contacts_core::{Actor, Error};
use contacts_testkit::{World, samples};

fn tagged(world: &World, email: &str, tags: &[&str]) -> contacts_core::contact::ContactId {
    let new = NewContact {
        name: Some("Ann"),
        email: Some(email),
        tags: tags.to_vec(),
        ..NewContact::default()
    };
    world.services().contacts.create(world.org(), &new, Actor::System).unwrap().id
}

#[test]
fn a_tag_is_made_once() {
    let world = World::new();
    let (first, is_new) = world.services().tags.create(world.org(), " Trade  Show ").unwrap();
    assert!(is_new);
    assert_eq!(first.name.as_str(), "Trade Show");
    assert_eq!(world.services().tags.create(world.org(), "TRADE SHOW").unwrap(), (first, false));
    assert!(matches!(world.services().tags.create(world.org(), "a,b"), Err(Error::Invalid(_))));
}

#[test]
fn the_list_completes_what_is_typed() {
    let world = World::new();
    tagged(&world, "a@example.org", &["Trade Show", "trading"]);
    tagged(&world, "b@example.org", &["TRADE SHOW", "vip"]);
    let typed = |text: &str| -> Vec<_> {
        let tags = world.services().tags.list(world.org(), text, "", 10).unwrap();
        tags.iter().map(|tag| (tag.name.to_string(), tag.contacts)).collect()
    };
    assert_eq!(typed(" TRA"), [("Trade Show".to_owned(), 2), ("trading".to_owned(), 1)]);
    assert_eq!(typed("%"), []);
    assert_eq!(typed("\0"), []);
}

#[test]
fn renaming_onto_another_merges_and_filters_follow() {
    let world = World::new();
    tagged(&world, "a@example.org", &["lead"]);
    tagged(&world, "b@example.org", &["lead", "prospect"]);
    let lead = world.services().tags.create(world.org(), "lead").unwrap().0;
    let merged = world
        .services()
        .tags
        .rename(world.org(), lead.id, "PROSPECT", None, Actor::System)
        .unwrap();
    assert!(matches!(merged, Renamed::Merged(tag) if tag.contacts == 2));
    let found = |tag: &str| {
        let tags = TagCondition { any: samples::tags(&[tag]), ..TagCondition::default() };
        let filter = ContactFilter { tags, ..ContactFilter::default() };
        world
            .ports()
            .contacts
            .list(world.org(), &filter, &PageRequest::default())
            .unwrap()
            .items
            .len()
    };
    assert_eq!((found("prospect"), found("lead")), (2, 0));
    assert!(matches!(world.services().tags.get(world.org(), lead.id), Err(Error::NotFound("tag"))));
}

#[test]
fn deleting_a_tag_takes_it_off_every_contact_and_leaves_their_versions() {
    let world = World::new();
    let id = tagged(&world, "a@example.org", &["x", "y"]);
    let tag = world.services().tags.create(world.org(), "x").unwrap().0;
    world.services().tags.delete(world.org(), tag.id, Actor::System).unwrap();
    let contact = world.services().contacts.get(world.org(), id).unwrap();
    assert_eq!((contact.tags, contact.version), (samples::tags(&["y"]), 1));
    assert!(matches!(
        world.services().tags.delete(world.org(), tag.id, Actor::System),
        Err(Error::NotFound("tag"))
    ));
}

#[test]
fn anothers_tag_answers_like_one_that_is_not_there() {
    // R1.
    let world = World::new();
    let tag = world.services().tags.create(world.org(), "x").unwrap().0;
    let other = world.another_org();
    assert!(matches!(world.services().tags.get(other, tag.id), Err(Error::NotFound("tag"))));
    assert!(matches!(
        world.services().tags.rename(other, tag.id, "y", None, Actor::System),
        Err(Error::NotFound("tag"))
    ));
    assert!(matches!(
        world.services().tags.delete(other, tag.id, Actor::System),
        Err(Error::NotFound("tag"))
    ));
}
