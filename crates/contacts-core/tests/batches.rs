//! Use cases of batches and upserts over the world in memory (R55).

use std::sync::Arc;

use contacts_core::batch::{
    BatchService, ItemOutcome, MockBatchRepository, RawBatch, RawItem, UpsertKey,
};
use contacts_core::contact::{ContactFilter, NewContact, PageRequest};
use contacts_core::import::{KeyConflict, RowOutcome, Skip};
use contacts_core::{Actor, Error, Invalid};
use contacts_testkit::World;

/// Returns the service over a port of batches that answers as the test says.
fn over(world: &World, batches: MockBatchRepository) -> BatchService {
    let mut ports = world.ports();
    ports.repositories.batches = Arc::new(batches);
    ports.services().batches
}

fn item<'a>(name: &'a str, email: &'a str) -> RawItem<'a> {
    let values = NewContact { name: Some(name), email: Some(email), ..NewContact::default() };
    RawItem { id: None, values }
}

fn batch(items: Vec<RawItem<'_>>) -> RawBatch<'_> {
    RawBatch { items, ..RawBatch::default() }
}

fn does_not_fit() -> Error {
    Invalid::one("custom.tier", "is not a number").into()
}

#[test]
fn outcomes_stand_at_the_indexes_of_their_items() {
    let world = World::new();
    let service = world.services().batches;
    let items = vec![
        item("Ann", "nobody"),
        item("Bo", "bo@example.org"),
        item("\u{1}", "cy@example.org"),
        item("Bo", "bo@example.org"),
    ];
    let outcomes = service.apply(world.org(), &batch(items), Actor::System).unwrap();
    let all = world.ports().contacts.list(
        world.org(),
        &ContactFilter::default(),
        &PageRequest::default(),
    );
    let bo = all.unwrap().items[0].id;
    let invalid = |at: usize, field: &str| matches!(&outcomes[at], ItemOutcome::Invalid(errors) if errors[0].field == field);
    assert!(invalid(0, "email") && invalid(2, "name"), "{outcomes:?}");
    assert_eq!(outcomes[1], ItemOutcome::Created(bo));
    assert_eq!(outcomes[3], ItemOutcome::Unchanged(bo));
}

#[test]
fn without_a_valid_item_nothing_is_applied() {
    let world = World::new();
    let service = over(&world, MockBatchRepository::new());
    let outcomes = service.apply(world.org(), &batch(vec![item("Ann", "x")]), Actor::System);
    assert!(matches!(&outcomes.unwrap()[..], [ItemOutcome::Invalid(_)]));
    for items in [0, BatchService::MAX_ITEMS + 1] {
        let items = vec![item("Ann", "ann@example.org"); items];
        let refused = service.apply(world.org(), &batch(items), Actor::System);
        assert!(matches!(refused, Err(Error::Invalid(errors)) if errors[0].field == "items"));
    }
}

#[test]
fn items_are_read_again_when_a_field_has_got_another_type() {
    let world = World::new();
    let apply = |failures: usize| {
        let mut batches = MockBatchRepository::new();
        batches.expect_apply().times(failures).returning(|_, _| Err(does_not_fit()));
        batches.expect_apply().times(0..=1).returning(|batch, _| {
            Ok(batch.items.iter().map(|item| RowOutcome::Added(item.id)).collect())
        });
        let items = vec![item("Ann", "ann@example.org")];
        over(&world, batches).apply(world.org(), &batch(items), Actor::System)
    };
    assert!(matches!(&apply(2).unwrap()[..], [ItemOutcome::Created(_)]));
    assert!(matches!(apply(3), Err(Error::Busy)));
}

#[test]
fn an_upsert_is_repeated_by_the_client_when_a_value_is_free_again() {
    let world = World::new();
    let values = NewContact {
        external_id: Some("7"),
        email: Some("ann@example.org"),
        ..NewContact::default()
    };
    for key in [UpsertKey::Email("ann@example.org"), UpsertKey::ExternalId("7")] {
        let mut batches = MockBatchRepository::new();
        batches.expect_apply().return_once(|_, _| {
            let skip = Skip::Ambiguous(KeyConflict::OtherExternalId);
            Ok(vec![RowOutcome::Skipped { skip, contact: None }])
        });
        let upserted = over(&world, batches).upsert(world.org(), key, &values, Actor::System);
        assert!(matches!(upserted, Err(Error::Busy)));
    }
}
