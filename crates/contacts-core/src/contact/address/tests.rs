use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::contact::{ContactId, ContactPatch, MergeFields, Patch, Source, SourceDetail};
use crate::{Actor, OrgId};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// A contact with addresses, of which the first one is primary.
fn contact(emails: &[&str]) -> Contact {
    let mut emails = emails.iter().map(|text| email(text));
    let mut contact = Contact {
        org: OrgId(Uuid::nil()),
        id: ContactId(Uuid::nil()),
        external_id: None,
        name: None,
        email: emails.next(),
        other_emails: Vec::new(),
        phone: None,
        custom: Default::default(),
        tags: Vec::new(),
        consent: Default::default(),
        source: Source { at: NOW, detail: SourceDetail::Manual { by: Actor::System } },
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    };
    contact.add_others(emails);
    contact
}

fn many(count: usize) -> Contact {
    let emails: Vec<_> = (0..count).map(|at| format!("a{at:02}@x.org")).collect();
    contact(&emails.iter().map(String::as_str).collect::<Vec<_>>())
}

fn spelled(contact: &Contact) -> Vec<&str> {
    contact.emails().map(EmailAddress::as_str).collect()
}

fn set(text: &str) -> ContactPatch {
    ContactPatch { email: Patch::Set(email(text)), ..ContactPatch::default() }
}

fn change(change: AddressChange) -> ContactPatch {
    ContactPatch { address: Some(change), ..ContactPatch::default() }
}

#[rstest]
#[case::a_new_address_keeps_the_old_one("c@x.org", &["c@x.org", "a@x.org", "b@x.org"])]
#[case::a_further_address_becomes_primary("b@x.org", &["b@x.org", "a@x.org"])]
#[case::a_further_address_is_spelled_as_typed("B@x.org", &["B@x.org", "a@x.org"])]
#[case::another_spelling_keeps_no_address("A@x.org", &["A@x.org", "b@x.org"])]
#[case::the_same_changes_nothing("a@x.org", &["a@x.org", "b@x.org"])]
fn a_changed_primary_address(#[case] typed: &str, #[case] expected: &[&str]) {
    let mut ann = contact(&["a@x.org", "b@x.org"]);
    let changes = set(typed).apply(&mut ann, NOW).unwrap();
    assert_eq!(spelled(&ann), expected);
    assert_eq!(changes.len(), usize::from(typed != "a@x.org"), "{changes:?}");
}

#[test]
fn the_first_address_becomes_primary_and_the_next_ones_do_not() {
    let mut ann = contact(&[]);
    for text in ["b@x.org", "a@x.org", "B@x.org"] {
        change(AddressChange::Add(email(text))).apply(&mut ann, NOW).unwrap();
    }
    assert_eq!(spelled(&ann), ["b@x.org", "a@x.org"]);
    assert_eq!(ann.version, 3, "an address that the contact has changes nothing");
}

#[test]
fn a_further_address_is_removed_and_the_primary_one_is_not() {
    let mut ann = contact(&["a@x.org", "B@x.org"]);
    let changes = change(AddressChange::Remove(email("b@x.org"))).apply(&mut ann, NOW).unwrap();
    assert_eq!(changes[0].field, "addresses");
    assert_eq!((changes[0].from.as_deref(), changes[0].to.as_deref()), (Some("B@x.org"), None));
    let remove = |text: &str| change(AddressChange::Remove(email(text)));
    let primary = remove("a@x.org").apply(&mut ann, NOW);
    assert!(
        matches!(&primary, Err(Error::Conflict(sentence)) if sentence.contains("primary first"))
    );
    assert!(matches!(remove("b@x.org").apply(&mut ann, NOW), Err(Error::NotFound("address"))));
}

#[test]
fn a_contact_has_twenty_addresses_at_most() {
    let mut ann = many(20);
    for patch in [set("new@x.org"), change(AddressChange::Add(email("new@x.org")))] {
        let refused = patch.apply(&mut ann, NOW);
        assert!(matches!(&refused, Err(Error::Invalid(parts)) if parts[0].field == "email"));
    }
    assert_eq!((ann.emails().count(), ann.version), (20, 1));
    assert!(set("a07@x.org").apply(&mut ann, NOW).is_ok(), "its own address needs no room");
    assert_eq!(ann.emails().count(), 20);
}

#[test]
fn a_merge_unites_addresses_and_keeps_the_primary_one() {
    let (mut ann, other) = (contact(&["b@x.org", "z@x.org"]), contact(&["c@x.org", "a@x.org"]));
    let (changes, _) = ann.absorb(&other, &MergeFields::default(), NOW);
    assert_eq!(spelled(&ann), ["b@x.org", "a@x.org", "c@x.org", "z@x.org"]);
    assert_eq!(changes[0].field, "addresses");
    assert_eq!(changes[0].to.as_deref(), Some("c@x.org, a@x.org"));
    assert_eq!(ann.version, 2);
    let mut blank = contact(&[]);
    let (changes, _) = blank.absorb(&other, &MergeFields::default(), NOW);
    assert_eq!(spelled(&blank), ["c@x.org", "a@x.org"]);
    assert_eq!((changes.len(), blank.version), (2, 2));
}

#[test]
fn a_merge_that_makes_too_many_addresses_is_refused() {
    let refused = many(20).check_merge(&contact(&["new@x.org"]));
    assert!(matches!(refused, Err(Error::Conflict(_))));
    assert!(many(19).check_merge(&contact(&["new@x.org"])).is_ok());
    assert!(many(20).check_merge(&many(20)).is_ok());
}

#[test]
fn search_finds_every_address() {
    let ann = contact(&["a@x.org", "b@bücher.example"]);
    assert!(ann.search_text(&BTreeSet::new()).contains("a@x.org"));
    assert!(ann.search_text(&BTreeSet::new()).contains("b@bucher.example"));
}

proptest! {
    #[test]
    fn addresses_stay_distinct_and_in_order(
        steps in proptest::collection::vec((0..3_u8, "[a-dA-D]"), 0..30),
    ) {
        let mut ann = contact(&["a@x.org"]);
        for (kind, local) in steps {
            let text = format!("{local}@x.org");
            let patch = match kind {
                0 => set(&text),
                1 => change(AddressChange::Add(email(&text))),
                _ => change(AddressChange::Remove(email(&text))),
            };
            let before = ann.clone();
            match patch.apply(&mut ann, NOW) {
                Ok(changes) => prop_assert_eq!(changes.is_empty(), ann.has_same_emails(&before)),
                Err(_) => prop_assert!(ann.has_same_emails(&before)),
            }
            let keys: Vec<_> = ann.other_emails.iter().map(EmailAddress::key).collect();
            prop_assert!(keys.is_sorted_by(|one, other| one < other));
            prop_assert!(ann.email.is_some() && !keys.contains(&ann.email_key()));
        }
    }
}
