//! Batches under conditions that only a real database has, such as failing statements.

use contacts_core::batch::{RawBatch, RawItem};
use contacts_core::contact::NewContact;
use contacts_core::{Actor, Error};
use contacts_testkit::samples;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::support::ports_and_url;

/// The tables that a batch writes, in the order in which it first writes them.
const WRITTEN: [&str; 7] =
    ["contacts", "addresses", "contact_sources", "tags", "contact_tags", "activity", "events"];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

/// Counts the rows of all tables that a batch writes.
fn count(db: &mut PgConnection) -> i64 {
    let counts = WRITTEN.map(|table| format!("(SELECT count(*) FROM {table})"));
    let statement = format!("SELECT {} AS rows", counts.join(" + "));
    sql_query(statement).get_result::<Count>(db).unwrap().rows
}

#[test]
fn a_batch_that_fails_at_any_table_leaves_nothing() {
    let (ports, url) = ports_and_url();
    let (org, service) = (ports.org(), ports.services());
    let mut db = PgConnection::establish(&url).unwrap();
    let bo = samples::contact(org, &ports.ids, &ports.clock, "Bo", "bo@example.org");
    ports.contacts.insert(&bo, Actor::System).unwrap();
    let tags = vec!["vip"];
    let item = |name, email| {
        let values = NewContact { name, email, tags: tags.clone(), ..NewContact::default() };
        RawItem { id: None, values }
    };
    let items =
        vec![item(Some("Ann"), Some("ann@example.org")), item(Some("Bob"), Some("bo@example.org"))];
    let batch = RawBatch { items, ..RawBatch::default() };
    let before = count(&mut db);
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION 'refused'; END $$";
    sql_query(refuse).execute(&mut db).unwrap();
    for table in WRITTEN {
        let create =
            format!("CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()");
        sql_query(create).execute(&mut db).unwrap();
        let failed = service.batches.apply(org, &batch, Actor::System);
        assert!(matches!(failed, Err(Error::Store(_))), "{table}: {failed:?}");
        sql_query(format!("DROP TRIGGER refuse ON {table}")).execute(&mut db).unwrap();
        assert_eq!(count(&mut db), before, "{table}");
        let contact = ports.contacts.get(org, bo.id).unwrap().unwrap();
        assert_eq!(contact, bo, "{table}");
    }
    service.batches.apply(org, &batch, Actor::System).unwrap();
    assert!(count(&mut db) > before + 6);
}
