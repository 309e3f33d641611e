//! What a [`contacts_core::conversation::ConversationRepository`] promises (R26, R22).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::conversation::{Conversation, ConversationId, Visitor};
use contacts_core::{Actor, Clock, Ids, OrgId};

use crate::Ports;
use crate::samples::{capture, conversation, visitor};

fn of(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<Conversation> {
    ports.conversations.of_contact(org, contact, None, 100).unwrap()
}

/// A contact that a visitor is.
fn known(ports: &Ports, org: OrgId, name: &str, id: &str) -> ContactId {
    let told = capture(org, &ports.ids, &ports.clock, visitor(id), name, "");
    let contact = ContactId(ports.ids.next());
    ports.captures.capture(&told, contact, Actor::System, ports.clock.now()).unwrap()
}

pub fn a_report_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let ann = known(ports, org, "Ann", "v 1");
    let now = ports.clock.tick();
    let told = Conversation {
        started_at: now - Duration::from_secs(60),
        messages: 12,
        preview: "Où est “Ça”?".to_owned(),
        ..conversation(org, &ports.ids, &ports.clock, visitor("v 1"))
    };
    assert_eq!(ports.conversations.report(&told).unwrap(), told);
    assert_eq!(of(ports, org, ann)[0], told);
    assert_eq!(of(ports, ports.org(), ann), []);
}

pub fn reports_give_the_same_in_any_order(ports: &Ports) {
    let org = ports.org();
    let ann = known(ports, org, "Ann", "v");
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
        let kept = of(ports, org, ann).into_iter().find(|kept| kept.id == id);
        assert_eq!(kept, Some(Conversation { id, ..longer.clone() }), "{order:?}");
    }
}

pub fn the_newest_comes_first_page_by_page(ports: &Ports) {
    let org = ports.org();
    let ann = known(ports, org, "Ann", "v");
    let mut expected = of(ports, org, ann);
    for step in 0..5 {
        if step % 2 == 0 {
            ports.clock.tick();
        }
        let told = conversation(org, &ports.ids, &ports.clock, visitor("v"));
        ports.conversations.report(&told).unwrap();
        expected.insert(0, told);
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

pub fn a_conversation_is_linked_whichever_is_told_first(ports: &Ports) {
    let org = ports.org();
    let before = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    let others = conversation(org, &ports.ids, &ports.clock, visitor("w"));
    for told in [&before, &others] {
        ports.conversations.report(told).unwrap();
    }
    let ann = known(ports, org, "Ann", "v");
    let captured = of(ports, org, ann).into_iter().find(|kept| kept.id != before.id).unwrap();
    assert_eq!((captured.messages, captured.link), (0, None), "the chat service is yet to tell");
    ports.clock.tick();
    let after = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    ports.conversations.report(&after).unwrap();
    let told = Conversation { id: captured.id, ..before.clone() };
    assert_eq!(ports.conversations.report(&told).unwrap(), told, "a report says more than none");
    let mut ids: Vec<_> = of(ports, org, ann).iter().map(|kept| kept.id).collect();
    ids.sort();
    let mut expected = [before.id, captured.id, after.id];
    expected.sort();
    assert_eq!(ids, expected);
}

pub fn a_conversation_of_somebody_else_cannot_be_claimed(ports: &Ports) {
    let org = ports.org();
    let (now, by) = (ports.clock.now(), Actor::System);
    let bo = known(ports, org, "Bo", "b");
    let bos = conversation(org, &ports.ids, &ports.clock, visitor("b"));
    ports.conversations.report(&bos).unwrap();
    let mut claim = capture(org, &ports.ids, &ports.clock, visitor("a"), "Ann", "a@example.org");
    claim.conversation = bos.id;
    let ann = ports.captures.capture(&claim, ContactId(ports.ids.next()), by, now).unwrap();
    assert_eq!(of(ports, org, ann), []);
    // One that was claimed before it was told of goes to whose it is.
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
    let ann = known(ports, org, "Ann", "v");
    let told = conversation(org, &ports.ids, &ports.clock, visitor("v"));
    ports.conversations.report(&told).unwrap();
    assert!(ports.contacts.delete(org, ann, None, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(of(ports, org, ann), []);
    assert_eq!(ports.conversations.report(&told).unwrap(), told, "it is there");
    assert_eq!(of(ports, org, ann), []);
}

pub fn conversations_move_with_a_merge(ports: &Ports) {
    let org = ports.org();
    let (ann, twin) = (known(ports, org, "Ann", "a"), known(ports, org, "Twin", "b"));
    let now = ports.clock.tick();
    ports.contacts.merge(org, ann, twin, None, Actor::System, now).unwrap().unwrap();
    assert_eq!((of(ports, org, ann).len(), of(ports, org, twin).len()), (2, 0));
    let told = conversation(org, &ports.ids, &ports.clock, visitor("b"));
    ports.conversations.report(&told).unwrap();
    assert_eq!(of(ports, org, ann)[0], told, "the visitor is the survivor now");
}

pub fn the_last_of_many_contacts_is_told_at_once(ports: &Ports) {
    let org = ports.org();
    let [ann, bo] = [known(ports, org, "Ann", "a"), known(ports, org, "Bo", "b")];
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

pub fn widgets_are_told_by_whom_they_brought_last(ports: &Ports) {
    let org = ports.org();
    let brought = |widget, who| {
        let visitor = Visitor::parse(widget, who).unwrap();
        let told = capture(org, &ports.ids, &ports.clock, visitor, who, "");
        ports.clock.tick();
        let contact = ContactId(ports.ids.next());
        ports.captures.capture(&told, contact, Actor::System, ports.clock.now()).unwrap()
    };
    let told = || ports.conversations.widgets(org).unwrap();
    let ids = || told().iter().map(|widget| widget.id).collect::<Vec<_>>();
    assert_eq!(told(), []);
    let (first, second) = (ports.ids.next(), ports.ids.next());
    brought(first, "a");
    brought(second, "b");
    assert_eq!(ids(), [second, first]);
    let last = brought(first, "c");
    assert_eq!(ids(), [first, second]);
    assert!(told()[0].last_at > told()[1].last_at);
    ports.contacts.delete(org, last, None, Actor::System, ports.clock.now()).unwrap();
    assert_eq!(ids(), [second, first], "of people who are gone nothing is told");
    assert_eq!(ports.conversations.widgets(ports.org()).unwrap(), []);
}
