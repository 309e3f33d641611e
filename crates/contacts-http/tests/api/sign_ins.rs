//! Signing in at issuers over HTTP (R60). What the issuer may get wrong is tested in
//! `contacts-oidc`.

use std::time::Duration;

use actix_web::test::TestRequest;
use contacts_core::Actor;
use contacts_core::key::Role;
use contacts_core::session::UserPatch;
use contacts_http::{ApiConfig, PublicUrl};
use contacts_testkit::FakeIssuer;
use serde_json::json;

use crate::sessions::with;
use crate::support::{Answer, Service};

const START: &str = "/v1/session/oidc/example";
const CALLBACK: &str = "/v1/session/oidc/example/callback";

/// Opens a path as a browser that comes from the issuer.
async fn browse(service: &Service, path: &str, cookie: &str) -> Answer {
    let request = TestRequest::get().uri(path);
    let request = request.insert_header(("sec-fetch-site", "cross-site"));
    let request = request.insert_header(("sec-fetch-mode", "navigate"));
    service.send(request.insert_header(("cookie", cookie.to_owned()))).await
}

/// Returns the value of a cookie that an answer sets, as a browser sends it.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let mut all = answer.headers.get_all("set-cookie").map(|value| value.to_str().unwrap());
    let found = all.find(|text| text.split('=').next() == Some(name))?;
    Some(found.split(';').next().unwrap().to_owned())
}

/// Starts a sign-in. Returns the state and the cookie.
async fn start(service: &Service, path: &str) -> (String, String) {
    let answer = browse(service, path, "").await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let (_, state) = answer.header("location").rsplit_once("&state=").unwrap();
    (state.to_owned(), cookie(&answer, "contacts_sign_in").unwrap())
}

/// Signs Ann in. Returns the answer to the callback.
async fn sign_in(service: &Service, code: &str) -> Answer {
    service.issuer.code(code, "ann-1", "Ann Lee", "ann@example.org");
    let (state, cookie) = start(service, START).await;
    browse(service, &format!("{CALLBACK}?code={code}&state={state}"), &cookie).await
}

#[track_caller]
fn assert_problem(answer: &Answer, problem: &str) {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("location"), format!("/sign-in?problem={problem}"));
    assert_eq!(cookie(answer, "contacts_session"), None);
}

#[actix_web::test]
async fn the_issuers_are_listed_without_a_credential_and_without_settings() {
    let service = Service::new();
    let answer = service.send(TestRequest::get().uri("/v1/session/issuers")).await;
    assert_eq!(answer.json(), json!({"issuers": [{"id": "example", "name": "Example Ltd"}]}));
}

