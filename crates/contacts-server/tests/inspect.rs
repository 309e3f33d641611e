//! `contacts inspect`, which needs no database.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use serde_json::{Value, json};

use crate::support::{contacts_alone, file, xlsx};

fn inspected(content: impl AsRef<[u8]>) -> Value {
    let (_folder, path) = file("people.csv", content);
    contacts_alone(&["inspect", "--json", path.to_str().unwrap()]).well().json()
}

#[test]
fn a_file_is_described_and_its_rows_are_counted() {
    let found = inspected(
        "Full Name;E-Mail;Town\nAnn Lee;ann@example.org;Ulm\nBob;;Ulm\nAnn L.;ann@example.org;\n\
         Ann L.;ann@example.org;\n",
    );
    assert_eq!(found["encoding"], "utf-8");
    assert_eq!(found["delimiter"], ";");
    assert_eq!(found["header_line"], 1);
    let targets: Vec<_> =
        found["columns"].as_array().unwrap().iter().map(|c| &c["target"]).collect();
    assert_eq!(targets, [&json!("name"), &json!("email"), &Value::Null]);
    assert_eq!(found["columns"][2]["samples"], json!(["Ulm", "Ulm", "", ""]));
    let counts =
        ["rows", "added", "updated", "skipped"].map(|count| found[count].as_u64().unwrap());
    assert_eq!(counts, [4, 1, 1, 2]);
    assert_eq!(
        found["skips"],
        json!([
            {"line": 3, "reason": "the email address is missing"},
            {"line": 5, "reason": "the row contains no changes"},
        ])
    );
    assert!(found.get("problem").is_none());
}

#[test]
fn a_file_in_which_nothing_maps_is_described_with_its_problem() {
    let (_folder, path) = file("towns.csv", "town,river\nUlm,Danube\n");
    let ended = contacts_alone(&["inspect", "--json", path.to_str().unwrap()]);
    assert_eq!(ended.status, Some(1));
    let found = ended.json();
    assert_eq!((&found["rows"], &found["added"]), (&json!(1), &json!(0)));
    assert!(found["problem"].as_str().unwrap().contains("none to email"), "{found}");
    let human = contacts_alone(&["inspect", path.to_str().unwrap()]);
    assert!(human.sentence(1).contains("no column is mapped to the name"));
}

#[test]
fn an_empty_file_a_picture_and_no_file_have_their_problems() {
    let (folder, empty) = file("empty.csv", "");
    let picture = folder.path().join("picture.csv");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    let cases = [
        (empty, "the file is empty"),
        (picture, "the file is a"),
        (folder.path().join("none"), "does not exist"),
    ];
    for (path, problem) in cases {
        let ended = contacts_alone(&["inspect", "--json", path.to_str().unwrap()]);
        assert_eq!(ended.status, Some(1));
        let found = ended.json();
        assert!(found["problem"].as_str().unwrap().contains(problem), "{found}");
        assert_eq!((&found["encoding"], &found["columns"]), (&Value::Null, &json!([])));
    }
}

#[test]
fn rows_are_printed_decoded_with_the_header_first() {
    let latin = b"Name,Stra\xdfe\nJ\xf6rg,\"a \"\"b\"\"\nc\"\n";
    let (_folder, path) = file("people.csv", latin);
    let ended = contacts_alone(&["inspect", "--rows", path.to_str().unwrap()]).well();
    let rows: Vec<Value> = ended.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows, [json!(["Name", "Straße"]), json!(["Jörg", "a \"b\"\nc"])]);
}

#[test]
fn a_table_and_the_effect_are_printed_for_people() {
    let (_folder, path) = file("people.csv", "name,email\nAnn,ann@example.org\nBob,bob@\n");
    let out = contacts_alone(&["inspect", path.to_str().unwrap()]).well().out;
    assert!(out.contains("cells separated by commas, header on line 1"), "{out}");
    assert!(out.contains("2 rows: 1 added, 0 updated, 1 skipped"), "{out}");
    assert!(out.contains("line 3: the email address"), "{out}");
}

