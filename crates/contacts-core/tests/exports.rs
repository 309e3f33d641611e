//! Exporting contacts (R25), over the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use std::sync::Arc;

use contacts_core::contact::{ContactFilter, ContactId, NewContact};
use contacts_core::export::{ExportFormat, ExportPage, ExportService, MockExportRepository};
use contacts_core::{Actor, Error, Ids};
use contacts_testkit::{FakeSpreadsheets, World};

fn add(world: &World, name: &str) -> ContactId {
    let email = format!("{}@example.org", name.to_lowercase());
    let new = NewContact { name: Some(name), email: Some(&email), ..NewContact::default() };
    world.contacts().create(world.org(), &new, Actor::System).unwrap().id
}

fn names() -> ExportFormat {
    ExportFormat { columns: Some(vec!["name".to_owned()]), byte_order_mark: false }
}

#[test]
fn a_part_holds_given_people_and_the_first_one_the_header() {
    let world = World::new();
    let exports = world.exports(Arc::new(FakeSpreadsheets));
    let [ann, bo, cem] = ["Ann", "Bo", "Cem"].map(|name| add(&world, name));
    world.contacts().delete(world.org(), bo, None, Actor::System).unwrap();
    let mut file = Vec::new();
    let mut part = |ids: &[ContactId], is_first| {
        let mut give = |bytes: &[u8]| {
            file.extend_from_slice(bytes);
            Ok(())
        };
        exports.part(world.org(), &names(), ids, is_first, &mut give).unwrap()
    };
    assert_eq!(part(&[ann, bo], true), [ann], "whoever is gone is not told of");
    assert_eq!(part(&[cem, ContactId(world.ids().next())], false), [cem]);
    assert_eq!(String::from_utf8(file).unwrap(), "name\r\nAnn\r\nCem\r\n");
}

#[test]
fn a_file_ends_with_what_goes_wrong() {
    let world = World::new();
    let mut people = MockExportRepository::new();
    let mut asked = 0;
    people.expect_page().times(2).returning(move |_, _, _, _| {
        asked += 1;
        match asked {
            1 => Ok(ExportPage { rows: Vec::new(), next: Some(ContactId(uuid::Uuid::nil())) }),
            _ => Err(Error::Busy),
        }
    });
    let exports = world.exports(Arc::new(FakeSpreadsheets));
    let exports = ExportService { people: Arc::new(people), ..exports };
    let mut file = exports.matching(world.org(), ContactFilter::default(), &names()).unwrap();
    assert_eq!(file.next().unwrap().unwrap(), b"name\r\n");
    assert!(matches!(file.next(), Some(Err(Error::Busy))));
    assert!(file.next().is_none(), "nothing follows that could pass for the end");
}
