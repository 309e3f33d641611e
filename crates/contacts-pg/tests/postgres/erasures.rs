//! An erased person leaves no trace in any table, and none in the log (R14).

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use contacts_core::answer::{AnswerKey, Claim, Fingerprint};
use contacts_core::contact::{ContactId, NewContact, Patch, RawPatch};
use contacts_core::erasure::ErasureState;
use contacts_core::field::RawValue;
use contacts_core::import::{Import, Turn};
use contacts_core::job::Outcome;
use contacts_core::{Actor, Clock, Ids, OrgId};
use contacts_testkit::{FakeSpreadsheets, Ports, samples};
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::support::ports_and_url;

struct Always;

impl Turn for Always {
    fn may_go_on(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What stands of the person somewhere: nothing of it is a word that others use.
const MARKS: &[&str] = &[
    "Zorgblatt",
    "Quuxley",
    "Zorg.Blatt@quuxmail.example",
    "Oldaddress@quuxmail.example",
    "2025550173",
    "custommark",
    "archivedmark",
    "notemark",
    "previewmark",
    "visitormark",
];

/// Every table as text, by its name.
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

/// The marks that a text holds, in any case, or as the digits of bytes.
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

/// Fills every table with something of the person.
fn fill(ports: &Ports, db: &mut PgConnection, org: OrgId) -> (ContactId, Import) {
    let fields = ports.field_service();
    for key in ["tier", "old_tier"] {
        let field = samples::field(key, contacts_core::field::FieldType::Text, 0);
        ports.fields.insert(org, &field).unwrap();
    }
    let contacts = ports.contact_service();
    let new = NewContact {
        name: Some("Zorgblatt Quuxley"),
        email: Some("Oldaddress@quuxmail.example"),
        phone: Some("+1 (202) 555-0173"),
        tags: vec!["vip"],
        custom: vec![
            ("tier", RawValue::Text("custommark")),
            ("old_tier", RawValue::Text("archivedmark")),
        ],
    };
    let id = contacts.create(org, &new, Actor::System).unwrap().id;
    let mut archived =
        fields.list(org).unwrap().into_iter().find(|f| f.key.as_str() == "old_tier").unwrap();
    archived.archived = true;
    ports.fields.update(org, &archived).unwrap();
    ports.clock.tick();
    let patch =
        RawPatch { email: Patch::Set("Zorg.Blatt@quuxmail.example"), ..RawPatch::default() };
    contacts.update(org, id, None, &patch, Actor::System).unwrap();
    ports.note_service().create(org, id, "notemark: called", Actor::System).unwrap();
    let other = NewContact {
        name: Some("Zorgblatt"),
        email: Some("z@quuxmail.example"),
        ..NewContact::default()
    };
    let other = contacts.create(org, &other, Actor::System).unwrap().id;
    contacts.merge(org, id, other, None, Actor::System).unwrap();

    let import =
        imported(ports, org, "Name,Email\nZorgblatt Quuxley,ZORG.BLATT@quuxmail.example\n,x\n");
    // Their old address, in a file that is about nobody who is known by it.
    imported(ports, org, "Name,Email\nBo,bo@example.org\n,Oldaddress@quuxmail.example\n");
    chat(ports, db, org, id);
    exported(ports, db, org);
    let claim =
        Claim { key: AnswerKey([1; 32]), fingerprint: Fingerprint([2; 32]), by: ports.ids.next() };
    ports.answers.claim(org, &claim, ports.clock.now()).unwrap();
    let answer = b"{\"name\": \"Zorgblatt\"}".to_vec();
    assert!(ports.answers.keep(org, &claim, Some(answer), ports.clock.now()).unwrap());
    (id, import)
}

/// An import of a file that was run to its end.
fn imported(ports: &Ports, org: OrgId, text: &str) -> Import {
    let service = ports.import_service(Arc::new(FakeSpreadsheets));
    let mut upload = service.begin(org, "Zorgblatt Quuxley.csv", Actor::System, u64::MAX).unwrap();
    upload.push(text.as_bytes()).unwrap();
    let import = upload.finish().unwrap();
    service.analyse(org, import.id, &Always).unwrap();
    service.start(org, import.id).unwrap();
    ports.clock.tick();
    let (import, chunks) = service.chunks(org, import.id).unwrap().unwrap();
    assert_eq!(service.take(&import, chunks, &Always).unwrap(), Outcome::Done);
    import
}

fn run(db: &mut PgConnection, org: OrgId, statement: &str) {
    sql_query(statement.replace("$org", &format!("'{org}'"))).execute(db).unwrap();
}

/// What a widget and campaigns bring.
fn chat(ports: &Ports, db: &mut PgConnection, org: OrgId, contact: ContactId) {
    let [widget, conversation, unlinked, campaign] = [(); 4].map(|()| ports.ids.next().to_string());
    for id in [&conversation, &unlinked] {
        run(
            db,
            org,
            &format!(
                "INSERT INTO conversations (org_id, id, widget_id, visitor, started_at, \
                 last_message_at, messages, preview, link) \
             VALUES ($org, '{id}', '{widget}', 'visitormark', now(), now(), 1, 'previewmark', 'x')"
            ),
        );
    }
    run(
        db,
        org,
        &format!(
            "INSERT INTO contact_conversations (org_id, contact_id, conversation_id) \
         VALUES ($org, '{contact}', '{conversation}')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO visitors (org_id, widget_id, visitor, contact_id) \
         VALUES ($org, '{widget}', 'visitormark', '{contact}')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO contact_sources (org_id, contact_id, kind, origin_id, reference, visitor, at, is_first) \
         VALUES ($org, '{contact}', 'chat', '{widget}', '{conversation}', 'visitormark', now(), false)"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO campaigns (org_id, id, kind, name, created_at) \
         VALUES ($org, '{campaign}', 'email', 'x', now())"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, actor_kind) \
         VALUES ($org, '{contact}', '{campaign}', now(), 'system')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO deliveries (org_id, id, contact_id, campaign_id, kind, at, actor_kind) \
         VALUES ($org, 'zorgblatt-1', '{contact}', '{campaign}', 'sent', now(), 'system')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO unsubscribes (org_id, contact_id, at) VALUES ($org, '{contact}', now())"
        ),
    );
}

/// An export that holds them, and a selection that names them.
fn exported(ports: &Ports, db: &mut PgConnection, org: OrgId) {
    let [action, selection, file] = [(); 3].map(|()| ports.ids.next());
    let bytes = b"name\nZorgblatt Quuxley\n";
    ports.files.append(org, contacts_core::file::FileId(file), 0, bytes).unwrap();
    run(
        db,
        org,
        &format!(
            "INSERT INTO selections (org_id, id, filter, people, pieces, actor_kind, created_at) \
         VALUES ($org, '{selection}', '{{\"q\": \"ZORG.blatt@quuxmail.example\"}}', 1, 0, 'system', '2026-01-01')"
        ),
    );
    run(
        db,
        org,
        &format!(
            "INSERT INTO actions (org_id, id, kind, detail, selection_id, state, people, pieces, \
             pieces_done, tally, file_id, actor_kind, created_at, finished_at) \
         VALUES ($org, '{action}', 'export', '{{}}', '{selection}', 'done', 1, 0, 0, '{{}}', \
             '{file}', 'system', '2026-01-01', '2026-01-01')"
        ),
    );
}

/// What is logged, whole.
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
        .contact_service()
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
        // Whoever looks for nothing finds nothing: each of these holds something of them.
        let before = tables_with_marks(db);
        for table in [
            "contact_events",
            "contact_sources",
            "contacts",
            "conversations",
            "deliveries",
            "file_pieces",
            "imports",
            "notes",
            "selections",
            "stored_answers",
            "visitors",
        ] {
            assert!(before.iter().any(|known| known == table), "{table} holds nothing of them");
        }
        let all: BTreeSet<_> = dump(db).iter().flat_map(|(_, text)| marks(text)).collect();
        assert_eq!(all, MARKS.iter().copied().collect(), "every mark stands somewhere");
        ports.clock.tick();
        let service = ports.erasure_service(Arc::new(FakeSpreadsheets));
        let erasure = service.erase(org, contact, false, Actor::System).unwrap();
        assert_eq!(service.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
        service.get(org, erasure.id).unwrap()
    });
    assert_eq!((erasure.state, erasure.files), (ErasureState::Done, 2));
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
