//! The contract of [`contacts_core::import::ImportRepository`] for rows of people who want no
//! messages (R52).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::consent::{Consent, ConsentChange, ConsentNote, ConsentReason, Unsubscribe};
use contacts_core::contact::{ActivityKind, Contact, ContactId, SourceDetail};
use contacts_core::import::{
    Applied, Chunk, Import, ImportRow, PlannedRow, Policy, Skip, SkipCode, Tally,
};
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::undos::undo;
use crate::Ports;
use crate::samples::{
    chunk, email, external_id, import_row, planned, ready_import, running_import, skipped_opt_out,
    tags,
};

fn take(ports: &Ports, import: &Import, rows: Vec<ImportRow>) -> Tally {
    let after = ports.imports.get(import.org, import.id).unwrap().unwrap().tally.rows();
    let rows = chunk(&ports.ids, after, rows);
    match ports.imports.apply(import, &rows, ports.clock.tick()).unwrap() {
        Applied::Chunk(tally) => tally,
        other => panic!("{other:?}"),
    }
}

fn opted_out(row: ImportRow) -> ImportRow {
    ImportRow { is_opted_out: true, ..row }
}

/// A row that has an address only.
fn address(text: &str) -> ImportRow {
    ImportRow { email: Some(email(text)), ..ImportRow::default() }
}

/// Returns the unsubscribe that an import makes now.
fn by(ports: &Ports, import: &Import) -> Consent {
    let (reason, at) = (ConsentReason::Imported, ports.clock.now());
    Consent::Unsubscribed(Unsubscribe { reason, at, actor: Actor::Import(import.id), note: None })
}

/// Returns how many changes of consent the activity of a contact has, by the import.
fn changes(ports: &Ports, contact: &Contact) -> usize {
    let what = ConsentChange::Lower { reason: ConsentReason::Imported, note: None };
    let what = ActivityKind::ConsentChanged(what);
    ports.activity(contact.org, contact.id).iter().filter(|entry| entry.what == what).count()
}

fn consent(ports: &Ports, contact: &Contact) -> Consent {
    ports.get(contact.org, contact.id).consent
}

fn subscribe(ports: &Ports, contact: &Contact) {
    let note = ConsentNote::parse("signed a form").unwrap();
    let (change, now) = (ConsentChange::Raise { note }, ports.clock.tick());
    ports.consents.change(contact.org, contact.id, &change, Actor::System, now).unwrap().unwrap();
}

fn people(ports: &Ports, org: OrgId) -> usize {
    ports.all(org, &Default::default()).len()
}

pub fn a_row_that_says_so_unsubscribes_its_contact(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let bo = ports.add(org, "Bo", "bo@example.org");
    let import = running_import(ports, org, Policy::Overwrite);
    let rows = || {
        vec![
            opted_out(import_row("Ann", "ann@example.org")),
            import_row("Bobby", "bo@example.org"),
            opted_out(import_row("Ann", "ann@example.org")),
        ]
    };
    let before = ports.feed.end(org).unwrap();
    let tally = take(ports, &import, rows());
    assert_eq!((tally.updated, tally.skipped[&SkipCode::Unchanged]), (2, 1));
    let unsubscribed = by(ports, &import);
    assert_eq!(consent(ports, &ann), unsubscribed);
    assert_eq!(consent(ports, &bo), Consent::Subscribed);
    let events = ports.feed.after(org, Some(before), 10).unwrap();
    let [of_ann, of_bo] = &*events else { panic!("{events:?}") };
    assert_eq!(
        (&*of_ann.event.fields, &*of_bo.event.fields),
        (&["consent".to_owned()][..], &["name".to_owned()][..])
    );
    assert_eq!(changes(ports, &ann), 1);
    let tally = take(ports, &import, rows());
    assert_eq!((tally.updated, tally.skipped[&SkipCode::Unchanged]), (2, 4));
    assert_eq!((consent(ports, &ann), changes(ports, &ann)), (unsubscribed, 1));
}