#[test]
fn a_sheet_of_a_workbook_is_chosen_by_its_name() {
    let more: &[&[&str]] =
        &[&["Name", "Email"], &["Bo", "bo@example.org"], &["Cy", "cy@x.example"]];
    let people: &[&[&str]] = &[&["Name", "Email"], &["Ann", "ann@example.org"]];
    let (_folder, path) = file("people.xlsx", xlsx(&[("People", people), ("More", more)]));
    let path = path.to_str().unwrap();
    let found = contacts_alone(&["inspect", "--json", path]).well().json();
    assert_eq!((&found["sheet"], &found["sheets"]), (&json!("People"), &json!(["People", "More"])));
    assert_eq!((&found["encoding"], &found["rows"]), (&Value::Null, &json!(1)));
    let more = contacts_alone(&["inspect", "--sheet", "More", path]).well().out;
    assert!(more.contains("2 rows, sheet More (other sheets: People), header on row 1"), "{more}");
    assert!(more.contains("2 rows: 2 added"), "{more}");
    let none = contacts_alone(&["inspect", "--sheet", "none", path]);
    let expected = "the workbook has no sheet \"none\": choose one of its sheets";
    assert_eq!(none.sentence(1), expected);
}

#[test]
fn a_wrong_command_line_is_one_sentence() {
    let ended = contacts_alone(&["inspect"]);
    assert_eq!(
        ended.sentence(2),
        "the following required arguments were not provided: <FILE>; see contacts --help"
    );
    assert_eq!(ended.err.lines().count(), 1);
}

#[test]
fn a_file_is_read_as_the_arguments_say() {
    let mac = b"Club,2026\nName;Mail\nJ\x9frgen;j@example.org\n";
    let (_folder, path) = file("club.csv", mac);
    let path = path.to_str().unwrap();
    let args = ["--encoding", "macintosh", "--delimiter", ";", "--header-row", "2"];
    let found = contacts_alone(&[&["inspect", "--json", path][..], &args].concat()).well().json();
    assert_eq!((&found["encoding"], &found["header_line"]), (&json!("macintosh"), &json!(2)));
    assert_eq!(
        (&found["columns"][0]["samples"][0], &found["added"]),
        (&json!("Jürgen"), &json!(1))
    );
    for (args, sentence) in [
        (["--encoding", "utf-9"], "\"utf-9\" is not an encoding: "),
        (["--header-row", "9"], "no row begins on line 9 of the first rows: "),
    ] {
        let ended = contacts_alone(&[&["inspect", path][..], &args].concat());
        assert!(ended.sentence(1).starts_with(sentence), "{ended:?}");
    }
    for args in [["--delimiter", "ab"], ["--delimiter", "a"], ["--quote", "sometimes"]] {
        let ended = contacts_alone(&[&["inspect", path][..], &args].concat());
        assert_eq!(ended.status, Some(2), "{ended:?}");
    }
}

#[test]
fn a_file_without_a_header_is_decoded_and_offers_the_way() {
    let (_folder, path) = file("bare.csv", "ann@example.org,Ann Lee\nbo@example.org,Bo Ray\n");
    let path = path.to_str().unwrap();
    let refused = contacts_alone(&["inspect", path]);
    assert!(refused.sentence(1).contains("--no-header"), "{refused:?}");
    let rows = contacts_alone(&["inspect", "--rows", path]).well().out;
    assert_eq!(rows, "[\"ann@example.org\",\"Ann Lee\"]\n[\"bo@example.org\",\"Bo Ray\"]\n");
    let found = contacts_alone(&["inspect", "--json", "--no-header", path]).well().json();
    assert_eq!((&found["header_line"], &found["added"]), (&Value::Null, &json!(2)));
    assert_eq!(found["columns"][1]["header"], "B");
    let out = contacts_alone(&["inspect", "--no-header", path]).well().out;
    assert!(out.contains("2 rows, utf-8, cells separated by commas, no header"), "{out}");
}

#[test]
fn garbled_text_is_shown_before_and_after_and_repaired() {
    let (_folder, path) = file("garbled.csv", "name,email\nJÃ¼rgen,j@example.org\n");
    let path = path.to_str().unwrap();
    let out = contacts_alone(&["inspect", path]).well().out;
    assert!(out.contains("JÃ¼rgen (Jürgen when it is repaired with --repair-text)"), "{out}");
    let found = contacts_alone(&["inspect", "--json", "--repair-text", path]).well().json();
    assert_eq!(found["columns"][0]["samples"][0], "Jürgen");
}
