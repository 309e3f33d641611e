//! `contacts audit` on a database that the program has filled.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use crate::support::{Ended, Scratch, contacts, file};

fn audit(database: &Scratch, args: &[&str]) -> Ended {
    contacts(&database.url, &[&["audit"], args].concat())
}

/// Creates an organisation with contacts, and returns its id.
fn filled(database: &Scratch, name: &str) -> String {
    let org = contacts(&database.url, &["org", "create", name]).well().out.trim().to_owned();
    let (_folder, path) = file("people.csv", "name,email\nAnn,ann@example.org\nBob,\nCy,x\n");
    let path = path.to_str().unwrap();
    contacts(&database.url, &["import", path, "--yes", "--org", &org]).well();
    org
}

#[test]
fn nothing_is_found_until_rows_are_damaged() {
    let database = Scratch::new();
    let (acme, beta) = (filled(&database, "Acme"), filled(&database, "Beta"));
    let clean = audit(&database, &[]).well();
    assert_eq!(
        (clean.out.as_str(), clean.err.as_str()),
        ("", "Checked 2 organisations: 0 findings.\n")
    );
    database.execute(&format!("DELETE FROM contact_sources WHERE org_id = '{beta}'"));
    let found = audit(&database, &[]);
    assert_eq!(found.status, Some(1), "{found:?}");
    let columns: Vec<_> = found.out.trim_end().split('\t').collect();
    assert_eq!(columns[..2], [beta.as_str(), "missing_source"], "{found:?}");
    assert!(columns[2].starts_with("contacts:"), "{found:?}");
    assert!(!found.out.contains('@'), "no personal data: {found:?}");
    audit(&database, &["--org", "Acme"]).well();
    audit(&database, &["--after", &beta]).well();
    audit(&database, &["--check", "feed_gap", "--check", "import_count"]).well();
    assert_eq!(audit(&database, &["--after", &acme]).status, Some(1));
}

#[test]
fn a_wrong_argument_and_a_schema_that_is_missing_are_no_findings() {
    let database = Scratch::new();
    let empty = audit(&database, &[]);
    assert!(empty.sentence(3).contains("contacts migrate"), "{empty:?}");
    contacts(&database.url, &["migrate"]).well();
    audit(&database, &[]).well();
    let unknown = audit(&database, &["--after", "01900000-0000-7000-8000-000000000000"]);
    assert!(unknown.sentence(2).contains("contacts org list"), "{unknown:?}");
    let unknown = audit(&database, &["--check", "x"]);
    assert!(unknown.sentence(2).contains("duplicate_address"), "{unknown:?}");
}
