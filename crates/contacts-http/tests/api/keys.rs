//! API keys over HTTP, and requirements for credentials.

use std::time::Duration;

use crate::support::{Service, request};
use actix_web::test::TestRequest;
use contacts_core::key::Scope;
use contacts_http::ApiConfig;
use serde_json::json;

#[actix_web::test]
async fn a_key_works_until_it_is_revoked() {
    let service = Service::new();
    let issued = service.post("/v1/keys", json!({"name": "CRM", "scopes": ["read"]})).await;
    assert_eq!(issued.status, 201);
    let json = issued.json();
    let (token, path) = (
        json["token"].as_str().unwrap().to_owned(),
        format!("/v1/keys/{}", json["id"].as_str().unwrap()),
    );
    let me = service.send(request(&token, "GET", "/v1/me")).await.json();
    assert_eq!((&me["name"], &me["scopes"]), (&json!("CRM"), &json!(["read"])));
    let list = service.get("/v1/keys").await;
    assert!(!String::from_utf8(list.bytes.clone()).unwrap().contains(&token));
    assert_eq!(list.json()["items"][0]["name"], "CRM");
    let revoked = service.delete(&path).await.json();
    assert!(revoked["revoked_at"].is_string());
    let refused = service.send(request(&token, "GET", "/v1/me")).await;
    assert_eq!(refused.problem(), "401 unauthenticated");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
}

#[actix_web::test]
async fn a_revoked_key_stops_at_once_where_it_was_revoked() {
    let service =
        Service::with(ApiConfig { key_cache: Duration::from_secs(600), ..ApiConfig::default() });
    let json = service.post("/v1/keys", json!({"name": "CRM", "scopes": ["read"]})).await.json();
    let token = json["token"].as_str().unwrap();
    assert_eq!(service.send(request(token, "GET", "/v1/me")).await.status, 200);
    service.delete(&format!("/v1/keys/{}", json["id"].as_str().unwrap())).await;
    assert_eq!(
        service.send(request(token, "GET", "/v1/me")).await.problem(),
        "401 unauthenticated"
    );
}

#[actix_web::test]
async fn a_key_ends_when_it_expires() {
    let service = Service::new();
    let body =
        json!({"name": "CRM", "scopes": ["read"], "expires_at": "2026-01-01T12:00:00+01:00"});
    let issued = service.post("/v1/keys", body).await.json();
    assert_eq!(issued["expires_at"], "2026-01-01T11:00:00Z");
    let token = issued["token"].as_str().unwrap();
    assert_eq!(service.send(request(token, "GET", "/v1/me")).await.status, 200);
    service.world.clock().advance(Duration::from_secs(3_600));
    assert_eq!(
        service.send(request(token, "GET", "/v1/me")).await.problem(),
        "401 unauthenticated"
    );
}

#[actix_web::test]
async fn a_wrong_key_is_refused_by_name() {
    let service = Service::new();
    let body =
        json!({"name": "", "scopes": ["capture", "read"], "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(service.post("/v1/keys", body).await.errors(), ["name", "scopes", "expires_at"]);
    let body = json!({"name": "CRM", "scopes": ["everything"]});
    assert_eq!(service.post("/v1/keys", body).await.errors(), ["scopes"]);
    let body = json!({"name": "CRM", "scopes": ["read"], "expires_at": "tomorrow"});
    assert_eq!(service.post("/v1/keys", body).await.errors(), ["expires_at"]);
}

#[actix_web::test]
async fn without_a_good_credential_nothing_is_told() {
    let service = Service::new();
    let bare = TestRequest::get().uri("/v1/contacts");
    assert_eq!(service.send(bare).await.problem(), "401 unauthenticated");
    let unknown = format!("ic_{}_{}", service.world.org().0.simple(), "0".repeat(64));
    for token in [unknown.as_str(), "ic_nonsense", "eyJhbGciOiJub25lIn0.e30.", ""] {
        let answer = service.send(request(token, "GET", "/v1/contacts")).await;
        assert_eq!(answer.problem(), "401 unauthenticated");
    }
    let basic = TestRequest::get().uri("/v1/me").insert_header(("authorization", "Basic YTpi"));
    assert_eq!(service.send(basic).await.problem(), "401 unauthenticated");
}

#[actix_web::test]
async fn a_capture_key_does_nothing_here() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let widget = service.key(&[Scope::Capture]);
    for (method, path) in [
        ("GET", "/v1/me"),
        ("GET", "/v1/contacts"),
        ("GET", path.as_str()),
        ("DELETE", path.as_str()),
        ("GET", "/v1/tags"),
        ("GET", "/v1/fields"),
        ("GET", "/v1/keys"),
        ("GET", "/v1/imports"),
        ("POST", "/v1/imports?file_name=a.csv"),
    ] {
        let answer = service.send(request(&widget, method, path)).await;
        assert_eq!(answer.problem(), "403 scope_missing", "{method} {path}");
    }
}

#[actix_web::test]
async fn another_organisations_keys_are_not_seen_or_revoked() {
    let service = Service::new();
    let stranger = service.stranger();
    let id = service.get("/v1/keys").await.json()["items"][0]["id"].clone();
    let path = format!("/v1/keys/{}", id.as_str().unwrap());
    assert_eq!(service.send(request(&stranger, "DELETE", &path)).await.problem(), "404 not_found");
    let foreign = service.send(request(&stranger, "GET", "/v1/keys")).await.json();
    assert_eq!(foreign["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let config = ApiConfig { rate_per_second: 1, rate_burst: 2, ..ApiConfig::default() };
    let service = Service::with(config);
    let other = service.key(&[Scope::Read]);
    assert_eq!(service.get("/v1/me").await.status, 200);
    assert_eq!(service.get("/v1/me").await.status, 200);
    let refused = service.get("/v1/me").await;
    assert_eq!(refused.problem(), "429 rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(service.send(request(&other, "GET", "/v1/me")).await.status, 200);
}
