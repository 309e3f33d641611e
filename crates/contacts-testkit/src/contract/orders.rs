//! The contract of [`contacts_core::contact::ContactRepository`] for lists that are sorted by what
//! is not a column of contacts: the last conversation, and custom fields (R21).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::contact::{
    Contact, ContactFilter, ContactId, Relevance, Sort, SortBy, SortSubject,
};
use contacts_core::conversation::{Conversation, ConversationId};
use contacts_core::field::{FieldType, FieldValue, RawValue};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::{display, search};
use super::merge_undos::{merge, undo};
use crate::Ports;
use crate::samples::{capture, conversation, custom, field, key, page, visitor};

/// Checks the pages of all contacts, in both directions, against the core's order.
fn check_pages(ports: &Ports, org: OrgId, by: &SortBy, kind: Option<&FieldType>) {
    let all = ports.all(org, &ContactFilter::default());
    let ids: Vec<ContactId> = all.iter().map(|contact| contact.id).collect();
    let last = ports.conversations.last_of(org, &ids).unwrap();
    for descending in [false, true] {
        let sort = Sort { by: by.clone(), descending };
        let cursor = |contact: &Contact| {
            let last_conversation = last.get(&contact.id).map(|last| last.last_message_at);
            let relevance = Relevance::Within;
            sort.cursor(&SortSubject { contact, relevance, last_conversation, field: kind })
        };
        let mut expected: Vec<_> = all.iter().map(|c| (cursor(c), display(c))).collect();
        expected.sort_by(|(one, _), (other, _)| {
            sort.compare((&one.key, one.id), (&other.key, other.id))
        });
        let expected: Vec<_> = expected.into_iter().map(|(at, name)| (at.id, name)).collect();
        for size in [1, 2, 5, 200] {
            let rows = ports.pages(org, &page(by.clone(), descending, size), |_| {});
            let rows: Vec<_> = rows.iter().map(|c| (c.id, display(c))).collect();
            assert_eq!(rows, expected, "{by:?}, descending: {descending}, size {size}");
        }
    }
}

/// Adds a contact that a visitor belongs to, with a conversation.
fn captured(ports: &Ports, org: OrgId, name: &str, id: &str) -> ContactId {
    ports.clock.tick();
    let said = capture(org, &ports.ids, &ports.clock, visitor(id), name, "");
    let contact = ContactId(ports.ids.next());
    ports.captures.capture(&said, contact, Actor::System, ports.clock.now()).unwrap()
}

pub fn the_last_conversation_is_an_order_that_follows_reports(ports: &Ports) {
    let org = ports.org();
    let by = SortBy::LastConversation;
    let first_of =
        |descending| display(&ports.pages(org, &page(by.clone(), descending, 200), |_| {})[0]);
    for name in ["Nobody", "No one"] {
        ports.add(org, name, "");
    }
    captured(ports, org, "Ann", "a");
    captured(ports, org, "Bo", "b");
    captured(ports, org, "Cy", "c");
    check_pages(ports, org, &by, None);
    assert_eq!((first_of(false), first_of(true)), ("Ann".to_owned(), "Cy".to_owned()));

    // A later message, one that is older than another, and an older report of the same.
    ports.clock.advance(Duration::from_secs(60));
    let said = conversation(org, &ports.ids, &ports.clock, visitor("a"));
    ports.conversations.report(&said).unwrap();
    assert_eq!(first_of(true), "Ann");
    let earlier = said.last_message_at - Duration::from_secs(3_600);
    let old =
        Conversation { id: ConversationId(ports.ids.next()), started_at: earlier, ..said.clone() };
    ports.conversations.report(&Conversation { last_message_at: earlier, ..old }).unwrap();
    assert_eq!(first_of(true), "Ann");
    check_pages(ports, org, &by, None);
    ports.clock.advance(Duration::from_secs(60));
    let later = Conversation { last_message_at: ports.clock.now(), ..said.clone() };
    ports.conversations.report(&later).unwrap();
    check_pages(ports, org, &by, None);

    // The report named the wrong visitor: the conversation is Bo's.
    let moved = Conversation { visitor: visitor("b"), messages: 99, ..later };
    ports.conversations.report(&moved).unwrap();
    assert_eq!(first_of(true), "Bo");
    check_pages(ports, org, &by, None);
}

