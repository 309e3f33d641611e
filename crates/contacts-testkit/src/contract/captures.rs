//! The contract of [`contacts_core::contact::CaptureRepository`] (R17).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::contact::{
    ActivityKind, Capture, Contact, ContactFilter, ContactId, DuplicateReason, SourceCondition,
    SourceKind, TimeRange,
};
use contacts_core::key::KeyId;
use contacts_core::{Actor, Clock, Ids, OrgId};

use crate::Ports;
use crate::samples::{email, name, new_name, phone, tags, visitor};

/// Returns the capture of a visitor in a new conversation. The name and the address can be empty.
fn new_capture(ports: &Ports, org: OrgId, who: &str, name: &str, email: &str) -> Capture {
    crate::samples::capture(org, &ports.ids, &ports.clock, visitor(who), name, email)
}

fn take(ports: &Ports, capture: &Capture) -> ContactId {
    let id = ContactId(ports.ids.next());
    ports.captures.capture(capture, id, Actor::System, ports.clock.now()).unwrap()
}

fn capture_contact(ports: &Ports, org: OrgId, who: &str, name: &str, email: &str) -> ContactId {
    take(ports, &new_capture(ports, org, who, name, email))
}

/// Returns the possible duplicates of a contact that a capture found.
fn possible_duplicates_of(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<ContactId> {
    let found = ports.duplicates.duplicates(org, contact, None, 10).unwrap();
    let pairs = found.into_iter().filter(|d| d.reasons.contains(&DuplicateReason::Captured));
    pairs.map(|duplicate| duplicate.contact.id).collect()
}

fn conversations(ports: &Ports, org: OrgId, contact: ContactId) -> usize {
    ports.conversations.of_contact(org, contact, None, 100).unwrap().len()
}

pub fn a_new_incomplete_contact_is_stored(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.tick();
    let named = Capture { phone: Some(phone("12")), ..new_capture(ports, org, "1", "Ann", "") };
    let ann = ports.get(org, take(ports, &named));
    let expected = named.to_contact(ann.id, now);
    assert_eq!(ann, expected);
    assert!(ann.is_incomplete() && !ann.is_reachable());
    let bo = ports.get(org, capture_contact(ports, org, "2", "", "bo@example.org"));
    assert!(bo.is_incomplete() && bo.is_reachable());
    let by_chat =
        SourceCondition { kind: SourceKind::Chat, detail: None, at: TimeRange::default() };
    let chat = ContactFilter { sources: vec![by_chat], ..ContactFilter::default() };
    assert_eq!(ports.names(org, &chat).len(), 2);
    assert_eq!((conversations(ports, org, ann.id), conversations(ports, org, bo.id)), (1, 1));
}

pub fn an_address_finds_its_contact_and_fills_blanks_only(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "Ann@example.org");
    let now = ports.clock.tick();
    let captured = Capture {
        phone: Some(phone("12")),
        ..new_capture(ports, org, "v", "Anna", "ann@EXAMPLE.org")
    };
    assert_eq!(take(ports, &captured), ann.id);
    let expected = Contact { phone: Some(phone("12")), version: 2, updated_at: now, ..ann.clone() };
    assert_eq!(ports.get(org, ann.id), expected);
    assert_eq!(
        ports.contacts.sources(org, ann.id, None, 1_000).unwrap(),
        [ann.source, captured.source()]
    );
    let again = Capture {
        phone: Some(phone("99")),
        ..new_capture(ports, org, "v", "X", "ann@example.org")
    };
    take(ports, &again);
    assert_eq!(ports.get(org, ann.id), expected, "what is there stays");
    assert_eq!(ports.contacts.sources(org, ann.id, None, 1_000).unwrap().len(), 3);
    assert_eq!(conversations(ports, org, ann.id), 2);
}

pub fn without_an_address_the_visitors_own_contact_is_used(ports: &Ports) {
    let org = ports.org();
    let ann = capture_contact(ports, org, "v", "Ann", "");
    assert_eq!(capture_contact(ports, org, "v", "Anna", ""), ann);
    assert_eq!(ports.get(org, ann).name, Some(name("Ann")));
    assert_ne!(capture_contact(ports, org, "w", "Ann", ""), ann, "a name is nobody's alone");
    let mut elsewhere = new_capture(ports, org, "v", "Ann", "");
    elsewhere.visitor = contacts_core::conversation::Visitor::parse(ports.ids.next(), "v").unwrap();
    assert_ne!(take(ports, &elsewhere), ann, "another widget's visitor is another");
}

