//! What a [`contacts_core::contact::CaptureRepository`] promises (R17).
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

/// A visitor says a name and an address, either of which may be empty, in a new conversation.
fn said(ports: &Ports, org: OrgId, who: &str, name: &str, email: &str) -> Capture {
    crate::samples::capture(org, &ports.ids, &ports.clock, visitor(who), name, email)
}

fn take(ports: &Ports, capture: &Capture) -> ContactId {
    let id = ContactId(ports.ids.next());
    ports.captures.capture(capture, id, Actor::System, ports.clock.now()).unwrap()
}

fn say(ports: &Ports, org: OrgId, who: &str, name: &str, email: &str) -> ContactId {
    take(ports, &said(ports, org, who, name, email))
}

/// Those that may be the contact, by what was met.
fn beside(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<ContactId> {
    let found = ports.duplicates.duplicates(org, contact, None, 10).unwrap();
    let met = found.into_iter().filter(|d| d.reasons.contains(&DuplicateReason::Captured));
    met.map(|duplicate| duplicate.contact.id).collect()
}

fn conversations(ports: &Ports, org: OrgId, contact: ContactId) -> usize {
    ports.conversations.of_contact(org, contact, None, 100).unwrap().len()
}

pub fn somebody_new_is_kept_even_incomplete(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.tick();
    let named = Capture { phone: Some(phone("12")), ..said(ports, org, "1", "Ann", "") };
    let ann = ports.get(org, take(ports, &named));
    let expected = named.to_contact(ann.id, now);
    assert_eq!(ann, expected);
    assert!(ann.is_incomplete() && !ann.is_reachable());
    let bo = ports.get(org, say(ports, org, "2", "", "bo@example.org"));
    assert!(bo.is_incomplete() && bo.is_reachable());
    let by_chat =
        SourceCondition { kind: SourceKind::Chat, origin: None, at: TimeRange::default() };
    let chat = ContactFilter { sources: vec![by_chat], ..ContactFilter::default() };
    assert_eq!(ports.names(org, &chat).len(), 2);
    assert_eq!((conversations(ports, org, ann.id), conversations(ports, org, bo.id)), (1, 1));
}

pub fn an_address_finds_its_contact_and_fills_blanks_only(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "Ann@example.org");
    let now = ports.clock.tick();
    let told =
        Capture { phone: Some(phone("12")), ..said(ports, org, "v", "Anna", "ann@EXAMPLE.org") };
    assert_eq!(take(ports, &told), ann.id);
    let expected = Contact { phone: Some(phone("12")), version: 2, updated_at: now, ..ann.clone() };
    assert_eq!(ports.get(org, ann.id), expected);
    assert_eq!(ports.contacts.arrivals(org, ann.id).unwrap(), [ann.source, told.arrival()]);
    let again =
        Capture { phone: Some(phone("99")), ..said(ports, org, "v", "X", "ann@example.org") };
    take(ports, &again);
    assert_eq!(ports.get(org, ann.id), expected, "what is there stays");
    assert_eq!(ports.contacts.arrivals(org, ann.id).unwrap().len(), 3);
    assert_eq!(conversations(ports, org, ann.id), 2);
}

pub fn without_an_address_the_visitors_own_contact_is_used(ports: &Ports) {
    let org = ports.org();
    let ann = say(ports, org, "v", "Ann", "");
    assert_eq!(say(ports, org, "v", "Anna", ""), ann);
    assert_eq!(ports.get(org, ann).name, Some(name("Ann")));
    assert_ne!(say(ports, org, "w", "Ann", ""), ann, "a name is nobody's alone");
    let mut elsewhere = said(ports, org, "v", "Ann", "");
    elsewhere.visitor = contacts_core::conversation::Visitor::parse(ports.ids.next(), "v").unwrap();
    assert_ne!(take(ports, &elsewhere), ann, "another widget's visitor is another");
}

