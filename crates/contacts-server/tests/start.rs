//! Starts, refused starts and what commands print.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Answer, Scratch, Serving, contacts, contacts_alone};

#[test]
fn a_first_start_creates_a_key_and_a_second_keeps_everything() {
    let database = Scratch::new();
    let first = Serving::on(&database.url, &[]);
    let key = first.key().to_owned();
    first.expect(201, "POST", "/v1/contacts", r#"{"name":"Ann","email":"ann@example.org"}"#);
    first.end(Signal::TERM);
    let second = Serving::on(&database.url, &[]);
    assert!(!second.has_made_a_key());
    let found = second.ask(&key, "GET", "/v1/contacts?q=ann", "").json();
    assert_eq!(found["items"][0]["email"], "ann@example.org");
}

#[test]
fn a_first_start_prints_a_link_that_signs_in_once() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let link = serving.link().expect("a first start prints a link").to_owned();
    let token = link.strip_prefix(&format!("http://{}/sign-in#", serving.address())).unwrap();
    let sign_in = |token: &str| {
        let body = format!("{{\"token\":\"{token}\"}}");
        Answer::to_page(serving.address(), None, "POST", "/v1/session", &body)
    };
    let answer = sign_in(token);
    assert_eq!((answer.status, &answer.json()["name"]), (200, &"Owner".into()), "{}", answer.body);
    assert_eq!(sign_in(token).json()["code"], "link_refused");
    let listen = ["--listen", serving.address()];
    let more = contacts(&database.url, &[&["sign-in-link"], &listen[..]].concat());
    assert_eq!(more.status, Some(0), "{}", more.err);
    let (page, token) = more.out.trim().split_once('#').unwrap();
    assert_eq!(page, format!("http://{}/sign-in", serving.address()));
    assert_eq!(sign_in(token).json()["name"], "Owner");
    let ann = ["sign-in-link", "--user", "Ann", "--public-url", "https://contacts.example.org"];
    let unknown = contacts(&database.url, &ann);
    assert_eq!(unknown.status, Some(2), "{}", unknown.err);
    assert!(unknown.err.contains("there is no user Ann"), "{}", unknown.err);
    let ann = contacts(&database.url, &[&ann[..], &["--role", "administrator"]].concat());
    let token = ann.out.trim().strip_prefix("https://contacts.example.org/sign-in#").unwrap();
    let answer = sign_in(token);
    assert_eq!(answer.json()["name"], "Ann");
    let cookie = answer.cookie().unwrap();
    let users = Answer::to_page(serving.address(), Some(cookie), "GET", "/v1/users", "");
    assert_eq!(users.json()["items"].as_array().unwrap().len(), 2, "{}", users.body);
    assert!(Serving::on(&database.url, &[]).link().is_none());
}

#[test]
fn users_are_invited_and_deactivated_on_the_command_line() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let user = |args: &[&str]| contacts(&database.url, &[&["user"], args].concat());
    let place = ["--public-url", "https://contacts.example.org"];
    let invite = ["invite", "ann@example.org", "--role", "editor"];
    let invited = user(&[&invite[..], &place].concat());
    assert_eq!(invited.status, Some(0), "{}", invited.err);
    let token = invited.out.trim().strip_prefix("https://contacts.example.org/join#").unwrap();
    let body = format!("{{\"token\":\"{token}\",\"name\":\"Ann\"}}");
    let joined = Answer::to_page(serving.address(), None, "POST", "/v1/join", &body);
    assert_eq!(joined.status, 200, "{}", joined.body);
    let listed = user(&["list"]);
    assert!(listed.out.contains("Ann  ann@example.org"), "{}", listed.out);
    assert_eq!(user(&["deactivate", "Ann"]).status, Some(0));
    let off = contacts(&database.url, &["sign-in-link", "--user", "Ann"]);
    assert!(off.err.contains("the user is deactivated"), "{}", off.err);
    let last = user(&["deactivate", "Owner"]);
    assert!(last.err.contains("needs an active administrator"), "{}", last.err);
    assert!(user(&["reactivate", "Ann"]).out.contains("editor"));
    assert_eq!(user(&["deactivate", "Nobody"]).status, Some(2));
}

#[test]
fn ctrl_c_stops_a_server_and_its_log_contains_nothing_personal() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let key = serving.key().to_owned();
    serving.expect(201, "POST", "/v1/contacts", r#"{"name":"Ann Lee","email":"ann@example.org"}"#);
    serving.expect(200, "GET", "/v1/contacts?q=ann", "");
    let (status, log) = serving.end(Signal::INT);
    assert_eq!(status.code(), Some(0), "{log}");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["request_id"].is_string()), "{log}");
    for personal in ["ann@", "Ann Lee", "q=", &key] {
        assert!(!log.contains(personal), "{personal} in {log}");
    }
}

#[test]
fn a_server_reports_that_it_is_alive_and_ready() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs/"] {
        let answer = Answer::to(serving.address(), None, "GET", path, "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

#[test]
fn a_database_that_freezes_makes_it_unready_and_no_probe_waits() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &["--web-connections", "1"]);
    let ready = || {
        let started = Instant::now();
        let answer = Answer::to(serving.address(), None, "GET", "/readyz", "");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        answer.status == 200
    };
    let became = |expected: bool| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while ready() != expected {
            assert!(Instant::now() < deadline, "still not {expected}");
        }
    };
    assert!(ready());
    let frozen = database.freeze();
    // The only connection is waited for by the first; the second is told to come back.
    thread::scope(|scope| {
        let ask = || serving.ask(serving.key(), "GET", "/v1/contacts", "").status;
        let first = scope.spawn(ask);
        became(false);
        assert_eq!(ask(), 503);
        drop(frozen);
        assert_eq!(first.join().unwrap(), 200);
    });
    became(true);
}

