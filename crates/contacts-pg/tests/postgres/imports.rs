//! Imports under conditions that only a real database has, such as concurrent changes.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use contacts_core::contact::{ContactFilter, ContactPatch, Name, PageRequest, Patch, SearchQuery};
use contacts_core::import::{Applied, Chunk, Import, Interrupt, PlannedRow, Tally};
use contacts_core::page::Count;
use contacts_core::run::RunState;
use contacts_core::undo::{UndoId, UndoStep, UndoSubject};
use contacts_core::{Actor, Clock, OrgId};
use contacts_pg::testing::explain_list;
use contacts_pg::{Database, PoolConfig};
use contacts_testkit::{CountedIds, Ports};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

use crate::support::{KEY, ports, ports_and_url};

struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

/// Returns a running import of `people` rows.
fn running(ports: &Ports, org: OrgId, people: usize) -> Import {
    let header = "name,email,tags\n";
    let rows: String =
        (0..people).map(|n| format!("Person {n},p{n}@example.org,t{}\n", n % 7)).collect();
    let service = ports.services().imports;
    let mut upload = service.begin(org, "people.csv", Actor::System, u64::MAX).unwrap();
    upload.push(format!("{header}{rows}").as_bytes()).unwrap();
    let import = upload.finish().unwrap();
    service.analyse(org, import.id, &Always).unwrap();
    let columns = ["name", "email", "tags"].map(contacts_core::import::Target::parse).to_vec();
    let plan = contacts_core::import::NewPlan { columns: Some(columns), ..Default::default() };
    service.replan(org, import.id, plan).unwrap();
    service.start(org, import.id, Actor::System).unwrap()
}

/// Applies an import in chunks of `rows` rows, in the order of the file or backwards.
fn take(ports: &Ports, import: &Import, rows: usize, backwards: bool) -> Tally {
    let service = ports.services().imports;
    let (import, chunks) = service.chunks(import.org, import.id).unwrap().unwrap();
    let mut all: Vec<PlannedRow> = chunks.flat_map(|chunk| chunk.unwrap().rows).collect();
    if backwards {
        all.reverse();
    }
    let mut tally = Tally::default();
    for rows in all.chunks(rows) {
        let chunk = Chunk { after: tally.rows(), rows: rows.to_vec(), ..Chunk::default() };
        match ports.imports.apply(&import, &chunk, ports.clock.now()).unwrap() {
            Applied::Chunk(result) => tally = result,
            other => panic!("{other:?}"),
        }
    }
    tally
}