pub fn a_new_address_fills_the_visitors_blank_one(ports: &Ports) {
    let org = ports.org();
    let ann = capture_contact(ports, org, "v", "Ann", "");
    ports.clock.tick();
    assert_eq!(capture_contact(ports, org, "v", "", "ann@example.org"), ann);
    let now = ports.get(org, ann);
    assert_eq!((now.email, now.version), (Some(email("ann@example.org")), 2));
    assert_eq!(ports.found(org, "ann@example"), ["Ann"]);
    assert_eq!(capture_contact(ports, org, "other", "", "ANN@example.org"), ann);
}

pub fn a_nameless_record_is_folded_into_the_contact_of_its_address(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "ann@example.org");
    let nameless = capture_contact(ports, org, "v", "Annie", "");
    ports.clock.tick();
    let captured =
        Capture { phone: Some(phone("1")), ..new_capture(ports, org, "v", "", "ann@example.org") };
    assert_eq!(take(ports, &captured), ann.id);
    assert_eq!(ports.contacts.get(org, nameless).unwrap(), None);
    assert_eq!(ports.contacts.merged_into(org, nameless).unwrap(), Some(ann.id));
    let now = ports.get(org, ann.id);
    assert_eq!((now.name, now.phone), (Some(name("Ann Lee")), Some(phone("1"))));
    assert_eq!(conversations(ports, org, ann.id), 2);
    assert_eq!(ports.contacts.sources(org, ann.id, None, 1_000).unwrap().len(), 3);
    assert_eq!(
        capture_contact(ports, org, "v", "Annie", ""),
        ann.id,
        "the visitor is that contact now"
    );
}

pub fn a_record_with_more_behind_it_is_offered_and_not_folded(ports: &Ports) {
    let by = Actor::User(ports.ids.next());
    let more: [&dyn Fn(OrgId, ContactId); 3] = [
        &|org, id| {
            let now = ports.clock.now();
            ports.contacts.update(org, id, None, &new_name("Edited"), by, now).unwrap();
        },
        &|org, id| {
            let now = ports.clock.now();
            ports.contacts.tag(org, id, &tags(&["vip"]), &[], by, now).unwrap();
            ports.contacts.tag(org, id, &[], &tags(&["vip"]), by, now).unwrap();
        },
        &|org, id| {
            let other = ports.add(org, "By hand", "");
            ports.contacts.merge(org, id, other.id, None, by, ports.clock.now()).unwrap();
        },
    ];
    for (at, more) in more.iter().enumerate() {
        let org = ports.org();
        let ann = ports.add(org, "Ann", "ann@example.org");
        let own = capture_contact(ports, org, "v", "Annie", "");
        more(org, own);
        let stored = ports.get(org, own);
        assert_eq!(capture_contact(ports, org, "v", "", "ann@example.org"), ann.id, "{at}");
        assert_eq!(ports.get(org, own), stored, "{at}");
        assert_eq!(
            (possible_duplicates_of(ports, org, ann.id), possible_duplicates_of(ports, org, own)),
            (vec![own], vec![ann.id])
        );
        assert_eq!(
            capture_contact(ports, org, "v", "Annie", ""),
            own,
            "the visitor stays who they were"
        );
    }
}

pub fn a_second_address_is_a_second_contact_that_may_be_the_first(ports: &Ports) {
    let org = ports.org();
    let existing = ports.add(org, "Known", "known@example.org");
    let own = capture_contact(ports, org, "v", "Ann", "ann@example.org");
    let new = capture_contact(ports, org, "v", "", "new@example.org");
    assert_ne!(new, own);
    assert_eq!(ports.get(org, own).email, Some(email("ann@example.org")));
    assert_eq!(possible_duplicates_of(ports, org, new), [own]);
    assert_eq!(capture_contact(ports, org, "v", "", "known@example.org"), existing.id);
    let mut expected = vec![new, existing.id];
    expected.sort();
    assert_eq!(possible_duplicates_of(ports, org, own), expected);
    assert_eq!(conversations(ports, org, existing.id), 1);
}

