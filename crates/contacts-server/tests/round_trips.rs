//! How often requests wait for the database.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use crate::support::{Relay, Scratch, Serving};

/// A name, the method and the path of a request, and the body of an attempt.
type Request = (&'static str, &'static str, String, fn(usize) -> String);

/// Attempts, of which the one with the fewest round trips counts: the others include looks at the
/// clock of the database, or at the key.
const ATTEMPTS: usize = 6;

#[test]
fn requests_take_few_round_trips() {
    let database = Scratch::new();
    let relay = Relay::to(&database.url);
    let serving = Serving::on(&relay.url, &["--no-worker"]);
    let widget =
        serving.expect(201, "POST", "/v1/keys", r#"{"name": "Widget", "scopes": ["capture"]}"#);
    let send = |method: &str, path: &str, body: &str| {
        let key =
            if path == "/v1/captures" { widget["token"].as_str().unwrap() } else { serving.key() };
        let answer = serving.ask(key, method, path, body);
        assert!((200..300).contains(&answer.status), "{answer:?}");
        answer
    };
    let ann = send(
        "POST",
        "/v1/contacts",
        r#"{"name": "Ann", "email": "ann@example.org", "tags": ["vip"]}"#,
    );
    let ann = format!("/v1/contacts/{}", ann.json()["id"].as_str().unwrap());
    let mut found = Vec::new();
    let requests: [Request; 9] = [
        ("read a contact", "GET", ann.clone(), |_| String::new()),
        ("change a contact", "PATCH", ann.clone(), |n| format!(r#"{{"name": "Ann {n}"}}"#)),
        ("list", "GET", "/v1/contacts?count=none".to_owned(), |_| String::new()),
        ("list and count all", "GET", "/v1/contacts?limit=1".to_owned(), |_| String::new()),
        ("search", "GET", "/v1/contacts?q=ann&count=none".to_owned(), |_| String::new()),
        ("search by a tag", "GET", "/v1/contacts?tags_any=vip&count=none".to_owned(), |_| {
            String::new()
        }),
        ("create a contact", "POST", "/v1/contacts".to_owned(), |n| {
            format!(r#"{{"name": "Bo {n}", "email": "bo{n}@example.org"}}"#)
        }),
        ("capture somebody new", "POST", "/v1/captures".to_owned(), |n| {
            capture(&format!("new{n}"))
        }),
        ("capture somebody known", "POST", "/v1/captures".to_owned(), |_| capture("ann")),
    ];
    for (what, method, path, body) in requests {
        let trips = (0..ATTEMPTS).map(|n| {
            let before = relay.round_trips();
            send(method, &path, &body(n));
            relay.round_trips() - before
        });
        found.push((what, trips.min().unwrap()));
    }
    let expected = [
        ("read a contact", 1),
        ("change a contact", 8),
        ("list", 2),
        ("list and count all", 2),
        ("search", 6),
        ("search by a tag", 6),
        ("create a contact", 10),
        ("capture somebody new", 17),
        ("capture somebody known", 7),
    ];
    assert_eq!(found, expected, "lower the number when it has become less");
}

fn capture(who: &str) -> String {
    let id = "01a22d8b-9b3b-7088-9a37-7633e4d27b85";
    format!(
        r#"{{"widget_id": "{id}", "conversation_id": "{id}", "visitor": "{who}", "email": "{who}@example.org"}}"#
    )
}