#[test]
fn two_concurrent_imports_of_the_same_contacts_count_each_row_once() {
    let ports = ports();
    let org = ports.org();
    let people = 400;
    let imports = [running(&ports, org, people), running(&ports, org, people)];
    // One from the top and one from the bottom, so that they lock the contacts in opposite orders.
    let tallies = thread::scope(|scope| {
        let one = scope.spawn(|| take(&ports, &imports[0], 50, false));
        let other = scope.spawn(|| take(&ports, &imports[1], 50, true));
        [one.join().unwrap(), other.join().unwrap()]
    });
    for tally in &tallies {
        assert_eq!(tally.rows(), people as u64);
    }
    assert_eq!(tallies[0].added + tallies[1].added, people as u64);
    let all = ContactFilter::default();
    assert_eq!(ports.contacts.count(org, &all).unwrap(), people as u64);
    assert_eq!(ports.contacts.count_quickly(org, &all).unwrap(), Count::Exact(people as u64));
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
    // The second writer of a contact has won, and both writes count in its version.
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

/// Edits a contact each time between the moment when `work` reads it and the moment when `work`
/// writes it. Returns the number of edits until `work` succeeded.
fn edit_at_each_try<T: Send>(
    url: &str,
    contact: &str,
    work: impl FnOnce() -> T + Send,
) -> (u32, T) {
    let mut editor = PgConnection::establish(url).unwrap();
    let edit = format!(
        "BEGIN; UPDATE contacts SET phone = '12345', version = version + 1 WHERE email = '{contact}'"
    );
    let waiting = "SELECT FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    editor.batch_execute(&edit).unwrap();
    thread::scope(|scope| {
        let work = scope.spawn(work);
        let mut edits = 0;
        loop {
            // Wait until `work` blocks: the edit is not committed, so a write of the contact waits
            // for it.
            while !work.is_finished() && sql_query(waiting).execute(&mut editor).unwrap() == 0 {}
            editor.batch_execute("COMMIT").unwrap();
            if work.is_finished() || edits == 100 {
                return (edits, work.join().unwrap());
            }
            edits += 1;
            editor.batch_execute(&edit).unwrap();
        }
    })
}

#[test]
fn a_contact_that_is_edited_again_and_again_does_not_stop_an_import() {
    let (ports, url) = ports_and_url();
    let org = ports.org();
    take(&ports, &running(&ports, org, 10), 10, false);
    let service = ports.services().imports;
    let again = running(&ports, org, 10);
    let (import, chunks) = service.chunks(org, again.id).unwrap().unwrap();
    let mut chunk = chunks.map(Result::unwrap).next().unwrap();
    for planned in &mut chunk.rows {
        planned.row.as_mut().unwrap().name = Name::parse("Renamed").ok();
    }
    let now = ports.clock.now();
    let apply = || ports.imports.apply(&import, &chunk, now).unwrap();
    let (edits, applied) = edit_at_each_try(&url, "p3@example.org", apply);
    let Applied::Chunk(tally) = applied else { panic!("{applied:?}") };
    assert_eq!((tally.updated, tally.skips()), (10, 0));
    // A chunk that is read again after each edit meets one each time, and gives up at the twentieth.
    assert!(edits < 20, "it met {edits} edits");
    let filter = ContactFilter::default();
    let all = ports.contacts.list(org, &filter, &PageRequest::default()).unwrap().items;
    assert!(all.iter().all(|contact| contact.name.as_ref().unwrap().as_str() == "Renamed"));
    let edited = all.iter().find(|contact| contact.phone.is_some()).unwrap();
    assert_eq!(edited.version, u64::from(edits) + 3, "no edit is lost, and neither is the row");
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
fn a_row_of_a_deleted_contact_adds_it_again() {
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
fn an_erasure_removes_only_the_contacts_import_traces() {
    let (ports, url) = crate::support::ports_and_url();
    let config = contacts_pg::PoolConfig::new(1, std::time::Duration::from_secs(10));
    let ids = Arc::new(ports.ids.clone());
    let database = contacts_pg::Database::open(&url, config, ids, crate::support::KEY).unwrap();
    let org = ports.org();
    for _ in 0..2 {
        let import = running(&ports, org, 5);
        take(&ports, &import, 2, false);
        let now = ports.clock.tick();
        let done = RunState::Done;
        ports.imports.end(org, import.id, done, None, Actor::System, now).unwrap();
    }
    let page = PageRequest::default();
    let people = ports.contacts.list(org, &ContactFilter::default(), &page).unwrap().items;
    contacts_pg::testing::forget_imports(&database, org, people[0].id).unwrap();
    let newest = ports.imports.list(org, None, 1).unwrap().remove(0);
    let subject = UndoSubject::Import(newest.id);
    let undo = UndoId(contacts_core::Ids::next(&ports.ids));
    ports.undos.begin(org, subject, undo, Actor::System, ports.clock.now()).unwrap();
    while let UndoStep::Chunk(_) = ports.undos.step(org, undo, ports.clock.now()).unwrap() {}
    let tally = ports.undos.get(org, subject).unwrap().unwrap().tally;
    assert_eq!((tally.unchanged, tally.removed, tally.gone), (4, 0, 0), "of five people, four");
}

/// Inserts thirty thousand contacts of another organisation, which are in the statistics.
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
    let config = PoolConfig::new(1, Duration::from_secs(10));
    let database = Database::open(&url, config, Arc::new(CountedIds::default()), KEY).unwrap();
    let import = running(&ports, org, 12_000);
    assert_eq!(take(&ports, &import, 4_000, false).added, 12_000);
    // Pending entries make the index expensive, and Postgres would merge them over time.
    let merge = "SELECT gin_clean_pending_list('contacts_org_id_search_idx')";
    PgConnection::establish(&url).unwrap().batch_execute(merge).unwrap();
    let filter =
        ContactFilter { query: SearchQuery::parse("p11999@exam"), ..ContactFilter::default() };
    let plan = explain_list(&database, org, &filter, &PageRequest::default()).unwrap();
    assert!(plan.contains("contacts_org_id_search_idx"), "{plan}");
}
