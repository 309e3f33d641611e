//! The contract of [`contacts_core::import::ImportRepository`] for rows of people who want no
//! messages (R52).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::consent::{Consent, ConsentChange, ConsentNote, ConsentReason, Unsubscribe};
use contacts_core::contact::{ActivityKind, Contact};
use contacts_core::import::{Applied, Import, ImportRow, Policy, SkipCode, Tally};
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, OrgId};

use super::undos::undo;
use crate::Ports;
use crate::samples::{chunk, email, import_row, ready_import, running_import, tags};

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
        assert!(ports.imports.start(org, import.id, ports.clock.tick()).unwrap());
        let rows = ["ann@example.org", "new@example.org"]
            .map(|text| opted_out(ImportRow { name: None, ..import_row("Ann", text) }));
        take(ports, &import, rows.to_vec());
        let now = ports.clock.tick();
        assert!(ports.imports.end(org, import.id, RunState::Done, None, now).unwrap());
        let undone = undo(ports, &import);
        assert_eq!((undone.kept, undone.gone), (0, 0), "{policy:?}");
        assert!(!consent(ports, &ann).is_subscribed(), "{policy:?}");
    }
    let new = ports.add(org, "New", "new@example.org");
    assert!(!consent(ports, &new).is_subscribed());
}
