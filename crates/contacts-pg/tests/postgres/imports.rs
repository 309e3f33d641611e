//! What imports must withstand that only a real database can do to them.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use contacts_core::contact::{ContactFilter, ContactPatch, Name, PageRequest, Patch, SearchQuery};
use contacts_core::import::{Applied, Chunk, Import, PlannedRow, Tally, Turn};
use contacts_core::page::Count;
use contacts_core::{Actor, Clock, OrgId};
use contacts_pg::testing::explain_list;
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{CountedIds, Ports};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::support::{KEY, ports, ports_and_url};

struct Always;

impl Turn for Always {
    fn may_go_on(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// A running import of `people` rows.
fn running(ports: &Ports, org: OrgId, people: usize) -> Import {
    let header = "name,email,tags\n";
    let rows: String =
        (0..people).map(|n| format!("Person {n},p{n}@example.org,t{}\n", n % 7)).collect();
    let service = ports.import_service(Arc::new(contacts_testkit::FakeSpreadsheets));
    let mut upload = service.begin(org, "people.csv", Actor::System, u64::MAX).unwrap();
    upload.push(format!("{header}{rows}").as_bytes()).unwrap();
    let import = upload.finish().unwrap();
    service.analyse(org, import.id, &Always).unwrap();
    let columns = ["name", "email", "tags"].map(contacts_core::import::Target::parse).to_vec();
    let plan = contacts_core::import::NewPlan { columns: Some(columns), ..Default::default() };
    service.replan(org, import.id, plan).unwrap();
    service.start(org, import.id).unwrap()
}

/// Takes an import's rows in chunks of so many, in an order of its own.
fn take(ports: &Ports, import: &Import, rows: usize, backwards: bool) -> Tally {
    let service = ports.import_service(Arc::new(contacts_testkit::FakeSpreadsheets));
    let (import, chunks) = service.chunks(import.org, import.id).unwrap().unwrap();
    let mut all: Vec<PlannedRow> = chunks.flat_map(|chunk| chunk.unwrap().rows).collect();
    if backwards {
        all.reverse();
    }
    let mut tally = Tally::default();
    for rows in all.chunks(rows) {
        let chunk = Chunk { after: tally.rows(), rows: rows.to_vec() };
        match ports.imports.apply(&import, &chunk, ports.clock.now()).unwrap() {
            Applied::Taken(taken) => tally = taken,
            other => panic!("{other:?}"),
        }
    }
    tally
}

#[test]
fn two_imports_of_the_same_people_at_once_lose_nobody_and_count_everybody_once() {
    let ports = ports();
    let org = ports.org();
    let people = 400;
    let imports = [running(&ports, org, people), running(&ports, org, people)];
    // One from the top and one from the bottom, so that they meet in opposite orders.
    let tallies = thread::scope(|scope| {
        let one = scope.spawn(|| take(&ports, &imports[0], 50, false));
        let other = scope.spawn(|| take(&ports, &imports[1], 50, true));
        [one.join().unwrap(), other.join().unwrap()]
    });
    for tally in &tallies {
        assert_eq!(tally.rows(), people as u64);
    }
    assert_eq!(tallies[0].added + tallies[1].added, people as u64);
    let count = ports.contacts.count(org, &ContactFilter::default(), true).unwrap();
    assert_eq!(count, Count::Exact(people as u64));
}

#[test]
fn edits_during_an_import_are_neither_lost_nor_fatal() {
    let ports = ports();
    let org = ports.org();
    take(&ports, &running(&ports, org, 200), 100, false);
    let people =
        ports.contacts.list(org, &ContactFilter::default(), &PageRequest::default()).unwrap();
    let again = running(&ports, org, 200);
    let edited = thread::scope(|scope| {
        let import = scope.spawn(|| take(&ports, &again, 20, false));
        let name = Patch::Set(Name::parse("Edited").unwrap());
        let patch = ContactPatch { name, ..ContactPatch::default() };
        let mut edited = 0;
        for contact in &people.items {
            let done = ports.contacts.update(
                org,
                contact.id,
                None,
                &patch,
                Actor::System,
                ports.clock.now(),
            );
            edited += u64::from(!done.unwrap().unwrap().changes.is_empty());
        }
        assert_eq!(import.join().unwrap().rows(), 200);
        edited
    });
    // Whoever was second has won; both have counted.
    for contact in people.items {
        let now = ports.contacts.get(org, contact.id).unwrap().unwrap();
        let name = now.name.unwrap();
        assert!(
            now.version == 2 && name.as_str() == "Edited"
                || now.version == 3 && name.as_str() != "Edited"
        );
    }
    assert_eq!(edited, 50);
}

#[test]
fn unchanged_rows_are_not_written() {
    let ports = ports();
    let org = ports.org();
    take(&ports, &running(&ports, org, 100), 100, false);
    let before =
        ports.contacts.list(org, &ContactFilter::default(), &PageRequest::default()).unwrap();
    let tally = take(&ports, &running(&ports, org, 100), 100, false);
    assert_eq!((tally.added, tally.updated, tally.skips()), (0, 0, 100));
    let after =
        ports.contacts.list(org, &ContactFilter::default(), &PageRequest::default()).unwrap();
    assert_eq!(after, before);
}

#[test]
fn a_row_about_somebody_deleted_meanwhile_adds_them_again() {
    let ports = ports();
    let org = ports.org();
    take(&ports, &running(&ports, org, 10), 10, false);
    let import = running(&ports, org, 10);
    let first =
        ports.contacts.list(org, &ContactFilter::default(), &PageRequest::default()).unwrap();
    ports.contacts.delete(org, first.items[0].id, None, Actor::System, ports.clock.now()).unwrap();
    let tally = take(&ports, &import, 10, false);
    assert_eq!((tally.added, tally.skips()), (1, 9));
}

#[test]
fn what_imports_did_to_a_contact_is_forgotten_and_the_rest_is_not() {
    let (ports, url) = crate::support::ports_and_url();
    let config = contacts_pg::PoolConfig { size: 1, wait: std::time::Duration::from_secs(10) };
    let ids = Arc::new(ports.ids.clone());
    let database = contacts_pg::Database::open(&url, config, ids, crate::support::KEY).unwrap();
    let org = ports.org();
    for _ in 0..2 {
        let import = running(&ports, org, 5);
        take(&ports, &import, 2, false);
        let now = ports.clock.tick();
        let done = contacts_core::import::ImportState::Done;
        ports.imports.end(org, import.id, done, None, now).unwrap();
    }
    let page = PageRequest::default();
    let people = ports.contacts.list(org, &ContactFilter::default(), &page).unwrap().items;
    contacts_pg::testing::forget_imports(&database, org, people[0].id).unwrap();
    let newest = ports.imports.list(org, None, 1).unwrap().remove(0);
    let undo = contacts_core::import::UndoId(contacts_core::Ids::next(&ports.ids));
    ports.undos.begin(org, newest.id, undo, Actor::System, ports.clock.now()).unwrap();
    while let contacts_core::import::UndoStep::Took(_) =
        ports.undos.step(org, undo, ports.clock.now()).unwrap()
    {}
    let tally = ports.undos.get(org, newest.id).unwrap().unwrap().tally;
    assert_eq!((tally.unchanged, tally.removed, tally.gone), (4, 0, 0), "of five people, four");
}

/// Thirty thousand people of an organisation that the statistics know.
const KNOWN: &str = "INSERT INTO contacts SELECT '00000000-0000-0000-0000-0000000000ff',
        gen_random_uuid(), 'Person ' || n, 'person ' || n, 'p' || n || '@example.org',
        'p' || n || '@example.org', NULL, NULL, ' person ' || n, '{}', now(), now(), 1
        FROM generate_series(1, 30000) n;
    ANALYZE contacts;";

#[test]
fn searches_in_an_organisation_use_their_index_while_its_first_import_runs() {
    let (ports, url) = ports_and_url();
    let org = ports.org();
    PgConnection::establish(&url).unwrap().batch_execute(KNOWN).unwrap();
    let config = PoolConfig { size: 1, wait: Duration::from_secs(10) };
    let database = Database::open(&url, config, Arc::new(CountedIds::default()), KEY).unwrap();
    let import = running(&ports, org, 12_000);
    assert_eq!(take(&ports, &import, 4_000, false).added, 12_000);
    // What is pending in the index makes it dear, and is for Postgres to merge.
    let merge = "SELECT gin_clean_pending_list('contacts_org_id_search_idx')";
    PgConnection::establish(&url).unwrap().batch_execute(merge).unwrap();
    let filter =
        ContactFilter { query: SearchQuery::parse("p11999@exam"), ..ContactFilter::default() };
    let plan = explain_list(&database, org, &filter, &PageRequest::default()).unwrap();
    assert!(plan.contains("contacts_org_id_search_idx"), "{plan}");
}
