//! The contract of [`contacts_core::export::ExportRepository`] (R25).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::consent::ConsentReason;
use contacts_core::contact::{ContactFilter, ContactId, SourceKind, TagCondition};
use contacts_core::export::{Columns, ExportPage, ExportRow, ExportScope};
use contacts_core::field::{Field, FieldType, FieldValue};
use contacts_core::import::Policy;
use contacts_core::{Actor, Clock, Ids, OrgId};

use crate::Ports;
use crate::samples::{self, custom, date, number, phone, tags, text};

fn fields(ports: &Ports, org: OrgId, defined: &[(&str, FieldType)]) -> Vec<Field> {
    for (position, (key, kind)) in (0..).zip(defined) {
        ports.add_field(org, &samples::field(key, kind.clone(), position));
    }
    ports.fields.list(org).unwrap()
}

/// Returns the rows of all pages.
fn all(ports: &Ports, org: OrgId, filter: &ContactFilter, look_at: usize) -> Vec<ExportRow> {
    let columns = Columns::all(&ports.fields.list(org).unwrap());
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let people = ExportScope::Matching(filter, look_at);
        let page = ports.exports.page(org, people, after, &columns).unwrap();
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

fn names(rows: &[ExportRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_deref().unwrap_or("-")).collect()
}

pub fn a_contact_is_exported_with_values_as_written(ports: &Ports) {
    let org = ports.org();
    let fields = fields(
        ports,
        org,
        &[
            ("note", FieldType::Text),
            ("seats", FieldType::Number),
            ("since", FieldType::Date),
            ("live", FieldType::Boolean),
            ("huge", FieldType::Number),
            ("none", FieldType::Text),
        ],
    );
    let contact = ports.add_with(org, "Änn \"Lee\"", "Ann@Bücher.example", |contact| {
        contact.other_emails = vec![samples::email("a@x.org"), samples::email("Lee@x.org")];
        contact.phone = Some(phone("+1 (202) 555-0101"));
        contact.tags = tags(&["Trade show", "a;b"]);
        contact.custom = custom(&[
            ("note", text("two\nlines, {\"a\", 'b'} \\ NULL")),
            ("seats", number(12.0)),
            ("since", date("2026-11-23")),
            ("live", FieldValue::Boolean(true)),
            ("huge", number(-1.5e300)),
        ]);
    });
    let later = ports.clock.tick();
    let bare = ports.add_with(org, "", "bo@example.org", |contact| {
        contact.custom = custom(&[("note", text("NULL")), ("seats", number(0.1))]);
    });
    ports.lower_consent(org, bare.id, ConsentReason::Asked, None);
    let rows = all(ports, org, &ContactFilter::default(), 10);
    let huge = format!("-15{}", "0".repeat(299));
    let value = |value: &str| Some(value.to_owned());
    let expected = [
        ExportRow {
            id: contact.id,
            external_id: None,
            name: value("Änn \"Lee\""),
            email: value("Ann@Bücher.example"),
            other_emails: vec!["a@x.org".to_owned(), "Lee@x.org".to_owned()],
            phone: value("+1 (202) 555-0101"),
            tags: vec!["a;b".to_owned(), "Trade show".to_owned()],
            custom: vec![
                value("two\nlines, {\"a\", 'b'} \\ NULL"),
                value("12"),
                value("2026-11-23"),
                value("true"),
                value(&huge),
                None,
            ],
            is_subscribed: Some(true),
            source: Some((SourceKind::Manual, None)),
            created_at: contact.created_at,
            updated_at: contact.updated_at,
        },
        ExportRow {
            id: bare.id,
            external_id: None,
            name: None,
            email: value("bo@example.org"),
            other_emails: vec![],
            phone: None,
            tags: vec![],
            custom: vec![value("NULL"), value("0.1"), None, None, None, None],
            is_subscribed: Some(false),
            source: Some((SourceKind::Manual, None)),
            created_at: later,
            updated_at: later,
        },
    ];
    assert_eq!(rows, expected);
    assert_eq!(fields.len(), 6);
}

pub fn every_contact_is_exported_once_sorted_by_id(ports: &Ports) {
    let org = ports.org();
    let mut expected: Vec<_> =
        (0..23).map(|at| ports.add(org, &format!("Person {at}"), "").id).collect();
    expected.sort();
    for look_at in [1, 7, 22, 23, 24, 1_000] {
        let rows = all(ports, org, &ContactFilter::default(), look_at);
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected, "{look_at}");
    }
}

pub fn a_page_is_bounded_and_has_a_cursor(ports: &Ports) {
    let org = ports.org();
    for name in ["A", "B", "C", "D"] {
        ports.add(org, name, "");
    }
    let only_d = super::check::search("d");
    let columns = Columns::all(&[]);
    let page = |after, look_at| {
        ports.exports.page(org, ExportScope::Matching(&only_d, look_at), after, &columns).unwrap()
    };
    let first = page(None, 2);
    assert_eq!(first.rows, []);
    assert!(first.next.is_some(), "nobody was found, and there are more to look at");
    let second = page(first.next, 2);
    assert_eq!(names(&second.rows), ["D"]);
    assert_eq!(second.next, None);
    let unfiltered = ContactFilter::default();
    let page =
        ports.exports.page(org, ExportScope::Matching(&unfiltered, 3), None, &columns).unwrap();
    assert_eq!((names(&page.rows), page.next), (vec!["A", "B", "C"], Some(page.rows[2].id)));
}

