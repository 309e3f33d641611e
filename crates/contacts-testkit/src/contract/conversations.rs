//! The contract of [`contacts_core::conversation::ConversationRepository`] (R26, R22).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::conversation::{Conversation, ConversationId, Visitor, WidgetName};
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::check::walk;
use crate::Ports;
use crate::samples::{capture, conversation, visitor};

fn of(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<Conversation> {
    ports.conversations.of_contact(org, contact, None, 100).unwrap()
}

/// Adds a contact that a visitor belongs to, and returns its id.
fn contact_of_visitor(ports: &Ports, org: OrgId, name: &str, id: &str) -> ContactId {
    let reported = capture(org, &ports.ids, &ports.clock, visitor(id), name, "");
    let contact = ContactId(ports.ids.next());
    ports.captures.capture(&reported, contact, Actor::System, ports.clock.now()).unwrap()
}

pub fn a_report_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let ann = contact_of_visitor(ports, org, "Ann", "v 1");
    let now = ports.clock.tick();
    let reported = Conversation {
        started_at: now - Duration::from_secs(60),
        messages: 12,
        preview: "Où est “Ça”?".to_owned(),
        ..conversation(org, &ports.ids, &ports.clock, visitor("v 1"))
    };
    assert_eq!(ports.conversations.report(&reported).unwrap(), reported);
    assert_eq!(of(ports, org, ann)[0], reported);
    assert_eq!(of(ports, ports.org(), ann), []);
}

pub fn reports_give_the_same_in_any_order(ports: &Ports) {
    let org = ports.org();
    let ann = contact_of_visitor(ports, org, "Ann", "v");
    let first = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    let now = ports.clock.tick();
    let last = Conversation { last_message_at: now, messages: 2, ..first.clone() };
    let longer = Conversation { messages: 3, preview: "more".to_owned(), ..last.clone() };
    let shorter = Conversation { messages: 9, ..first.clone() };
    let reports = [&first, &last, &longer, &shorter];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let id = ConversationId(ports.ids.next());
        for at in order.into_iter().chain(order) {
            ports.conversations.report(&Conversation { id, ..reports[at].clone() }).unwrap();
        }
        let stored = of(ports, org, ann).into_iter().find(|stored| stored.id == id);
        assert_eq!(stored, Some(Conversation { id, ..longer.clone() }), "{order:?}");
    }
}

pub fn items_are_listed_newest_first_page_by_page(ports: &Ports) {
    let org = ports.org();
    let ann = contact_of_visitor(ports, org, "Ann", "v");
    let mut expected = of(ports, org, ann);
    for step in 0..5 {
        if step % 2 == 0 {
            ports.clock.tick();
        }
        let reported = conversation(org, &ports.ids, &ports.clock, visitor("v"));
        ports.conversations.report(&reported).unwrap();
        expected.insert(0, reported);
    }
    assert_eq!(of(ports, org, ann), expected);
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = ports.conversations.of_contact(org, ann, after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.cursor());
        found.extend(page);
    }
    assert_eq!(found, expected);
}

pub fn a_conversation_is_linked_whichever_report_comes_first(ports: &Ports) {
    let org = ports.org();
    let before = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    let foreign = conversation(org, &ports.ids, &ports.clock, visitor("w"));
    for reported in [&before, &foreign] {
        ports.conversations.report(reported).unwrap();
    }
    let ann = contact_of_visitor(ports, org, "Ann", "v");
    let captured = of(ports, org, ann).into_iter().find(|stored| stored.id != before.id).unwrap();
    assert_eq!((captured.messages, captured.link), (0, None), "the chat service is yet to tell");
    ports.clock.tick();
    let after = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    ports.conversations.report(&after).unwrap();
    let reported = Conversation { id: captured.id, ..before.clone() };
    assert_eq!(
        ports.conversations.report(&reported).unwrap(),
        reported,
        "a report says more than none"
    );
    let mut ids: Vec<_> = of(ports, org, ann).iter().map(|stored| stored.id).collect();
    ids.sort();
    let mut expected = [before.id, captured.id, after.id];
    expected.sort();
    assert_eq!(ids, expected);
}

pub fn a_conversation_of_another_visitor_cannot_be_claimed(ports: &Ports) {
    let org = ports.org();
    let (now, by) = (ports.clock.now(), Actor::System);
    let bo = contact_of_visitor(ports, org, "Bo", "b");
    let bos = conversation(org, &ports.ids, &ports.clock, visitor("b"));
    ports.conversations.report(&bos).unwrap();
    let mut claim = capture(org, &ports.ids, &ports.clock, visitor("a"), "Ann", "a@example.org");
    claim.conversation = bos.id;
    let ann = ports.captures.capture(&claim, ContactId(ports.ids.next()), by, now).unwrap();
    assert_eq!(of(ports, org, ann), []);
    // A conversation that another visitor captures before its report goes to its owner with it.
    let coming = conversation(org, &ports.ids, &ports.clock, visitor("b"));
    claim.conversation = coming.id;
    ports.captures.capture(&claim, ContactId(ports.ids.next()), by, now).unwrap();
    assert_eq!(of(ports, org, ann).len(), 1);
    ports.conversations.report(&coming).unwrap();
    assert_eq!(of(ports, org, ann), []);
    assert!(of(ports, org, bo).contains(&coming));
}