pub fn a_merge_moves_the_last_conversation_and_its_undo_gives_it_back(ports: &Ports) {
    let org = ports.org();
    let by = SortBy::LastConversation;
    let ann = captured(ports, org, "Ann", "a");
    let bo = captured(ports, org, "Bo", "b");
    let cy = captured(ports, org, "Cy", "c");
    let merged = ports.get(org, cy);
    merge(ports, &ports.get(org, ann), &merged);
    check_pages(ports, org, &by, None);
    let rows = ports.pages(org, &page(by.clone(), true, 200), |_| {});
    assert_eq!(rows.iter().map(|c| c.id).collect::<Vec<_>>(), [ann, bo]);

    undo(ports, &merged);
    let rows = ports.pages(org, &page(by.clone(), true, 200), |_| {});
    assert_eq!(rows.iter().map(|c| c.id).collect::<Vec<_>>(), [cy, bo, ann]);
    check_pages(ports, org, &by, None);

    ports.contacts.delete(org, cy, None, Actor::System, ports.clock.now()).unwrap();
    check_pages(ports, org, &by, None);
}

/// Fields of every type, each with some values in ascending order.
fn fields() -> [(&'static str, FieldType, &'static [&'static str]); 6] {
    let sizes = FieldType::Select(["Small", "Medium", "Large"].map(str::to_owned).to_vec());
    [
        ("nick", FieldType::Text, &["Ann", "ännchen", "Zoe", "Zoë", "ßeta", "山田", "50% \"x\""]),
        ("seats", FieldType::Number, &["-12.5", "0", "9", "10", "1e20", "5e-9"]),
        ("since", FieldType::Date, &["1999-12-31", "2026-02-28", "2026-10-01"]),
        ("is_live", FieldType::Boolean, &["false", "true"]),
        ("size", sizes, &["Large", "Small", "Medium"]),
        ("site", FieldType::Url, &["https://a.example", "http://b.example/é"]),
    ]
}

pub fn custom_fields_are_orders_with_missing_values_last(ports: &Ports) {
    let org = ports.org();
    for (at, (name, kind, _)) in fields().into_iter().enumerate() {
        ports.add_field(org, &field(name, kind, u32::try_from(at).unwrap()));
    }
    for at in 0..14 {
        ports.clock.tick();
        let value = |(name, kind, values): (&'static str, FieldType, &[&str])| {
            let typed = values.get(at % (values.len() + 1))?;
            let value: FieldValue = kind.coerce(RawValue::Text(typed)).unwrap();
            Some((name, value))
        };
        let values: Vec<_> = fields().into_iter().filter_map(value).collect();
        let name = if at % 3 == 0 { format!("Ann {at}") } else { format!("Bo {at}") };
        ports.add_with(org, &name, "", |contact| contact.custom = custom(&values));
    }
    for (name, kind, _) in fields() {
        check_pages(ports, org, &SortBy::Field(key(name)), Some(&kind));
    }
    let by = SortBy::Field(key("size"));
    let mut request = page(by, false, 3);
    let first = ports.contacts.list(org, &search("ann"), &request).unwrap();
    let size = |contact: &Contact| contact.custom.get(&key("size")).map(ToString::to_string);
    let sizes = ["Small", "Medium", "Large"].map(|size| Some(size.to_owned()));
    assert_eq!(first.items.iter().map(size).collect::<Vec<_>>(), sizes);
    request.after = first.next;
    let second = ports.contacts.list(org, &search("ann"), &request).unwrap();
    let sizes = [Some("Large".to_owned()), None];
    assert_eq!(second.items.iter().map(size).collect::<Vec<_>>(), sizes);
    assert_eq!(second.next, None);
}

pub fn a_field_that_does_not_exist_is_an_order_without_values(ports: &Ports) {
    let org = ports.org();
    for name in ["Cy", "Ann", "Bo"] {
        ports.add(org, name, "");
    }
    check_pages(ports, org, &SortBy::Field(key("nick")), None);
}

pub fn organisations_do_not_see_each_others_values(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    for org in [org, other] {
        ports.add_field(org, &field("nick", FieldType::Text, 0));
        captured(ports, org, "Ann", "a");
        ports.add_with(org, "Bo", "", |contact| {
            contact.custom = custom(&[("nick", crate::samples::text("b"))]);
        });
    }
    for by in [SortBy::LastConversation, SortBy::Field(key("nick"))] {
        assert_eq!(ports.pages(org, &page(by.clone(), true, 1), |_| {}).len(), 2, "{by:?}");
        check_pages(ports, org, &by, Some(&FieldType::Text));
    }
}
