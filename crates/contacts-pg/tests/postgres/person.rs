//! Every table that stores personal data is part of the personal data of a contact.

use std::collections::BTreeSet;

use contacts_pg::testing::known_tables;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::filled::fill;
use crate::support::ports_and_url;

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Selects the tables that refer to contacts: by a foreign key, by a column of such a name, or by a
/// list of ids.
const NAMES_CONTACTS: &str = "SELECT DISTINCT c.table_name::text AS name \
     FROM information_schema.columns c JOIN information_schema.tables t \
         ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND ( \
         c.column_name IN ('contact_id', 'other_id', 'survivor_id') OR c.udt_name = '_uuid' \
         OR c.table_name = 'contacts') \
     UNION SELECT conrelid::regclass::text FROM pg_constraint \
     WHERE contype = 'f' AND confrelid = 'contacts'::regclass";

#[test]
fn every_table_with_contacts_is_exported_or_holds_ids_only() {
    let (_ports, url) = ports_and_url();
    let mut db = PgConnection::establish(&url).unwrap();
    let there: Vec<Table> = sql_query(NAMES_CONTACTS).load(&mut db).unwrap();
    let there: BTreeSet<_> = there.into_iter().map(|table| table.name).collect();
    let existing: BTreeSet<_> = known_tables().into_iter().map(str::to_owned).collect();
    let forgotten: Vec<_> = there.difference(&existing).collect();
    assert!(
        forgotten.is_empty(),
        "{forgotten:?} name contacts: tell what they hold of a person in src/person.rs, and see \
         that an erasure takes it (src/erasures/erase.rs)"
    );
    let deleted: Vec<_> = existing.difference(&there).collect();
    assert!(deleted.is_empty(), "{deleted:?} name no contacts");
}

/// Every other table, with the reason why it is not part of the personal data of a contact.
const ELSEWHERE: &[(&str, &str)] = &[
    ("actions", "what was done to a person is told by the chunks"),
    ("api_keys", "no person's"),
    ("campaigns", "whom they are about is told by subscriptions and deliveries"),
    ("connected_sources", "no person's"),
    ("conversations", "told through contact_conversations"),
    ("dry_run_chunks", "scratch, gone with the dry run"),
    ("dry_runs", "scratch, thrown away when the import is started"),
    ("event_counters", "no person's"),
    ("fields", "no person's: values are in contacts"),
    ("file_chunks", "files hold many people, and are deleted after a time"),
    ("identities", "no contact's: those of users"),
    ("import_corrections", "cells of a file, deleted with it"),
    ("import_issues", "rows that became nobody"),
    ("import_retries", "numbers of rows of a file"),
    ("imports", "a person's rows are told by import_chunks and contact_sources"),
    ("installation", "no person's"),
    ("invitations", "no contact's: those of users"),
    ("jobs", "no person's"),
    ("journal", "ids of tags and campaigns that actions changed, told by activity and the chunks"),
    ("limit_locks", "no person's"),
    ("organisations", "no person's"),
    ("search_rebuilds", "no person's: the id of a contact, until the rebuild ends"),
    ("segments", "what somebody looks for"),
    ("selections", "what somebody looked for, for a week"),
    ("sessions", "no contact's: those of users"),
    ("sign_in_links", "no contact's: those of users"),
    ("stored_answers", "sealed: only who has the idempotency key can read them"),
    ("suppressions", "a hash that nobody can turn back, also told by unsubscribes"),
    ("sync_runs", "counts, and what a connector says of its work"),
    ("tags", "told through contact_tags"),
    ("trail", "ids, numbers and words that are no values of contacts (R61)"),
    ("undos", "what an undo did is told by activity"),
    ("users", "no contact's: those who work with them"),
    ("webhook_deliveries", "the numbers of events"),
    ("webhooks", "no person's"),
    ("widget_names", "no person's"),
];

/// A new table must be part of the personal data, or be listed here with the reason why it is not.
#[test]
fn every_table_is_exported_as_personal_data_or_exempt() {
    let (_ports, url) = ports_and_url();
    let mut db = PgConnection::establish(&url).unwrap();
    let tables = "SELECT relname::text AS name FROM pg_class WHERE relkind IN ('r', 'p') \
         AND relnamespace = 'public'::regnamespace AND relname <> '__diesel_schema_migrations'";
    let there: Vec<Table> = sql_query(tables).load(&mut db).unwrap();
    let there: BTreeSet<_> = there.into_iter().map(|table| table.name).collect();
    let existing = known_tables().into_iter().chain(ELSEWHERE.iter().map(|(table, _)| *table));
    let existing: BTreeSet<_> = existing.map(str::to_owned).collect();
    assert_eq!(there, existing);
}

#[test]
fn personal_data_is_complete() {
    let (ports, url) = ports_and_url();
    let mut db = PgConnection::establish(&url).unwrap();
    let org = ports.org();
    let (contact, _) = fill(&ports, &mut db, org);
    for section in ports.people.sections(org, contact).unwrap().unwrap() {
        assert!(!section.rows.is_empty(), "{}: nothing is told", section.name);
    }
}