pub fn a_row_never_subscribes(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let import = running_import(ports, org, Policy::Overwrite);
    take(ports, &import, vec![opted_out(address("ann@example.org"))]);
    let unsubscribed = by(ports, &import);
    for policy in Policy::ALL {
        let import = running_import(ports, org, policy);
        take(ports, &import, vec![import_row("Anna", "ann@example.org")]);
        assert_eq!(consent(ports, &ann), unsubscribed, "{policy:?}");
    }
}

pub fn a_new_contact_may_be_unsubscribed_by_its_row(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::AddOnly);
    let rows = vec![
        opted_out(import_row("Ann", "ann@example.org")),
        import_row("Bo", "bo@example.org"),
        opted_out(import_row("Bo", "bo@example.org")),
    ];
    let tally = take(ports, &import, rows);
    assert_eq!((tally.added, tally.skipped[&SkipCode::Known]), (2, 1));
    let ann = ports.of_address(org, "ann@example.org").unwrap();
    assert_eq!((ann.consent.clone(), changes(ports, &ann)), (by(ports, &import), 1));
    let bo = ports.of_address(org, "bo@example.org").unwrap();
    assert_eq!(bo.consent, Consent::Subscribed, "only additions were asked for");
    // The address stays unsubscribed.
    assert!(ports.removed(org, ann.id));
    let again = ports.add(org, "Ann", "ann@example.org");
    assert_eq!(consent(ports, &again), ann.consent);
}

pub fn an_opt_out_list_unsubscribes_and_adds_nobody(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let import = running_import(ports, org, Policy::OptOut);
    let rows = || {
        vec![
            opted_out(ImportRow { tags: tags(&["x"]), ..import_row("Anna", "ann@example.org") }),
            opted_out(address("new@example.org")),
            address("bo@example.org"),
            opted_out(ImportRow { id: Some(ann.id), ..ImportRow::default() }),
        ]
    };
    let tally = take(ports, &import, rows());
    assert_eq!((tally.added, tally.updated, tally.skips()), (0, 1, 3));
    for code in [SkipCode::Suppressed, SkipCode::Unknown, SkipCode::Unchanged] {
        assert_eq!(tally.skipped[&code], 1, "{code:?}");
    }
    let expected = Contact { consent: by(ports, &import), ..ann.clone() };
    assert_eq!(ports.get(org, ann.id), expected, "nothing else is written");
    assert_eq!(people(ports, org), 1);
    let issues = ports.imports.issues(org, import.id, 0, 10).unwrap();
    assert_eq!(issues.iter().map(|issue| issue.row).collect::<Vec<_>>(), [3]);
    let again = take(ports, &running_import(ports, org, Policy::OptOut), rows());
    assert_eq!((again.updated, again.skipped[&SkipCode::Suppressed]), (0, 1));
}

pub fn an_address_of_an_opt_out_list_is_unsubscribed_when_somebody_gets_it(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::OptOut);
    take(ports, &import, vec![opted_out(address("ann@Bücher.example"))]);
    let unsubscribed = by(ports, &import);
    ports.clock.tick();
    let ann = ports.add(org, "Ann", "ANN@xn--bcher-kva.example");
    assert_eq!(consent(ports, &ann), unsubscribed);
    // An administrator may subscribe the contact again; the list of another organisation is apart.
    subscribe(ports, &ann);
    assert_eq!(consent(ports, &ann), Consent::Subscribed);
    let other = ports.org();
    let eve = ports.add(other, "Eve", "ann@bücher.example");
    assert_eq!(consent(ports, &eve), Consent::Subscribed);
}

pub fn undoing_an_import_subscribes_nobody(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    for policy in [Policy::Overwrite, Policy::OptOut] {
        let import = ready_import(ports, org, policy);
        assert!(ports.imports.start(org, import.id, Actor::System, ports.clock.tick()).unwrap());
        let rows = ["ann@example.org", "new@example.org"]
            .map(|text| opted_out(ImportRow { name: None, ..import_row("Ann", text) }));
        take(ports, &import, rows.to_vec());
        let now = ports.clock.tick();
        assert!(
            ports.imports.end(org, import.id, RunState::Done, None, Actor::System, now).unwrap()
        );
        let undone = undo(ports, &import);
        assert_eq!((undone.kept, undone.gone), (0, 0), "{policy:?}");
        assert!(!consent(ports, &ann).is_subscribed(), "{policy:?}");
    }
    let new = ports.add(org, "New", "new@example.org");
    assert!(!consent(ports, &new).is_subscribed());
}

