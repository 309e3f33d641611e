//! Migrations: up, down, the schema that they create, and its suitability for a cluster.

use contacts_pg::testing::{revert_all, run_all};
use contacts_pg::{Database, MigrateError, PoolConfig};
use contacts_testkit::CountedIds;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use std::sync::Arc;
use std::time::Duration;

use crate::support;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Lists everything that the migrations create, one line each.
const SCHEMA: &str = "
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE 'app_%'
    UNION ALL SELECT 'extension ' || extname FROM pg_extension
    ORDER BY 1";

fn lines(db: &mut PgConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = sql_query(query).load(db).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

#[test]
fn up_down_and_up_again_leave_the_same_schema() {
    let scratch = support::empty();
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let before = lines(&mut db, SCHEMA);
    run_all(&mut db);
    let first = lines(&mut db, SCHEMA);
    revert_all(&mut db);
    let reverted = lines(&mut db, SCHEMA);
    let is_ours = |line: &&String| !line.contains("diesel_schema_migrations");
    assert_eq!(
        reverted.iter().filter(is_ours).collect::<Vec<_>>(),
        before.iter().collect::<Vec<_>>()
    );
    run_all(&mut db);
    assert_eq!(lines(&mut db, SCHEMA), first);
}

#[test]
fn every_foreign_key_has_an_index_that_starts_with_the_organisation() {
    let (_database, scratch, ..) = support::database(1);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let unindexed = "SELECT c.conname::text AS line FROM pg_constraint c
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
            AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey)";
    assert_eq!(lines(&mut db, unindexed), Vec::<String>::new());
    let elsewhere = "SELECT i.indexrelid::regclass::text AS line FROM pg_index i
        JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
        WHERE n.nspname = 'public' AND a.attname <> 'org_id'
        AND t.relname NOT IN ('organisations', 'installation', '__diesel_schema_migrations')";
    assert_eq!(lines(&mut db, elsewhere), Vec::<String>::new());
}

/// `crates/contacts-pg/src/schema.rs` is the output of `diesel print-schema`. To update it after a
/// migration, run this test with `WRITE_SCHEMA=1`.
#[test]
fn schema_is_what_the_migrations_make() {
    let (_database, scratch, ..) = support::database(1);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let printed = lines(&mut db, include_str!("migrations/print_schema.sql")).concat();
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write("src/schema.rs", &printed).unwrap();
    }
    let written = std::fs::read_to_string("src/schema.rs").unwrap();
    assert!(
        written == printed,
        "src/schema.rs is not what the migrations make: write it again with WRITE_SCHEMA=1 \
         cargo test -p contacts-pg schema_is_what_the_migrations_make"
    );
}

#[test]
fn names_are_short_enough_for_a_cluster_to_lengthen_them() {
    let (_database, scratch, ..) = support::database(1);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let long = "SELECT relname::text AS line FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND length(relname) > 50
        UNION ALL SELECT conname::text FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND length(conname) > 50";
    assert_eq!(lines(&mut db, long), Vec::<String>::new());
}

#[test]
fn a_second_migration_finds_nothing_to_do() {
    let (database, _scratch, ..) = support::database(1);
    assert!(database.migrate().unwrap().run.is_empty());
}

#[test]
fn a_schema_of_a_later_program_is_refused() {
    let (database, scratch, ..) = support::database(2);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let later = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')";
    sql_query(later).execute(&mut db).unwrap();
    assert!(matches!(database.migrate(), Err(MigrateError::Newer(_))));
}

#[test]
fn two_programs_that_start_at_once_migrate_once() {
    let scratch = support::empty();
    let open = || {
        let config = PoolConfig::new(1, Duration::from_secs(10));
        Database::open(&scratch.url, config, Arc::new(CountedIds::default()), support::KEY).unwrap()
    };
    let (one, other) = (open(), open());
    let run = std::thread::scope(|scope| {
        let one = scope.spawn(|| one.migrate().unwrap().run.len());
        let other = scope.spawn(|| other.migrate().unwrap().run.len());
        one.join().unwrap() + other.join().unwrap()
    });
    assert_eq!(run, std::fs::read_dir("../../migrations").unwrap().count());
}

#[test]
fn keys_keep_what_they_could_do_when_scopes_are_split() {
    let (_database, scratch, ..) = support::database(1);
    let mut db = PgConnection::establish(&scratch.url).unwrap();
    let insert = "INSERT INTO api_keys (org_id, id, name, scopes, hash, created_at)
        SELECT gen_random_uuid(), gen_random_uuid(), scopes, scopes::text[], convert_to(scopes, 'UTF8'), now()
        FROM unnest(ARRAY['{read}', '{write}', '{read,write}', '{admin}', '{capture}',
                          '{read,write,admin}']) scopes";
    sql_query(insert).execute(&mut db).unwrap();
    let scopes = "SELECT name || ' ' || array_to_string(scopes, ',') AS line FROM api_keys ORDER BY name COLLATE \"C\"";
    let before = lines(&mut db, scopes);
    db.batch_execute(include_str!("../../../../migrations/2026-11-29-000151_split_scopes/up.sql"))
        .unwrap();
    assert_eq!(
        lines(&mut db, scopes),
        [
            "{admin} admin",
            "{capture} capture",
            "{read,write,admin} read,write,admin,export,import,merge,bulk_delete",
            "{read,write} read,write,export,import,merge,bulk_delete",
            "{read} read,export",
            "{write} write,export,import,merge,bulk_delete",
        ]
    );
    db.batch_execute(include_str!(
        "../../../../migrations/2026-11-29-000151_split_scopes/down.sql"
    ))
    .unwrap();
    assert_eq!(lines(&mut db, scopes), before);
}

/// Connections refuse statements that ask every shard of a cluster, so a migration that changes rows
/// must permit them for its transaction.
#[test]
fn migrations_that_change_rows_do_so_on_a_cluster() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    for migration in std::fs::read_dir(folder).unwrap() {
        for direction in ["up.sql", "down.sql"] {
            let path = migration.as_ref().unwrap().path().join(direction);
            let text = std::fs::read_to_string(&path).unwrap();
            let changes_rows = |line: &str| {
                ["    UPDATE ", "    DELETE FROM ", "    INSERT INTO "]
                    .iter()
                    .any(|begin| line.starts_with(begin))
            };
            let is_permitted = text.contains("citus.multi_task_query_log_level");
            assert!(is_permitted || !text.lines().any(changes_rows), "{}", path.display());
        }
    }
}
