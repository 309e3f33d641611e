//! Webhooks of the program, over TLS: signed, retried, given up and sent again (R42).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{ReceivedRequest, Scratch, Secured, Serving, file};

/// A time limit that is never reached.
const TIMEOUT: Duration = Duration::from_secs(30);

impl ReceivedRequest {
    /// Checks the signature as Standard Webhooks define it.
    fn assert_signed(&self, secret: &str) {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{timestamp}.{}", self.body).as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        assert_eq!(self.header("webhook-signature"), format!("v1,{signature}"));
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that receives webhooks.
struct Receiver {
    server: Secured,
    url: String,
    /// The statuses of the next responses; later ones are 204.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    fn new() -> Self {
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let prepared = answers.clone();
        let server = Secured::new(move |_| {
            let status = prepared.lock().unwrap().pop_front().unwrap_or(204);
            (status, String::new(), String::new())
        });
        Self { url: format!("{}/hook", server.url), server, answers }
    }
}

/// The program with a webhook.
struct Hooked<'a> {
    serving: &'a Serving,
    database: &'a Scratch,
    path: String,
    secret: String,
}

impl<'a> Hooked<'a> {
    fn new(serving: &'a Serving, database: &'a Scratch, url: &str) -> Self {
        Self::of(serving, database, &json!({ "url": url }))
    }

    fn of(serving: &'a Serving, database: &'a Scratch, webhook: &Value) -> Self {
        let made = serving.expect(201, "POST", "/v1/webhooks", &webhook.to_string());
        let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
        Self { serving, database, path, secret: made["secret"].as_str().unwrap().to_owned() }
    }

