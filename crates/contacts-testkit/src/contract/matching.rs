//! The contract of [`contacts_core::import::ImportRepository`] for the keys of rows (R50).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{AddressChange, Contact, ContactId, ContactPatch, EmailAddress};
use contacts_core::import::{
    Applied, Chunk, DryChunkOutcome, DryOutcome, DryRowFilter, Import, ImportRow, PlannedRow,
    Policy, SkipCode, Tally,
};
use contacts_core::run::RunState;
use contacts_core::{Actor, Ids, OrgId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::check::display;
use super::dry_runs;
use super::undos::{self, undo};
use crate::Ports;
use crate::samples::{
    chunk, email, external_id, import_row, name, phone, planned, ready_import, running_import, tags,
};

fn take(ports: &Ports, import: &Import, rows: Vec<ImportRow>) -> Tally {
    let after = ports.imports.get(import.org, import.id).unwrap().unwrap().tally.rows();
    let rows = chunk(&ports.ids, after, rows);
    match ports.imports.apply(import, &rows, ports.clock.tick()).unwrap() {
        Applied::Chunk(tally) => tally,
        other => panic!("{other:?}"),
    }
}

fn with_id(contact: ContactId) -> ImportRow {
    ImportRow { id: Some(contact), ..ImportRow::default() }
}

fn with_external_id(id: &str) -> ImportRow {
    ImportRow { external_id: Some(external_id(id)), ..ImportRow::default() }
}

fn add(ports: &Ports, org: OrgId, name: &str, address: &str, id: &str) -> Contact {
    ports.add_with(org, name, address, |contact| {
        contact.external_id = (!id.is_empty()).then(|| external_id(id));
    })
}

/// Returns the profiles of all contacts, sorted.
fn profiles(ports: &Ports, org: OrgId) -> Vec<String> {
    let profile = |contact: Contact| {
        let Contact { external_id, name, email, other_emails, phone, tags, .. } = contact;
        let text = |text: Option<String>| text.unwrap_or("-".to_owned());
        let texts = [
            text(external_id.map(|id| id.to_string())),
            text(name.map(|name| name.to_string())),
            text(email.map(|email| email.to_string())),
        ];
        let others = other_emails.iter().map(|email| format!(" {email}")).collect::<String>();
        let phone = text(phone.map(|phone| phone.to_string()));
        format!("{}{others} {phone} {tags:?}", texts.join(" "))
    };
    let mut profiles: Vec<_> =
        ports.all(org, &Default::default()).into_iter().map(profile).collect();
    profiles.sort();
    profiles
}

pub fn a_row_finds_its_contact_by_each_of_its_keys(ports: &Ports) {
    let org = ports.org();
    let [ann, bo, cy] = [("ann", "1"), ("bo", "2"), ("cy", "")]
        .map(|(who, id)| add(ports, org, who, &format!("{who}@example.org"), id));
    let import = running_import(ports, org, Policy::Overwrite);
    let named = |row: ImportRow, text: &str| ImportRow { name: Some(name(text)), ..row };
    let rows = vec![
        named(with_id(ann.id), "Ann"),
        named(with_external_id("2"), "Bo"),
        ImportRow { external_id: Some(external_id("3")), ..import_row("Cy", "cy@example.org") },
        named(with_external_id("3"), "Cyril"),
    ];
    let tally = take(ports, &import, rows);
    assert_eq!((tally.added, tally.updated, tally.skips()), (0, 4, 0));
    for (contact, expected) in [(&ann, "Ann"), (&bo, "Bo"), (&cy, "Cyril")] {
        assert_eq!(display(&ports.get(org, contact.id)), expected);
    }
    assert_eq!(ports.get(org, cy.id).external_id, Some(external_id("3")));
}

pub fn an_id_that_was_merged_means_its_survivor(ports: &Ports) {
    let org = ports.org();
    let [ann, twin] = ["ann", "twin"].map(|who| ports.add(org, who, &format!("{who}@x.org")));
    let merge = |survivor: ContactId, other: ContactId| {
        let now = ports.clock.tick();
        ports.contacts.merge(org, survivor, other, None, Actor::System, now).unwrap().unwrap();
    };
    merge(ann.id, twin.id);
    let bo = ports.add(org, "bo", "bo@x.org");
    let import = running_import(ports, org, Policy::Overwrite);
    let renamed = ImportRow { name: Some(name("Ann Lee")), ..with_id(twin.id) };
    let ambiguous = ImportRow { email: Some(email("bo@x.org")), ..with_id(twin.id) };
    let same = ImportRow { email: Some(email("ann@x.org")), ..with_id(twin.id) };
    let tally = take(ports, &import, vec![renamed, ambiguous, same]);
    assert_eq!((tally.updated, tally.skipped[&SkipCode::Ambiguous]), (1, 1));
    assert_eq!(tally.skipped[&SkipCode::Unchanged], 1);
    assert_eq!(display(&ports.get(org, ann.id)), "Ann Lee");
    assert_eq!(display(&ports.get(org, bo.id)), "bo");
}

pub fn a_row_without_a_contact_is_skipped_with_the_reason(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let [ann, _bo] = ["1", "2"].map(|id| add(ports, org, "Ann", &format!("{id}@x.org"), id));
    let stranger = ports.add(other, "Eve", "eve@x.org");
    let before = profiles(ports, org);
    let import = running_import(ports, org, Policy::Overwrite);
    let of = |id: &str, address: &str| ImportRow {
        external_id: (!id.is_empty()).then(|| external_id(id)),
        ..import_row("Cy", address)
    };
    let rows = vec![
        ImportRow { id: Some(stranger.id), ..import_row("Eve", "eve@x.org") },
        ImportRow { id: Some(ContactId(ports.ids.next())), ..import_row("Eve", "eve@x.org") },
        ImportRow { id: Some(ann.id), ..of("2", "1@x.org") },
        ImportRow { id: Some(ann.id), ..of("", "2@x.org") },
        of("1", "2@x.org"),
        of("9", "1@x.org"),
        ImportRow { name: Some(name("Cy")), ..with_external_id("9") },
        ImportRow { name: None, ..of("9", "9@x.org") },
    ];
    let tally = take(ports, &import, rows);
    let expected = [
        (SkipCode::NotFound, 2),
        (SkipCode::Ambiguous, 4),
        (SkipCode::MissingEmail, 1),
        (SkipCode::MissingName, 1),
    ];
    assert_eq!(tally.skipped, expected.into_iter().collect());
    assert_eq!(profiles(ports, org), before);
}

pub fn only_an_id_lets_a_row_change_the_address(ports: &Ports) {
    let org = ports.org();
    let ann = add(ports, org, "Ann", "ann@x.org", "");
    let nobody = add(ports, org, "Bo", "", "2");
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = vec![
        import_row("Ann", "ANN@x.org"),
        ImportRow { email: Some(email("bo@x.org")), ..with_external_id("2") },
    ];
    assert_eq!(take(ports, &import, rows).updated, 1);
    assert_eq!(ports.get(org, ann.id).email.unwrap().as_str(), "ann@x.org");
    assert_eq!(ports.of_address(org, "bo@x.org").unwrap().id, nobody.id);
    assert_eq!(ports.found(org, "bo@x"), ["Bo"], "search finds the new address");
    let moved = ImportRow { email: Some(email("Ann@y.org")), ..with_id(ann.id) };
    assert_eq!(take(ports, &import, vec![moved]).updated, 2);
    assert_eq!(ports.get(org, ann.id).email.unwrap().as_str(), "Ann@y.org");

    let import = running_import(ports, org, Policy::FillBlanks);
    let kept = ImportRow { email: Some(email("ann@z.org")), ..with_id(ann.id) };
    let filled = ImportRow { external_id: Some(external_id("1")), ..kept.clone() };
    assert_eq!(take(ports, &import, vec![kept, filled]).updated, 1);
    let ann = ports.get(org, ann.id);
    assert_eq!(
        (ann.email.unwrap().as_str(), ann.external_id),
        ("Ann@y.org", Some(external_id("1")))
    );
}

/// Ann's external id passes to Bo, and Bo's to a new contact. Ann gets another address.
fn chain(ann: &Contact, bo: &Contact) -> Vec<ImportRow> {
    let with_own = |who: &Contact, id: &str| ImportRow {
        external_id: Some(external_id(id)),
        ..with_id(who.id)
    };
    vec![
        ImportRow { email: Some(email("new@x.org")), ..with_own(ann, "9") },
        with_own(bo, "1"),
        ImportRow { external_id: Some(external_id("2")), ..import_row("Cy", "cy@x.org") },
        import_row("Ann Lee", "ann@x.org"),
    ]
}

pub fn contacts_pass_their_external_ids_on_and_keep_their_addresses(ports: &Ports) {
    for size in 1..=4 {
        let org = ports.org();
        let ann = add(ports, org, "Ann", "ann@x.org", "1");
        let bo = add(ports, org, "Bo", "bo@x.org", "2");
        let import = running_import(ports, org, Policy::Overwrite);
        for rows in chain(&ann, &bo).chunks(size) {
            take(ports, &import, rows.to_vec());
        }
        let expected =
            ["1 Bo bo@x.org - []", "2 Cy cy@x.org - []", "9 Ann Lee new@x.org ann@x.org - []"];
        assert_eq!(profiles(ports, org), expected);

        let now = ports.clock.tick();
        assert!(
            ports.imports.end(org, import.id, RunState::Done, None, Actor::System, now).unwrap()
        );
        let tally = undo(ports, &import);
        assert_eq!((tally.removed, tally.restored, tally.kept), (1, 2, 0), "{size}");
        assert_eq!(profiles(ports, org), ["1 Ann ann@x.org - []", "2 Bo bo@x.org - []"]);
    }
}

pub fn an_undo_keeps_what_another_contact_would_lose(ports: &Ports) {
    let org = ports.org();
    let ann = add(ports, org, "Ann", "ann@x.org", "1");
    let bo = add(ports, org, "Bo", "bo@x.org", "2");
    let rows = chain(&ann, &bo);
    let import = undos::imported(ports, org, rows[..1].to_vec(), 1);
    let old = Some(AddressChange::Remove(email("ann@x.org")));
    let patch = ContactPatch { address: old, ..ContactPatch::default() };
    let now = ports.clock.tick();
    ports.contacts.update(org, ann.id, None, &patch, Actor::System, now).unwrap();
    add(ports, org, "Cy", "ANN@x.org", "");
    let tally = undo(ports, &import);
    assert_eq!((tally.restored, tally.kept), (0, 1));
    let kept = ports.undos.kept(org, undos::subject(&import), None, 10).unwrap();
    let kept: Vec<_> = kept.iter().map(|k| (k.field.as_deref(), k.reason.as_str())).collect();
    assert_eq!(kept, [(Some("email"), "taken")]);
    let expected = ["- Cy ANN@x.org - []", "1 Ann new@x.org - []", "2 Bo bo@x.org - []"];
    assert_eq!(profiles(ports, org), expected, "the external id is restored");
}

/// Keys and cells of a row, as indexes: id, external id, address, name, phone, tag.
type Cells = [usize; 6];

/// External ids and addresses of the stored contacts, as indexes; rows, the policy, chunk sizes.
type Case = (Vec<[usize; 2]>, Vec<Cells>, usize, [usize; 3]);

fn cases() -> impl Strategy<Value = Case> {
    let stored = prop::collection::vec([0..4usize, 0..4usize], 0..4);
    let row = [0..7usize, 0..5usize, 0..5usize, 0..3usize, 0..3usize, 0..2usize];
    let rows = prop::collection::vec(row, 0..10);
    (stored, rows, 0..Policy::ALL.len(), [1..6usize, 1..6usize, 1..6usize])
}

/// Adds the stored contacts of a case, and one that was merged into the first.
fn stored(ports: &Ports, org: OrgId, contacts: &[[usize; 2]]) -> Vec<ContactId> {
    let mut ids = Vec::new();
    for (at, [id, address]) in contacts.iter().enumerate() {
        let is_new = |key: usize, of: usize| contacts[..at].iter().all(|c| c[of] != key);
        let id = (*id > 0 && is_new(*id, 0)).then(|| format!("x{id}"));
        let address = (*address > 0 && is_new(*address, 1)).then(|| format!("p{address}@x.org"));
        let (id, address) = (id.unwrap_or_default(), address.unwrap_or_default());
        ids.push(add(ports, org, &format!("P{at}"), &address, &id).id);
    }
    let merged = ports.add(org, "Merged", "");
    if let Some(survivor) = ids.first() {
        let now = ports.clock.tick();
        ports.contacts.merge(org, *survivor, merged.id, None, Actor::System, now).unwrap();
    }
    ids.push(merged.id);
    ids
}

fn row(ports: &Ports, ids: &[ContactId], [id, own, address, who, call, tag]: Cells) -> ImportRow {
    let id = match id {
        0 | 1 => None,
        2 => Some(ContactId(ports.ids.next())),
        id => Some(ids[id % ids.len()]),
    };
    ImportRow {
        id,
        external_id: (own > 0).then(|| external_id(&format!("x{own}"))),
        email: (address > 0).then(|| email(&format!("p{address}@x.org"))),
        others: further(call, address),
        name: (who > 0).then(|| name(["", "Ann", "Bo"][who])),
        phone: (call > 0).then(|| phone(["", "1", "2"][call])),
        tags: tags(&["a"][..tag]),
        is_opted_out: who == 2,
        ..ImportRow::default()
    }
}

/// Returns the further addresses of a row: some have one, which other rows may have, too.
fn further(call: usize, address: usize) -> Vec<EmailAddress> {
    let other = (call == 2).then(|| email(&format!("p{}@x.org", address % 4 + 1)));
    other.into_iter().collect()
}

fn imported(ports: &Ports, import: &Import, rows: &[PlannedRow], size: usize) -> Tally {
    let mut done = Tally::default();
    for (at, rows) in rows.chunks(size).enumerate() {
        let chunk = Chunk { after: (at * size) as u64, rows: rows.to_vec(), ..Chunk::default() };
        match ports.imports.apply(import, &chunk, ports.clock.tick()).unwrap() {
            Applied::Chunk(tally) => done = tally,
            other => panic!("{other:?}"),
        }
    }
    let now = ports.clock.tick();
    assert!(
        ports.imports.end(import.org, import.id, RunState::Done, None, Actor::System, now).unwrap()
    );
    done
}

/// Runs a dry run, and returns its tally and the code of each row.
fn predicted(
    ports: &Ports,
    import: &Import,
    rows: &[PlannedRow],
    size: usize,
) -> (Tally, Vec<&'static str>) {
    let run = dry_runs::started(ports, import);
    for (at, rows) in rows.chunks(size).enumerate() {
        let chunk = Chunk { after: (at * size) as u64, rows: rows.to_vec(), ..Chunk::default() };
        let now = ports.clock.tick();
        let outcome = ports.dry_runs.process_chunk(import, run, &chunk, now).unwrap();
        assert!(matches!(outcome, DryChunkOutcome::Chunk(_)));
    }
    let tally = ports.dry_runs.get(import.org, import.id).unwrap().unwrap().tally;
    let rows =
        ports.dry_runs.rows(import.org, import.id, &DryRowFilter::default(), 0, 1_000).unwrap();
    let code = |outcome: &DryOutcome| match outcome {
        DryOutcome::Added => "added",
        DryOutcome::Updated { .. } => "updated",
        DryOutcome::Skipped { code, .. } => code.as_str(),
    };
    (tally, rows.iter().map(|row| code(&row.outcome)).collect())
}

pub fn rows_with_any_keys_are_predicted_applied_from_the_top_and_undone(ports: &Ports) {
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&cases(), |(contacts, cells, policy, sizes)| {
        let run = |size: usize| {
            let org = ports.org();
            let ids = stored(ports, org, &contacts);
            let import = ready_import(ports, org, Policy::ALL[policy]);
            let rows = (1..).zip(&cells);
            let rows: Vec<_> =
                rows.map(|(n, cells)| planned(&ports.ids, n, row(ports, &ids, *cells))).collect();
            (org, import, rows, size)
        };
        let started = |import: &Import| {
            assert!(
                ports
                    .imports
                    .start(import.org, import.id, Actor::System, ports.clock.tick())
                    .unwrap()
            );
        };
        let (one_org, import, rows, size) = run(1);
        started(&import);
        let one_by_one = imported(ports, &import, &rows, size);

        let (org, import, rows, size) = run(sizes[0]);
        let before = profiles(ports, org);
        let (by_one, codes) = predicted(ports, &import, &rows, 1);
        prop_assert_eq!(&by_one, &one_by_one);
        let (in_chunks, chunk_codes) = predicted(ports, &import, &rows, sizes[1]);
        prop_assert_eq!((&in_chunks, chunk_codes), (&one_by_one, codes));
        prop_assert_eq!(profiles(ports, org), before.clone(), "a dry run changes nothing");

        started(&import);
        prop_assert_eq!(imported(ports, &import, &rows, size), one_by_one);
        prop_assert_eq!(profiles(ports, org), profiles(ports, one_org));

        let undone = undo(ports, &import);
        prop_assert_eq!((undone.kept, undone.gone), (0, 0));
        prop_assert_eq!(profiles(ports, org), before);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