pub fn the_filter_decides_what_is_exported(ports: &Ports) {
    let org = ports.org();
    for (name, carried) in [("A", &["x"][..]), ("B", &["y"]), ("C", &["x", "y"])] {
        ports.add_with(org, name, "", |contact| contact.tags = tags(carried));
    }
    let filter = ContactFilter {
        tags: TagCondition { any: tags(&["x"]), ..TagCondition::default() },
        ..ContactFilter::default()
    };
    let rows = all(ports, org, &filter, 2);
    assert_eq!(names(&rows), ["A", "C"]);
    assert_eq!(rows[1].tags, ["x", "y"], "those besides go out as well");
}

pub fn given_ids_are_exported_unless_deleted(ports: &Ports) {
    let org = ports.org();
    let ids: Vec<_> = ["A", "B", "C", "D"].map(|name| ports.add(org, name, "").id).into();
    ports.contacts.delete(org, ids[1], None, Actor::System, ports.clock.now()).unwrap();
    let columns = Columns::all(&[]);
    let page = |ids: &[ContactId], after| {
        ports.exports.page(org, ExportScope::Ids(ids), after, &columns).unwrap()
    };
    let unknown = ContactId(ports.ids.next());
    let found = page(&[ids[0], ids[1], ids[3], unknown], None);
    assert_eq!((names(&found.rows), found.next), (vec!["A", "D"], None));
    assert_eq!(names(&page(&ids, Some(ids[0])).rows), ["C", "D"]);
    assert_eq!(page(&[], None), ExportPage::default());
}

pub fn a_page_of_large_contacts_ends_early(ports: &Ports) {
    let org = ports.org();
    let keys: Vec<_> = (0..100).map(|at| format!("f{at}")).collect();
    let defined: Vec<_> = keys.iter().map(|key| (key.as_str(), FieldType::Text)).collect();
    fields(ports, org, &defined);
    let value = text(&"x".repeat(4_000));
    let values: Vec<_> = keys.iter().map(|key| (key.as_str(), value.clone())).collect();
    let mut ids = Vec::new();
    for _ in 0..13 {
        ids.push(ports.add_with(org, "Large", "", |c| c.custom = custom(&values)).id);
    }
    let columns = Columns::all(&ports.fields.list(org).unwrap());
    let unfiltered = ContactFilter::default();
    for people in [ExportScope::Matching(&unfiltered, 1_000), ExportScope::Ids(&ids)] {
        let mut after = None;
        let mut seen = Vec::new();
        let mut pages = 0;
        loop {
            let page = ports.exports.page(org, people, after, &columns).unwrap();
            let bytes: usize = page.rows.iter().map(ExportRow::size).sum();
            assert!(bytes < ExportPage::BYTES + 1_000_000, "{bytes}");
            seen.extend(page.rows.iter().map(|row| row.id));
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (ids.clone(), 2));
    }
}

pub fn optional_parts_are_left_out_unless_requested(ports: &Ports) {
    let org = ports.org();
    let fields = fields(ports, org, &[("a", FieldType::Text), ("b", FieldType::Text)]);
    ports.add_with(org, "Ann", "", |contact| {
        contact.tags = tags(&["x"]);
        contact.custom = custom(&[("a", text("1")), ("b", text("2"))]);
    });
    let columns = Columns::choose(&["b".to_owned(), "name".to_owned()], &fields).unwrap();
    let unfiltered = ContactFilter::default();
    let page =
        ports.exports.page(org, ExportScope::Matching(&unfiltered, 9), None, &columns).unwrap();
    let row = &page.rows[0];
    assert_eq!((&row.tags, &row.source), (&vec![], &None));
    assert_eq!(row.custom, [Some("2".to_owned())]);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.tags = tags(&["vip"]);
    });
    let import = samples::running_import(ports, other, Policy::Overwrite);
    let rows = vec![samples::import_row("Bo", "bo@example.org")];
    let now = ports.clock.tick();
    ports.imports.apply(&import, &samples::chunk(&ports.ids, 0, rows), now).unwrap();
    assert_eq!(names(&all(ports, org, &ContactFilter::default(), 5)), ["Ann"]);
    let foreign = all(ports, other, &ContactFilter::default(), 5);
    assert_eq!(names(&foreign), ["Bo"]);
    assert_eq!(foreign[0].source, Some((SourceKind::CsvImport, Some("people.csv".to_owned()))));
    let columns = Columns::all(&[]);
    let page = ports.exports.page(other, ExportScope::Ids(&[ann.id]), None, &columns).unwrap();
    assert_eq!(page, ExportPage::default());
}
