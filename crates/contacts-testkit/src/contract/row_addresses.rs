//! The contract of [`contacts_core::import::ImportRepository`] for rows with several addresses
//! (R48).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{Contact, EmailAddress};
use contacts_core::import::{Applied, Import, ImportRow, Policy, SkipCode, Tally};
use contacts_core::run::RunState;
use contacts_core::{Actor, OrgId};

use super::undos::undo;
use crate::Ports;
use crate::samples::{chunk, email, import_row, running_import};

fn take(ports: &Ports, import: &Import, rows: Vec<ImportRow>) -> Tally {
    let after = ports.imports.get(import.org, import.id).unwrap().unwrap().tally.rows();
    let rows = chunk(&ports.ids, after, rows);
    match ports.imports.apply(import, &rows, ports.clock.tick()).unwrap() {
        Applied::Chunk(tally) => tally,
        other => panic!("{other:?}"),
    }
}

/// Returns a row with further addresses.
fn row(name: &str, addresses: &[&str]) -> ImportRow {
    let others = addresses[1..].iter().map(|address| email(address)).collect();
    ImportRow { others, ..import_row(name, addresses[0]) }
}

/// Returns the contact that has an address.
fn owner(ports: &Ports, org: OrgId, address: &str) -> Contact {
    ports.contacts.find_by_email(org, &email(address)).unwrap().unwrap()
}

/// Returns the addresses of the contact that has one of them, the primary one first.
fn addresses(ports: &Ports, org: OrgId, one: &str) -> Vec<String> {
    owner(ports, org, one).emails().map(|email| email.as_str().to_owned()).collect()
}

pub fn a_row_adds_a_contact_with_all_its_addresses(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::Overwrite);
    let ann = row("Ann", &["ann@x.org", "lee@x.org", "a@y.org"]);
    assert_eq!(take(ports, &import, vec![ann.clone()]).added, 1);
    for one in ["ann@x.org", "lee@x.org", "A@Y.org"] {
        assert_eq!(addresses(ports, org, one), ["ann@x.org", "a@y.org", "lee@x.org"]);
    }
    assert_eq!(ports.found(org, "lee@x"), ["Ann"]);
    let again = running_import(ports, org, Policy::Overwrite);
    let turned = row("Ann", &["lee@x.org", "a@y.org", "ann@x.org"]);
    let tally = take(ports, &again, vec![ann, turned]);
    assert_eq!(tally.skipped, [(SkipCode::Unchanged, 2)].into_iter().collect());
    assert_eq!(addresses(ports, org, "ann@x.org")[0], "ann@x.org", "the primary address stays");
}

pub fn any_address_of_a_row_finds_the_contact_which_gets_the_others(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@x.org");
    for policy in [Policy::AddOnly, Policy::FillBlanks] {
        let import = running_import(ports, org, policy);
        take(ports, &import, vec![row("Ann", &["new@x.org", "ann@x.org", "b@x.org"])]);
        let now = ports.clock.tick();
        ports.imports.end(org, import.id, RunState::Done, None, Actor::System, now).unwrap();
        let is_written = policy == Policy::FillBlanks;
        let expected: &[&str] =
            if is_written { &["ann@x.org", "b@x.org", "new@x.org"] } else { &["ann@x.org"] };
        assert_eq!(addresses(ports, org, "ann@x.org"), expected);
        assert_eq!(ports.get(org, ann.id).version, 1 + u64::from(is_written));
        if is_written {
            let events = ports.feed.after(org, Some(0), 1_000).unwrap();
            let last = &events.last().unwrap().event;
            assert_eq!(last.fields, ["addresses"]);
            assert_eq!(undo(ports, &import).restored, 1);
            assert_eq!(addresses(ports, org, "ann@x.org"), ["ann@x.org"]);
        }
    }
}

pub fn addresses_of_two_contacts_are_ambiguous_and_too_many_are_skipped(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@x.org");
    ports.add(org, "Bo", "bo@x.org");
    let import = running_import(ports, org, Policy::Overwrite);
    let many: Vec<_> = (0..20).map(|at| format!("n{at}@x.org")).collect();
    let mut many: Vec<_> = many.iter().map(String::as_str).collect();
    let rows = vec![
        row("Ann", &["new@x.org", "ann@x.org", "bo@x.org"]),
        row("Many", &many),
        // An earlier row of the file has one of the addresses.
        row("Ann", &["ann@x.org", "n3@x.org"]),
    ];
    let tally = take(ports, &import, rows);
    assert_eq!((tally.added, tally.skipped[&SkipCode::Ambiguous]), (1, 2));
    assert_eq!(addresses(ports, org, "n3@x.org").len(), Contact::MAX_ADDRESSES);
    many.push("n20@x.org");
    many.remove(5);
    let tally = take(ports, &import, vec![row("Many", &many)]);
    assert_eq!(tally.skipped[&SkipCode::TooManyAddresses], 1);
}

pub fn an_opt_out_concerns_each_address_of_its_row(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@x.org");
    let bo = ports.add(org, "Bo", "bo@x.org");
    let import = running_import(ports, org, Policy::OptOut);
    let opted_out = row("-", &["ann@x.org", "bo@x.org", "late@x.org"]);
    let opted_out = ImportRow { name: None, is_opted_out: true, ..opted_out };
    take(ports, &import, vec![opted_out]);
    let is_subscribed = |contact: &Contact| ports.get(org, contact.id).consent.is_subscribed();
    assert_eq!([&ann, &bo].map(is_subscribed), [false, false]);
    let late = ports.add(org, "Late", "late@x.org");
    assert!(!is_subscribed(&late));
}

pub fn addresses_are_given_on_within_a_chunk(ports: &Ports) {
    for size in 1..=3 {
        let org = ports.org();
        let import = running_import(ports, org, Policy::Overwrite);
        let rows = [
            row("Ann", &["a@x.org", "b@x.org"]),
            row("Ann Lee", &["c@x.org", "b@x.org"]),
            row("Ann Lee", &["C@x.org"]),
        ];
        for rows in rows.chunks(size) {
            take(ports, &import, rows.to_vec());
        }
        let tally = ports.imports.get(org, import.id).unwrap().unwrap().tally;
        assert_eq!((tally.added, tally.updated, tally.skips()), (1, 1, 1), "{size}");
        assert_eq!(addresses(ports, org, "c@x.org"), ["a@x.org", "b@x.org", "c@x.org"]);
        let key = |email: &EmailAddress| email.key().to_owned();
        let found = owner(ports, org, "b@x.org");
        assert_eq!(found.other_emails.iter().map(key).collect::<Vec<_>>(), ["b@x.org", "c@x.org"]);
    }
}
