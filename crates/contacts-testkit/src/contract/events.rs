//! The contract of [`contacts_core::event::EventFeed`], and the events of each change (R42).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;
use std::time::Duration;

use contacts_core::contact::{Contact, ContactId, ContactPatch, Patch};
use contacts_core::event::{ContactEvent, EventKind, NumberedEvent};
use contacts_core::import::{Applied, ImportRow, Policy};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use crate::samples::{
    chunk, custom, import_row, key, new_email, new_name, phone, running_import, tag, tags, text,
};
use crate::{Ports, samples};

/// Returns all events of an organisation, and checks their numbers.
pub(super) fn all_events(ports: &Ports, org: OrgId) -> Vec<ContactEvent> {
    let events = ports.feed.after(org, None, 1_000).unwrap();
    let numbers: Vec<_> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    events.into_iter().map(|event| event.event).collect()
}

/// Returns the events after a number: the kind, the contacts, and the sorted fields.
fn after(
    ports: &Ports,
    org: OrgId,
    number: u64,
) -> Vec<(EventKind, BTreeSet<ContactId>, Vec<String>)> {
    let events = ports.feed.after(org, Some(number), 1_000).unwrap();
    let told = events.into_iter().map(|NumberedEvent { event, .. }| {
        let mut fields = event.fields;
        fields.sort();
        (event.kind, event.contacts.into_iter().collect(), fields)
    });
    told.collect()
}

fn fields(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn ids<'a>(contacts: impl IntoIterator<Item = &'a Contact>) -> BTreeSet<ContactId> {
    contacts.into_iter().map(|contact| contact.id).collect()
}

pub fn every_change_of_a_contact_makes_an_event(ports: &Ports) {
    let org = ports.org();
    let user = Actor::User(ports.ids.next());
    let ann = samples::contact(org, &ports.ids, &ports.clock, "Ann", "ann@example.org");
    ports.contacts.insert(&ann, user).unwrap();
    let patched = ports.clock.tick();
    let patch = ContactPatch {
        phone: Patch::Set(phone("1")),
        custom: [(key("tier"), Some(text("gold")))].into(),
        ..new_name("Bo")
    };
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, patched).unwrap();
    let tagged = ports.clock.tick();
    ports.contacts.tag(org, ann.id, &tags(&["vip"]), &[], user, tagged).unwrap();
    let deleted = ports.clock.tick();
    ports.contacts.delete(org, ann.id, None, user, deleted).unwrap();
    let event =
        |kind, names: &[&str], actor, at| ContactEvent::of(ann.id, kind, fields(names), actor, at);
    let expected = [
        event(EventKind::Created, &[], user, ann.created_at),
        event(EventKind::Updated, &["name", "phone", "custom.tier"], Actor::System, patched),
        event(EventKind::Updated, &["tags"], user, tagged),
        event(EventKind::Deleted, &[], user, deleted),
    ];
    assert_eq!(all_events(ports, org), expected);
}

pub fn a_change_without_effect_makes_no_event(ports: &Ports) {
    let (org, now, by) = (ports.org(), ports.clock.now(), Actor::System);
    let ann = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    let unknown = ContactId(ports.ids.next());
    let vip = ports.tags.list(org, "", "", 1).unwrap().remove(0);
    let contacts = &ports.contacts;
    contacts.update(org, ann.id, None, &new_name("Ann"), by, now).unwrap();
    contacts.update(org, unknown, None, &new_name("Bo"), by, now).unwrap();
    contacts.tag(org, ann.id, &tags(&["VIP"]), &tags(&["x"]), by, now).unwrap();
    contacts.tag(org, unknown, &tags(&["VIP"]), &[], by, now).unwrap();
    contacts.delete(org, unknown, None, by, now).unwrap();
    contacts.delete(org, ann.id, Some(7), by, now).unwrap_err();
    contacts.insert(&Contact { id: unknown, ..ann.clone() }, by).unwrap_err();
    ports.tags.rename(org, vip.id, &tag("vip"), None, by, now).unwrap();
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    ports.imports.apply(&import, &rows, now).unwrap();
    assert_eq!(all_events(ports, org).len(), 1, "only that Ann was made");
}

pub fn a_changed_tag_makes_an_event_of_its_contacts(ports: &Ports) {
    let (org, now, by) = (ports.org(), ports.clock.now(), Actor::User(ports.ids.next()));
    let ann = ports.add_with(org, "Ann", "", |c| c.tags = tags(&["lead"]));
    let bo = ports.add_with(org, "Bo", "", |c| c.tags = tags(&["lead", "vip"]));
    ports.add_with(org, "Cy", "", |c| c.tags = tags(&["vip"]));
    let find = |name: &str| ports.tags.list(org, name, "", 1).unwrap().remove(0).id;
    let shared_event = [(EventKind::Updated, ids([&ann, &bo]), fields(&["tags"]))];
    ports.tags.rename(org, find("lead"), &tag("Prospect"), None, by, now).unwrap();
    assert_eq!(after(ports, org, 3), shared_event);
    ports.tags.rename(org, find("prospect"), &tag("VIP"), None, by, now).unwrap();
    assert_eq!(after(ports, org, 4), shared_event, "those whose tag became another");
    ports.tags.delete(org, find("vip"), by, now).unwrap();
    let events = ports.feed.after(org, Some(5), 10).unwrap();
    let [deleted] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((deleted.event.contacts.len(), deleted.event.actor), (3, by));
    assert_eq!(ports.tags.list(org, "", "", 1).unwrap(), []);
}