pub fn a_new_address_fills_the_visitors_blank_one(ports: &Ports) {
    let org = ports.org();
    let ann = say(ports, org, "v", "Ann", "");
    ports.clock.tick();
    assert_eq!(say(ports, org, "v", "", "ann@example.org"), ann);
    let now = ports.get(org, ann);
    assert_eq!((now.email, now.version), (Some(email("ann@example.org")), 2));
    assert_eq!(ports.found(org, "ann@example"), ["Ann"]);
    assert_eq!(say(ports, org, "other", "", "ANN@example.org"), ann);
}

pub fn a_nameless_record_is_folded_into_the_contact_of_its_address(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "ann@example.org");
    let nameless = say(ports, org, "v", "Annie", "");
    ports.clock.tick();
    let told = Capture { phone: Some(phone("1")), ..said(ports, org, "v", "", "ann@example.org") };
    assert_eq!(take(ports, &told), ann.id);
    assert_eq!(ports.contacts.get(org, nameless).unwrap(), None);
    assert_eq!(ports.contacts.merged_into(org, nameless).unwrap(), Some(ann.id));
    let now = ports.get(org, ann.id);
    assert_eq!((now.name, now.phone), (Some(name("Ann Lee")), Some(phone("1"))));
    assert_eq!(conversations(ports, org, ann.id), 2);
    assert_eq!(ports.contacts.arrivals(org, ann.id).unwrap().len(), 3);
    assert_eq!(say(ports, org, "v", "Annie", ""), ann.id, "the visitor is that contact now");
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
        let own = say(ports, org, "v", "Annie", "");
        more(org, own);
        let kept = ports.get(org, own);
        assert_eq!(say(ports, org, "v", "", "ann@example.org"), ann.id, "{at}");
        assert_eq!(ports.get(org, own), kept, "{at}");
        assert_eq!(
            (beside(ports, org, ann.id), beside(ports, org, own)),
            (vec![own], vec![ann.id])
        );
        assert_eq!(say(ports, org, "v", "Annie", ""), own, "the visitor stays who they were");
    }
}

pub fn a_second_address_is_a_second_contact_that_may_be_the_first(ports: &Ports) {
    let org = ports.org();
    let known = ports.add(org, "Known", "known@example.org");
    let own = say(ports, org, "v", "Ann", "ann@example.org");
    let new = say(ports, org, "v", "", "new@example.org");
    assert_ne!(new, own);
    assert_eq!(ports.get(org, own).email, Some(email("ann@example.org")));
    assert_eq!(beside(ports, org, new), [own]);
    assert_eq!(say(ports, org, "v", "", "known@example.org"), known.id);
    let mut expected = vec![new, known.id];
    expected.sort();
    assert_eq!(beside(ports, org, own), expected);
    assert_eq!(conversations(ports, org, known.id), 1);
}

pub fn a_capture_that_is_sent_again_changes_nothing(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@example.org");
    let told = [
        said(ports, org, "v", "Annie", ""),
        said(ports, org, "v", "", "ann@example.org"),
        said(ports, org, "v", "", "second@example.org"),
        said(ports, org, "w", "Bo", ""),
    ];
    let people = |at: usize| {
        for capture in &told[..at] {
            take(ports, capture);
        }
        let people = ports.all(org, &ContactFilter::default());
        let more = people.iter().map(|contact| {
            let activity = ports.activity(org, contact.id);
            let arrivals = ports.contacts.arrivals(org, contact.id).unwrap();
            let talks = ports.conversations.of_contact(org, contact.id, None, 100).unwrap();
            (activity, arrivals, talks, beside(ports, org, contact.id))
        });
        let more: Vec<_> = more.collect();
        (people, more)
    };
    let once = people(4);
    ports.clock.tick();
    assert_eq!(people(4), once);
    assert_eq!(people(2), once, "late ones too");
}

