//! Options of `contacts import`: rules, formats, corrections, domains and earlier choices (R58).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::fs;

use serde_json::{Value, json};

use crate::support::{Ended, Scratch, Serving, contacts, file};

/// Imports a file with a name into the only organisation.
fn import(database: &Scratch, name: &str, text: &str, args: &[&str]) -> Ended {
    let (_folder, path) = file(name, text);
    contacts(&database.url, &[&["import", path.to_str().unwrap(), "--yes"], args].concat())
}

fn contact(serving: &Serving, email: &str) -> Value {
    let found = serving.expect(200, "GET", &format!("/v1/contacts?q={email}"), "");
    found["items"][0].clone()
}

#[test]
fn a_misspelt_domain_is_offered_and_replaced() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let text = "name,email\nAnn,ann@gmial.com\nBo,bo@example.org\n";
    let dry = import(&database, "people.csv", text, &["--dry-run"]).well();
    let offer = "gmial.com: 1 address. Add --replace-domain gmial.com=gmail.com?";
    assert!(dry.out.contains(offer), "{}", dry.out);
    let args = ["--replace-domain", "gmial.com=gmail.com"];
    let done = import(&database, "people.csv", text, &args).well();
    assert!(done.out.contains("gmial.com: 1 address, read as gmail.com"), "{}", done.out);
    assert_eq!(contact(&serving, "ann@")["email"], "ann@gmail.com");
    let wrong = import(&database, "people.csv", text, &["--replace-domain", "gmial.com"]);
    assert!(wrong.sentence(2).contains("has no second domain"));
}

#[test]
fn cells_are_corrected_and_columns_have_rules_and_formats() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let field = r#"{"key":"since","label":"Since","type":"date"}"#;
    serving.expect(201, "POST", "/v1/fields", field);
    let ann = r#"{"name":"Ann","email":"ann@example.org","phone":"+12025550101"}"#;
    serving.expect(201, "POST", "/v1/contacts", ann);
    let text =
        "Name,E-mail,Phone,Since\nAnna,ann@example.org,none,03/04/2026\nBo,bo@@x,+12025550102,\n";
    let args = [
        "--rule",
        "Name=fill_blanks",
        "--clear",
        "Phone=none",
        "--format",
        "Since=month_first",
        "--correct",
        "3:E-mail=bo@example.org",
        "--map",
        "Since=custom:since",
    ];
    let done = import(&database, "people.csv", text, &args).well();
    assert!(done.out.contains("2 rows: 1 added, 1 updated, 0 skipped"), "{}", done.out);
    let ann = contact(&serving, "ann@");
    assert_eq!((&ann["name"], &ann["phone"]), (&json!("Ann"), &Value::Null));
    assert_eq!(ann["custom"]["since"], "2026-03-04");
    assert_eq!(contact(&serving, "bo@")["name"], "Bo");
    let beyond = import(&database, "people.csv", text, &["--correct", "9:Name=x"]);
    assert!(beyond.sentence(2).contains("no row of the file begins on line 9"));
}

#[test]
fn the_choices_of_an_earlier_import_are_named_and_can_be_ignored() {
    let database = Scratch::new();
    contacts(&database.url, &["org", "create", "Acme"]).well();
    let text = "wer,wo\nAnn,ann@example.org\n";
    let choices = ["--map", "wer=name", "--map", "wo=email", "--policy", "add_only"];
    import(&database, "customers.csv", text, &choices).well();
    let next = import(&database, "next.csv", "WER,Wo\nBo,bo@example.org\n", &[]).well();
    assert!(next.out.contains("Choices of customers.csv, imported on "), "{}", next.out);
    assert!(next.out.contains("existing ones are skipped"), "{}", next.out);
    let fresh = import(&database, "next.csv", text, &["--ignore-earlier-choices"]);
    assert_eq!(fresh.status, Some(1), "nothing suggests a target for these columns: {fresh:?}");
    assert!(!fresh.out.contains("Choices of"), "{}", fresh.out);
}

#[test]
fn corrected_rows_are_imported_into_the_import_that_skipped_them() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let (folder, path) = file("people.csv", "name,email\nAnn,ann@example.org\nBo,bo@@x\n");
    let skipped = folder.path().join("skipped.csv");
    let (path, skipped_path) = (path.to_str().unwrap(), skipped.to_str().unwrap());
    let args = ["import", path, "--yes", "--json", "--skipped", skipped_path];
    let done = contacts(&database.url, &args).well().json();
    let id = done["id"].as_str().unwrap();
    let nothing = contacts(&database.url, &["import", "retry", id]);
    assert!(nothing.sentence(1).contains("no skipped row was corrected"));
    let corrected = fs::read_to_string(&skipped).unwrap().replace("bo@@x", "bo@example.org");
    fs::write(&skipped, corrected).unwrap();
    let retried = contacts(&database.url, &["import", "retry", id, skipped_path, "--json"]).well();
    let summary = retried.json();
    assert_eq!((&summary["id"], &summary["state"]), (&json!(id), &json!("done")));
    assert_eq!((&summary["added"], &summary["skipped"]), (&json!(2), &json!(0)));
    let source = format!("/v1/contacts?source=csv_import:{id}");
    assert_eq!(serving.expect(200, "GET", &source, "")["count"]["value"], 2);
}
