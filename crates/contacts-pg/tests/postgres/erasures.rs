//! An erased contact leaves no trace in any table or in the log (R14).

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use contacts_core::Actor;
use contacts_core::contact::NewContact;
use contacts_core::job::Outcome;
use contacts_core::run::RunState;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::filled::{Always, fill};
use crate::support::ports_and_url;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Words that appear only in the data of the erased contact.
const MARKS: &[&str] = &[
    "Zorgblatt",
    "Quuxley",
    "Zorg.Blatt@quuxmail.example",
    "Oldaddress@quuxmail.example",
    "2025550173",
    "custommark",
    "outer-idmark",
    "archivedmark",
    "notemark",
    "previewmark",
    "visitormark",
];

/// Returns the content of every table as text, with the table's name.
fn dump(db: &mut PgConnection) -> Vec<(String, String)> {
    let tables = "SELECT table_name::text AS line FROM information_schema.tables \
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1";
    let tables: Vec<Line> = sql_query(tables).load(db).unwrap();
    let text = |table: &str, db: &mut PgConnection| {
        let rows: Vec<Line> =
            sql_query(format!("SELECT t::text AS line FROM {table} t")).load(db).unwrap();
        rows.into_iter().map(|row| row.line + "\n").collect::<String>()
    };
    tables.into_iter().map(|table| (table.line.clone(), text(&table.line, db))).collect()
}

/// Returns the marks that a text contains, in any case, as text or as hexadecimal bytes.
fn marks(text: &str) -> BTreeSet<&'static str> {
    let folded = text.to_lowercase();
    let hex = |mark: &str| mark.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let is_there = |mark: &&str| {
        let spellings = [(*mark).to_owned(), mark.to_lowercase(), mark.to_uppercase()];
        folded.contains(&mark.to_lowercase())
            || spellings.iter().any(|spelling| folded.contains(&hex(spelling)))
    };
    MARKS.iter().copied().filter(|mark| is_there(mark)).collect()
}

fn tables_with_marks(db: &mut PgConnection) -> Vec<String> {
    let marked = dump(db).into_iter().filter(|(_, text)| !marks(text).is_empty());
    marked.map(|(table, _)| table).collect()
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_erased_person_leaves_no_trace() {
    let (ports, url) = ports_and_url();
    let db = &mut PgConnection::establish(&url).unwrap();
    let (org, other) = (ports.org(), ports.org());
    ports
        .services()
        .contacts
        .create(
            other,
            &NewContact {
                name: Some("Bo"),
                email: Some("bo@example.org"),
                ..NewContact::default()
            },
            Actor::System,
        )
        .unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let erasure = tracing::subscriber::with_default(subscriber, || {
        let (contact, _) = fill(&ports, db, org);
        // The search must be able to find the marks: each of these tables contains some before the
        // erasure.
        let before = tables_with_marks(db);
        for table in [
            "activity",
            "contact_sources",
            "contacts",
            "conversations",
            "deliveries",
            "file_chunks",
            "imports",
            "notes",
            "selections",
            "stored_answers",
            "visitors",
        ] {
            assert!(
                before.iter().any(|existing| existing == table),
                "{table} holds nothing of them"
            );
        }
        let all: BTreeSet<_> = dump(db).iter().flat_map(|(_, text)| marks(text)).collect();
        assert_eq!(all, MARKS.iter().copied().collect(), "every mark stands somewhere");
        ports.clock.tick();
        let service = ports.services().erasures;
        let erasure = service.erase(org, contact, false, Actor::System).unwrap();
        assert_eq!(service.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
        service.get(org, erasure.id).unwrap()
    });
    assert_eq!((erasure.state, erasure.files), (RunState::Done, 2));
    for (table, text) in dump(db) {
        assert_eq!(marks(&text), BTreeSet::new(), "{table}: {text}");
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(marks(&log), BTreeSet::new(), "{log}");
    assert_eq!(
        ports.contacts.list(other, &Default::default(), &Default::default()).unwrap().items.len(),
        1
    );
}

/// An ended export, and one that ends while the erasure deletes the file of another.
const EXPORTS: &str = "INSERT INTO actions (org_id, id, kind, detail, selection_id, state, contacts, \
         chunks, chunks_done, tally, file_id, actor_kind, created_at, finished_at) \
     SELECT o.id, gen_random_uuid(), 'export', '{}', o.id, 'done', 0, 0, 0, '{}', gen_random_uuid(), \
         'system', '2020-01-01', CASE n WHEN 1 THEN '2020-01-01'::timestamptz END \
     FROM organisations o, generate_series(1, 2) n; \
     INSERT INTO file_chunks SELECT org_id, file_id, 0, 'x' FROM actions WHERE finished_at IS NOT NULL";

#[test]
fn the_file_of_an_export_that_ends_during_the_erasure_is_not_left_behind() {
    let (ports, url) = ports_and_url();
    let db = &mut PgConnection::establish(&url).unwrap();
    let org = ports.org();
    let ann =
        NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..NewContact::default() };
    let ann = ports.services().contacts.create(org, &ann, Actor::System).unwrap().id;
    db.batch_execute(EXPORTS).unwrap();
    // The erasure waits for this lock when it deletes the file of the ended export.
    db.batch_execute("BEGIN; SELECT FROM file_chunks FOR UPDATE").unwrap();
    let erasures = ports.services().erasures;
    std::thread::scope(|scope| {
        let erased = scope.spawn(|| erasures.erase(org, ann, false, Actor::System).unwrap());
        until_one_waits(&url);
        PgConnection::establish(&url)
            .unwrap()
            .batch_execute(
                "BEGIN; INSERT INTO file_chunks SELECT org_id, file_id, 0, 'y' FROM actions \
                     WHERE finished_at IS NULL; \
                 UPDATE actions SET finished_at = '2020-01-02' WHERE finished_at IS NULL; COMMIT",
            )
            .unwrap();
        db.batch_execute("COMMIT").unwrap();
        let erasure = erased.join().unwrap();
        assert_eq!(erasures.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
    });
    let left = "SELECT file_id::text AS line FROM file_chunks";
    let left: Vec<Line> = sql_query(left).load(db).unwrap();
    assert!(left.is_empty(), "{} chunks are left", left.len());
}

/// Waits until a statement waits for a lock.
fn until_one_waits(url: &str) {
    let mut db = PgConnection::establish(url).unwrap();
    let waiting = "SELECT pid::text AS line FROM pg_stat_activity \
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sql_query(waiting).load::<Line>(&mut db).unwrap().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