pub fn activity_tells_of_captures_and_their_key(ports: &Ports) {
    let org = ports.org();
    let key = Actor::Key(KeyId(ports.ids.next()));
    let take = |capture: &Capture| {
        let id = ContactId(ports.ids.next());
        ports.captures.capture(capture, id, key, ports.clock.now()).unwrap()
    };
    let first = said(ports, org, "v", "Ann", "");
    let ann = take(&first);
    let now = ports.clock.tick();
    let second =
        Capture { at: now - Duration::from_millis(10), ..said(ports, org, "v", "", "a@b.org") };
    take(&second);
    let activity = ports.activity(org, ann);
    assert!(activity.iter().all(|entry| entry.actor == key), "{activity:?}");
    let [filled, arrived, made] = &activity[..] else { panic!("{activity:?}") };
    assert!(matches!(&filled.what, ActivityKind::Captured(c) if c[0].field == "email"));
    assert_eq!(arrived.what, ActivityKind::Arrived(second.arrival().origin));
    assert_eq!(made.what, ActivityKind::Created);
}

pub fn a_deleted_contact_is_captured_anew(ports: &Ports) {
    let org = ports.org();
    let told = said(ports, org, "v", "Ann", "ann@example.org");
    let old = take(ports, &told);
    assert!(ports.contacts.delete(org, old, None, Actor::System, ports.clock.now()).unwrap());
    let new = take(ports, &told);
    assert_ne!(new, old);
    assert_eq!(ports.get(org, new).name, Some(name("Ann")));
}

pub fn what_was_cleared_stays_so_when_a_capture_is_sent_again(ports: &Ports) {
    let org = ports.org();
    let (by, clear) = (Actor::User(ports.ids.next()), contacts_core::contact::Patch::Clear);
    let first = Capture { phone: Some(phone("12")), ..said(ports, org, "v", "Ann", "") };
    let ann = take(ports, &first);
    let patch = contacts_core::contact::ContactPatch { phone: clear, ..new_name("Ann Moe") };
    ports.contacts.update(org, ann, None, &patch, by, ports.clock.tick()).unwrap().unwrap();
    let cleared = ports.get(org, ann);
    assert_eq!(cleared.phone, None);
    ports.clock.tick();
    assert_eq!(take(ports, &first), ann);
    assert_eq!(ports.get(org, ann), cleared);
    // The same conversation says more: that is taken, and what was cleared stays so.
    let more = Capture { email: Some(email("ann@example.org")), ..first.clone() };
    assert_eq!(take(ports, &more), ann);
    let filled = ports.get(org, ann);
    assert_eq!((&filled.email, &filled.phone), (&more.email, &None));
    // Another conversation, or another number, is new.
    let other = Capture { phone: Some(phone("34")), ..more };
    assert_eq!(take(ports, &other), ann);
    assert_eq!(ports.get(org, ann).phone, other.phone);
}

pub fn an_address_that_was_changed_does_not_make_a_capture_new(ports: &Ports) {
    let org = ports.org();
    for who in ["visitor", "somebody else"] {
        let told = said(ports, org, "v", "", &format!("{}@example.org", who.len()));
        if who == "somebody else" {
            ports.add(org, "Bo", &format!("{}@example.org", who.len()));
        }
        let met = take(ports, &told);
        let patch = crate::samples::new_email(&format!("new{}@example.org", who.len()));
        let now = ports.clock.tick();
        ports.contacts.update(org, met, None, &patch, Actor::System, now).unwrap().unwrap();
        let everybody = ports.all(org, &ContactFilter::default());
        assert_eq!(take(ports, &told), met, "{who}");
        assert_eq!(ports.all(org, &ContactFilter::default()), everybody, "{who}");
    }
}

