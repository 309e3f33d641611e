//! No place in which something of a person stands is forgotten.

use std::collections::BTreeSet;

use contacts_pg::testing::known_tables;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::support::ports_and_url;

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A table that names contacts has a foreign key to them, a column that is called so, or a list
/// of ids.
const NAMES_CONTACTS: &str = "SELECT DISTINCT c.table_name::text AS name \
     FROM information_schema.columns c JOIN information_schema.tables t \
         ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND ( \
         c.column_name IN ('contact_id', 'other_id', 'survivor_id') OR c.udt_name = '_uuid' \
         OR c.table_name = 'contacts') \
     UNION SELECT conrelid::regclass::text FROM pg_constraint \
     WHERE contype = 'f' AND confrelid = 'contacts'::regclass";

#[test]
fn every_table_that_names_contacts_is_told_of_or_named_as_holding_ids_only() {
    let (_ports, url) = ports_and_url();
    let mut db = PgConnection::establish(&url).unwrap();
    let there: Vec<Table> = sql_query(NAMES_CONTACTS).load(&mut db).unwrap();
    let there: BTreeSet<_> = there.into_iter().map(|table| table.name).collect();
    let known: BTreeSet<_> = known_tables().into_iter().map(str::to_owned).collect();
    let forgotten: Vec<_> = there.difference(&known).collect();
    assert!(
        forgotten.is_empty(),
        "{forgotten:?} name contacts: tell what they hold of a person in src/person.rs, and see \
         that an erasure takes it (src/erasures/erase.rs)"
    );
    let gone: Vec<_> = known.difference(&there).collect();
    assert!(gone.is_empty(), "{gone:?} name no contacts");
}