#[test]
fn a_server_serves_the_page_beside_the_api() {
    let database = Scratch::new();
    let serving = Serving::on(&database.url, &[]);
    let ask = |path: &str| Answer::to(serving.address(), None, "GET", path, "");
    let document = ask("/");
    assert!(document.body.starts_with("<!doctype html>"), "{}", document.body);
    assert_eq!(ask("/contacts/0193").body, document.body);
    let script = document.body.split('"').find(|part| part.ends_with("/main.js")).unwrap();
    assert_eq!(ask(script).status, 200, "{script}");
    assert_eq!(ask("/v1/contacts").status, 401);
    assert_eq!(ask("/nothing").json()["code"], "no_such_route");
}

#[test]
fn a_port_in_use_is_reported_before_anything_starts() {
    let result = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = result.local_addr().unwrap().to_string();
    // The database does not answer either, which would be reported if it were used first.
    let ended = contacts("postgres://127.0.0.1:1/none", &["serve", "--listen", &address]);
    let sentence = ended.sentence(1);
    assert!(sentence.starts_with(&format!("the address {address} is in use: ")), "{sentence}");
}

#[test]
fn a_database_that_does_not_answer_is_reported() {
    let ended = contacts("postgres://127.0.0.1:1/none", &["migrate"]);
    let sentence = ended.sentence(1);
    assert!(
        sentence.starts_with("the database cannot be reached: check DATABASE_URL"),
        "{sentence}"
    );
    assert_eq!(ended.err.lines().count(), 1);
}

#[test]
fn a_schema_newer_than_the_program_is_refused() {
    let database = Scratch::new();
    contacts(&database.url, &["migrate"]).well();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    let ended = contacts(&database.url, &["serve", "--listen", "127.0.0.1:0"]);
    let sentence = ended.sentence(1);
    assert!(sentence.contains("newer schema (29990101000000)"), "{sentence}");
    assert!(sentence.ends_with("use the newer program"), "{sentence}");
}

#[test]
fn a_role_without_rights_is_reported_with_the_missing_one() {
    let database = Scratch::new();
    let role = format!("nobody_{}", database.name());
    database.execute(&format!("CREATE ROLE {role} LOGIN"));
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let ended = contacts(&database.url_as(&role), &["migrate"]);
    database.execute(&format!("DROP ROLE {role}"));
    let sentence = ended.sentence(1);
    assert!(sentence.contains("grant it CREATE on the schema public"), "{sentence}");
    assert_eq!(ended.err.lines().count(), 1);
}

#[test]
fn without_database_url_commands_use_an_embedded_database() {
    let home = tempfile::Builder::new().prefix("contacts-").tempdir_in("/tmp").unwrap();
    // As root, the database server runs as another user.
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let dir = home.path().to_str().unwrap();
    let id = contacts_alone(&["--data-dir", dir, "org", "create", "Acme"]).well().out;
    let list = contacts_alone(&["--data-dir", dir, "org", "list"]).well().out;
    assert_eq!(list, format!("{}  Acme\n", id.trim()));
    let is_running = home.path().join("cluster/postmaster.pid").exists();
    assert!(!is_running, "the last command shuts it down");
}

#[test]
fn a_database_that_was_made_with_another_secret_is_refused() {
    let database = Scratch::new();
    contacts(&database.url, &["migrate"]).well();
    contacts(&database.url, &["migrate"]).well();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    // An empty secret is not set: then the one of the data directory counts.
    let others = [&["--secret", "another secret that only tests may know"][..], &["--secret", ""]];
    for other in others {
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["org", "list"]] {
            let ended = contacts(&database.url, &[&["--data-dir", dir], other, command].concat());
            let sentence = ended.sentence(1);
            assert!(
                sentence
                    .starts_with("this database belongs to an installation with another secret"),
                "{sentence}"
            );
        }
    }
    let file = folder.path().join("secret");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // The content of the file as the setting is the same secret.
    let text = fs::read_to_string(file).unwrap();
    let fresh = Scratch::new();
    contacts(&fresh.url, &["--data-dir", dir, "--secret", "", "migrate"]).well();
    contacts(&fresh.url, &["--secret", &text, "migrate"]).well();
    contacts(&database.url, &["--secret", "short", "migrate"]).sentence(2);
}

#[test]
fn migrate_prints_what_it_did_and_then_that_nothing_is_left() {
    let database = Scratch::new();
    let first = contacts(&database.url, &["migrate"]).well().out;
    assert!(first.ends_with("The schema is up to date now.\n"), "{first}");
    let second = contacts(&database.url, &["migrate"]).well().out;
    assert_eq!(second, "The schema is up to date.\n");
}

#[test]
fn one_of_several_organisations_must_be_chosen() {
    let database = Scratch::new();
    let none = contacts(&database.url, &["key", "list"]);
    assert!(none.sentence(1).ends_with("create one with contacts org create NAME"));
    contacts(&database.url, &["org", "create", "Acme"]).well();
    contacts(&database.url, &["key", "list"]).well();
    contacts(&database.url, &["org", "create", "Beta", "--region", "DE"]).well();
    let several = contacts(&database.url, &["key", "list"]);
    assert!(several.sentence(2).ends_with("choose one with --org (Acme, Beta)"));
    contacts(&database.url, &["key", "list", "--org", "beta"]).well();
}
