use rstest::rstest;
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::contact::{ContactId, ExternalId, Source, SourceDetail};
use crate::import::{Policy, RowRules};
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
    matched_by(None, keys)
}

/// Like [`matched`], by one key if it is given.
fn matched_by(key: Option<MatchKey>, keys: &str) -> String {
    found(keys, |lookups| match key {
        Some(key) => match_by(key, lookups),
        None => match_row(lookups),
    })
}

/// Returns what a rule finds by keys in the notation of [`matched`].
fn found(keys: &str, rule: impl FnOnce(Lookups<'_>) -> Result<Match<'_>, Skip>) -> String {
    let contacts = [contact(1, Some("a")), contact(2, Some("b")), contact(3, None)];
    let mut lookups = keys.chars().map(|key| match key {
        '-' => Lookup::Absent,
        '?' => Lookup::Nobody,
        key => Lookup::Found(&contacts["abc".find(key).unwrap()]),
    });
    let mut next = || lookups.next().unwrap();
    let lookups =
        Lookups { id: next(), external_id: next(), email: next(), has_several_owners: false };
    let name = |contact: &Contact| ["", "a", "b", "c"][contact.id.0.as_u128() as usize];
    match rule(lookups) {
        Ok(Match::New) => "new".to_owned(),
        Ok(Match::ByAddress(contact)) => format!("{} by address", name(contact)),
        Ok(Match::ById(contact)) => format!("{} by id", name(contact)),
        Err(skip) => skip.code().as_str().to_owned(),
    }
}

#[rstest]
#[case::no_keys("new", &["---"])]
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

#[rstest]
#[case("ab-", "its id and its external id belong to different contacts")]
#[case("aab", "its id and its email address belong to different contacts")]
#[case("-ab", "its external id and its email address belong to different contacts")]
#[case("-?a", "the contact with its email address has another external id")]
fn a_conflict_names_its_keys(#[case] keys: &str, #[case] expected: &str) {
    let mut sentence = None;
    let code = found(keys, |lookups| {
        match_row(lookups).inspect_err(|skip| sentence = Some(skip.sentence()))
    });
    assert_eq!(code, "ambiguous");
    assert_eq!(sentence.as_deref(), Some(expected));
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
            (false, _) => assert_eq!(meaning, "new", "{keys}"),
        }
    }
}

#[rstest]
#[case::an_own_id_of_the_list("by address", &["-?a", "-?c"])]
#[case::an_address("by address", &["--a"])]
#[case::an_external_id("by id", &["-a-", "-a?"])]
#[case::nobody("new", &["-??", "-?-"])]
#[case::two_contacts("ambiguous", &["-ab", "a-b"])]
#[case::an_unknown_id("not_found", &["?-a"])]
fn an_opt_out_list_may_have_ids_of_its_own(#[case] expected: &str, #[case] keys: &[&str]) {
    for keys in keys {
        let found = found(keys, |lookups| RowRules::from(Policy::OptOut).match_row(lookups));
        assert!(found.ends_with(expected), "{keys}: {found}");
    }
}

#[rstest]
#[case::the_key_finds_its_contact(MatchKey::Id, "a by id", &["a--", "a??", "aaa", "a?a"])]
#[case::an_unknown_id_adds_nobody(MatchKey::Id, "not_found", &["?--", "?aa"])]
#[case::a_value_of_another_contact(MatchKey::Id, "ambiguous", &["ab-", "a-b", "abb"])]
#[case::an_external_id_finds_its_contact(MatchKey::ExternalId, "a by id", &["-a-", "-a?", "-aa"])]
#[case::an_external_id_of_nobody_adds(MatchKey::ExternalId, "new", &["-?-", "-??"])]
#[case::an_address_finds_nobody_then(MatchKey::ExternalId, "ambiguous", &["-?a", "-?c", "-ab"])]
#[case::an_address_finds_its_contact(MatchKey::Email, "a by address", &["--a", "-aa", "aaa"])]
#[case::another_external_id_is_a_new_value(MatchKey::Email, "a by address", &["-?a", "a?a"])]
#[case::an_address_of_nobody_adds(MatchKey::Email, "new", &["--?", "-??"])]
#[case::an_external_id_finds_nobody_then(MatchKey::Email, "ambiguous", &["-a?", "-ba", "b-a"])]
#[case::an_unknown_id_adds_nobody_here_either(MatchKey::Email, "not_found", &["?-a", "?-?"])]
fn one_key_decides_alone(#[case] key: MatchKey, #[case] expected: &str, #[case] keys: &[&str]) {
    for keys in keys {
        assert_eq!(matched_by(Some(key), keys), expected, "{keys}");
    }
}

#[test]
fn every_key_is_read_back() {
    for key in MatchKey::ALL {
        assert_eq!(MatchKey::parse(key.as_str()), Some(key));
    }
    assert_eq!(MatchKey::parse("name"), None);
}
