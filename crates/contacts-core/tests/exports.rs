//! Exports of contacts (R25), on the world in memory.

use std::sync::Arc;

use contacts_core::contact::{ContactFilter, ContactId, FilterText};
use contacts_core::export::{ExportFormat, ExportPage, MockExportRepository};
use contacts_core::{Actor, Error};
use contacts_testkit::World;

fn names() -> ExportFormat {
    ExportFormat { columns: Some(vec!["name".to_owned()]), byte_order_mark: false }
}

#[test]
fn a_file_ends_with_the_error() {
    let world = World::new();
    let mut people = MockExportRepository::new();
    let mut requested = 0;
    people.expect_page().times(2).returning(move |_, _, _, _| {
        requested += 1;
        match requested {
            1 => Ok(ExportPage { rows: Vec::new(), next: Some(ContactId(uuid::Uuid::nil())) }),
            _ => Err(Error::Busy),
        }
    });
    let mut ports = world.ports();
    ports.repositories.exports = Arc::new(people);
    let exports = ports.services().exports;
    let mut file = exports
        .matching(
            world.org(),
            ContactFilter::default(),
            &FilterText::default(),
            &names(),
            Actor::System,
        )
        .unwrap();
    assert_eq!(file.next().unwrap().unwrap(), b"name\r\n");
    assert!(matches!(file.next(), Some(Err(Error::Busy))));
    assert!(file.next().is_none(), "nothing follows that could pass for the end");
}