pub fn a_capture_that_is_sent_again_changes_nothing(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@example.org");
    let captured = [
        new_capture(ports, org, "v", "Annie", ""),
        new_capture(ports, org, "v", "", "ann@example.org"),
        new_capture(ports, org, "v", "", "second@example.org"),
        new_capture(ports, org, "w", "Bo", ""),
    ];
    let people = |at: usize| {
        for capture in &captured[..at] {
            take(ports, capture);
        }
        let people = ports.all(org, &ContactFilter::default());
        let more = people.iter().map(|contact| {
            let activity = ports.activity(org, contact.id);
            let sources = ports.contacts.sources(org, contact.id, None, 1_000).unwrap();
            let conversations_found =
                ports.conversations.of_contact(org, contact.id, None, 100).unwrap();
            (activity, sources, conversations_found, possible_duplicates_of(ports, org, contact.id))
        });
        let more: Vec<_> = more.collect();
        (people, more)
    };
    let applied_once = people(4);
    ports.clock.tick();
    assert_eq!(people(4), applied_once);
    assert_eq!(people(2), applied_once, "late ones too");
}

pub fn activity_lists_captures_with_their_key(ports: &Ports) {
    let org = ports.org();
    let key = Actor::Key(KeyId(ports.ids.next()));
    let take = |capture: &Capture| {
        let id = ContactId(ports.ids.next());
        ports.captures.capture(capture, id, key, ports.clock.now()).unwrap()
    };
    let first = new_capture(ports, org, "v", "Ann", "");
    let ann = take(&first);
    let now = ports.clock.tick();
    let second = Capture {
        at: now - Duration::from_millis(10),
        ..new_capture(ports, org, "v", "", "a@b.org")
    };
    take(&second);
    let activity = ports.activity(org, ann);
    assert!(activity.iter().all(|entry| entry.actor == key), "{activity:?}");
    let [filled, arrived, made] = &activity[..] else { panic!("{activity:?}") };
    assert!(matches!(&filled.what, ActivityKind::Captured(c) if c[0].field == "email"));
    assert_eq!(arrived.what, ActivityKind::SourceAdded(second.source().detail));
    assert_eq!(made.what, ActivityKind::Created);
}

pub fn a_deleted_contact_can_be_captured_again(ports: &Ports) {
    let org = ports.org();
    let captured = new_capture(ports, org, "v", "Ann", "ann@example.org");
    let old = take(ports, &captured);
    assert!(ports.contacts.delete(org, old, None, Actor::System, ports.clock.now()).unwrap());
    let new = take(ports, &captured);
    assert_ne!(new, old);
    assert_eq!(ports.get(org, new).name, Some(name("Ann")));
}

pub fn a_repeated_capture_does_not_refill_a_cleared_field(ports: &Ports) {
    let org = ports.org();
    let (by, clear) = (Actor::User(ports.ids.next()), contacts_core::contact::Patch::Clear);
    let first = Capture { phone: Some(phone("12")), ..new_capture(ports, org, "v", "Ann", "") };
    let ann = take(ports, &first);
    let patch = contacts_core::contact::ContactPatch { phone: clear, ..new_name("Ann Moe") };
    ports.contacts.update(org, ann, None, &patch, by, ports.clock.tick()).unwrap().unwrap();
    let cleared = ports.get(org, ann);
    assert_eq!(cleared.phone, None);
    ports.clock.tick();
    assert_eq!(take(ports, &first), ann);
    assert_eq!(ports.get(org, ann), cleared);
    // A new field in the same conversation is stored, and cleared fields stay cleared.
    let more = Capture { email: Some(email("ann@example.org")), ..first.clone() };
    assert_eq!(take(ports, &more), ann);
    let filled = ports.get(org, ann);
    assert_eq!((&filled.email, &filled.phone), (&more.email, &None));
    // Another conversation, or another phone number, counts as new.
    let other = Capture { phone: Some(phone("34")), ..more };
    assert_eq!(take(ports, &other), ann);
    assert_eq!(ports.get(org, ann).phone, other.phone);
}

pub fn an_address_that_was_changed_does_not_make_a_capture_new(ports: &Ports) {
    let org = ports.org();
    for who in ["visitor", "somebody else"] {
        let captured = new_capture(ports, org, "v", "", &format!("{}@example.org", who.len()));
        if who == "somebody else" {
            ports.add(org, "Bo", &format!("{}@example.org", who.len()));
        }
        let pairs = take(ports, &captured);
        let patch = crate::samples::new_email(&format!("new{}@example.org", who.len()));
        let now = ports.clock.tick();
        ports.contacts.update(org, pairs, None, &patch, Actor::System, now).unwrap().unwrap();
        let all_contacts = ports.all(org, &ContactFilter::default());
        assert_eq!(take(ports, &captured), pairs, "{who}");
        assert_eq!(ports.all(org, &ContactFilter::default()), all_contacts, "{who}");
    }
}

