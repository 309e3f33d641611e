//! What a [`contacts_core::contact::DuplicateRepository`] promises (R17, R20).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{ContactFilter, ContactId, DuplicateReason};
use contacts_core::{Actor, Clock, Ids, OrgId};

use crate::Ports;
use crate::samples::{capture, phone, visitor};

fn of(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<(ContactId, Vec<DuplicateReason>)> {
    let found = ports.duplicates.duplicates(org, contact, None, 100).unwrap();
    found.into_iter().map(|duplicate| (duplicate.contact.id, duplicate.reasons)).collect()
}

/// Whoever has some, by the filter, which everybody's own list confirms.
fn whoever(ports: &Ports, org: OrgId) -> Vec<String> {
    let by = |some| ContactFilter { duplicates: Some(some), ..ContactFilter::default() };
    for contact in ports.all(org, &by(true)) {
        assert_ne!(of(ports, org, contact.id), [], "{contact:?}");
    }
    for contact in ports.all(org, &by(false)) {
        assert_eq!(of(ports, org, contact.id), [], "{contact:?}");
    }
    let everybody = ports.names(org, &ContactFilter::default()).len();
    assert_eq!(ports.names(org, &by(true)).len() + ports.names(org, &by(false)).len(), everybody);
    ports.names(org, &by(true))
}

fn with_phone(ports: &Ports, org: OrgId, name: &str, number: &str) -> ContactId {
    ports.add_with(org, name, "", |contact| contact.phone = Some(phone(number))).id
}

pub fn the_same_number_is_one_however_it_is_typed(ports: &Ports) {
    let org = ports.org();
    let ann = with_phone(ports, org, "Ann", "+1 (202) 555-0101");
    let twin = with_phone(ports, org, "Twin", "+12025550101");
    with_phone(ports, org, "Bo", "ask at reception");
    with_phone(ports, org, "Cy", "ask at reception");
    assert_eq!(of(ports, org, ann), [(twin, vec![DuplicateReason::Phone])]);
    assert_eq!(of(ports, org, twin), [(ann, vec![DuplicateReason::Phone])]);
    assert_eq!(whoever(ports, org), ["Ann", "Twin"]);
}

pub fn the_same_name_is_one_only_when_an_address_is_missing(ports: &Ports) {
    let org = ports.org();
    let blank = ports.add(org, "ÉMILE Lee", "").id;
    let one = ports.add(org, "Emile Lee", "1@example.org").id;
    let two = ports.add(org, "emile lee", "2@example.org").id;
    ports.add(org, "Bo", "bo@example.org");
    ports.add(org, "Bo", "bo2@example.org");
    ports.add(org, "", "3@example.org");
    ports.add(org, "", "4@example.org");
    let by_name = |id| (id, vec![DuplicateReason::Name]);
    assert_eq!(of(ports, org, blank), [by_name(one), by_name(two)]);
    assert_eq!(of(ports, org, one), [by_name(blank)]);
    assert_eq!(whoever(ports, org).len(), 3);
}

pub fn every_reason_is_told_and_pages_go_on(ports: &Ports) {
    let org = ports.org();
    let number = Some(phone("+1 202 555 0101"));
    let ann = ports.add_with(org, "Ann", "", |contact| contact.phone = number.clone()).id;
    let more: Vec<_> = (0..5).map(|_| with_phone(ports, org, "Ann", "+12025550101")).collect();
    let both = vec![DuplicateReason::Phone, DuplicateReason::Name];
    let expected: Vec<_> = more.iter().map(|id| (*id, both.clone())).collect();
    assert_eq!(of(ports, org, ann), expected);
    let page = ports.duplicates.duplicates(org, ann, Some(more[1]), 2).unwrap();
    let ids: Vec<_> = page.iter().map(|duplicate| duplicate.contact.id).collect();
    assert_eq!(ids, more[2..4]);
    assert_eq!(page[0].contact, ports.get(org, more[2]));
}

pub fn two_people_are_not_offered_again(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let ann = with_phone(ports, org, "Ann", "+12025550101");
    let twin = with_phone(ports, org, "Ann", "+12025550101");
    assert!(ports.duplicates.dismiss(org, twin, ann, now).unwrap());
    assert!(ports.duplicates.dismiss(org, ann, twin, now).unwrap(), "once more");
    assert_eq!((of(ports, org, ann), of(ports, org, twin)), (vec![], vec![]));
    assert_eq!(whoever(ports, org), Vec::<String>::new());
    let third = with_phone(ports, org, "Third", "+12025550101");
    assert_eq!(of(ports, org, ann).len(), 1, "a third is another question");
    // What was said of one holds of whoever it is folded into.
    ports.contacts.merge(org, third, twin, None, Actor::System, now).unwrap().unwrap();
    assert_eq!(of(ports, org, ann), []);
}

pub fn pairs_that_captures_met_move_with_a_merge_and_go_with_a_delete(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let say = |email: &str| {
        let told = capture(org, &ports.ids, &ports.clock, visitor("v"), "", email);
        let id = ContactId(ports.ids.next());
        ports.captures.capture(&told, id, Actor::System, now).unwrap()
    };
    let (one, two) = (say("1@example.org"), say("2@example.org"));
    let met = |id| (id, vec![DuplicateReason::Captured]);
    assert_eq!(of(ports, org, one), [met(two)]);
    let third = ports.add(org, "Third", "3@example.org").id;
    ports.contacts.merge(org, third, two, None, Actor::System, now).unwrap().unwrap();
    assert_eq!(of(ports, org, one), [met(third)]);
    assert!(ports.duplicates.dismiss(org, one, third, now).unwrap());
    say("3@example.org");
    assert_eq!(of(ports, org, one), [], "a capture that meets them again does not offer them");
    let four = say("4@example.org");
    assert_eq!(of(ports, org, one), [met(four)]);
    assert!(ports.contacts.delete(org, four, None, Actor::System, now).unwrap());
    assert_eq!(of(ports, org, one), []);
}

pub fn whoever_is_not_there_is_no_duplicate(ports: &Ports) {
    let (org, other, now) = (ports.org(), ports.org(), ports.clock.now());
    let ann = with_phone(ports, org, "Ann", "+12025550101");
    let theirs = with_phone(ports, other, "Ann", "+12025550101");
    let nobody = ContactId(ports.ids.next());
    assert_eq!(of(ports, org, ann), []);
    assert_eq!((of(ports, org, theirs), of(ports, org, nobody)), (vec![], vec![]));
    for (one, two) in [(ann, theirs), (theirs, ann), (ann, nobody), (nobody, ann)] {
        assert!(!ports.duplicates.dismiss(org, one, two, now).unwrap());
    }
}
