//! Users and invitations over HTTP (R60).

use std::time::Duration;

use actix_web::test::TestRequest;
use contacts_core::key::{Role, Scope};
use contacts_http::ApiConfig;
use serde_json::{Value, json};

use crate::sessions::{sign_in, with};
use crate::support::{Answer, Service, request};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Invites a person as the test's key, and returns the answer.
async fn invite(service: &Service, email: &str, role: &str) -> Answer {
    service.post("/v1/invitations", json!({"email": email, "role": role})).await
}

fn token_of(invited: &Answer) -> String {
    let link = invited.json()["link"].as_str().unwrap().to_owned();
    link.strip_prefix("http://127.0.0.1:8080/join#").unwrap().to_owned()
}

async fn join(service: &Service, token: &str, name: &str) -> Answer {
    let request = TestRequest::post().uri("/v1/join");
    let request = request.insert_header(("origin", "http://127.0.0.1:8080"));
    service.send(request.set_json(json!({"token": token, "name": name}))).await
}

async fn items(service: &Service, path: &str) -> Vec<Value> {
    service.get(path).await.json()["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn an_invited_person_becomes_a_user_and_is_signed_in() {
    let service = Service::new();
    let me = service.get("/v1/me").await.json();
    let invited = invite(&service, "Ann@Example.org", "manager").await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let listed = items(&service, "/v1/invitations").await;
    assert_eq!(
        listed[0],
        json!({
            "id": invited.json()["id"], "email": "Ann@Example.org", "role": "manager",
            "by": me["actor"], "created_at": "2026-01-01T10:00:00Z",
            "expires_at": "2026-01-08T10:00:00Z",
        })
    );
    let joined = join(&service, &token_of(&invited), " Ann  Lee ").await;
    assert_eq!(joined.status, 200, "{joined:?}");
    assert_eq!(
        (&joined.json()["name"], &joined.json()["role"]),
        (&json!("Ann Lee"), &json!("manager"))
    );
    let cookie = joined.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.json(), joined.json());
    assert_eq!(items(&service, "/v1/invitations").await.len(), 0);
    let users = items(&service, "/v1/users").await;
    assert_eq!(
        users,
        [json!({
            "id": joined.json()["actor"]["id"], "name": "Ann Lee", "role": "manager",
            "active": true, "email": "Ann@Example.org",
            "last_seen_at": "2026-01-01T10:00:00Z", "issuers": [], "sessions": 1,
        })]
    );
}

#[actix_web::test]
async fn a_link_that_was_used_revoked_or_replaced_or_is_old_makes_no_user() {
    let service = Service::new();
    let used = token_of(&invite(&service, "ann@example.org", "viewer").await);
    assert_eq!(join(&service, &used, "Ann").await.status, 200);
    let revoked = invite(&service, "bob@example.org", "viewer").await;
    let path = format!("/v1/invitations/{}", revoked.json()["id"].as_str().unwrap());
    assert_eq!(service.delete(&path).await.status, 204);
    assert_eq!(service.delete(&path).await.problem(), "404 not_found");
    let replaced = token_of(&invite(&service, "cy@example.org", "viewer").await);
    let latest = token_of(&invite(&service, "CY@example.org", "viewer").await);
    let sign_in_link = service.api.sessions.user(service.world.org(), "Dan", Role::Viewer).unwrap();
    let sign_in_link = service.api.sessions.link(&sign_in_link, [99; 32]).unwrap().reveal();
    for token in [&used, &token_of(&revoked), &replaced, &sign_in_link, &service.token, "", "x"] {
        assert_eq!(join(&service, token, "Eve").await.problem(), "401 link_refused", "{token}");
    }
    service.world.clock().advance(DAY * 7);
    assert_eq!(join(&service, &latest, "Eve").await.problem(), "401 link_refused");
    assert_eq!(items(&service, "/v1/users").await.len(), 2);
}

#[actix_web::test]
async fn a_name_or_an_address_that_another_user_has_is_refused() {
    let service = Service::new();
    let ann = token_of(&invite(&service, "ann@example.org", "viewer").await);
    assert_eq!(join(&service, &ann, "Ann").await.status, 200);
    let again = invite(&service, "ANN@example.org", "viewer").await;
    assert_eq!(again.problem(), "409 conflict");
    let bob = token_of(&invite(&service, "bob@example.org", "viewer").await);
    assert_eq!(join(&service, &bob, "Ann").await.problem(), "409 taken");
    assert_eq!(join(&service, &bob, " ").await.errors(), ["name"]);
    assert_eq!(join(&service, &bob, "Bob").await.status, 200, "the link still works");
    assert_eq!(invite(&service, "nobody", "viewer").await.errors(), ["email"]);
    assert_eq!(invite(&service, "cy@example.org", "root").await.errors(), ["role"]);
}

