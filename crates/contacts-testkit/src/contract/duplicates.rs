//! The contract of [`contacts_core::contact::DuplicateRepository`] (R17, R20, R54).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::collections::BTreeSet;

use contacts_core::contact::{
    ContactFilter, ContactId, DuplicateCursor, DuplicatePair, DuplicateReason, PairQuery, Strength,
};
use contacts_core::{Actor, Clock, Ids, OrgId};

use crate::Ports;
use crate::samples::{capture, phone, visitor};

fn of(ports: &Ports, org: OrgId, contact: ContactId) -> Vec<(ContactId, Vec<DuplicateReason>)> {
    let found = ports.duplicates.duplicates(org, contact, None, 100).unwrap();
    found.into_iter().map(|duplicate| (duplicate.contact.id, duplicate.reasons)).collect()
}

/// Returns all pairs of the list, read in pages of `limit`.
fn pairs_by(
    ports: &Ports,
    org: OrgId,
    strength: Option<Strength>,
    limit: usize,
) -> Vec<DuplicatePair> {
    let (mut pairs, mut after) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = ports.duplicates.pairs(org, &PairQuery { strength, after, limit }).unwrap();
        assert!(page.items.len() <= limit);
        pairs.extend(page.items);
        after = page.next;
        if after.is_none() {
            return pairs;
        }
    }
    panic!("the list has no end");
}

/// Returns the ids and reasons of all pairs of the list.
fn pairs(ports: &Ports, org: OrgId) -> Vec<(ContactId, ContactId, Vec<DuplicateReason>)> {
    let pairs = pairs_by(ports, org, None, 100).into_iter();
    pairs.map(|pair| (pair.one.id, pair.other.id, pair.reasons)).collect()
}

/// Returns the contacts with duplicates by the filter, and checks that each contact's own list and
/// the list of all pairs agree.
fn contacts_with_duplicates(ports: &Ports, org: OrgId) -> Vec<String> {
    let by = |some| ContactFilter { duplicates: Some(some), ..ContactFilter::default() };
    for contact in ports.all(org, &by(true)) {
        assert_ne!(of(ports, org, contact.id), [], "{contact:?}");
    }
    for contact in ports.all(org, &by(false)) {
        assert_eq!(of(ports, org, contact.id), [], "{contact:?}");
    }
    let pairs = pairs_by(ports, org, None, 100);
    let paired: BTreeSet<_> = pairs.iter().flat_map(|pair| [pair.one.id, pair.other.id]).collect();
    let filtered: BTreeSet<_> =
        ports.all(org, &by(true)).iter().map(|contact| contact.id).collect();
    assert_eq!(paired, filtered);
    let all_names = ports.names(org, &ContactFilter::default()).len();
    assert_eq!(ports.names(org, &by(true)).len() + ports.names(org, &by(false)).len(), all_names);
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
    assert_eq!(contacts_with_duplicates(ports, org), ["Ann", "Twin"]);
}

pub fn the_same_name_is_one_only_when_an_address_is_missing(ports: &Ports) {
    let org = ports.org();
    let blank = ports.add(org, "ÉMILE Lee", "").id;
    let one = ports.add(org, "Emile Lee", "1@one.example").id;
    let two = ports.add(org, "emile lee", "2@two.example").id;
    ports.add(org, "Bo", "bo@one.example");
    ports.add(org, "Bo", "bo@two.example");
    ports.add(org, "", "3@example.org");
    ports.add(org, "", "4@example.org");
    let by_name = |id| (id, vec![DuplicateReason::Name]);
    assert_eq!(of(ports, org, blank), [by_name(one), by_name(two)]);
    assert_eq!(of(ports, org, one), [by_name(blank)]);
    assert_eq!(contacts_with_duplicates(ports, org).len(), 3);
}

pub fn every_reason_is_listed_page_by_page(ports: &Ports) {
    let org = ports.org();
    let number = Some(phone("+1 202 555 0101"));
    let ann = ports.add_with(org, "Ann", "", |contact| contact.phone = number.clone()).id;
    let more: Vec<_> = (0..4).map(|_| with_phone(ports, org, "Ann", "+12025550101")).collect();
    let both = vec![DuplicateReason::Phone, DuplicateReason::Name];
    let expected: Vec<_> = more.iter().map(|id| (*id, both.clone())).collect();
    assert_eq!(of(ports, org, ann), expected);
    let after = DuplicateCursor { strength: Strength::Strong, contact: more[0] };
    let page = ports.duplicates.duplicates(org, ann, Some(after), 2).unwrap();
    let ids: Vec<_> = page.iter().map(|duplicate| duplicate.contact.id).collect();
    assert_eq!(ids, more[1..3]);
    assert_eq!(page[0].contact, ports.get(org, more[1]));
}