pub fn a_tag_of_many_contacts_makes_several_events(ports: &Ports) {
    let org = ports.org();
    let people = (0..1_100).map(|n| ImportRow {
        tags: tags(&["many"]),
        ..import_row("Ann", &format!("p{n}@example.org"))
    });
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = chunk(&ports.ids, 0, people.collect());
    ports.imports.apply(&import, &rows, ports.clock.now()).unwrap();
    let tag_found = ports.tags.list(org, "", "", 1).unwrap().remove(0);
    ports.tags.delete(org, tag_found.id, Actor::System, ports.clock.now()).unwrap();
    let events = all_events(ports, org);
    let sizes: Vec<_> = events.iter().map(|event| event.contacts.len()).collect();
    assert_eq!(sizes, [500, 500, 100, 500, 500, 100]);
    let distinct = |events: &[ContactEvent]| {
        events.iter().flat_map(|event| event.contacts.clone()).collect::<BTreeSet<_>>()
    };
    assert_eq!(distinct(&events[..3]), distinct(&events[3..]));
    assert_eq!(distinct(&events).len(), 1_100);
}

pub fn an_import_groups_equal_changes_into_one_event(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let bo = ports.add(org, "Bo", "bo@example.org");
    let cy = ports.add(org, "Cy", "cy@example.org");
    let di = ports.add(org, "Di", "di@example.org");
    let import = running_import(ports, org, Policy::Overwrite);
    let gold = || custom(&[("tier", text("gold"))]);
    let rows = vec![
        ImportRow { tags: tags(&["new"]), ..import_row("Ann", "ann@example.org") },
        import_row("Bea", "bo@example.org"),
        import_row("Eve", "eve@example.org"),
        ImportRow { tags: tags(&["new"]), ..import_row("Cy", "cy@example.org") },
        ImportRow { custom: gold(), ..import_row("Bea", "bo@example.org") },
        import_row("Di", "di@example.org"),
        import_row("Flo", "flo@example.org"),
    ];
    let now = ports.clock.tick();
    ports.imports.apply(&import, &chunk(&ports.ids, 0, rows), now).unwrap();
    let [eve, flo] =
        ["eve", "flo"].map(|name| ports.of_address(org, &format!("{name}@example.org")).unwrap());
    let expected = [
        (EventKind::Created, ids([&eve, &flo]), fields(&[])),
        (EventKind::Updated, ids([&bo]), fields(&["custom.tier", "name"])),
        (EventKind::Updated, ids([&ann, &cy]), fields(&["tags"])),
    ];
    assert_eq!(after(ports, org, 4), expected);
    let events = ports.feed.after(org, Some(4), 10).unwrap();
    assert!(events.iter().all(|events| {
        (events.event.actor, events.event.at) == (Actor::Import(import.id), now)
            && !events.event.contacts.contains(&di.id)
    }));
}

pub fn a_chunk_reports_a_new_contact_as_created_only(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = || vec![import_row("Ann", "ann@example.org"), import_row("Bo", "ann@example.org")];
    let applied = ports.imports.apply(&import, &chunk(&ports.ids, 0, rows()), ports.clock.now());
    assert!(matches!(applied, Ok(Applied::Chunk(_))));
    let kinds: Vec<_> = all_events(ports, org).into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Created]);
    // The contact is changed and changed back, which raises its version, so there is an event.
    let rows = vec![import_row("Cy", "ann@example.org"), import_row("Bo", "ann@example.org")];
    ports.imports.apply(&import, &chunk(&ports.ids, 2, rows), ports.clock.now()).unwrap();
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    assert_eq!(after(ports, org, 1), [(EventKind::Updated, ids([&ann]), fields(&["name"]))]);
}

pub fn events_are_read_in_order_from_any_number(ports: &Ports) {
    let org = ports.org();
    assert_eq!((ports.feed.end(org).unwrap(), all_events(ports, org)), (0, vec![]));
    let people: Vec<_> = (0..5).map(|_| ports.add(org, "Ann", "").id).collect();
    let read = |number, limit| -> Vec<_> {
        let events = ports.feed.after(org, number, limit).unwrap();
        events.into_iter().map(|event| (event.number, event.event.contacts[0])).collect()
    };
    let all: Vec<_> = (1..).zip(people).collect();
    assert_eq!(read(None, 10), all);
    assert_eq!(read(Some(0), 2), all[..2]);
    assert_eq!(read(Some(2), 2), all[2..4]);
    assert_eq!(read(Some(5), 2), []);
    assert_eq!(ports.feed.end(org).unwrap(), 5);
}

