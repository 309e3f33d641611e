use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::contact::{ContactId, ExternalId, Source, SourceDetail};
use crate::{Actor, OrgId};

/// A contact with a number as its id, and an external id.
fn contact(number: u128, external_id: Option<&str>) -> Contact {
    let at = OffsetDateTime::UNIX_EPOCH;
    Contact {
        org: OrgId(Uuid::nil()),
        id: ContactId(Uuid::from_u128(number)),
        external_id: external_id.map(|id| ExternalId::parse(id).unwrap()),
        name: None,
        email: None,
        other_emails: Vec::new(),
        phone: None,
        custom: Default::default(),
        tags: Vec::new(),
        consent: Default::default(),
        source: Source { at, detail: SourceDetail::Manual { by: Actor::System } },
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

/// Matches a row whose keys find, in the order of the ladder: `-` the row lacks the key, `?` no
/// contact has it, `a` and `b` contacts with the external ids `a` and `b`, `c` one without.
fn matched(keys: &str) -> String {
    let contacts = [contact(1, Some("a")), contact(2, Some("b")), contact(3, None)];
    let mut lookups = keys.chars().map(|key| match key {
        '-' => Lookup::Absent,
        '?' => Lookup::Nobody,
        key => Lookup::Found(&contacts["abc".find(key).unwrap()]),
    });
    let mut next = || lookups.next().unwrap();
    let lookups = Lookups { id: next(), external_id: next(), email: next() };
    let name = |contact: &Contact| ["", "a", "b", "c"][contact.id.0.as_u128() as usize];
    match match_row(lookups) {
        Ok(Match::New) => "new".to_owned(),
        Ok(Match::ByAddress(contact)) => format!("{} by address", name(contact)),
        Ok(Match::ById(contact)) => format!("{} by id", name(contact)),
        Err(skip) => skip.code().as_str().to_owned(),
    }
}

#[rstest]
#[case::no_keys("missing_email", &["---"])]
#[case::keys_of_nobody("new", &["-?-", "--?", "-??"])]
#[case::an_unknown_id_adds_nobody(
    "not_found", &["?--", "??-", "?-?", "???", "?a-", "?-a", "?aa", "?ab", "?a?", "??a"])]
#[case::an_id_wins(
    "a by id", &["a--", "a?-", "a-?", "a??", "aa-", "a-a", "aaa", "aa?", "a?a"])]
#[case::an_external_id_comes_second("a by id", &["-a-", "-a?", "-aa"])]
#[case::an_address_comes_last("a by address", &["--a"])]
#[case::a_contact_without_an_external_id_may_get_one("c by address", &["--c", "-?c"])]
#[case::a_contact_with_another_external_id_may_be_another_person("ambiguous", &["-?a"])]
#[case::keys_of_two_contacts(
    "ambiguous",
    &["ab-", "a-b", "abb", "aab", "aba", "ab?", "a?b", "-ab", "abc", "-ac", "ca-", "c-a"])]
fn keys_mean_one_contact(#[case] expected: &str, #[case] keys: &[&str]) {
    for keys in keys {
        assert_eq!(matched(keys), expected, "{keys}");
    }
}

#[test]
fn every_combination_has_one_meaning() {
    for keys in
        (0..5_usize.pow(3)).map(|n| [n / 25, n / 5 % 5, n % 5].map(|at| "-?abc".as_bytes()[at]))
    {
        let keys: String = keys.iter().map(|key| char::from(*key)).collect();
        let found: std::collections::BTreeSet<_> =
            keys.chars().filter(|key| key.is_alphabetic()).collect();
        let meaning = matched(&keys);
        match (keys.starts_with('?'), found.len()) {
            (true, _) => assert_eq!(meaning, "not_found", "{keys}"),
            (false, 2..) => assert_eq!(meaning, "ambiguous", "{keys}"),
            (false, 1) if keys.starts_with("-?") && !found.contains(&'c') => {
                assert_eq!(meaning, "ambiguous", "{keys}");
            }
            (false, 1) => assert!(found.iter().all(|key| meaning.starts_with(*key)), "{keys}"),
            (false, _) => assert!(["new", "missing_email"].contains(&&*meaning), "{keys}"),
        }
    }
}
