//! The sandbox: the whole service over a world in memory.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::{Answer, command, contacts};

/// A sandbox that is ready.
struct Sandbox {
    child: Child,
    address: String,
    /// The keys by scope, as printed at the start.
    keys: BTreeMap<String, String>,
}

impl Sandbox {
    fn start(args: &[&str]) -> Self {
        let all = [&["sandbox", "--listen", "127.0.0.1:0"], args].concat();
        let mut child = command(None, &all).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let (mut address, mut keys) = (None, BTreeMap::new());
        for line in lines {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("The"), _) => {
                    address = line.split_once("http://").map(|(_, rest)| rest.to_owned());
                }
                (Some("Everything"), _) => break,
                (Some(name), Some(value)) => {
                    keys.insert(name.to_owned(), value.to_owned());
                }
                _ => {}
            }
        }
        Self { child, address: address.expect("it prints its address"), keys }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let key = self.keys.get("admin").map(String::as_str);
        let answer = Answer::to(&self.address, key, method, path, body);
        assert!(answer.head.contains("contacts-sandbox: true"), "{path}: {}", answer.head);
        answer
    }

    #[track_caller]
    fn expect(&self, status: u16, method: &str, path: &str, body: &str) -> Value {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        answer.json()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_file_is_imported_at_once_and_gone_after_a_reset() {
    let sandbox = Sandbox::start(&[]);
    let import =
        sandbox.expect(201, "POST", "/v1/imports?file_name=a.csv", "Name,Email\nAnn,a@b.org\n");
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    assert_eq!(sandbox.expect(200, "GET", &path, "")["state"], "ready");
    sandbox.expect(200, "POST", &format!("{path}/start"), "");
    assert_eq!(sandbox.expect(200, "GET", &path, "")["state"], "done");
    let list = sandbox.expect(200, "GET", "/v1/contacts", "");
    assert_eq!(list["items"][0]["email"], "a@b.org");
    let reset = sandbox.expect(200, "POST", "/sandbox/reset", "");
    assert_eq!(reset["keys"]["admin"], sandbox.keys["admin"].as_str());
    assert_eq!(sandbox.expect(200, "GET", "/v1/contacts", "")["items"], json!([]));
}

#[test]
fn the_credentials_are_those_of_the_documentation() {
    let sandbox = Sandbox::start(&[]);
    assert_eq!(sandbox.keys.len(), 10, "the API, the page and eight scopes");
    let documented = include_str!("../../../docs/API.md");
    for (name, value) in sandbox.keys.iter().filter(|(name, _)| *name != "API") {
        let secret = value.rsplit('#').next().unwrap();
        assert!(documented.contains(secret), "docs/API.md lacks {name} {secret}");
    }
    let token = sandbox.keys["Page"].rsplit('#').next().unwrap();
    let body = json!({ "token": token }).to_string();
    let answer = Answer::to_page(&sandbox.address, None, "POST", "/v1/session", &body);
    assert_eq!((answer.status, &answer.json()["name"]), (200, &"Owner".into()), "{}", answer.body);
}

#[test]
fn the_clock_stands_still_until_it_is_set() {
    let sandbox = Sandbox::start(&[]);
    let start = "2026-01-01T10:00:00Z";
    assert_eq!(sandbox.expect(200, "GET", "/sandbox/clock", ""), json!({ "now": start }));
    sandbox.expect(200, "PUT", "/sandbox/clock", r#"{"now":"2026-02-01T11:30:00+02:00"}"#);
    let now = sandbox.expect(200, "POST", "/sandbox/clock/advance", r#"{"seconds":60}"#);
    assert_eq!(now, json!({ "now": "2026-02-01T09:31:00Z" }));
    let made = sandbox.expect(201, "POST", "/v1/contacts", r#"{"name":"Ann","email":"a@b.org"}"#);
    assert_eq!(made["created_at"], "2026-02-01T09:31:00Z");
    for (body, status) in [(r#"{"now":"noon"}"#, 422), (r#"{"then":1}"#, 400)] {
        let refused = sandbox.expect(status, "PUT", "/sandbox/clock", body);
        assert_eq!(refused["status"], status);
    }
    sandbox.expect(200, "POST", "/sandbox/reset", "");
    assert_eq!(sandbox.expect(200, "GET", "/sandbox/clock", "")["now"], start);
}

#[test]
fn jobs_run_on_demand() {
    let sandbox = Sandbox::start(&["--jobs", "on-demand"]);
    let import =
        sandbox.expect(201, "POST", "/v1/imports?file_name=a.csv", "Name,Email\nAnn,a@b.org\n");
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    assert_eq!(sandbox.expect(200, "GET", &path, "")["state"], "analysing");
    assert_eq!(sandbox.expect(200, "POST", "/sandbox/jobs/run", ""), json!({ "jobs": 1 }));
    assert_eq!(sandbox.expect(200, "GET", &path, "")["state"], "ready");
}

#[test]
fn every_answer_names_the_sandbox() {
    let sandbox = Sandbox::start(&[]);
    for (path, status) in [
        ("/", 200),
        ("/healthz", 200),
        ("/v1/nothing", 404),
        ("/nothing", 404),
        ("/sandbox/x", 404),
    ] {
        assert_eq!(sandbox.ask("GET", path, "").status, status, "{path}");
    }
    let no_key = Answer::to(&sandbox.address, None, "GET", "/v1/contacts", "");
    assert_eq!(no_key.status, 401);
    assert!(no_key.head.contains("contacts-sandbox: true"), "{}", no_key.head);
}

#[test]
fn a_sandbox_does_not_start_with_a_database() {
    let ended = contacts("postgres://127.0.0.1:1/none", &["sandbox", "--listen", "127.0.0.1:0"]);
    let sentence = ended.sentence(2);
    assert!(sentence.contains("uses no database: unset DATABASE_URL"), "{sentence}");
}