pub fn what_was_said_moves_with_a_merge(ports: &Ports) {
    let org = ports.org();
    let told = Capture { phone: Some(phone("12")), ..said(ports, org, "v", "Ann", "") };
    let (ann, bo) = (take(ports, &told), ports.add(org, "Bo", "bo@example.org").id);
    let now = ports.clock.tick();
    ports.contacts.merge(org, bo, ann, None, Actor::System, now).unwrap().unwrap();
    let patch = contacts_core::contact::ContactPatch {
        phone: contacts_core::contact::Patch::Clear,
        ..Default::default()
    };
    ports.contacts.update(org, bo, None, &patch, Actor::System, now).unwrap().unwrap();
    let merged = ports.get(org, bo);
    assert_eq!(take(ports, &told), bo);
    assert_eq!(ports.get(org, bo), merged);
}

pub fn a_deleted_contacts_conversations_are_not_given_to_the_next_one(ports: &Ports) {
    let org = ports.org();
    let (by, ids) = (Actor::System, |ports: &Ports, org, contact| {
        let found = ports.conversations.of_contact(org, contact, None, 100).unwrap();
        let mut ids: Vec<_> = found.iter().map(|kept| kept.id).collect();
        ids.sort();
        ids
    });
    let told = said(ports, org, "v", "Ann", "");
    let report = crate::samples::conversation(org, &ports.ids, &ports.clock, visitor("v"));
    let old = take(ports, &told);
    ports.conversations.report(&report).unwrap();
    assert_eq!(ids(ports, org, old), [told.conversation, report.id]);
    assert!(ports.contacts.delete(org, old, None, by, ports.clock.now()).unwrap());
    let later = ports.clock.tick();
    // What is said while nobody knows the visitor is theirs when they are known.
    let between = crate::samples::conversation(org, &ports.ids, &ports.clock, visitor("v"));
    ports.conversations.report(&between).unwrap();
    let again = said(ports, org, "v", "Ann", "");
    let new = take(ports, &again);
    assert_eq!(ids(ports, org, new), [between.id, again.conversation]);
    let more = contacts_core::conversation::Conversation {
        last_message_at: later,
        messages: 2,
        ..report.clone()
    };
    ports.conversations.report(&more).unwrap();
    assert_eq!(ids(ports, org, new).len(), 2, "a late report does not give it back either");
    // Captured again, it is the new one's.
    let known = Capture { name: Some(name("Annie")), ..told };
    assert_eq!(take(ports, &known), new);
    assert_eq!(ids(ports, org, new).len(), 3);
}

pub fn organisations_do_not_see_each_others_captures(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let theirs = ports.add(other, "Ann", "ann@example.org");
    let ours = say(ports, org, "v", "Annie", "ann@example.org");
    assert_eq!(ports.get(other, theirs.id), theirs);
    assert_eq!(ports.contacts.get(other, ours).unwrap(), None);
    assert_ne!(say(ports, other, "v", "Ann", ""), ours, "a visitor is known to one of them");
}

pub fn the_same_people_captured_at_once_are_made_once(ports: &Ports) {
    let org = ports.org();
    let addresses = ["a@example.org", "b@example.org", ""];
    std::thread::scope(|scope| {
        for turn in 0..4usize {
            scope.spawn(move || {
                for step in 0..12 {
                    let who = ["1", "2", "3"][(turn + step) % 3];
                    say(ports, org, who, "Ann", addresses[(turn + step / 3) % 3]);
                }
            });
        }
    });
    let people = ports.all(org, &ContactFilter::default());
    for address in &addresses[..2] {
        let has = |contact: &&Contact| contact.email_key() == *address;
        assert_eq!(people.iter().filter(has).count(), 1, "{address}");
    }
    let arrivals = people.iter().map(|c| ports.contacts.arrivals(org, c.id).unwrap().len());
    assert_eq!(arrivals.sum::<usize>(), 48, "nothing is lost");
    let talks = people.iter().map(|contact| conversations(ports, org, contact.id));
    assert_eq!(talks.sum::<usize>(), 48);
}