pub fn the_same_name_and_domain_is_medium(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann Lee", "ann@example.org").id;
    let twin = ports.add(org, "ANN LEE", "a.lee@EXAMPLE.org").id;
    ports.add(org, "Ann Lee", "ann@elsewhere.example");
    let reasons = vec![DuplicateReason::NameAndDomain];
    assert_eq!(of(ports, org, ann), [(twin, reasons.clone())]);
    assert_eq!(pairs(ports, org), [(ann, twin, reasons)]);
    assert_eq!(contacts_with_duplicates(ports, org), ["Ann Lee", "ANN LEE"]);
}

pub fn a_value_that_many_share_makes_no_pair(ports: &Ports) {
    let org = ports.org();
    let number: Vec<_> =
        (0..5).map(|n| with_phone(ports, org, &format!("{n}"), "+12025550101")).collect();
    let named: Vec<_> =
        (0..5).map(|n| ports.add(org, "Info", &format!("{n}@example.org")).id).collect();
    assert_eq!((of(ports, org, number[0]).len(), of(ports, org, named[0]).len()), (4, 4));
    assert_eq!(pairs(ports, org).len(), 20);
    assert_eq!(contacts_with_duplicates(ports, org).len(), 10);
    with_phone(ports, org, "X", "+12025550101");
    ports.add(org, "INFO", "");
    assert_eq!((of(ports, org, number[0]), of(ports, org, named[0])), (vec![], vec![]));
    assert_eq!(pairs(ports, org), []);
    assert_eq!(contacts_with_duplicates(ports, org), Vec::<String>::new());
}

pub fn similar_names_are_listed_for_one_contact_only(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Anna Schmidt", "1@example.org").id;
    let twin = ports.add(org, "Anna Schmitt", "2@example.org").id;
    ports.add(org, "Anna Weber", "3@example.org");
    ports.add(org, "", "4@example.org");
    let similar = |id| (id, vec![DuplicateReason::SimilarName]);
    assert_eq!(of(ports, org, ann), [similar(twin)]);
    assert_eq!(of(ports, org, twin), [similar(ann)]);
    assert_eq!(pairs(ports, org), []);
    let filter = ContactFilter { duplicates: Some(true), ..ContactFilter::default() };
    assert_eq!(ports.names(org, &filter), Vec::<String>::new());
    ports.duplicates.set_dismissed(org, [ann, twin], true, ports.clock.now()).unwrap();
    assert_eq!(of(ports, org, ann), []);
}

pub fn pairs_are_listed_strongest_first_page_by_page(ports: &Ports) {
    let (org, other_org) = (ports.org(), ports.org());
    ports.add(org, "Weak", "");
    ports.add(org, "weak", "weak@example.org");
    ports.add(org, "Medium", "1@example.org");
    ports.add(org, "medium", "2@example.org");
    for name in ["P", "Q", "R"] {
        with_phone(ports, org, name, "+12025550102");
        with_phone(ports, org, name, "+12025550101");
        with_phone(ports, other_org, name, "+12025550101");
    }
    let now = ports.clock.now();
    for email in ["c1@example.org", "c2@elsewhere.example"] {
        let captured = capture(org, &ports.ids, &ports.clock, visitor("v"), "", email);
        let id = ContactId(ports.ids.next());
        ports.captures.capture(&captured, id, Actor::System, now).unwrap();
    }
    let all = pairs_by(ports, org, None, 100);
    let strengths: Vec<_> = all.iter().map(DuplicatePair::strength).collect();
    // P, Q and R each have the name of another contact without an address.
    let weak = 4;
    let expected =
        [[Strength::Strong].repeat(7), vec![Strength::Medium], [Strength::Weak].repeat(weak)];
    assert_eq!(strengths, expected.concat());
    assert_eq!(all[0].reasons, [DuplicateReason::Captured]);
    for limit in 1..=4 {
        assert_eq!(pairs_by(ports, org, None, limit), all, "{limit}");
        for strength in Strength::ALL {
            let some = all.iter().filter(|pair| pair.strength() == strength).cloned();
            assert_eq!(pairs_by(ports, org, Some(strength), limit), some.collect::<Vec<_>>());
        }
    }
    for pair in &all {
        assert!(pair.one.id < pair.other.id, "the contact that was added first comes first");
        assert_eq!(
            (&pair.one, &pair.other),
            (&ports.get(org, pair.one.id), &ports.get(org, pair.other.id))
        );
    }
    contacts_with_duplicates(ports, org);
    let first = &all[1];
    assert!(
        ports.duplicates.set_dismissed(org, [first.other.id, first.one.id], true, now).unwrap()
    );
    let rest: Vec<_> = all.iter().filter(|pair| *pair != first).cloned().collect();
    assert_eq!(pairs_by(ports, org, None, 2), rest);
    assert_eq!(pairs(ports, other_org).len(), 3);
}

