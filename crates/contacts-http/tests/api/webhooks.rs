//! Webhooks.

use contacts_core::key::Scope;
use contacts_core::webhook::SendOutcome;
use serde_json::{Value, json};

use crate::support::{Answer, Service, edits_honour_if_match, request};

pub(crate) async fn made(service: &Service) -> (String, Value) {
    let body = json!({"url": "https://example.org/hook", "types": ["contacts.created"]});
    let made = service.post("/v1/webhooks", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    (format!("/v1/webhooks/{}", made["id"].as_str().unwrap()), made)
}

/// Creates and sends deliveries as a worker does.
fn work(service: &Service) {
    let world = &service.world;
    for id in world.ports().webhooks.list(world.org()).unwrap().iter().map(|webhook| webhook.id) {
        let interrupt = crate::imports::Always;
        service.api.webhooks.deliver(world.org(), id, &interrupt).unwrap();
    }
}

async fn deliveries(service: &Service, path: &str, query: &str) -> Answer {
    service.get(&format!("{path}/deliveries{query}")).await
}

#[actix_web::test]
async fn a_webhook_is_made_changed_and_deleted_and_its_secret_shown_once() {
    let service = Service::new();
    let (path, made) = made(&service).await;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(service.get(&path).await.json(), shown);
    assert_eq!(service.get("/v1/webhooks").await.json(), json!({"items": [shown], "next": null}));
    let patch = json!({"types": [], "paused": true});
    let paused = service.patch(&path, patch).await.json();
    assert_eq!((&paused["types"], &paused["paused_because"]), (&json!([]), &json!("by_hand")));
    assert_eq!(paused["url"], "https://example.org/hook");
    let rotated = service.post(&format!("{path}/rotate-secret"), Value::Null).await.json();
    assert_ne!(rotated["secret"], made["secret"]);
    assert_eq!(rotated["old_secret_until"], "2026-01-02T10:00:00Z");
    assert_eq!(service.delete(&path).await.status, 204);
    assert_eq!(service.get(&path).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn a_webhook_includes_contacts_when_asked() {
    let service = Service::new();
    let body = json!({"url": "https://example.org/hook", "include": ["contact"]});
    let made = service.post("/v1/webhooks", body).await.json();
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(made["include"], json!(["contact"]));
    service.contact("Ann", "ann@example.org").await;
    work(&service);
    let contacts = service.sender.take().remove(0).contacts.unwrap();
    assert_eq!(contacts[0].as_ref().unwrap().email_key(), "ann@example.org");
    let patched = service.patch(&path, json!({"include": []})).await.json();
    assert_eq!((&patched["include"], &patched["version"]), (&json!([]), &json!(2)));
    let kept = service.patch(&path, json!({"paused": false})).await.json();
    assert_eq!((&kept["include"], &kept["version"]), (&json!([]), &json!(2)));
    service.contact("Bo", "bo@example.org").await;
    work(&service);
    assert_eq!(service.sender.take().remove(0).contacts, None);
}

#[actix_web::test]
async fn every_error_names_its_field() {
    let service = Service::new();
    let body =
        json!({"url": "http://example.org", "types": ["contacts.read"], "include": ["notes"]});
    assert_eq!(service.post("/v1/webhooks", body).await.errors(), ["url", "types", "include"]);
    let (path, _) = made(&service).await;
    let errors = service.patch(&path, json!({"url": "nonsense", "secret": "x"})).await;
    assert_eq!(errors.errors(), ["secret"]);
    assert_eq!(service.patch(&path, json!({"url": null})).await.errors(), ["url"]);
    let errors = deliveries(&service, &path, "?state=lost&cursor=x").await;
    assert_eq!(errors.errors(), ["state", "cursor"]);
    for _ in 1..20 {
        made(&service).await;
    }
    let body = json!({"url": "https://example.org"});
    assert_eq!(service.post("/v1/webhooks", body).await.problem(), "409 conflict");
}

#[actix_web::test]
async fn an_edit_of_a_stale_version_is_refused_with_the_current_webhook() {
    let service = Service::new();
    let (path, _) = made(&service).await;
    let read = service.get(&path).await;
    let (one, other) = (json!({"types": []}), json!({"paused": true}));
    edits_honour_if_match(&service, &path, read.header("etag"), one, other).await;
    let rotated = service.post(&format!("{path}/rotate-secret"), Value::Null).await;
    assert_eq!(rotated.header("etag"), service.get(&path).await.header("etag"));
}

#[actix_web::test]
async fn deliveries_are_listed_and_sent_again() {
    let service = Service::new();
    let (path, _) = made(&service).await;
    let test = service.post(&format!("{path}/test"), Value::Null).await;
    assert_eq!((test.status.as_u16(), &test.json()["type"]), (202, &json!("webhook.test")));
    service.contact("Ann", "ann@example.org").await;
    service.sender.answers([SendOutcome::Answered(204), SendOutcome::Answered(500)]);
    work(&service);
    let all = deliveries(&service, &path, "").await.json();
    let shown: Vec<_> = all["items"].as_array().unwrap().iter().collect();
    assert_eq!(shown.len(), 2);
    let pending = deliveries(&service, &path, "?state=pending").await.json();
    let failed = &pending["items"][0];
    assert_eq!((&failed["status"], &failed["attempts"]), (&json!(500), &json!(1)));
    assert_eq!(failed["problem"], "it responded with status 500");
    let id = failed["id"].as_str().unwrap();
    let again = format!("{path}/deliveries/{id}/redeliver");
    let again = service.post(&again, Value::Null).await;
    assert_eq!((again.status.as_u16(), &again.json()["attempts"]), (202, &json!(0)));
    let none = service.post(&format!("{path}/redeliver-dead"), Value::Null).await;
    assert_eq!(none.json(), json!({"redelivered": 0}));
    let page = deliveries(&service, &path, "?limit=1").await.json();
    let next = page["next"].as_str().unwrap();
    let rest = deliveries(&service, &path, &format!("?cursor={next}")).await.json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn webhooks_are_for_those_who_may_manage_and_for_nobody_else() {
    let service = Service::new();
    let (path, _) = made(&service).await;
    let writer = service.key(&[Scope::Write]);
    let stranger = service.stranger();
    for (method, path) in [("GET", "/v1/webhooks"), ("GET", &path), ("DELETE", &path)] {
        let refused = service.send(request(&writer, method, path)).await;
        assert_eq!(refused.problem(), "403 scope_missing");
    }
    for method in ["GET", "DELETE"] {
        let answer = service.send(request(&stranger, method, &path)).await;
        assert_eq!(answer.problem(), "404 not_found");
    }
}
