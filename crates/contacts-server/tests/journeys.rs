//! Journeys through the whole system: the program, HTTP over TCP, and a real Postgres.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::fmt::Write;
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Answer, Ended, Scratch, Serving, contacts, file, spawn, xlsx};

const SMALL: &str = "name,email,labels\nAnn,ann@example.org,vip\nBob,,\nCy,cy@example.org,\n";

#[test]
fn a_contact_is_created_found_changed_and_listed() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let made = serving.expect(
        201,
        "POST",
        "/v1/contacts",
        r#"{"name":"José Lee","email":"jose@example.org","tags":["vip"]}"#,
    );
    let path = format!("/v1/contacts/{}", made["id"].as_str().unwrap());
    let changed = serving.expect(200, "PATCH", &path, r#"{"phone":"+1 202 555 0101"}"#);
    assert_eq!((&changed["version"], &changed["name"]), (&json!(2), &json!("José Lee")));
    let found = serving.expect(200, "GET", "/v1/contacts?q=jose", "");
    assert_eq!(found["items"][0]["id"], made["id"]);
    serving.expect(409, "POST", "/v1/contacts", r#"{"name":"Joe","email":"JOSE@example.org"}"#);
    serving.expect(404, "GET", "/v1/contacts/01900000-0000-7000-8000-000000000000", "");
}

/// R43: of several requests at once one is carried out; the others get its answer or a 409.
#[test]
fn a_request_that_is_sent_twice_at_once_is_carried_out_once() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let send = |n: u32| {
        let body = format!(r#"{{"name":"Ann","email":"ann{n}@example.org"}}"#);
        let answer = || {
            let (address, key) = (serving.address(), serving.key());
            Answer::once(address, key, &format!("key-{n}"), "/v1/contacts", &body)
        };
        let answers = thread::scope(|scope| {
            let all = [(); 3].map(|()| scope.spawn(answer));
            all.map(|answer| answer.join().unwrap())
        });
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        let first =
            made.iter().filter(|answer| !answer.head.contains("idempotency-replayed: true"));
        assert_eq!(first.count(), 1, "{answers:?}");
        assert!(made.iter().all(|answer| answer.body == made[0].body), "{answers:?}");
        let waiting = answers.iter().filter(|answer| answer.status == 409);
        assert!(waiting.clone().all(|answer| answer.json()["code"] == "request_in_progress"));
        assert_eq!(made.len() + waiting.count(), 3, "{answers:?}");
        assert!(answer().head.contains("idempotency-replayed: true"));
    };
    (0..10).for_each(send);
    let list = serving.expect(200, "GET", "/v1/contacts", "");
    assert_eq!(list["count"]["value"], 10);
}

#[test]
fn an_import_over_rest_runs_from_upload_to_summary_with_events() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let id = uploaded(&serving, SMALL);
    serving.expect(200, "POST", &format!("/v1/imports/{id}/start"), "");
    let events = serving.ask(serving.key(), "GET", &format!("/v1/runs/{id}/events"), "");
    assert!(events.head.contains("text/event-stream"), "{}", events.head);
    let last = events.body.lines().rfind(|line| line.starts_with("data: ")).unwrap();
    let last: Value = serde_json::from_str(&last["data: ".len()..]).unwrap();
    assert_eq!((&last["state"], &last["progress"]["done"]), (&json!("done"), &json!(3)));
    let import = serving.expect(200, "GET", &format!("/v1/imports/{id}"), "");
    let summary = &import["summary"];
    assert_eq!((&summary["added"], &summary["updated"]), (&json!(2), &json!(0)), "{summary}");
    let skipped = serving.ask(serving.key(), "GET", &format!("/v1/imports/{id}/skipped.csv"), "");
    assert!(skipped.body.contains("line 3: the email address is missing"), "{}", skipped.body);
}

#[test]
fn the_command_imports_beside_a_running_server() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let (folder, path) = file("people.csv", SMALL);
    let skipped = folder.path().join("skipped.csv");
    let args = ["import", path.to_str().unwrap(), "--yes", "--tag", "fair", "--skipped"];
    let done = contacts(&database.url, &[&args[..], &[skipped.to_str().unwrap()]].concat()).well();
    assert!(done.out.contains("3 rows: 2 added, 0 updated, 1 skipped"), "{}", done.out);
    assert!(done.out.contains("1 skipped: the email address is missing"), "{}", done.out);
    let lines = fs::read_to_string(&skipped).unwrap();
    assert_eq!(lines.lines().nth(1), Some("line 3: the email address is missing,Bob,,"));
    let found = serving.expect(200, "GET", "/v1/contacts?q=ann", "");
    assert_eq!(found["items"][0]["tags"], json!(["fair", "vip"]), "{found}");
}

