//! Captures, conversations and possible duplicates over HTTP.

use actix_web::test::TestRequest;
use contacts_core::key::Scope;
use contacts_http::ApiConfig;
use serde_json::{Value, json};

use crate::support::{Answer, Service, request};

pub(crate) const WIDGET: &str = "019b7904-d100-7000-8000-0000000000aa";

pub(crate) fn conversation(nth: u8) -> String {
    format!("019b7904-d100-7000-8000-0000000001{nth:02}")
}

fn capture_body(visitor: &str, nth: u8, more: Value) -> Value {
    let mut body = json!({
        "widget_id": WIDGET, "visitor": visitor, "conversation_id": conversation(nth),
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub(crate) async fn capture(service: &Service, body: Value) -> Answer {
    let key = service.key(&[Scope::Capture]);
    service.send(request(&key, "POST", "/v1/captures").set_json(body)).await
}

pub(crate) async fn report(
    service: &Service,
    nth: u8,
    visitor: &str,
    second: u8,
    messages: u32,
) -> Answer {
    let body = json!({
        "widget_id": WIDGET, "visitor": visitor, "started_at": "2026-01-01T09:00:00Z",
        "last_message_at": format!("2026-01-01T09:01:{second:02}+00:00"), "messages": messages,
        "preview": " Hello\nthere ", "link": "https://app.informly.example/c/1",
    });
    service.put(&format!("/v1/conversations/{}", conversation(nth)), body).await
}

#[actix_web::test]
async fn a_captures_answer_is_the_same_whether_or_not_the_person_is_known() {
    // Checks R3.
    let service = Service::new();
    service.contact("Ann", "ann@example.org").await;
    let mut answers = Vec::new();
    for (nth, email) in [(1, "ann@example.org"), (2, "new@example.org"), (2, "new@example.org")] {
        let answer =
            capture(&service, capture_body("v", nth, json!({"name": "A", "email": email}))).await;
        let names = |answer: &Answer| {
            let mut names: Vec<_> = answer.headers.iter().map(|(k, _)| k.to_string()).collect();
            names.sort();
            names
        };
        answers.push((answer.status, names(&answer), answer.bytes));
    }
    assert_eq!((answers[0].0.as_u16(), &*answers[0].2), (202, &b"{}"[..]));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let found = service.get("/v1/contacts?source=chat&sort=email").await.json();
    assert_eq!(found["count"]["value"], 2);
    assert_eq!(found["items"][1]["email"], "new@example.org");
    assert_eq!(found["items"][1]["last_conversation"]["id"], json!(conversation(2)));
    let activity = format!("/v1/contacts/{}/activity", found["items"][1]["id"].as_str().unwrap());
    let activity = service.get(&activity).await.json();
    assert_eq!(activity["items"][0]["actor"]["kind"], "key");
}

#[actix_web::test]
async fn what_is_wrong_with_a_capture_is_named() {
    let service = Service::new();
    let errors = async |body| {
        let answer = capture(&service, body).await;
        assert_eq!(answer.problem(), "422 invalid");
        answer.errors()
    };
    assert_eq!(errors(capture_body("v", 1, json!({"name": " ", "phone": "1"}))).await, ["name"]);
    let batch = json!({"email": "nobody", "name": "a\u{1}b", "phone": "1\n2", "visitor": ""});
    assert_eq!(errors(capture_body("v", 1, batch)).await, ["visitor", "name", "email", "phone"]);
    assert_eq!(errors(capture_body("v", 1, json!({"name": "A", "tags": ["x"]}))).await, ["tags"]);
    let only_name =
        capture(&service, capture_body("v", 1, json!({"name": "Ann", "email": ""}))).await;
    assert_eq!(only_name.status, 202);
    let found = service.get("/v1/contacts?reachable=false").await.json();
    assert_eq!(
        (&found["items"][0]["incomplete"], &found["items"][0]["name"]),
        (&json!(true), &json!("Ann"))
    );
}

#[actix_web::test]
async fn a_capture_key_opens_nothing_else() {
    const ISSUERS: &str = "/v1/session/issuers";
    // Checks R3 for every route.
    let service = Service::with(ApiConfig { captures_per_minute: 1_000, ..ApiConfig::default() });
    service.contact("Ann", "ann@example.org").await;
    let key = service.key(&[Scope::Capture]);
    let document = serde_json::to_value(contacts_http::openapi()).unwrap();
    let mut closed = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // Everybody may read the names of the issuers.
            if !path.starts_with("/v1/") || path == "/v1/captures" || path == ISSUERS {
                continue;
            }
            let id = "019b7904-d100-7000-8000-00000000ffff";
            let path: Vec<_> =
                path.split('/').map(|p| if p.starts_with('{') { id } else { p }).collect();
            let requested = request(&key, &method.to_uppercase(), &path.join("/"));
            let requested = requested.insert_header(("content-type", "application/json"));
            let answer = service.send(requested.set_payload("{}")).await;
            // Sign-in needs no credential, but a request from the service's own page.
            let is_open = operation["security"].is_array();
            let refused = if is_open { "403 cross_site" } else { "403 scope_missing" };
            assert_eq!(answer.problem(), refused, "{method} {path:?}");
            closed += 1;
        }
    }
    assert!(closed > 30, "{closed}");
    // A key without the scope `capture` cannot send captures.
    let body = capture_body("v", 1, json!({"name": "Ann"}));
    assert_eq!(service.post("/v1/captures", body).await.problem(), "403 scope_missing");
}

#[actix_web::test]
async fn one_address_cannot_use_up_a_widgets_key() {
    let config = ApiConfig { captures_per_minute: 2, workers: 1, ..ApiConfig::default() };
    let service = Service::with(config);
    let key = service.key(&[Scope::Capture]);
    let send = |from: &str, nth: u8| {
        let peer = format!("{from}:99").parse().unwrap();
        let body = capture_body("v", nth, json!({"name": "Ann"}));
        service.send(request(&key, "POST", "/v1/captures").peer_addr(peer).set_json(body))
    };
    assert_eq!(send("10.0.0.1", 1).await.status, 202);
    assert_eq!(send("10.0.0.1", 2).await.status, 202);
    let refused = send("10.0.0.1", 3).await;
    assert_eq!(refused.problem(), "429 rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert!(refused.json()["detail"].as_str().unwrap().contains("2 captures a minute"));
    assert_eq!(send("10.0.0.2", 4).await.status, 202, "others are not held up");
}

#[actix_web::test]
async fn a_page_of_any_site_may_send_captures_and_nothing_else() {
    let service = Service::new();
    let ask = |path: &str| {
        let requested = TestRequest::default().method("OPTIONS".parse().unwrap()).uri(path);
        let requested = requested.insert_header(("origin", "https://shop.example"));
        service.send(requested.insert_header(("access-control-request-method", "POST")))
    };
    let allowed = ask("/v1/captures").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    let result = capture(&service, capture_body("v", 1, json!({"name": "Ann"}))).await;
    assert_eq!(result.header("access-control-allow-origin"), "*");
    let refused = ask("/v1/contacts").await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (401, ""));
}

#[actix_web::test]
async fn reports_come_late_twice_and_out_of_order() {
    // Checks R26.
    let service = Service::new();
    capture(&service, capture_body("v", 1, json!({"name": "Ann"}))).await;
    let listed = service.get("/v1/contacts").await.json();
    assert_eq!(listed["items"][0]["last_conversation"]["messages"], 0);
    assert_eq!(listed["items"][0]["last_conversation"]["link"], json!(null));
    let path = format!("/v1/contacts/{}", listed["items"][0]["id"].as_str().unwrap());
    let newest = report(&service, 1, "v", 9, 5).await;
    assert_eq!(newest.status, 200);
    assert_eq!(newest.json()["preview"], "Hello there");
    assert_eq!(newest.json()["last_message_at"], "2026-01-01T09:01:09Z");
    for (second, messages) in [(3, 9), (9, 4), (9, 5)] {
        assert_eq!(report(&service, 1, "v", second, messages).await.json(), newest.json());
    }
    report(&service, 2, "v", 30, 1).await;
    let first = service.get(&format!("{path}/conversations?limit=1")).await.json();
    assert_eq!(first["items"][0]["id"], json!(conversation(2)));
    let next = first["next"].as_str().unwrap();
    let second = service.get(&format!("{path}/conversations?limit=1&cursor={next}")).await.json();
    assert_eq!((&second["items"][0], &second["next"]), (&newest.json(), &json!(null)));
    let listed = service.get("/v1/contacts").await.json();
    assert_eq!(listed["items"][0]["last_conversation"], first["items"][0]);
    let errors = service.get(&format!("{path}/conversations?cursor=x")).await;
    assert_eq!((errors.problem(), errors.errors()), ("422 invalid".into(), vec!["cursor".into()]));
    let unknown =
        service.get("/v1/contacts/019b7904-d100-7000-8000-00000000ffff/conversations").await;
    assert_eq!(unknown.problem(), "404 not_found");
}

#[actix_web::test]
async fn what_is_wrong_with_a_report_is_named() {
    let service = Service::new();
    let path = format!("/v1/conversations/{}", conversation(1));
    let body = json!({
        "widget_id": WIDGET, "visitor": "", "started_at": "2026-01-01T09:00:01Z",
        "last_message_at": "2026-01-01T09:00:00Z", "messages": 3_000_000_000_u64,
        "link": "javascript:alert(1)",
    });
    let answer = service.put(&path, body).await;
    assert_eq!(answer.problem(), "422 invalid");
    assert_eq!(answer.errors(), ["visitor", "link", "last_message_at", "messages"]);
}

#[actix_web::test]
async fn two_who_may_be_one_are_told_and_may_be_told_apart() {
    // Checks R17 and R20.
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    capture(&service, capture_body("v", 1, json!({"email": "ann@example.org"}))).await;
    capture(&service, capture_body("v", 2, json!({"email": "lee@example.org"}))).await;
    let others = service.get(&format!("{ann}/duplicates")).await.json();
    assert_eq!(others["items"][0]["contact"]["email"], "lee@example.org");
    assert_eq!(others["items"][0]["reasons"], json!(["captured"]));
    let found = async |some: &str| {
        service.get(&format!("/v1/contacts?duplicates={some}")).await.json()["count"]["value"]
            .clone()
    };
    assert_eq!((found("true").await, found("false").await), (json!(2), json!(0)));
    assert_eq!(service.get("/v1/contacts?duplicates=maybe").await.errors(), ["duplicates"]);

    let other = others["items"][0]["contact"]["id"].as_str().unwrap();
    let ann_id = ann.rsplit('/').next().unwrap();
    let dismissal = format!("/v1/duplicates/{ann_id}/{other}/dismissal");
    assert_eq!(service.send(service.request("PUT", &dismissal)).await.status, 204);
    assert_eq!(service.get(&format!("{ann}/duplicates")).await.json()["items"], json!([]));
    assert_eq!((found("true").await, found("false").await), (json!(0), json!(2)));
}

#[actix_web::test]
async fn a_widget_that_captured_somebody_is_named() {
    let service = Service::new();
    let path = format!("/v1/widgets/{WIDGET}");
    assert_eq!(service.put(&path, json!({"name": "Website"})).await.problem(), "404 not_found");
    capture(&service, capture_body("v", 1, json!({"name": "Ann"}))).await;
    assert_eq!(service.get("/v1/widgets").await.json()["items"][0]["name"], Value::Null);
    let named = service.put(&path, json!({"name": " Website "})).await.json();
    assert_eq!((&named["id"], &named["name"]), (&json!(WIDGET), &json!("Website")));
    assert_eq!(service.get("/v1/widgets").await.json()["items"], json!([named]));
    assert_eq!(service.put(&path, json!({"name": ""})).await.errors(), ["name"]);
    assert_eq!(service.put(&path, json!({"name": null})).await.json()["name"], Value::Null);
    let key = service.key(&[Scope::Read]);
    let read_only = service.send(request(&key, "PUT", &path).set_json(json!({"name": "A"}))).await;
    assert_eq!(read_only.problem(), "403 scope_missing");
}
