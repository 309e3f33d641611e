use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::contact::{EmailAddress, Name, Origin, Phone};
use crate::sync::Mapped;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn mapping(overwrite: Overwrite) -> Mapping {
    let mapped = |target: &str| Mapped {
        field: target.to_owned(),
        target: Target::parse(target).unwrap(),
        overwrite,
    };
    let fields = ["name", "email", "phone", "tags"].map(mapped).to_vec();
    Mapping { fields, id_field: None }
}

fn row(name: Option<&str>, phone: Option<&str>) -> SyncRow {
    SyncRow {
        email: Some(EmailAddress::parse("ann@x.org").unwrap()),
        name: name.map(|name| Name::parse(name).unwrap()),
        phone: phone.map(|phone| Phone::parse(phone, None).unwrap()),
        tags: Vec::new(),
        custom: BTreeMap::new(),
    }
}

fn ann(row: &SyncRow) -> (Contact, Said) {
    let origin = Origin::Connected { source: Uuid::nil(), external_id: "1".to_owned() };
    let arrival = Arrival { at: NOW, origin };
    added(row, OrgId(Uuid::nil()), ContactId(Uuid::nil()), arrival)
}

fn name(contact: &Contact) -> Option<&str> {
    contact.name.as_ref().map(|name| name.as_str())
}

fn free(_: &str) -> bool {
    false
}

/// What becomes of a name that the source said first, somebody made another of, and the source
/// then says.
#[rstest]
#[case(Overwrite::Own, Some("A"), Some("A"), "B", Some("B"))]
#[case(Overwrite::Own, Some("A"), Some("Typed"), "B", Some("Typed"))]
#[case(Overwrite::Own, Some("A"), Some("Typed"), "A", Some("Typed"))]
#[case(Overwrite::Own, Some("A"), None, "A", None)]
#[case(Overwrite::Own, Some("A"), None, "B", Some("B"))]
#[case(Overwrite::Own, None, Some("Typed"), "A", Some("Typed"))]
#[case(Overwrite::Own, None, None, "A", Some("A"))]
#[case(Overwrite::Blanks, Some("A"), Some("A"), "B", Some("A"))]
#[case(Overwrite::Blanks, Some("A"), None, "B", Some("B"))]
#[case(Overwrite::Blanks, None, None, "A", Some("A"))]
#[case(Overwrite::Everything, Some("A"), Some("Typed"), "B", Some("B"))]
#[case(Overwrite::Everything, Some("A"), Some("Typed"), "A", Some("Typed"))]
#[case(Overwrite::Everything, None, Some("Typed"), "A", Some("A"))]
fn a_source_writes_what_is_blank_or_its_own(
    #[case] overwrite: Overwrite,
    #[case] said_first: Option<&str>,
    #[case] made: Option<&str>,
    #[case] says: &str,
    #[case] expected: Option<&str>,
) {
    let (mut contact, said) = ann(&row(said_first, None));
    contact.name = made.map(|name| Name::parse(name).unwrap());
    let merged = merge(&contact, &said, &row(Some(says), None), &mapping(overwrite), &free, NOW);
    assert_eq!(name(&merged.contact), expected);
    assert_eq!(merged.is_change(), expected != made);
    assert_eq!(merged.contact.version, 1 + u64::from(expected != made));
}

#[test]
fn a_blank_field_leaves_alone() {
    let (contact, said) = ann(&row(Some("Ann"), Some("030 901820")));
    let merged =
        merge(&contact, &said, &row(None, None), &mapping(Overwrite::Everything), &free, NOW);
    assert!(!merged.is_change());
}

#[test]
fn an_address_of_another_contact_is_not_taken_over() {
    let (contact, said) = ann(&row(Some("Ann"), None));
    let mut says = row(Some("Anna"), None);
    says.email = Some(EmailAddress::parse("bob@x.org").unwrap());
    let mapping = mapping(Overwrite::Own);
    let merged = merge(&contact, &said, &says, &mapping, &|key| key == "bob@x.org", NOW);
    assert_eq!(merged.contact.email_key(), "ann@x.org");
    assert_eq!(name(&merged.contact), Some("Anna"));
    assert_eq!(merged.warnings.len(), 1);
    let merged = merge(&contact, &said, &says, &mapping, &free, NOW);
    assert_eq!(merged.contact.email_key(), "bob@x.org");
}

#[test]
fn a_tag_that_somebody_took_off_stays_off() {
    let mut says = row(Some("Ann"), None);
    says.tags = vec![TagName::parse("vip").unwrap()];
    let (mut contact, said) = ann(&says);
    contact.tags.clear();
    let mapping = mapping(Overwrite::Own);
    assert!(!merge(&contact, &said, &says, &mapping, &free, NOW).is_change());
    says.tags.push(TagName::parse("lead").unwrap());
    let merged = merge(&contact, &said, &says, &mapping, &free, NOW);
    assert_eq!(merged.contact.tags, [TagName::parse("lead").unwrap()]);
    assert!(merged.changes.is_empty());
}

#[test]
fn what_is_covered_changes_nothing() {
    let says = row(Some("Ann"), Some("030 901820"));
    let (_, said) = ann(&says);
    assert!(said.covers(&says));
    assert!(said.covers(&row(None, Some("030 901820"))));
    assert!(!said.covers(&row(Some("Anna"), None)));
    assert!(!Said::default().covers(&says));
}

#[test]
fn an_address_that_was_said_before_is_not_missed_again() {
    let says = row(Some("Ann"), None);
    let (mut contact, said) = ann(&says);
    contact.email = Some(EmailAddress::parse("typed@x.org").unwrap());
    let now_of_another = |key: &str| key == "ann@x.org";
    let merged = merge(&contact, &said, &says, &mapping(Overwrite::Own), &now_of_another, NOW);
    assert!(said.covers(&says));
    assert!(!merged.is_change());
    assert_eq!(merged.warnings, []);
}

proptest! {
    #[test]
    fn said_twice_is_said_once(
        names in prop::collection::vec(prop::option::of("[AB]"), 3),
        phones in prop::collection::vec(prop::option::of("[12]{3}"), 3),
        overwrite in prop::sample::select(Overwrite::ALL.to_vec()),
    ) {
        let row = |at: usize| row(names[at].as_deref(), phones[at].as_deref());
        let (mut contact, said) = ann(&row(0));
        contact.name = row(1).name;
        let mapping = mapping(overwrite);
        let once = merge(&contact, &said, &row(2), &mapping, &free, NOW);
        let twice = merge(&once.contact, &once.said, &row(2), &mapping, &free, NOW);
        prop_assert!(!twice.is_change());
        prop_assert_eq!(twice.said, once.said);
    }

    #[test]
    fn what_was_said_is_read_back(pairs in prop::collection::btree_map(any::<u64>(), any::<u64>(), 0..9)) {
        let said = Said(pairs);
        prop_assert_eq!(Said::from_bytes(&said.to_bytes()), Some(said));
    }

    #[test]
    fn no_bytes_break_reading(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let said = Said::from_bytes(&bytes);
        prop_assert_eq!(said.is_some(), bytes.len() % 16 == 0);
    }
}