#[test]
fn an_import_asks_before_it_changes_anything() {
    let database = Scratch::new();
    contacts(&database.url, &["org", "create", "Acme"]).well();
    let (_folder, path) = file("people.csv", SMALL);
    let ended = contacts(&database.url, &["import", path.to_str().unwrap()]);
    assert!(ended.sentence(2).starts_with("nothing was imported: "));
    let again = import_json(&database, &path, &[]).well();
    assert_eq!(again.json()["added"], 2, "nothing had been imported before");
}

#[test]
fn mappings_and_policies_of_the_command_line_apply() {
    let database = Scratch::new();
    contacts(&database.url, &["org", "create", "Acme"]).well();
    let (_folder, path) = file("people.csv", "wer,wo\nAnn,ann@example.org\n");
    let reported = ["--map", "wer=name", "--map", "WO=email"];
    let summary = import_json(&database, &path, &reported).well().json();
    assert_eq!((&summary["state"], &summary["added"]), (&json!("done"), &json!(1)));
    let existing =
        import_json(&database, &path, &[&reported[..], &["--policy", "add_only"]].concat());
    assert_eq!(existing.json()["skipped_by_reason"], json!({"already_known": 1}));
    let unknown = import_json(&database, &path, &["--map", "who=name"]);
    assert_eq!(unknown.sentence(2), "the file has no column who: it has wer, wo");
    let no_target = import_json(&database, &path, &["--map", "wer=surname"]);
    assert!(no_target.sentence(2).starts_with("surname is not a target: "));
    let no_field =
        import_json(&database, &path, &[&reported[..], &["--map", "wer=custom:plan"]].concat());
    assert!(no_field.sentence(1).contains("a custom field that does not exist"));
}

#[test]
fn a_workbook_is_imported_from_the_chosen_sheet() {
    let database = Scratch::new();
    contacts(&database.url, &["org", "create", "Acme"]).well();
    let notes: &[&[&str]] = &[&["Topic", "Text"], &["Fair", "Tuesday"]];
    let people: &[&[&str]] =
        &[&["Name", "Email"], &["Ann", "ann@example.org"], &["", "bo@x.example"]];
    let (_folder, path) = file("people.xlsx", xlsx(&[("Notes", notes), ("People", people)]));
    let summary = import_json(&database, &path, &["--sheet", "People"]).well().json();
    assert_eq!((&summary["added"], &summary["skipped"]), (&json!(1), &json!(1)));
    let none = import_json(&database, &path, &["--sheet", "none"]);
    assert!(none.sentence(1).contains("the workbook has no sheet"), "{none:?}");
    let (_folder, text) = file("people.csv", SMALL);
    let text = import_json(&database, &text, &["--sheet", "People"]);
    assert!(text.sentence(1).contains("the file is not a workbook"), "{text:?}");
}

#[test]
fn a_file_without_a_header_is_imported_when_the_arguments_say_so() {
    let database = Scratch::new();
    contacts(&database.url, &["org", "create", "Acme"]).well();
    let (_folder, path) = file("bare.csv", "ann@example.org;Ann Lee\nbo@example.org;Bo Ray\n");
    let refused = import_json(&database, &path, &[]);
    assert!(refused.sentence(1).contains("--no-header"), "{refused:?}");
    let summary = import_json(&database, &path, &["--no-header"]).well().json();
    assert_eq!((&summary["added"], &summary["skipped"]), (&json!(2), &json!(0)));
}

#[test]
fn a_file_that_cannot_be_imported_ends_with_its_problem() {
    let database = Scratch::new();
    contacts(&database.url, &["org", "create", "Acme"]).well();
    let (_folder, empty) = file("empty.csv", "");
    assert!(import_json(&database, &empty, &[]).sentence(1).starts_with("the file is empty: "));
    let (_folder, towns) = file("towns.csv", "town,river\nUlm,Danube\n");
    let ended = import_json(&database, &towns, &[]);
    assert!(ended.sentence(1).contains("none to email"), "{ended:?}");
    let missing = import_json(&database, "/nowhere.csv".as_ref(), &[]);
    assert_eq!(missing.sentence(1), "/nowhere.csv does not exist: check the name of the file");
}