    /// The newest delivery, after a number of attempts.
    fn tried(&self, attempts: u32) -> Value {
        let started = Instant::now();
        loop {
            let path = format!("{}/deliveries?limit=1", self.path);
            let delivery = self.serving.expect(200, "GET", &path, "")["items"][0].clone();
            if delivery["attempts"] == attempts {
                return delivery;
            }
            assert!(started.elapsed() < TIMEOUT, "{delivery}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The next request. Until it comes, retries are made due in the database.
    fn next(&self, receiver: &Receiver) -> ReceivedRequest {
        let started = Instant::now();
        loop {
            for statement in [
                "UPDATE webhook_deliveries SET due_at = due_at - interval '1 day' \
                 WHERE state = 'pending'",
                "UPDATE webhooks SET rests_until = NULL",
                "UPDATE jobs SET due_at = due_at - interval '1 day' WHERE leased_until IS NULL",
            ] {
                self.database.execute(statement);
            }
            if let Ok(arrived) = receiver.server.arrived.recv_timeout(Duration::from_millis(200)) {
                return arrived;
            }
            assert!(started.elapsed() < TIMEOUT, "nothing arrives: {}", self.tried(0));
        }
    }
}

#[test]
fn a_message_is_signed_retried_given_up_and_sent_again() {
    let (database, receiver) = (Scratch::new(), Receiver::new());
    let (_folder, authority) = file("authority.pem", &receiver.server.authority);
    let environment = [("SSL_CERT_FILE", authority.to_str().unwrap())];
    let serving = Serving::with(&database.url, &["--webhook-allow-private"], &environment);
    let hooked = Hooked::new(&serving, &database, &receiver.url);

    receiver.answers.lock().unwrap().extend([500]);
    let ann = serving.expect(
        201,
        "POST",
        "/v1/contacts",
        r#"{"name":"Ann Zorgblatt","email":"ann@example.org"}"#,
    );
    let first = receiver.server.arrived.recv_timeout(TIMEOUT).unwrap();
    assert!(first.head.starts_with("POST /hook HTTP/1.1"), "{}", first.head);
    first.assert_signed(&hooked.secret);
    let reported = first.json();
    assert_eq!(reported["type"], "contacts.created");
    assert_eq!(reported["data"]["contact_ids"], json!([ann["id"]]));
    assert!(!first.body.contains("Zorgblatt"), "{}", first.body);
    let failed = hooked.tried(1);
    assert_eq!((&failed["state"], &failed["status"]), (&json!("pending"), &json!(500)));

    let again = hooked.next(&receiver);
    again.assert_signed(&hooked.secret);
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body);
    assert_eq!(hooked.tried(2)["state"], "delivered");

    receiver.answers.lock().unwrap().extend([503; 9]);
    let path = format!("/v1/contacts/{}", ann["id"].as_str().unwrap());
    serving.expect(200, "PATCH", &path, r#"{"phone":"+1 202 555 0101"}"#);
    for attempts in 1..=9 {
        let arrived = hooked.next(&receiver);
        assert_eq!(arrived.json()["data"]["fields"], json!(["phone"]));
        let state = if attempts < 9 { "pending" } else { "dead" };
        assert_eq!(hooked.tried(attempts)["state"], state, "{attempts}");
    }
    let all = serving.expect(202, "POST", &format!("{}/redeliver-dead", hooked.path), "");
    assert_eq!(all, json!({"redelivered": 1}));
    hooked.next(&receiver).assert_signed(&hooked.secret);
    let delivered = hooked.tried(1);
    assert_eq!((&delivered["state"], &delivered["problem"]), (&json!("delivered"), &Value::Null));

    let (status, log) = serving.end(Signal::TERM);
    assert!(status.success(), "{log}");
    assert!(!log.contains("Zorgblatt") && !log.contains("/hook"), "{log}");
}

#[test]
fn a_message_carries_contacts_as_the_api_shows_them() {
    let (database, receiver) = (Scratch::new(), Receiver::new());
    let (_folder, authority) = file("authority.pem", &receiver.server.authority);
    let environment = [("SSL_CERT_FILE", authority.to_str().unwrap())];
    let serving = Serving::with(&database.url, &["--webhook-allow-private"], &environment);
    for field in [
        json!({"key": "seats", "label": "Seats", "type": "number"}),
        json!({"key": "score", "label": "Score", "type": "number"}),
        json!({"key": "vip", "label": "VIP", "type": "boolean"}),
        json!({"key": "since", "label": "Since", "type": "date"}),
    ] {
        serving.expect(201, "POST", "/v1/fields", &field.to_string());
    }
    let webhook = json!({"url": receiver.url, "include": ["contact"]});
    let hooked = Hooked::of(&serving, &database, &webhook);
    let new = json!({
        "name": "Ann Lee", "email": "Ann@example.org", "phone": "+1 202 555 0101",
        "external_id": "A-17", "tags": ["VIP", "é"],
        "custom": {"seats": 12, "score": 1.5, "vip": true, "since": "2026-01-31"},
    });
    let made = serving.expect(201, "POST", "/v1/contacts", &new.to_string());
    let path = format!("/v1/contacts/{}", made["id"].as_str().unwrap());
    let arrived = hooked.next(&receiver);
    arrived.assert_signed(&hooked.secret);
    assert_eq!(arrived.json()["data"]["contacts"], json!([made]));
    let address = json!({"email": "ann@work.example"}).to_string();
    serving.expect(201, "POST", &format!("{path}/addresses"), &address);
    assert_eq!(hooked.next(&receiver).json()["data"]["fields"], json!(["addresses"]));
    let lowered = json!({"state": "unsubscribed", "note": "by phone"}).to_string();
    serving.expect(200, "PUT", &format!("{path}/consent"), &lowered);
    let arrived = hooked.next(&receiver).json();
    assert_eq!(arrived["data"]["contacts"], json!([serving.expect(200, "GET", &path, "")]));
    let (status, log) = serving.end(Signal::TERM);
    assert!(status.success() && !log.contains("Ann"), "{log}");
}

#[test]
fn a_server_with_an_untrusted_certificate_receives_nothing() {
    let (database, receiver) = (Scratch::new(), Receiver::new());
    let (_folder, other) = file("authority.pem", Receiver::new().server.authority);
    let environment = [("SSL_CERT_FILE", other.to_str().unwrap())];
    let serving = Serving::with(&database.url, &["--webhook-allow-private"], &environment);
    let hooked = Hooked::new(&serving, &database, &receiver.url);
    serving.expect(202, "POST", &format!("{}/test", hooked.path), "");
    let failed = hooked.tried(1);
    assert_eq!((&failed["state"], &failed["status"]), (&json!("pending"), &Value::Null));
    assert!(failed["problem"].as_str().unwrap().contains("cannot be connected"), "{failed}");
    assert!(receiver.server.arrived.try_recv().is_err());
}

#[test]
fn nothing_is_sent_to_private_addresses_unless_the_operator_allows_it() {
    let (database, receiver) = (Scratch::new(), Receiver::new());
    let (_folder, authority) = file("authority.pem", &receiver.server.authority);
    let environment = [("SSL_CERT_FILE", authority.to_str().unwrap())];
    let serving = Serving::with(&database.url, &[], &environment);
    let by_number = receiver.url.replace("localhost", "127.0.0.1");
    serving.expect(422, "POST", "/v1/webhooks", &json!({ "url": by_number }).to_string());
    // Names are resolved when a message is sent.
    let hooked = Hooked::new(&serving, &database, &receiver.url);
    serving.expect(202, "POST", &format!("{}/test", hooked.path), "");
    let problem = hooked.tried(1)["problem"].clone();
    assert!(problem.as_str().unwrap().contains("inside the network"), "{problem}");
    assert!(receiver.server.arrived.try_recv().is_err());
}