pub fn a_number_that_was_never_given_is_refused(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "");
    for number in [2, 1_000, u64::MAX] {
        let refused = ports.feed.after(org, Some(number), 10);
        assert!(matches!(refused, Err(Error::CursorExpired)), "{number}");
    }
}

pub fn deleted_events_keep_their_numbers_reserved(ports: &Ports) {
    let org = ports.org();
    let sweep = |before| while ports.feed.sweep(org, before).unwrap() {};
    let first = ports.add(org, "Ann", "");
    ports.add(org, "Bo", "");
    let later = ports.clock.advance(Duration::from_secs(60));
    let third = ports.add(org, "Cy", "");
    sweep(first.created_at);
    assert_eq!(all_events(ports, org).len(), 3, "they are not from before");
    sweep(later);
    let remaining = ports.feed.after(org, None, 10).unwrap();
    let [remaining] = remaining.as_slice() else { panic!("{remaining:?}") };
    assert_eq!((remaining.number, remaining.event.contacts[0]), (3, third.id));
    assert_eq!(ports.feed.after(org, Some(2), 10).unwrap().len(), 1);
    for number in [0, 1] {
        let refused = ports.feed.after(org, Some(number), 10);
        assert!(matches!(refused, Err(Error::CursorExpired)), "{number}");
    }
    sweep(later + Duration::from_secs(1));
    assert_eq!(ports.feed.after(org, None, 10).unwrap(), []);
    assert!(matches!(ports.feed.after(org, Some(2), 10), Err(Error::CursorExpired)));
    assert_eq!(ports.feed.after(org, Some(3), 10).unwrap(), []);
    ports.add(org, "Di", "");
    assert_eq!(ports.feed.after(org, Some(3), 10).unwrap()[0].number, 4);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "");
    assert_eq!((all_events(ports, other), ports.feed.end(other).unwrap()), (vec![], 0));
    let foreign = ports.add(other, "Ann", "");
    assert_eq!(after(ports, other, 0), [(EventKind::Created, ids([&foreign]), vec![])]);
    assert!(!ports.feed.sweep(other, ports.clock.tick()).unwrap());
    assert_eq!(after(ports, org, 0), [(EventKind::Created, ids([&ann]), vec![])]);
}

/// Runs writers whose transactions differ in length: imports of many rows beside single contacts.
/// Two readers continue from their cursors, and must have read the same events at the end.
pub fn a_reader_among_many_writers_sees_everything_once_and_in_order(ports: &Ports) {
    const WRITERS: usize = 4;
    const ROUNDS: usize = 8;
    let org = ports.org();
    let imports: Vec<_> =
        (0..WRITERS).map(|_| running_import(ports, org, Policy::Overwrite)).collect();
    let write = |writer: usize| {
        for round in 0..ROUNDS {
            let size = if (writer + round).is_multiple_of(3) { 120 } else { 3 };
            let name = |n: usize| format!("w{writer}r{round}n{n}@example.org");
            let rows = (0..size).map(|n| import_row("Ann", &name(n))).collect();
            let applied = ports.imports.get(org, imports[writer].id).unwrap().unwrap().tally.rows();
            let rows = chunk(&ports.ids, applied, rows);
            ports.imports.apply(&imports[writer], &rows, ports.clock.now()).unwrap();
            let one = ports.add(org, "Bo", &format!("one-{writer}-{round}@example.org"));
            let patch = new_email(&format!("other-{writer}-{round}@example.org"));
            let now = ports.clock.now();
            ports.contacts.update(org, one.id, None, &patch, Actor::System, now).unwrap();
        }
    };
    let expected = WRITERS * ROUNDS * 3;
    let follow = || {
        let mut read: Vec<NumberedEvent> = Vec::new();
        while read.len() < expected {
            let after = read.last().map_or(0, |last| last.number);
            read.extend(ports.feed.after(org, Some(after), 7).unwrap());
        }
        read
    };
    let (one, other) = std::thread::scope(|scope| {
        let write = &write;
        let readers = [scope.spawn(follow), scope.spawn(follow)];
        (0..WRITERS).for_each(|writer| drop(scope.spawn(move || write(writer))));
        let [one, other] = readers.map(|reader| reader.join().unwrap());
        (one, other)
    });
    assert_eq!(one, other);
    assert_eq!(ports.feed.after(org, Some(expected as u64), 10).unwrap(), []);
    let numbers: Vec<_> = one.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=expected as u64).collect::<Vec<_>>());
    // Each contact is created once, and updated only after that.
    let mut made = BTreeSet::new();
    for event in one {
        for contact in event.event.contacts {
            let is_new = made.insert(contact);
            assert_eq!(is_new, event.event.kind == EventKind::Created);
        }
    }
}