pub fn two_people_are_not_offered_again(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let ann = with_phone(ports, org, "Ann", "+12025550101");
    let twin = with_phone(ports, org, "Ann", "+12025550101");
    assert!(ports.duplicates.set_dismissed(org, [twin, ann], true, now).unwrap());
    assert!(ports.duplicates.set_dismissed(org, [ann, twin], true, now).unwrap(), "once more");
    assert_eq!((of(ports, org, ann), of(ports, org, twin)), (vec![], vec![]));
    assert_eq!(contacts_with_duplicates(ports, org), Vec::<String>::new());
    let third = with_phone(ports, org, "Third", "+12025550101");
    assert_eq!(of(ports, org, ann).len(), 1, "a third is another question");
    // A dismissal also applies to the contact that a dismissed one is merged into.
    ports.contacts.merge(org, third, twin, None, Actor::System, now).unwrap().unwrap();
    assert_eq!(of(ports, org, ann), []);
}

pub fn duplicate_pairs_move_with_a_merge_and_are_deleted_with_a_contact(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let add_capture = |email: &str| {
        let captured = capture(org, &ports.ids, &ports.clock, visitor("v"), "", email);
        let id = ContactId(ports.ids.next());
        ports.captures.capture(&captured, id, Actor::System, now).unwrap()
    };
    let (one, two) = (add_capture("1@example.org"), add_capture("2@example.org"));
    let captured_pair = |id| (id, vec![DuplicateReason::Captured]);
    assert_eq!(of(ports, org, one), [captured_pair(two)]);
    let third = ports.add(org, "Third", "3@example.org").id;
    ports.contacts.merge(org, third, two, None, Actor::System, now).unwrap().unwrap();
    assert_eq!(of(ports, org, one), [captured_pair(third)]);
    assert!(ports.duplicates.set_dismissed(org, [one, third], true, now).unwrap());
    add_capture("3@example.org");
    assert_eq!(of(ports, org, one), [], "a capture that meets them again does not offer them");
    let four = add_capture("4@example.org");
    assert_eq!(of(ports, org, one), [captured_pair(four)]);
    assert!(ports.contacts.delete(org, four, None, Actor::System, now).unwrap());
    assert_eq!(of(ports, org, one), []);
}

pub fn a_dismissed_pair_is_listed_again_when_that_is_taken_back(ports: &Ports) {
    let org = ports.org();
    let now = ports.clock.now();
    let set = |one, other, dismissed| {
        assert!(ports.duplicates.set_dismissed(org, [one, other], dismissed, now).unwrap());
    };
    let ann = with_phone(ports, org, "Ann", "+12025550101");
    let twin = with_phone(ports, org, "Ann", "+12025550101");
    let before = of(ports, org, ann);
    set(ann, twin, true);
    set(twin, ann, false);
    assert_eq!(of(ports, org, ann), before);
    set(ann, twin, false);
    assert_eq!(of(ports, org, ann), before, "nothing is taken back");
    assert_eq!(contacts_with_duplicates(ports, org).len(), 2);

    let add_capture = |email: &str| {
        let captured = capture(org, &ports.ids, &ports.clock, visitor("v"), "", email);
        let id = ContactId(ports.ids.next());
        ports.captures.capture(&captured, id, Actor::System, now).unwrap()
    };
    let (one, two) = (add_capture("1@example.org"), add_capture("2@example.org"));
    set(one, two, true);
    set(one, two, false);
    assert_eq!(of(ports, org, one), [(two, vec![DuplicateReason::Captured])]);

    // What a capture finds while the pair is dismissed is listed when that is taken back.
    let other = ports.add(org, "Other", "3@example.org").id;
    set(one, other, true);
    add_capture("3@example.org");
    assert_eq!(of(ports, org, other), []);
    set(one, other, false);
    assert_eq!(of(ports, org, other), [(one, vec![DuplicateReason::Captured])]);

    // Both states move with a merge, and back with its undo.
    set(one, other, true);
    ports.contacts.merge(org, ann, other, None, Actor::System, now).unwrap().unwrap();
    set(one, ann, false);
    assert_eq!(of(ports, org, one).len(), 2);
}

pub fn a_missing_contact_is_no_duplicate(ports: &Ports) {
    let (org, other, now) = (ports.org(), ports.org(), ports.clock.now());
    let ann = with_phone(ports, org, "Ann", "+12025550101");
    let foreign = with_phone(ports, other, "Ann", "+12025550101");
    let unknown = ContactId(ports.ids.next());
    assert_eq!(of(ports, org, ann), []);
    assert_eq!((of(ports, org, foreign), of(ports, org, unknown)), (vec![], vec![]));
    for (one, two) in [(ann, foreign), (foreign, ann), (ann, unknown), (unknown, ann)] {
        assert!(!ports.duplicates.set_dismissed(org, [one, two], true, now).unwrap());
    }
}
