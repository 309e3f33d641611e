//! Tests of another team: over a world in memory, without a database, and of its own adapter by
//! the contract of the port.

use std::sync::Arc;

use contacts_core::Actor;
use contacts_core::contact::{ContactFilter, CountRequest, NewContact, PageRequest, SearchQuery};
use contacts_testkit::{Ports, World};
use example_test_suite::Counting;

#[test]
fn a_contact_is_found_by_the_very_next_search() {
    let world = World::new();
    let ann =
        NewContact { name: Some("Ann Lee"), email: Some("ann@example.org"), ..Default::default() };
    let ann = world.services().contacts.create(world.org(), &ann, Actor::System).unwrap();
    let filter = ContactFilter { query: SearchQuery::parse("lee"), ..Default::default() };
    let page = PageRequest::default();
    let (found, _) =
        world.services().contacts.list(world.org(), &filter, &page, CountRequest::None).unwrap();
    assert_eq!(found.items[0].id, ann.id);
}

/// Every port over an empty store, one of them implemented by our adapter.
fn make() -> Ports {
    let mut ports = World::new().ports();
    ports.repositories.keys = Arc::new(Counting::over(ports.keys.clone()));
    ports
}

contacts_testkit::key_repository_contract!(make);

#[test]
fn look_ups_are_counted() {
    let mut ports = World::new().ports();
    let (org, counting) = (ports.org(), Arc::new(Counting::over(ports.keys.clone())));
    let (_, token) = contacts_testkit::samples::api_key(org, &ports.ids, &ports.clock, 1);
    ports.repositories.keys = counting.clone();
    assert_eq!(ports.services().keys.find(&token).unwrap(), None);
    assert_eq!(counting.looked_up(), 1);
}