#[actix_web::test]
async fn another_site_and_another_organisation_reach_no_invitation() {
    let service = Service::new();
    let invited = invite(&service, "ann@example.org", "viewer").await;
    let evil =
        TestRequest::post().uri("/v1/join").insert_header(("origin", "https://evil.example"));
    let body = json!({"token": token_of(&invited), "name": "Ann"});
    assert_eq!(service.send(evil.set_json(body)).await.problem(), "403 cross_site");
    let stranger = service.stranger();
    let list = service.send(request(&stranger, "GET", "/v1/invitations")).await;
    assert_eq!(list.json()["items"], json!([]));
    let path = format!("/v1/invitations/{}", invited.json()["id"].as_str().unwrap());
    let refused = service.send(request(&stranger, "DELETE", &path)).await;
    assert_eq!(refused.problem(), "404 not_found");
    let other = service.world.another_org().0.simple().to_string();
    let foreign = token_of(&invited).replace(&service.world.org().0.simple().to_string(), &other);
    assert_eq!(join(&service, &foreign, "Ann").await.problem(), "401 link_refused");
}

#[actix_web::test]
async fn a_deactivated_user_is_signed_out_at_once_and_no_link_works() {
    // Credentials are cached.
    let service = Service::with(ApiConfig::default());
    let org = service.world.org();
    service.api.sessions.user(org, "Owner", Role::Administrator).unwrap();
    let cookie = sign_in(&service, org, "Bob").await;
    let bob = service.api.sessions.find_user(org, "Bob").unwrap().unwrap();
    let link = service.api.sessions.link(&bob, [77; 32]).unwrap();
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.status, 200);
    let path = format!("/v1/users/{}", bob.id);
    let off = service.patch(&path, json!({"active": false})).await.json();
    assert_eq!((&off["active"], &off["sessions"]), (&json!(false), &json!(0)));
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.problem(), "401 unauthenticated");
    assert_eq!(service.api.sessions.sign_in(&link, "Firefox", [78; 32]).unwrap(), None);
    let bob = service.api.sessions.find_user(org, "Bob").unwrap().unwrap();
    assert!(service.api.sessions.link(&bob, [79; 32]).is_err());
    let on = service.patch(&path, json!({"active": true, "role": "viewer"})).await.json();
    assert_eq!((&on["active"], &on["role"]), (&json!(true), &json!("viewer")));
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.problem(), "401 unauthenticated");
}

#[actix_web::test]
async fn the_last_active_administrator_is_not_deactivated() {
    let service = Service::new();
    let org = service.world.org();
    let ann = service.api.sessions.user(org, "Ann", Role::Administrator).unwrap();
    let bob = service.api.sessions.user(org, "Bob", Role::Administrator).unwrap();
    let set = |id, body: Value| service.patch(id, body);
    let (ann, bob) = (format!("/v1/users/{}", ann.id), format!("/v1/users/{}", bob.id));
    assert_eq!(set(&bob, json!({"active": false})).await.status, 200);
    assert_eq!(set(&ann, json!({"active": false})).await.problem(), "409 conflict");
    assert_eq!(set(&ann, json!({"role": "viewer"})).await.problem(), "409 conflict");
    assert_eq!(set(&ann, json!({})).await.json()["role"], "administrator");
    assert_eq!(set(&ann, json!({"active": null})).await.errors(), ["active"]);
}

#[actix_web::test]
async fn an_administrator_ends_the_sessions_of_a_user() {
    let service = Service::with(ApiConfig::default());
    let org = service.world.org();
    let cookies = [sign_in(&service, org, "Bob").await, sign_in(&service, org, "Bob").await];
    let ann = sign_in(&service, org, "Ann").await;
    for cookie in &cookies {
        assert_eq!(service.send(with(cookie, "GET", "/v1/me")).await.status, 200);
    }
    let users = items(&service, "/v1/users").await;
    assert_eq!((&users[0]["name"], &users[0]["sessions"]), (&json!("Bob"), &json!(2)));
    let path = format!("/v1/users/{}/sessions", users[0]["id"].as_str().unwrap());
    assert_eq!(service.delete(&path).await.status, 204);
    for cookie in &cookies {
        let answer = service.send(with(cookie, "GET", "/v1/me")).await;
        assert_eq!(answer.problem(), "401 unauthenticated");
    }
    assert_eq!(service.send(with(&ann, "GET", "/v1/me")).await.status, 200);
    let foreign = request(&service.stranger(), "DELETE", &path);
    assert_eq!(service.send(foreign).await.problem(), "404 not_found");
}

#[actix_web::test]
async fn only_administrators_see_addresses_and_sessions_of_users() {
    let service = Service::new();
    let ann = token_of(&invite(&service, "ann@example.org", "viewer").await);
    join(&service, &ann, "Ann").await;
    let reader = service.key(&[Scope::Read]);
    let users = service.send(request(&reader, "GET", "/v1/users")).await.json();
    let user = &users["items"][0];
    assert_eq!((&user["name"], &user["active"]), (&json!("Ann"), &json!(true)));
    for hidden in ["email", "last_seen_at", "issuers", "sessions"] {
        assert_eq!(user[hidden], Value::Null, "{hidden}");
    }
}
