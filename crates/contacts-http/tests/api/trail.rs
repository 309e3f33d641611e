//! The audit trail over HTTP (R61).

use contacts_core::key::Scope;
use serde_json::{Value, json};

use crate::support::{Service, request};

/// Returns the kinds of the entries of a path, the newest first.
async fn kinds(service: &Service, query: &str) -> Vec<String> {
    let answer = service.get(&format!("/v1/audit{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn what_is_done_is_recorded_with_actor_and_time() {
    let service = Service::new();
    let me = service.get("/v1/me").await.json();
    let before = kinds(&service, "").await;
    assert_eq!(before, ["key_issued"], "the key of the test, which the operator issued");
    let ann = service.contact("Ann", "ann@example.org").await;
    service.get("/v1/contacts/export?q=ann%40example.org&reachable=true").await;
    service.delete(&ann).await;
    let entries = service.get("/v1/audit").await.json();
    let items = entries["items"].as_array().unwrap();
    let of = |kind: &str| items.iter().find(|entry| entry["kind"] == kind).unwrap();
    let deleted = of("contact_deleted");
    assert_eq!(
        (&deleted["actor"], &deleted["subject_id"]),
        (&me["actor"], &json!(ann.rsplit('/').next()))
    );
    let started = of("export_started");
    assert_eq!(started["details"], json!(["q", "reachable=true"]));
    assert_eq!(
        (&of("export_ended")["contacts"], &started["subject_id"]),
        (&json!(1), &Value::Null)
    );
    assert!(!entries.to_string().contains("example.org"), "{entries}");
}

#[actix_web::test]
async fn downloads_are_recorded_and_head_requests_are_not() {
    let service = Service::new();
    let ann = service.contact("Ann", "ann@example.org").await;
    let data = format!("{ann}/data");
    for path in ["/v1/contacts/export", &data] {
        assert_eq!(service.send(service.request("HEAD", path)).await.status, 200, "{path}");
    }
    assert_eq!(kinds(&service, "").await, ["key_issued"]);
    service.get(&data).await;
    assert_eq!(kinds(&service, "").await, ["personal_data_downloaded", "key_issued"]);
}

#[actix_web::test]
async fn entries_are_found_by_actor_kind_and_period() {
    let service = Service::new();
    let other = service.key(&[Scope::Admin]);
    let me = service.send(request(&other, "GET", "/v1/me")).await.json();
    let tag = json!({"key": "tier", "label": "Tier", "type": "text"});
    service.post("/v1/fields", tag).await;
    service.world.clock().advance(std::time::Duration::from_secs(60));
    let later = json!({"key": "seats", "label": "Seats", "type": "number"});
    service.send(request(&other, "POST", "/v1/fields").set_json(later)).await;
    assert_eq!(kinds(&service, "?kind=field_defined").await.len(), 2);
    let by_other = format!("?actor={}", me["actor"]["id"].as_str().unwrap());
    assert_eq!(kinds(&service, &by_other).await, ["field_defined"]);
    let (from, until) = ("?from=2026-01-01T10:01:00Z", "?until=2026-01-01T10:01:00Z");
    assert_eq!(kinds(&service, from).await, ["field_defined"]);
    assert_eq!(kinds(&service, until).await, ["field_defined", "key_issued", "key_issued"]);
    for (query, field) in
        [("kind=x", "kind"), ("actor=x", "actor"), ("from=today", "from"), ("x=1", "x")]
    {
        assert_eq!(service.get(&format!("/v1/audit?{query}")).await.errors(), [field]);
        assert_eq!(service.get(&format!("/v1/audit.csv?{query}")).await.errors(), [field]);
    }
}

#[actix_web::test]
async fn the_trail_is_downloaded_as_csv() {
    let service = Service::new();
    let me = service.get("/v1/me").await.json();
    let ann = service.contact("Ann", "ann@example.org").await;
    service.delete(&ann).await;
    let file = service.get("/v1/audit.csv?kind=contact_deleted").await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let (key, id) = (me["actor"]["id"].as_str().unwrap(), ann.rsplit('/').next().unwrap());
    assert_eq!(
        String::from_utf8(file.bytes).unwrap(),
        format!(
            "at,actor,actor_id,kind,subject_id,contacts,details\r\n\
             2026-01-01T10:00:00Z,key,{key},contact_deleted,{id},,\r\n"
        )
    );
}

#[actix_web::test]
async fn nobody_but_an_administrator_reads_the_trail_and_nobody_changes_it() {
    let service = Service::new();
    let writer = service.key(&[Scope::Write, Scope::Export]);
    for path in ["/v1/audit", "/v1/audit.csv"] {
        let refused = service.send(request(&writer, "GET", path)).await;
        assert_eq!(refused.problem(), "403 scope_missing");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let refused = service.send(service.request(method, path)).await;
            assert_eq!(refused.problem(), "405 method_not_allowed", "{method} {path}");
        }
    }
    let stranger = service.send(request(&service.stranger(), "GET", "/v1/audit")).await.json();
    assert_eq!(stranger["items"].as_array().unwrap().len(), 1, "its own key");
}