pub fn conversations_stay_with_no_contact_when_theirs_is_deleted(ports: &Ports) {
    let org = ports.org();
    let ann = contact_of_visitor(ports, org, "Ann", "v");
    let reported = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    ports.conversations.report(&reported).unwrap();
    assert!(ports.contacts.delete(org, ann, None, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(of(ports, org, ann), []);
    assert_eq!(ports.conversations.report(&reported).unwrap(), reported, "it is there");
    assert_eq!(of(ports, org, ann), []);
}

pub fn conversations_move_with_a_merge(ports: &Ports) {
    let org = ports.org();
    let (ann, twin) =
        (contact_of_visitor(ports, org, "Ann", "a"), contact_of_visitor(ports, org, "Twin", "b"));
    let now = ports.clock.tick();
    ports.contacts.merge(org, ann, twin, None, Actor::System, now).unwrap().unwrap();
    assert_eq!((of(ports, org, ann).len(), of(ports, org, twin).len()), (2, 0));
    let reported = conversation(org, &ports.ids, &ports.clock, visitor("b"));
    ports.conversations.report(&reported).unwrap();
    assert_eq!(of(ports, org, ann)[0], reported, "the visitor is the survivor now");
}

pub fn the_last_of_many_contacts_is_returned_at_once(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] =
        [contact_of_visitor(ports, org, "Ann", "a"), contact_of_visitor(ports, org, "Bo", "b")];
    let nobody = ports.add(org, "Cy", "").id;
    ports.clock.tick();
    let last = conversation(org, &ports.ids, &ports.clock, visitor("a"));
    ports.conversations.report(&last).unwrap();
    let found = ports.conversations.last_of(org, &[ann, bo, nobody]).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[&ann], last);
    assert_eq!(found[&bo].messages, 0);
    assert!(ports.conversations.last_of(ports.org(), &[ann, bo]).unwrap().is_empty());
}

pub fn widgets_are_listed_by_their_last_capture(ports: &Ports) {
    let org = ports.org();
    let add_capture = |widget, who| {
        let visitor = Visitor::parse(widget, who).unwrap();
        let reported = capture(org, &ports.ids, &ports.clock, visitor, who, "");
        ports.clock.tick();
        let contact = ContactId(ports.ids.next());
        ports.captures.capture(&reported, contact, Actor::System, ports.clock.now()).unwrap()
    };
    let reported = || ports.conversations.widgets(org, None, 1_000).unwrap();
    let ids = || reported().iter().map(|widget| widget.id).collect::<Vec<_>>();
    assert_eq!(reported(), []);
    let (first, second) = (ports.ids.next(), ports.ids.next());
    add_capture(first, "a");
    add_capture(second, "b");
    assert_eq!(ids(), [second, first]);
    let last = add_capture(first, "c");
    assert_eq!(ids(), [first, second]);
    assert!(reported()[0].last_at > reported()[1].last_at);
    let read = |after, limit| ports.conversations.widgets(org, after, limit).unwrap();
    assert_eq!(walk(1, read, |widget, _| widget.cursor()), reported());
    ports.contacts.delete(org, last, None, Actor::System, ports.clock.now()).unwrap();
    assert_eq!(ids(), [second, first], "of people who are gone nothing is told");
    assert_eq!(ports.conversations.widgets(ports.org(), None, 1_000).unwrap(), []);
}

pub fn a_widget_is_named_in_its_organisation_only(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let widget = ports.ids.next();
    for org in [org, other] {
        let visitor = Visitor::parse(widget, "a").unwrap();
        let reported = capture(org, &ports.ids, &ports.clock, visitor, "Ann", "");
        let contact = ContactId(ports.ids.next());
        ports.captures.capture(&reported, contact, Actor::System, ports.clock.now()).unwrap();
    }
    let name = |text: &str| WidgetName::parse(text).unwrap();
    let put = |id, name| {
        ports.conversations.name_widget(org, id, name, Actor::System, ports.clock.now()).unwrap()
    };
    let listed = |org| ports.conversations.widgets(org, None, 1_000).unwrap();
    assert_eq!(put(ports.ids.next(), Some(name("Nothing"))), None);
    for text in ["Website", "Shop"] {
        let named = put(widget, Some(name(text))).unwrap();
        assert_eq!(named.name, Some(name(text)));
        assert_eq!(listed(org), [named]);
    }
    assert_eq!(listed(other)[0].name, None);
    assert_eq!(put(widget, None).unwrap().name, None);
    assert_eq!(listed(org)[0].name, None);
}
