//! Keyed requests while connections to the database break (R63).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::time::{Duration, Instant};

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
    let requests = requests(&serving);
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

/// Requests of seven kinds, each with an effect of its own.
fn requests(serving: &Serving) -> Vec<Request> {
    let ann = r#"{"name": "Ann", "email": "ann@example.org"}"#;
    let contact = serving.expect(201, "POST", "/v1/contacts", ann);
    let ann = contact["id"].as_str().unwrap();
    let of_number = |n| {
        let tag = format!("by action {n}");
        let action = json!({"ids": [ann], "action": {"type": "add_tags", "tags": [tag]}});
        let url = format!("https://crm.example/{n}");
        let last = if n < WEBHOOKS {
            request("/v1/webhooks", &json!({"url": url}), &format!("webhooks WHERE url = '{url}'"))
        } else {
            let key = json!({"name": format!("Key {n}"), "scopes": ["read"]});
            request("/v1/keys", &key, &format!("api_keys WHERE name = 'Key {n}'"))
        };
        [
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
            request(
                "/v1/actions",
                &action,
                &format!("actions WHERE detail::text LIKE '%\"{tag}\"%'"),
            ),
            request(
                &format!("/v1/imports?file_name={n}.csv"),
                &Value::Null,
                &format!("imports WHERE file_name = '{n}.csv' AND state = 'analysing'"),
            ),
            last,
        ]
    };
    (0..REQUESTS).flat_map(of_number).collect()
}

fn request(path: &str, body: &Value, count: &str) -> Request {
    let body = match body {
        Value::Null => "name,email\nAnn,ann@example.org\n".to_owned(),
        body => body.to_string(),
    };
    Request { path: path.to_owned(), body, count: format!("SELECT count(*) AS n FROM {count}") }
}