#[actix_web::test]
async fn a_person_is_sent_to_the_issuer_and_comes_back_signed_in() {
    let service = Service::new();
    service.issuer.code("c1", "ann-1", "Ann Lee", "ann@example.org");
    let answer = browse(&service, &format!("{START}?to=/contacts/1?a=b"), "").await;
    let location = answer.header("location");
    let address = format!("{}/authorize", FakeIssuer::URL);
    let back = "redirect_uri=http://127.0.0.1:8080/v1/session/oidc/example/callback";
    assert!(location.starts_with(&format!("{address}?{back}&nonce=")), "{location}");
    let (_, state) = location.rsplit_once("&state=").unwrap();
    assert_eq!(state.len(), 64);
    let attributes = answer.header("set-cookie").split_once("; ").unwrap().1;
    assert_eq!(attributes, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
    let attempt = cookie(&answer, "contacts_sign_in").unwrap();
    assert!(!attempt.contains(state), "{attempt}");
    // Issuers add parameters of their own.
    let callback = format!("{CALLBACK}?session_state=x&code=c1&state={state}&scope=openid");
    let answer = browse(&service, &callback, &attempt).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/contacts/1?a=b"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(cookie(&answer, "contacts_sign_in").unwrap(), "contacts_sign_in=", "it is deleted");
    let session = cookie(&answer, "contacts_session").unwrap();
    let me = service.send(with(&session, "GET", "/v1/me")).await.json();
    assert_eq!((&me["name"], &me["role"]), (&json!("Ann Lee"), &json!("editor")));
    let users = service.get("/v1/users").await.json();
    assert_eq!(users["items"][0]["issuers"], json!(["Example Ltd"]));
    let audit = service.get("/v1/audit?kind=signed_in").await.json();
    assert_eq!(audit["items"][0]["details"], json!(["Example Ltd"]));
    assert_eq!(service.send(with(&session, "DELETE", "/v1/session")).await.status, 204);
    assert_eq!(service.send(with(&session, "GET", "/v1/me")).await.status, 401);
}

#[actix_web::test]
async fn a_second_sign_in_finds_the_same_user() {
    let service = Service::new();
    for code in ["c1", "c2"] {
        assert_eq!(sign_in(&service, code).await.header("location"), "/");
    }
    assert_eq!(service.get("/v1/users").await.json()["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn an_answer_without_its_cookie_or_with_another_state_is_refused() {
    let service = Service::new();
    service.issuer.code("c1", "ann-1", "Ann Lee", "ann@example.org");
    let (state, cookie_value) = start(&service, START).await;
    let (other, _) = start(&service, START).await;
    let callback = format!("{CALLBACK}?code=c1&state={state}");
    let forged = "contacts_sign_in=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned();
    for wrong in ["", &forged, &cookie_value[..cookie_value.len() - 1]] {
        assert_problem(&browse(&service, &callback, wrong).await, "expired");
    }
    let elsewhere = callback.replace("example", "unknown");
    let twice = format!("{callback}&state={state}");
    let others = [
        format!("{CALLBACK}?code=c1&state={other}"),
        format!("{CALLBACK}?code=c1&state="),
        format!("{CALLBACK}?code=c1"),
        CALLBACK.to_owned(),
        elsewhere,
        twice,
    ];
    for wrong in others {
        let answer = browse(&service, &wrong, &cookie_value).await;
        assert_problem(&answer, "expired");
        assert_eq!(cookie(&answer, "contacts_sign_in"), None, "the attempt goes on");
    }
    let answer = browse(&service, &callback, &cookie_value).await;
    assert!(cookie(&answer, "contacts_session").is_some(), "the right answer is still good");
}

#[actix_web::test]
async fn an_attempt_expires_after_ten_minutes() {
    let service = Service::new();
    let (state, cookie) = start(&service, START).await;
    service.world.clock().advance(Duration::from_secs(600));
    let answer = browse(&service, &format!("{CALLBACK}?code=c1&state={state}"), &cookie).await;
    assert_problem(&answer, "expired");
}

#[actix_web::test]
async fn an_answer_that_is_replayed_is_refused() {
    let service = Service::new();
    service.issuer.code("c1", "ann-1", "Ann Lee", "ann@example.org");
    let (state, attempt) = start(&service, START).await;
    let callback = format!("{CALLBACK}?code=c1&state={state}");
    assert_eq!(browse(&service, &callback, &attempt).await.header("location"), "/");
    assert_problem(&browse(&service, &callback, &attempt).await, "invalid");
    // A browser has deleted the cookie.
    assert_problem(&browse(&service, &callback, "").await, "expired");
}

#[actix_web::test]
async fn no_path_leads_to_another_site() {
    let service = Service::new();
    let paths = [
        "//evil.example",
        "/%5Cevil.example",
        "https://evil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
        "evil.example",
        "/a&to=/b",
        "/%0D%0Aset-cookie:a=b",
        "",
    ];
    for (at, to) in paths.into_iter().enumerate() {
        let code = format!("c{at}");
        service.issuer.code(&code, "ann-1", "Ann Lee", "ann@example.org");
        let (state, attempt) = start(&service, &format!("{START}?to={to}")).await;
        let callback = format!("{CALLBACK}?code={code}&state={state}");
        let answer = browse(&service, &callback, &attempt).await;
        assert_eq!(answer.header("location"), "/", "{to}");
    }
}

#[actix_web::test]
async fn a_person_whom_the_issuer_or_the_rules_refuse_sees_why() {
    let service = Service::new();
    let (state, attempt) = start(&service, START).await;
    let denied = format!("{CALLBACK}?error=access_denied&error_description=x&state={state}");
    let answer = browse(&service, &denied, &attempt).await;
    assert_problem(&answer, "cancelled");
    assert_eq!(cookie(&answer, "contacts_sign_in").unwrap(), "contacts_sign_in=");
    let (state, attempt) = start(&service, START).await;
    let failed = format!("{CALLBACK}?error=server_error&state={state}");
    assert_problem(&browse(&service, &failed, &attempt).await, "invalid");
    service.issuer.code("c1", "bob-1", "Bob", "bob@example.com");
    let (state, attempt) = start(&service, START).await;
    let answer = browse(&service, &format!("{CALLBACK}?code=c1&state={state}"), &attempt).await;
    assert_problem(&answer, "not_invited");
    let (state, attempt) = start(&service, START).await;
    let iss = "iss=https://evil.example";
    let answer =
        browse(&service, &format!("{CALLBACK}?code=c1&state={state}&{iss}"), &attempt).await;
    assert_problem(&answer, "invalid");
    let (state, attempt) = start(&service, START).await;
    let answer = browse(&service, &format!("{CALLBACK}?state={state}"), &attempt).await;
    assert_problem(&answer, "invalid");
}

#[actix_web::test]
async fn a_deactivated_user_cannot_sign_in() {
    let service = Service::new();
    sign_in(&service, "c1").await;
    let org = service.world.org();
    let ann = service.api.sessions.users(org, None, 1).unwrap().remove(0);
    let off = UserPatch { role: None, active: Some(false) };
    service.api.sessions.change_user(org, ann.id, off, Actor::System).unwrap();
    assert_problem(&sign_in(&service, "c2").await, "deactivated");
}

#[actix_web::test]
async fn an_invitation_for_the_address_gives_its_role() {
    let service = Service::new();
    let body = json!({"email": "ann@example.org", "role": "manager"});
    assert_eq!(service.post("/v1/invitations", body).await.status, 201);
    let answer = sign_in(&service, "c1").await;
    let session = cookie(&answer, "contacts_session").unwrap();
    let me = service.send(with(&session, "GET", "/v1/me")).await.json();
    assert_eq!(me["role"], json!(Role::Manager.as_str()));
    assert_eq!(service.get("/v1/invitations").await.json()["items"], json!([]));
}

#[actix_web::test]
async fn an_issuer_that_is_down_or_unknown_is_said_so_on_the_page() {
    let service = Service::new();
    let (state, attempt) = start(&service, START).await;
    service.issuer.set_down(true);
    assert_problem(&browse(&service, START, "").await, "unavailable");
    let answer = browse(&service, &format!("{CALLBACK}?code=c1&state={state}"), &attempt).await;
    assert_problem(&answer, "unavailable");
    assert_problem(&browse(&service, "/v1/session/oidc/unknown", "").await, "expired");
}

#[actix_web::test]
async fn attempts_to_sign_in_have_a_rate() {
    let config = ApiConfig { sign_ins_per_minute: 2, ..ApiConfig::default() };
    let service = Service::with(config);
    assert_eq!(browse(&service, CALLBACK, "").await.header("location"), "/sign-in?problem=expired");
    assert!(browse(&service, START, "").await.header("location").starts_with(FakeIssuer::URL));
    for path in [START, CALLBACK] {
        assert_problem(&browse(&service, path, "").await, "busy");
    }
}

#[actix_web::test]
async fn a_page_of_another_site_cannot_fetch_an_attempt() {
    let service = Service::new();
    let request = TestRequest::get().uri(START).insert_header(("sec-fetch-site", "cross-site"));
    let answer = service.send(request.insert_header(("sec-fetch-mode", "no-cors"))).await;
    assert_problem(&answer, "expired");
    assert_eq!(cookie(&answer, "contacts_sign_in"), None);
}

#[actix_web::test]
async fn over_https_the_cookies_belong_to_the_host() {
    let public_url = PublicUrl::parse("https://contacts.example.org").unwrap();
    let service = Service::with(ApiConfig { public_url, ..ApiConfig::default() });
    let answer = browse(&service, START, "").await;
    let back = "redirect_uri=https://contacts.example.org/v1/session/oidc/example/callback&";
    assert!(answer.header("location").contains(back));
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-contacts_sign_in="), "{set}");
    assert!(set.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{set}");
}

/// Starts to connect the issuer with the user of a session. Returns the state and the cookie.
async fn connect(service: &Service, session: &str) -> (String, String) {
    let body = json!({"issuer": "example", "to": "/settings/sessions?a=b"});
    let path = "/v1/session/connections";
    let answer = service.send(with(session, "POST", path).set_json(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let (_, state) = body["url"].as_str().unwrap().rsplit_once("&state=").unwrap();
    (state.to_owned(), cookie(&answer, "contacts_sign_in").unwrap())
}

#[actix_web::test]
async fn a_user_who_signed_in_by_a_link_connects_an_issuer() {
    let service = Service::new();
    let session = crate::sessions::sign_in(&service, service.world.org(), "Ann").await;
    service.issuer.code("c1", "ann-1", "Ann Lee", "ann@example.org");
    let (state, attempt) = connect(&service, &session).await;
    let callback = format!("{CALLBACK}?code=c1&state={state}");
    // Without the session, nothing is connected.
    let lost = browse(&service, &callback, &attempt).await;
    assert_eq!(lost.header("location"), "/settings/sessions?a=b&problem=expired");
    let answer = browse(&service, &callback, &format!("{session}; {attempt}")).await;
    assert_eq!(answer.header("location"), "/settings/sessions?a=b&connected=true");
    assert_eq!(cookie(&answer, "contacts_session"), None, "the session stays");
    assert_eq!(cookie(&answer, "contacts_sign_in").unwrap(), "contacts_sign_in=");
    let users = service.get("/v1/users").await.json();
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
    assert_eq!(users["items"][0]["issuers"], json!(["Example Ltd"]));
    let signed_in = sign_in(&service, "c2").await;
    let again = cookie(&signed_in, "contacts_session").unwrap();
    let me = service.send(with(&again, "GET", "/v1/me")).await.json();
    assert_eq!(me["name"], "Ann");

    let audit = service.get("/v1/audit?kind=identity_connected").await.json();
    assert_eq!(audit["items"][0]["details"], json!(["Example Ltd"]));
    let path = format!("/v1/users/{}/identities", users["items"][0]["id"].as_str().unwrap());
    assert_eq!(service.delete(&path).await.status, 204);
    assert_eq!(service.delete(&path).await.problem(), "404 not_found");
    let audit = service.get("/v1/audit?kind=identities_removed").await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn an_identity_of_another_user_is_not_connected_and_an_unknown_issuer_is_refused() {
    let service = Service::new();
    sign_in(&service, "c1").await;
    let session = crate::sessions::sign_in(&service, service.world.org(), "Bob").await;
    service.issuer.code("c2", "ann-1", "Ann Lee", "ann@example.org");
    let (state, attempt) = connect(&service, &session).await;
    let callback = format!("{CALLBACK}?code=c2&state={state}");
    let answer = browse(&service, &callback, &format!("{session}; {attempt}")).await;
    assert_eq!(answer.header("location"), "/settings/sessions?a=b&problem=identity_taken");
    let body = json!({"issuer": "other", "to": "/"});
    let unknown = with(&session, "POST", "/v1/session/connections").set_json(body.clone());
    assert_eq!(service.send(unknown).await.problem(), "404 not_found");
    let by_key = service.post("/v1/session/connections", body).await;
    assert_eq!(by_key.problem(), "403 forbidden");
}

#[actix_web::test]
async fn a_refused_sign_in_is_recorded_without_the_person() {
    let service = Service::new();
    service.issuer.code("c1", "ann-1", "Ann Lee", "ann@example.org");
    sign_in(&service, "c1").await;
    service.issuer.code("c9", "other-1", "Other", "ann@example.org");
    let (state, attempt) = start(&service, START).await;
    let answer = browse(&service, &format!("{CALLBACK}?code=c9&state={state}"), &attempt).await;
    assert_problem(&answer, "address_taken");
    let audit = service.get("/v1/audit?kind=sign_in_refused").await.json();
    assert_eq!(audit["items"][0]["details"], json!(["Example Ltd", "address_taken"]));
    let text = audit.to_string();
    assert!(!text.contains("ann") && !text.contains("other-1"), "{text}");
}
