//! Keyed requests while connections to the database break (R63).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Answer, Relay, Scratch, Serving};

/// Number of keyed requests of each kind.
const REQUESTS: usize = 25;

/// Number of webhooks among them; an organisation may have 20.
const WEBHOOKS: usize = 15;

/// One request, and where its effect can be counted.
struct Request {
    path: String,
    body: String,
    /// Statement that counts how often the request was carried out.
    count: String,
}

#[test]
fn a_keyed_request_is_carried_out_once_while_commits_are_lost() {
    let database = Scratch::new();
    let relay = Relay::to(&database.url);
    // A worker would start the imports' jobs, which break in their own way.
    let serving = Serving::on(&relay.url, &["--no-worker"]);
    let ann = create_ann(&serving);
    let requests: Vec<_> = (0..REQUESTS).flat_map(|n| requests_of_number(&ann, n)).collect();
    relay.break_commits(3);
    let mut originals = 0;
    let mut lost = 0;
    let mut others = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let answer = until_answered(&serving, &format!("key-{number}"), request);
        match (answer.status, answer.json()["code"].as_str()) {
            (200..300, _) => originals += 1,
            (409, Some("answer_lost")) => lost += 1,
            _ => others.push((request.path.clone(), answer.status, answer.body)),
        }
    }
    relay.break_commits(0);
    let counts: Vec<_> = requests.iter().map(|request| database.count(&request.count)).collect();
    let (twice, never) =
        (counts.iter().filter(|n| **n > 1).count(), counts.iter().filter(|n| **n == 0).count());
    for (request, count) in requests.iter().zip(&counts) {
        if *count != 1 {
            println!("{}: {count} times", request.path);
        }
    }
    println!(
        "{} requests: {originals} got their answer, {lost} the report that it was lost, {} another \
         one; {twice} were carried out twice, {never} never",
        requests.len(),
        others.len()
    );
    assert_eq!((twice, never), (0, 0), "{others:?}");
    assert!(others.is_empty(), "{others:?}");
    assert!(originals >= requests.len() * 9 / 10, "{originals} answers, {lost} lost");
}

#[test]
fn a_crash_leaves_the_work_of_a_keyed_request_and_its_answer_or_neither() {
    let database = Scratch::new();
    let steady = Serving::on(&database.url, &["--no-worker"]);
    let ann = create_ann(&steady);
    for kind in 0..requests_of_number(&ann, 0).len() {
        for step in 1.. {
            let request = requests_of_number(&ann, step).swap_remove(kind);
            // An action has several transactions.
            if request.path == "/v1/actions" {
                break;
            }
            let once = format!("{}-{step}", request.path);
            let has_died = crash_after_commit(step, &database, steady.key(), &once, &request);
            let answer = until_answered(&steady, &once, &request);
            let count = database.count(&request.count);
            assert!(matches!(answer.status, 200..300) && count == 1, "{once} {count}: {answer:?}");
            if !has_died {
                assert!(step > 2, "{once}: nothing was watched");
                break;
            }
        }
    }
}

/// Sends a request to a server that dies after a COMMIT of the request, and lets its claim expire.
/// Returns `false` when the request was answered before.
fn crash_after_commit(
    nth: usize,
    database: &Scratch,
    key: &str,
    once: &str,
    request: &Request,
) -> bool {
    let relay = Relay::to(&database.url);
    let doomed = Serving::on(&relay.url, &["--no-worker"]);
    relay.freeze_after_commit(nth);
    let (address, path, body) =
        (doomed.address().to_owned(), request.path.clone(), request.body.clone());
    let (key, once) = (key.to_owned(), once.to_owned());
    let asking = thread::spawn(move || Answer::once(&address, &key, &once, &path, &body));
    while !relay.is_frozen() && !asking.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }
    let has_died = relay.is_frozen();
    doomed.end(Signal::KILL);
    database.execute(
        "UPDATE stored_answers SET expires_at = now() - interval '1 minute' WHERE is_running",
    );
    has_died
}

/// Sends a request until its answer is final, as a client does that does not give up.
fn until_answered(serving: &Serving, once: &str, request: &Request) -> Answer {
    let started = Instant::now();
    loop {
        let answer =
            Answer::once(serving.address(), serving.key(), once, &request.path, &request.body);
        let is_in_progress =
            answer.status == 409 && answer.json()["code"] == json!("request_in_progress");
        if answer.status < 500 && answer.status != 429 && !is_in_progress {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{answer:?}");
    }
}

fn create_ann(serving: &Serving) -> String {
    let ann = r#"{"name": "Ann", "email": "ann@example.org"}"#;
    let contact = serving.expect(201, "POST", "/v1/contacts", ann);
    contact["id"].as_str().unwrap().to_owned()
}

/// Requests of seven kinds, each with an effect of its own. Those of two numbers have nothing in
/// common.
fn requests_of_number(ann: &str, n: usize) -> Vec<Request> {
    let tag = format!("by action {n}");
    let action = json!({"ids": [ann], "action": {"type": "add_tags", "tags": [tag]}});
    let url = format!("https://crm.example/{n}");
    let last = if n < WEBHOOKS {
        request("/v1/webhooks", &json!({"url": url}), &format!("webhooks WHERE url = '{url}'"))
    } else {
        let key = json!({"name": format!("Key {n}"), "scopes": ["read"]});
        request("/v1/keys", &key, &format!("api_keys WHERE name = 'Key {n}'"))
    };
    vec![
        request(
            "/v1/contacts",
            &json!({"name": format!("Contact {n}"), "email": format!("{n}@example.org")}),
            &format!("contacts WHERE name = 'Contact {n}'"),
        ),
        request(
            "/v1/contacts/batch",
            &json!({"items": [{"name": format!("Item {n}")}]}),
            &format!("contacts WHERE name = 'Item {n}'"),
        ),
        request(
            &format!("/v1/contacts/{ann}/notes"),
            &json!({"text": format!("note {n}")}),
            &format!("notes WHERE text = 'note {n}'"),
        ),
        request(
            "/v1/tags",
            &json!({"name": format!("tag {n}")}),
            &format!("tags WHERE name = 'tag {n}'"),
        ),
        request("/v1/actions", &action, &format!("actions WHERE detail::text LIKE '%\"{tag}\"%'")),
        request(
            &format!("/v1/imports?file_name={n}.csv"),
            &Value::Null,
            &format!("imports WHERE file_name = '{n}.csv' AND state = 'analysing'"),
        ),
        last,
    ]
}

fn request(path: &str, body: &Value, count: &str) -> Request {
    let body = match body {
        Value::Null => "name,email\nAnn,ann@example.org\n".to_owned(),
        body => body.to_string(),
    };
    Request { path: path.to_owned(), body, count: format!("SELECT count(*) AS n FROM {count}") }
}
