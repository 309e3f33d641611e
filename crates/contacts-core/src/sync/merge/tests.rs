use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::contact::{EmailAddress, Name, Phone, SourceDetail};
use crate::sync::MappedField;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn mapping(overwrite: Overwrite) -> Mapping {
    let mapped = |target: &str| MappedField {
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

fn ann(row: &SyncRow) -> (Contact, ValueFingerprints) {
    let detail = SourceDetail::Connected { source: Uuid::nil(), external_id: "1".to_owned() };
    let source = Source { at: NOW, detail };
    added(row, OrgId(Uuid::nil()), ContactId(Uuid::nil()), source)
}

fn name(contact: &Contact) -> Option<&str> {
    contact.name.as_ref().map(|name| name.as_str())
}

fn free(_: &str) -> bool {
    false
}

/// The source sends a first name, a user changes it, and the source sends the next name.
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
fn a_source_writes_blanks_and_its_own_values(
    #[case] overwrite: Overwrite,
    #[case] said_first: Option<&str>,
    #[case] made: Option<&str>,
    #[case] new_row: &str,
    #[case] expected: Option<&str>,
) {
    let (mut contact, fingerprints) = ann(&row(said_first, None));
    contact.name = made.map(|name| Name::parse(name).unwrap());
    let merged =
        merge(&contact, &fingerprints, &row(Some(new_row), None), &mapping(overwrite), &free, NOW);
    assert_eq!(name(&merged.contact), expected);
    assert_eq!(merged.is_change(), expected != made);
    assert_eq!(merged.contact.version, 1 + u64::from(expected != made));
}

#[test]
fn a_blank_field_leaves_alone() {
    let (contact, fingerprints) = ann(&row(Some("Ann"), Some("030 901820")));
    let merged = merge(
        &contact,
        &fingerprints,
        &row(None, None),
        &mapping(Overwrite::Everything),
        &free,
        NOW,
    );
    assert!(!merged.is_change());
}

#[test]
fn an_address_of_another_contact_is_not_taken_over() {
    let (contact, fingerprints) = ann(&row(Some("Ann"), None));
    let mut new_row = row(Some("Anna"), None);
    new_row.email = Some(EmailAddress::parse("bob@x.org").unwrap());
    let mapping = mapping(Overwrite::Own);
    let merged = merge(&contact, &fingerprints, &new_row, &mapping, &|key| key == "bob@x.org", NOW);
    assert_eq!(merged.contact.email_key(), "ann@x.org");
    assert_eq!(name(&merged.contact), Some("Anna"));
    assert_eq!(merged.warnings.len(), 1);
    let merged = merge(&contact, &fingerprints, &new_row, &mapping, &free, NOW);
    assert_eq!(merged.contact.email_key(), "bob@x.org");
}

#[test]
fn a_removed_tag_stays_removed() {
    let mut new_row = row(Some("Ann"), None);
    new_row.tags = vec![TagName::parse("vip").unwrap()];
    let (mut contact, fingerprints) = ann(&new_row);
    contact.tags.clear();
    let mapping = mapping(Overwrite::Own);
    assert!(!merge(&contact, &fingerprints, &new_row, &mapping, &free, NOW).is_change());
    new_row.tags.push(TagName::parse("lead").unwrap());
    let merged = merge(&contact, &fingerprints, &new_row, &mapping, &free, NOW);
    assert_eq!(merged.contact.tags, [TagName::parse("lead").unwrap()]);
    assert!(merged.changes.is_empty());
}

#[test]
fn a_covered_event_changes_nothing() {
    let new_row = row(Some("Ann"), Some("030 901820"));
    let (_, fingerprints) = ann(&new_row);
    assert!(fingerprints.covers(&new_row));
    assert!(fingerprints.covers(&row(None, Some("030 901820"))));
    assert!(!fingerprints.covers(&row(Some("Anna"), None)));
    assert!(!ValueFingerprints::default().covers(&new_row));
}

#[test]
fn a_repeated_address_makes_no_new_warning() {
    let new_row = row(Some("Ann"), None);
    let (mut contact, fingerprints) = ann(&new_row);
    contact.email = Some(EmailAddress::parse("typed@x.org").unwrap());
    let now_of_another = |key: &str| key == "ann@x.org";
    let merged =
        merge(&contact, &fingerprints, &new_row, &mapping(Overwrite::Own), &now_of_another, NOW);
    assert!(fingerprints.covers(&new_row));
    assert!(!merged.is_change());
    assert_eq!(merged.warnings, []);
}

proptest! {
    #[test]
    fn a_repeated_record_counts_once(
        names in prop::collection::vec(prop::option::of("[AB]"), 3),
        phones in prop::collection::vec(prop::option::of("[12]{3}"), 3),
        overwrite in prop::sample::select(Overwrite::ALL.to_vec()),
    ) {
        let row = |at: usize| row(names[at].as_deref(), phones[at].as_deref());
        let (mut contact, fingerprints) = ann(&row(0));
        contact.name = row(1).name;
        let mapping = mapping(overwrite);
        let merged_once = merge(&contact, &fingerprints, &row(2), &mapping, &free, NOW);
        let twice = merge(&merged_once.contact, &merged_once.fingerprints, &row(2), &mapping, &free, NOW);
        prop_assert!(!twice.is_change());
        prop_assert_eq!(twice.fingerprints, merged_once.fingerprints);
    }

    #[test]
    fn record_states_are_read_back(pairs in prop::collection::btree_map(any::<u64>(), any::<u64>(), 0..9)) {
        let fingerprints = ValueFingerprints(pairs);
        prop_assert_eq!(ValueFingerprints::from_bytes(&fingerprints.to_bytes()), Some(fingerprints));
    }

    #[test]
    fn no_bytes_break_reading(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let fingerprints = ValueFingerprints::from_bytes(&bytes);
        prop_assert_eq!(fingerprints.is_some(), bytes.len() % 16 == 0);
    }
}