/// Applies rows, and returns the codes of the skipped ones with their counts.
fn skips(ports: &Ports, import: &Import, rows: Vec<PlannedRow>) -> Vec<(&'static str, u64)> {
    let chunk = Chunk { after: 0, rows, ..Chunk::default() };
    match ports.imports.apply(import, &chunk, ports.clock.tick()).unwrap() {
        Applied::Chunk(tally) => {
            tally.skipped.iter().map(|(code, n)| (code.as_str(), *n)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Adds a contact that has an external id.
fn add(ports: &Ports, org: OrgId, address: &str, id: &str) -> Contact {
    ports.add_with(org, "Ann", address, |contact| contact.external_id = Some(external_id(id)))
}

fn keys(id: &str, address: &str) -> ImportRow {
    ImportRow { external_id: Some(external_id(id)), ..self::address(address) }
}

pub fn an_opt_out_list_unsubscribes_whom_any_key_finds(ports: &Ports) {
    let org = ports.org();
    let contacts = ["a", "b", "c", "d", "e"].map(|id| add(ports, org, &format!("{id}@x.org"), id));
    let import = running_import(ports, org, Policy::OptOut);
    let unknown = ImportRow { id: Some(ContactId(ports.ids.next())), ..address("d@x.org") };
    let rows = [
        keys("9000", "a@x.org"),
        keys("b", "c@x.org"),
        unknown,
        keys("e", "new@x.org"),
        keys("9001", "other@x.org"),
    ];
    let tally = take(ports, &import, rows.map(opted_out).to_vec());
    assert_eq!((tally.added, tally.updated), (0, 2));
    for code in [SkipCode::Ambiguous, SkipCode::NotFound, SkipCode::Suppressed] {
        assert_eq!(tally.skipped[&code], 1, "{code:?}");
    }
    let unsubscribed = by(ports, &import);
    for contact in &contacts {
        let expected = Contact { consent: unsubscribed.clone(), ..contact.clone() };
        assert_eq!(ports.get(org, contact.id), expected, "nothing else is written");
        assert_eq!(changes(ports, contact), 1);
    }
    for address in ["new@x.org", "other@x.org"] {
        assert_eq!(consent(ports, &ports.add(org, "New", address)), unsubscribed, "{address}");
    }
}

pub fn an_opt_out_applies_although_its_row_is_skipped(ports: &Ports) {
    for policy in [Policy::Overwrite, Policy::FillBlanks, Policy::UpdateOnly, Policy::OptOut] {
        let org = ports.org();
        let contacts = ["a", "b", "c"].map(|id| add(ports, org, &format!("{id}@x.org"), id));
        let import = running_import(ports, org, policy);
        let before = ports.feed.end(org).unwrap();
        let row = |number, keys| skipped_opt_out(&ports.ids, number, Skip::InvalidId, keys);
        let nobody = ImportRow { external_id: Some(external_id("9000")), ..ImportRow::default() };
        let rows = vec![
            row(1, keys("a", "b@x.org")),
            row(2, keys("c", "new@x.org")),
            row(3, nobody),
            row(4, address("a@x.org")),
        ];
        assert_eq!(skips(ports, &import, rows), [("invalid_id", 4)], "{policy:?}");
        let unsubscribed = by(ports, &import);
        let [a, b, c] = &contacts;
        for (contact, row) in [(a, 1), (b, 1), (c, 2)] {
            assert_eq!(consent(ports, contact), unsubscribed, "{policy:?}");
            assert_eq!(changes(ports, contact), 1);
            let sources = ports.contacts.sources(org, contact.id, None, 10).unwrap();
            let rows = sources.into_iter().filter_map(|source| match source.detail {
                SourceDetail::CsvImport { import: id, row, .. } => (id == import.id).then_some(row),
                _ => None,
            });
            assert_eq!(rows.collect::<Vec<_>>(), [row], "the import is a source");
        }
        let events = ports.feed.after(org, Some(before), 10).unwrap();
        let [event] = &*events else { panic!("{events:?}") };
        assert_eq!(
            (event.event.contacts.len(), &*event.event.fields),
            (3, &["consent".to_owned()][..])
        );
        assert_eq!(consent(ports, &ports.add(org, "New", "new@x.org")), unsubscribed);

        assert!(
            ports
                .imports
                .end(org, import.id, RunState::Done, None, Actor::System, ports.clock.tick())
                .unwrap()
        );
        undo(ports, &import);
        for contact in &contacts {
            assert_eq!(consent(ports, contact), unsubscribed, "undoing subscribes nobody");
        }
    }
}

pub fn an_address_is_opted_out_before_a_later_row_adds_it(ports: &Ports) {
    for chunk_size in [1, 3] {
        let org = ports.org();
        let bo = add(ports, org, "bo@x.org", "bo");
        let import = running_import(ports, org, Policy::Overwrite);
        let skipped =
            |number, text| skipped_opt_out(&ports.ids, number, Skip::MissingName, address(text));
        let rows = [
            planned(&ports.ids, 1, opted_out(address("new@x.org"))),
            skipped(2, "bobby@x.org"),
            planned(&ports.ids, 3, import_row("New", "new@x.org")),
            planned(&ports.ids, 4, keys("bo", "bobby@x.org")),
        ];
        let now = ports.clock.tick();
        for (at, rows) in rows.chunks(chunk_size).enumerate() {
            let chunk =
                Chunk { after: (at * chunk_size) as u64, rows: rows.to_vec(), ..Chunk::default() };
            let applied = ports.imports.apply(&import, &chunk, now).unwrap();
            assert!(matches!(applied, Applied::Chunk(_)), "{applied:?}");
        }
        let tally = ports.imports.get(org, import.id).unwrap().unwrap().tally;
        assert_eq!((tally.added, tally.updated), (1, 1));
        assert_eq!(tally.skipped, [(SkipCode::MissingName, 2)].into());
        let new = ports.of_address(org, "new@x.org").unwrap();
        let unsubscribed = by(ports, &import);
        assert_eq!((new.consent, consent(ports, &bo)), (unsubscribed.clone(), unsubscribed));
    }
}

pub fn an_opt_out_of_a_row_that_only_adds_leaves_contacts_alone(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let import = running_import(ports, org, Policy::AddOnly);
    let row = |number, text| skipped_opt_out(&ports.ids, number, Skip::MissingName, address(text));
    let rows = vec![row(1, "ann@example.org"), row(2, "new@example.org")];
    assert_eq!(skips(ports, &import, rows), [("missing_name", 2)]);
    assert_eq!(ports.get(org, ann.id), ann);
    assert_eq!(consent(ports, &ports.add(org, "New", "new@example.org")), by(ports, &import));
}

pub fn an_address_that_the_policy_does_not_write_is_opted_out(ports: &Ports) {
    let org = ports.org();
    let ann = add(ports, org, "ann@example.org", "7");
    let full = add(ports, org, "full@example.org", "8");
    let others = (1..Contact::MAX_ADDRESSES).map(|at| keys("8", &format!("full{at}@example.org")));
    take(ports, &running_import(ports, org, Policy::Overwrite), others.collect());
    let import = running_import(ports, org, Policy::FillBlanks);
    let tally = take(ports, &import, vec![opted_out(keys("7", "new@example.org"))]);
    assert_eq!(tally.updated, 1);
    let overwriting = running_import(ports, org, Policy::Overwrite);
    let tally = take(ports, &overwriting, vec![opted_out(keys("8", "more@example.org"))]);
    assert_eq!(tally.skipped, [(SkipCode::TooManyAddresses, 1)].into());
    for contact in [&ann, &full, &ports.add(org, "New", "new@example.org")] {
        assert!(!consent(ports, contact).is_subscribed());
    }
    assert!(!consent(ports, &ports.add(org, "More", "more@example.org")).is_subscribed());
}
