//! Filters (R16, R20), on the world in memory: several sources, combined.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use std::time::Duration;

use contacts_core::Actor;
use contacts_core::contact::{
    ContactFilter, CountRequest, FieldCondition, NewContact, Patch, RawPatch, SearchQuery,
    SourceCondition, SourceKind, TimeRange,
};
use contacts_core::field::{FieldType, NewField, RawValue};
use contacts_core::import::Policy;
use contacts_testkit::{World, samples};

fn add(world: &World, name: &str, email: &str) -> contacts_core::contact::ContactId {
    let new = NewContact { name: Some(name), email: Some(email), ..NewContact::default() };
    world.services().contacts.create(world.org(), &new, Actor::System).unwrap().id
}

fn found(world: &World, filter: &ContactFilter) -> Vec<String> {
    let page = samples::page(contacts_core::contact::SortBy::Name, false, 200);
    let listed =
        world.services().contacts.list(world.org(), filter, &page, CountRequest::None).unwrap().0;
    listed.items.iter().flat_map(|contact| &contact.name).map(ToString::to_string).collect()
}

fn search(query: &str) -> ContactFilter {
    ContactFilter { query: SearchQuery::parse(query), ..ContactFilter::default() }
}

#[test]
fn a_source_filter_finds_existing_and_new_contacts_of_a_file() {
    // R16.
    let world = World::new();
    add(&world, "Ann", "ann@example.org");
    add(&world, "Bo", "bo@example.org");
    let now = world.clock().tick();
    let ports = world.ports();
    let show = samples::running_import(&ports, world.org(), Policy::default());
    let rows = ["ann", "cy"].map(|name| samples::import_row(name, &format!("{name}@example.org")));
    ports.imports.apply(&show, &samples::chunk(&ports.ids, 0, rows.to_vec()), now).unwrap();
    let by = |at| {
        let condition =
            SourceCondition { kind: SourceKind::CsvImport, detail: Some(show.id.0), at };
        ContactFilter { sources: vec![condition], ..ContactFilter::default() }
    };
    assert_eq!(found(&world, &by(TimeRange::default())), ["ann", "cy"]);
    let later = TimeRange { from: Some(now + Duration::from_secs(1)), until: None };
    assert_eq!(found(&world, &by(later)), Vec::<String>::new());
    let combined = ContactFilter { query: SearchQuery::parse("cy"), ..by(TimeRange::default()) };
    assert_eq!(found(&world, &combined), ["cy"]);
}

#[test]
fn the_last_days_are_of_the_persons_time_zone() {
    // R20. The clock of the world starts at 10:00 UTC on 1 January.
    let world = World::new();
    add(&world, "New year", "a@example.org");
    let now = world.clock().advance(Duration::from_secs(86_400));
    let created = |zone| {
        let created = TimeRange::last_days(1, zone, now).unwrap();
        found(&world, &ContactFilter { created, ..ContactFilter::default() }).len()
    };
    // In Kiritimati the day had already changed.
    assert_eq!((created("UTC"), created("Pacific/Kiritimati")), (1, 1));
    let now = world.clock().advance(Duration::from_secs(5 * 3_600));
    let created = TimeRange::last_days(1, "Pacific/Kiritimati", now).unwrap();
    assert_eq!(
        created.from.map(|from| from.to_string()).as_deref(),
        Some("2026-01-01 10:00:00.0 +00:00:00")
    );
}

#[test]
fn a_condition_on_a_field_is_read_and_found() {
    // R20, R11.
    let world = World::new();
    let field = world
        .services()
        .fields
        .define(
            world.org(),
            &NewField::new("seats", "Seats", FieldType::Number).unwrap(),
            Actor::System,
        )
        .unwrap();
    let id = add(&world, "Ann", "ann@example.org");
    add(&world, "Bo", "bo@example.org");
    let patch =
        RawPatch { custom: vec![("seats", Some(RawValue::Text("9.5")))], ..RawPatch::default() };
    world.services().contacts.update(world.org(), id, None, &patch, Actor::System).unwrap();
    for (operator, value, expected) in [
        ("less", "10", &["Ann"][..]),
        ("at_least", "10", &[]),
        ("any_of", "1,9.50", &["Ann"]),
        ("none_of", "9.5", &["Bo"]),
        ("set", "", &["Ann"]),
        ("unset", "", &["Bo"]),
    ] {
        let fields = vec![FieldCondition::parse(&field, operator, value).unwrap()];
        let filter = ContactFilter { fields, ..ContactFilter::default() };
        assert_eq!(found(&world, &filter), expected, "{operator}");
    }
}

#[test]
fn a_write_is_found_by_the_very_next_search() {
    // R19.
    let world = World::new();
    let id = add(&world, "Zoë O'Brien", "zoe_b@example.org");
    for query in ["zoe", "o'br", "ZOË brien", "zoe_b", "zo"] {
        assert_eq!(found(&world, &search(query)), ["Zoë O'Brien"], "{query}");
    }
    for query in ["%", "zoe%b", "zoe-b", "oe", "zoe bo"] {
        assert_eq!(found(&world, &search(query)), Vec::<String>::new(), "{query}");
    }
    let patch = RawPatch { name: Patch::Set("Kim"), ..RawPatch::default() };
    world.services().contacts.update(world.org(), id, None, &patch, Actor::System).unwrap();
    assert_eq!(found(&world, &search("kim")), ["Kim"]);
    assert_eq!(found(&world, &search("brien")), Vec::<String>::new());
}
