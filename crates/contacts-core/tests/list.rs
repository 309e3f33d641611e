//! The list of contacts (R21) and its search (R19), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use std::sync::Arc;

use contacts_core::contact::{
    ContactFilter, ContactPage, CountRequest, MockContactRepository, NewContact, PageRequest,
    SearchQuery, SortBy,
};
use contacts_core::page::Count;
use contacts_core::{Actor, Error};
use contacts_testkit::{World, samples};

fn world_of(names: &[&str]) -> World {
    let world = World::new();
    for (at, name) in names.iter().enumerate() {
        let email = format!("p{at}@example.org");
        let new = NewContact { name: Some(name), email: Some(&email), ..NewContact::default() };
        world.services().contacts.create(world.org(), &new, Actor::System).unwrap();
        world.clock().tick();
    }
    world
}

fn names(listed: &ContactPage) -> Vec<&str> {
    listed.items.iter().flat_map(|contact| &contact.name).map(|name| name.as_str()).collect()
}

fn read(
    world: &World,
    filter: &ContactFilter,
    page: &PageRequest,
    count: CountRequest,
) -> (ContactPage, Option<Count>) {
    world.services().contacts.list(world.org(), filter, page, count).unwrap()
}

#[test]
fn the_newest_fifty_are_the_first_page() {
    let world = world_of(&["Ann"; 51]);
    let (first, count) =
        read(&world, &ContactFilter::default(), &PageRequest::default(), CountRequest::Quick);
    assert_eq!((first.items.len(), count), (50, Some(Count::Exact(51))));
    assert!(first.items[0].created_at > first.items[1].created_at);
    let next = PageRequest { after: first.next, ..PageRequest::default() };
    let (second, count) = read(&world, &ContactFilter::default(), &next, CountRequest::None);
    assert_eq!((second.items.len(), second.next, count), (1, None, None));
}

#[test]
fn names_sort_without_case_and_accents() {
    let world = world_of(&["bo", "Ämil", "Cy", "ann", "amy"]);
    let page = samples::page(SortBy::Name, false, 10);
    let (listed, _) = read(&world, &ContactFilter::default(), &page, CountRequest::None);
    assert_eq!(names(&listed), ["Ämil", "amy", "ann", "bo", "Cy"]);
}

#[test]
fn a_first_page_that_is_the_last_one_has_counted_itself() {
    let world = World::new();
    let mut contacts = MockContactRepository::new();
    contacts.expect_list().returning(|_, _, _| Ok(ContactPage { items: Vec::new(), next: None }));
    contacts.expect_count().never();
    let mut ports = world.ports();
    ports.repositories.contacts = Arc::new(contacts);
    let service = ports.services().contacts;
    for count in [CountRequest::Quick, CountRequest::Exact] {
        let everybody = ContactFilter::default();
        let listed = service.list(world.org(), &everybody, &PageRequest::default(), count).unwrap();
        assert_eq!(listed.1, Some(Count::Exact(0)));
    }
}

#[test]
fn a_list_that_cannot_be_read_is_no_empty_list() {
    let world = World::new();
    let mut contacts = MockContactRepository::new();
    contacts.expect_list().returning(|_, _, _| Err(Error::store("no connection")));
    let mut ports = world.ports();
    ports.repositories.contacts = Arc::new(contacts);
    let service = ports.services().contacts;
    let everybody = ContactFilter::default();
    let failed =
        service.list(world.org(), &everybody, &PageRequest::default(), CountRequest::Exact);
    assert!(matches!(failed, Err(Error::Store(_))));
}

#[test]
fn search_and_sort_and_pages_combine() {
    let world = world_of(&["Ann Lee", "Bo Lee", "Cy Ray", "Di Lee"]);
    let filter = ContactFilter { query: SearchQuery::parse("LEE example"), ..Default::default() };
    let mut page = samples::page(SortBy::Name, true, 2);
    let (first, count) = read(&world, &filter, &page, CountRequest::Exact);
    assert_eq!((names(&first), count), (vec!["Di Lee", "Bo Lee"], Some(Count::Exact(3))));
    page.after = first.next;
    let (second, _) = read(&world, &filter, &page, CountRequest::None);
    assert_eq!(names(&second), ["Ann Lee"]);
}