#[test]
fn the_skipped_rows_do_not_overwrite_the_file_itself() {
    let database = Scratch::new();
    let (_folder, path) = file("people.csv", SMALL);
    let name = path.to_str().unwrap();
    let ended = contacts(&database.url, &["import", name, "--yes", "--skipped", name]);
    assert!(ended.sentence(2).contains("is the file to import"), "{ended:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), SMALL);
}

#[test]
fn ctrl_c_cancels_an_import_and_its_summary_is_true() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &["--no-worker"]);
    let (_folder, path) = file("people.csv", people(100_000));
    let import = spawn(&database.url, &["import", path.to_str().unwrap(), "--yes", "--json"]);
    let id = until(|| {
        let list = serving.expect(200, "GET", "/v1/imports", "");
        let import = list["items"].get(0)?;
        let is_under_way = import["summary"]["added"].as_u64()? > 0;
        is_under_way.then(|| import["id"].as_str().unwrap().to_owned())
    });
    kill_process(support::pid(&import), Signal::INT).unwrap();
    let ended = import.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let summary: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(summary["state"], "cancelled");
    let kept = serving.expect(200, "GET", &format!("/v1/imports/{id}"), "");
    assert_eq!(kept["summary"]["added"], summary["added"]);
    let count = serving.expect(200, "GET", "/v1/contacts?count=exact&limit=1", "");
    assert_eq!(count["count"]["value"], summary["added"], "{count}");
}

#[test]
fn a_kill_in_the_middle_of_an_import_loses_and_doubles_nothing() {
    const ROWS: u64 = 20_000;
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &["--job-lease", "1"]);
    let key = serving.key().to_owned();
    let id = uploaded(&serving, &people(ROWS));
    let path = format!("/v1/imports/{id}");
    serving.expect(200, "POST", &format!("{path}/start"), "");
    until(|| (done(&serving, &key, &path) > 0).then_some(()));
    let (status, _) = serving.end(Signal::KILL);
    assert_eq!(status.code(), None, "killed");
    let again = Serving::on(&database.url, &["--job-lease", "1"]);
    let import = until(|| {
        let import = again.ask(&key, "GET", &path, "").json();
        (import["state"] == "done").then_some(import)
    });
    assert_eq!(import["summary"]["added"], ROWS, "{}", import["summary"]);
    assert_eq!(import["summary"]["skipped"], 0, "{}", import["summary"]);
    let count = again.ask(&key, "GET", "/v1/contacts?count=exact&limit=1", "").json();
    assert_eq!(count["count"]["value"], ROWS, "{count}");
}

#[test]
fn a_key_created_on_the_command_line_works_until_it_is_revoked() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let made = ["key", "create", "--name", "ci", "--scope", "read", "--expires", "2999-01-01"];
    let key = contacts(&database.url, &made).well().out.trim().to_owned();
    assert_eq!(serving.ask(&key, "GET", "/v1/contacts", "").status, 200);
    let body = r#"{"name":"Ann","email":"ann@example.org"}"#;
    assert_eq!(serving.ask(&key, "POST", "/v1/contacts", body).status, 403);
    let list = contacts(&database.url, &["key", "list"]).well().out;
    let line = list.lines().find(|line| line.contains("  ci  read  ")).unwrap();
    assert!(!list.contains(&key), "a token is shown once");
    contacts(&database.url, &["key", "revoke", line.split("  ").next().unwrap()]).well();
    // A server that did not revoke the key itself accepts it for some seconds more.
    until(|| (serving.ask(&key, "GET", "/v1/contacts", "").status == 401).then_some(()));
}

#[test]
fn the_description_is_the_same_on_the_command_line_and_over_http() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let served = Answer::to(serving.address(), None, "GET", "/openapi.json", "").json();
    assert_eq!(support::contacts_alone(&["openapi"]).well().json(), served);
}

#[test]
fn separate_workers_run_the_jobs_of_a_server_without_any() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &["--no-worker"]);
    let mut workers = spawn(&database.url, &["work"]);
    let id = uploaded(&serving, SMALL);
    assert!(!id.is_empty());
    kill_process(support::pid(&workers), Signal::TERM).unwrap();
    assert_eq!(workers.wait().unwrap().code(), Some(0));
}

/// Uploads a file and waits until it is analysed.
fn uploaded(serving: &Serving, content: &str) -> String {
    let import = serving.expect(201, "POST", "/v1/imports?file_name=people.csv", content);
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    until(|| {
        let import = serving.expect(200, "GET", &path, "");
        (import["state"] == "ready").then_some(())
    });
    import["id"].as_str().unwrap().to_owned()
}

fn done(serving: &Serving, key: &str, path: &str) -> u64 {
    serving.ask(key, "GET", path, "").json()["summary"]["added"].as_u64().unwrap()
}

fn import_json(database: &Scratch, path: &std::path::Path, args: &[&str]) -> Ended {
    let import = ["import", path.to_str().unwrap(), "--yes", "--json"];
    contacts(&database.url, &[&import[..], args].concat())
}

fn people(number: u64) -> String {
    let mut rows = "name,email\n".to_owned();
    for n in 0..number {
        writeln!(rows, "Person {n},person{n}@example.org").unwrap();
    }
    rows
}

/// Calls a function until it returns something.
fn until<T>(mut question: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "it does not come to pass");
        thread::sleep(Duration::from_millis(20));
    }
}