pub fn captured_details_move_with_a_merge(ports: &Ports) {
    let org = ports.org();
    let captured = Capture { phone: Some(phone("12")), ..new_capture(ports, org, "v", "Ann", "") };
    let (ann, bo) = (take(ports, &captured), ports.add(org, "Bo", "bo@example.org").id);
    let now = ports.clock.tick();
    ports.contacts.merge(org, bo, ann, None, Actor::System, now).unwrap().unwrap();
    let patch = contacts_core::contact::ContactPatch {
        phone: contacts_core::contact::Patch::Clear,
        ..Default::default()
    };
    ports.contacts.update(org, bo, None, &patch, Actor::System, now).unwrap().unwrap();
    let merged = ports.get(org, bo);
    assert_eq!(take(ports, &captured), bo);
    assert_eq!(ports.get(org, bo), merged);
}

pub fn a_deleted_contacts_conversations_are_not_given_to_the_next_one(ports: &Ports) {
    let org = ports.org();
    let (by, ids) = (Actor::System, |ports: &Ports, org, contact| {
        let found = ports.conversations.of_contact(org, contact, None, 100).unwrap();
        let mut ids: Vec<_> = found.iter().map(|stored| stored.id).collect();
        ids.sort();
        ids
    });
    let captured = new_capture(ports, org, "v", "Ann", "");
    let report = crate::samples::conversation(org, &ports.ids, &ports.clock, visitor("v"));
    let old = take(ports, &captured);
    ports.conversations.report(&report).unwrap();
    assert_eq!(ids(ports, org, old), [captured.conversation, report.id]);
    assert!(ports.contacts.delete(org, old, None, by, ports.clock.now()).unwrap());
    let later = ports.clock.tick();
    // A conversation of an unknown visitor is linked once the visitor is known.
    let between = crate::samples::conversation(org, &ports.ids, &ports.clock, visitor("v"));
    ports.conversations.report(&between).unwrap();
    let again = new_capture(ports, org, "v", "Ann", "");
    let new = take(ports, &again);
    assert_eq!(ids(ports, org, new), [between.id, again.conversation]);
    let more = contacts_core::conversation::Conversation {
        last_message_at: later,
        messages: 2,
        ..report.clone()
    };
    ports.conversations.report(&more).unwrap();
    assert_eq!(ids(ports, org, new).len(), 2, "a late report does not give it back either");
    // Capturing the conversation again links it to the new contact.
    let existing = Capture { name: Some(name("Annie")), ..captured };
    assert_eq!(take(ports, &existing), new);
    assert_eq!(ids(ports, org, new).len(), 3);
}

pub fn organisations_do_not_see_each_others_captures(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let foreign = ports.add(other, "Ann", "ann@example.org");
    let own = capture_contact(ports, org, "v", "Annie", "ann@example.org");
    assert_eq!(ports.get(other, foreign.id), foreign);
    assert_eq!(ports.contacts.get(other, own).unwrap(), None);
    assert_ne!(
        capture_contact(ports, other, "v", "Ann", ""),
        own,
        "a visitor is known to one of them"
    );
}

pub fn the_same_people_captured_at_once_are_made_once(ports: &Ports) {
    let org = ports.org();
    let addresses = ["a@example.org", "b@example.org", ""];
    std::thread::scope(|scope| {
        for interrupt in 0..4usize {
            scope.spawn(move || {
                for step in 0..12 {
                    let who = ["1", "2", "3"][(interrupt + step) % 3];
                    capture_contact(ports, org, who, "Ann", addresses[(interrupt + step / 3) % 3]);
                }
            });
        }
    });
    let people = ports.all(org, &ContactFilter::default());
    for address in &addresses[..2] {
        let has = |contact: &&Contact| contact.email_key() == *address;
        assert_eq!(people.iter().filter(has).count(), 1, "{address}");
    }
    let sources =
        people.iter().map(|c| ports.contacts.sources(org, c.id, None, 1_000).unwrap().len());
    assert_eq!(sources.sum::<usize>(), 48, "nothing is lost");
    let conversations_found = people.iter().map(|contact| conversations(ports, org, contact.id));
    assert_eq!(conversations_found.sum::<usize>(), 48);
}
