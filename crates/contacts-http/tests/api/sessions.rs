//! Sign-in on the page, and access with a session cookie (R2).

use std::time::Duration;

use actix_web::test::TestRequest;
use contacts_core::OrgId;
use contacts_core::key::{Role, Scope};
use contacts_http::{ApiConfig, PublicUrl};
use serde_json::{Value, json};

use crate::support::{Answer, Service, request};

const ORIGIN: (&str, &str) = ("origin", "http://127.0.0.1:8080");
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates a sign-in link for the user with this name, who is created when missing.
fn link(service: &Service, org: OrgId, name: &str) -> String {
    use std::sync::atomic::{AtomicU8, Ordering};
    static RANDOM: AtomicU8 = AtomicU8::new(1);
    let user = service.api.sessions.user(org, name, Role::Administrator).unwrap();
    let random = [RANDOM.fetch_add(1, Ordering::SeqCst); 32];
    service.api.sessions.link(&user, random).unwrap().reveal()
}

async fn use_link(service: &Service, token: &str) -> Answer {
    let request = TestRequest::post().uri("/v1/session").insert_header(ORIGIN);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let request = request.insert_header(("user-agent", firefox));
    service.send(request.set_json(json!({"token": token}))).await
}

/// Signs in and returns the cookie as a browser sends it.
pub(crate) async fn sign_in(service: &Service, org: OrgId, name: &str) -> String {
    let answer = use_link(service, &link(service, org, name)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    cookie_of(&answer)
}

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// Returns a request from the page with a cookie.
pub(crate) fn with(cookie: &str, method: &str, path: &str) -> TestRequest {
    let method = method.parse().unwrap();
    let request = TestRequest::default().method(method).uri(path);
    request.insert_header(("cookie", cookie)).insert_header(ORIGIN)
}

async fn items(service: &Service, cookie: &str) -> Vec<Value> {
    let answer = service.send(with(cookie, "GET", "/v1/sessions")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn a_link_signs_in_once_and_its_session_may_do_everything() {
    let service = Service::new();
    let token = link(&service, service.world.org(), "Ann");
    let answer = use_link(&service, &token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["name"], "Ann");
    assert_eq!(
        answer.json()["scopes"],
        json!(["read", "write", "export", "import", "merge", "bulk_delete", "admin"])
    );
    assert!(
        !String::from_utf8(answer.bytes.clone()).unwrap().contains("ic_"),
        "nobody can read it"
    );
    let cookie = cookie_of(&answer);
    let me = service.send(with(&cookie, "GET", "/v1/me")).await.json();
    assert_eq!(me, answer.json());
    let body = json!({"name": "Bob", "email": "bob@example.org"});
    let made = service.send(with(&cookie, "POST", "/v1/contacts").set_json(body)).await;
    assert_eq!(made.status, 201);
    let source = &made.json()["source"];
    assert_eq!(source["by"], json!({"kind": "user", "id": me["actor"]["id"]}), "{source}");
    assert_eq!(service.send(with(&cookie, "GET", "/v1/keys")).await.status, 200);
    let again = use_link(&service, &token).await;
    assert_eq!(again.problem(), "401 link_refused");
    assert_eq!(again.header("set-cookie"), "");
}

#[actix_web::test]
async fn a_link_that_is_not_good_lets_nobody_in() {
    let service = Service::new();
    let org = service.world.org();
    let late = link(&service, org, "Ann");
    service.world.clock().advance(Duration::from_secs(3_600));
    let unknown = format!("ic_{}_{}", org.0.simple(), "0".repeat(64));
    let other = late
        .replace(&org.0.simple().to_string(), &service.world.another_org().0.simple().to_string());
    for token in [&late, &unknown, &other, "nonsense", "", &service.token] {
        assert_eq!(use_link(&service, token).await.problem(), "401 link_refused", "{token}");
    }
    let nothing = TestRequest::post().uri("/v1/session").insert_header(ORIGIN).set_json(json!({}));
    assert_eq!(service.send(nothing).await.errors(), ["token"]);
}

#[actix_web::test]
async fn no_script_and_no_other_site_gets_at_the_cookie() {
    let service = Service::new();
    let answer = use_link(&service, &link(&service, service.world.org(), "Ann")).await;
    let (value, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert!(value.starts_with("contacts_session=ic_"), "{value}");
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    let public_url = PublicUrl::parse("https://contacts.example.org").unwrap();
    let service = Service::with(ApiConfig { public_url, ..ApiConfig::default() });
    let request = TestRequest::post().uri("/v1/session");
    let request = request.insert_header(("origin", "https://contacts.example.org"));
    let token = link(&service, service.world.org(), "Ann");
    let answer = service.send(request.set_json(json!({"token": token}))).await;
    let (value, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert!(value.starts_with("__Host-contacts_session=ic_"), "{value}");
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    assert_eq!(service.send(with(value, "GET", "/v1/me")).await.status, 200);
    let planted = value.trim_start_matches("__Host-");
    assert_eq!(service.send(with(planted, "GET", "/v1/me")).await.problem(), "401 unauthenticated");
}

#[actix_web::test]
async fn nothing_can_be_changed_from_a_page_of_another_site() {
    let service = Service::new();
    let cookie = sign_in(&service, service.world.org(), "Ann").await;
    let document = serde_json::to_value(contacts_http::openapi()).unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "019b7904-d100-7000-8000-00000000ffff");
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        for method in methods.filter(|method| method != "GET" && method != "HEAD") {
            for site in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
                let request = TestRequest::default().method(method.parse().unwrap()).uri(&path);
                let request = request.insert_header(("cookie", &*cookie)).insert_header(site);
                let answer = service.send(request).await;
                assert_eq!(answer.problem(), "403 cross_site", "{method} {path} {site:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 80, "{seen}");
    assert_eq!(service.get("/v1/contacts").await.json()["count"]["value"], 0);
    let read =
        || with(&cookie, "GET", "/v1/contacts").insert_header(("sec-fetch-site", "cross-site"));
    assert_eq!(service.send(read()).await.problem(), "403 cross_site");
    let followed = read().insert_header(("sec-fetch-mode", "navigate"));
    assert_eq!(service.send(followed).await.status, 200);
}

#[actix_web::test]
async fn a_program_with_a_key_is_no_site() {
    let service = Service::new();
    let evil = ("origin", "https://evil.example");
    let cookie = sign_in(&service, service.world.org(), "Ann").await;
    let body = json!({"name": "Ann", "email": "ann@example.org"});
    let post = service.request("POST", "/v1/contacts").insert_header(evil);
    assert_eq!(service.send(post.set_json(body)).await.status, 201);
    // With both a key and a cookie, the key counts; a valid cookie does not replace an invalid key.
    let both = request("nonsense", "GET", "/v1/me").insert_header(("cookie", &*cookie));
    assert_eq!(service.send(both).await.problem(), "401 unauthenticated");
    let both = service.request("GET", "/v1/me").insert_header(("cookie", &*cookie));
    assert_eq!(service.send(both).await.json()["name"], "Test");
}

#[actix_web::test]
async fn neither_secret_stands_in_for_the_other() {
    let config = ApiConfig { key_cache: Duration::from_secs(600), ..ApiConfig::default() };
    let service = Service::with(config);
    let cookie = sign_in(&service, service.world.org(), "Ann").await;
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.status, 200);
    let (name, session) = cookie.split_once('=').unwrap();
    let as_key = service.send(request(session, "GET", "/v1/me")).await;
    assert_eq!(as_key.problem(), "401 unauthenticated");
    assert_eq!(service.get("/v1/me").await.status, 200);
    let as_cookie = format!("{name}={}", service.token);
    let as_session = service.send(with(&as_cookie, "GET", "/v1/me")).await;
    assert_eq!(as_session.problem(), "401 unauthenticated");
}

#[actix_web::test]
async fn signing_out_ends_the_session_at_once() {
    let config = ApiConfig { key_cache: Duration::from_secs(600), ..ApiConfig::default() };
    let service = Service::with(config);
    let cookie = sign_in(&service, service.world.org(), "Ann").await;
    let other = sign_in(&service, service.world.org(), "Ann").await;
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.status, 200);
    let out = service.send(with(&cookie, "DELETE", "/v1/session")).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").starts_with("contacts_session=; Path=/; Max-Age=0; "));
    assert_eq!(service.send(with(&cookie, "GET", "/v1/me")).await.problem(), "401 unauthenticated");
    assert_eq!(items(&service, &other).await.len(), 1);
}

#[actix_web::test]
async fn a_user_sees_and_ends_their_own_sessions_and_nobody_elses() {
    let service = Service::new();
    let org = service.world.org();
    let first = sign_in(&service, org, "Ann").await;
    service.world.clock().tick();
    let second = sign_in(&service, org, "Ann").await;
    let bob = sign_in(&service, org, "Bob").await;
    let listed = items(&service, &first).await;
    let current: Vec<_> = listed.iter().map(|session| session["current"].clone()).collect();
    assert_eq!(current, [json!(false), json!(true)]);
    assert_eq!(listed[0]["agent"], "Firefox on Linux");
    assert_eq!(listed[1]["expires_at"], "2026-01-31T10:00:00Z");
    let path = format!("/v1/sessions/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(service.send(with(&bob, "DELETE", &path)).await.problem(), "404 not_found");
    assert_eq!(service.send(with(&second, "GET", "/v1/me")).await.status, 200);
    assert_eq!(service.send(with(&first, "DELETE", &path)).await.status, 204);
    assert_eq!(service.send(with(&second, "GET", "/v1/me")).await.problem(), "401 unauthenticated");
    assert_eq!(items(&service, &first).await.len(), 1);
    assert_eq!(items(&service, &bob).await.len(), 1);
    // A key has no sessions.
    for (method, path) in [("GET", "/v1/sessions"), ("DELETE", &*path), ("DELETE", "/v1/session")] {
        let answer = service.send(service.request(method, path)).await;
        assert_eq!(answer.problem(), "403 forbidden", "{method} {path}");
    }
}

#[actix_web::test]
async fn a_session_rests_for_a_week_and_lasts_for_a_month() {
    let service = Service::new();
    let org = service.world.org();
    let resting = sign_in(&service, org, "Bob").await;
    let used = sign_in(&service, org, "Ann").await;
    let ask = |cookie: String| {
        let service = &service;
        async move { service.send(with(&cookie, "GET", "/v1/me")).await.status.as_u16() }
    };
    for week in 1..=4 {
        service.world.clock().advance(DAY * 7 - Duration::from_secs(60));
        assert_eq!(ask(used.clone()).await, 200, "week {week}");
    }
    assert_eq!(ask(resting).await, 401);
    service.world.clock().advance(DAY * 2 + Duration::from_secs(239));
    assert_eq!(ask(used.clone()).await, 200);
    service.world.clock().advance(Duration::from_secs(1));
    assert_eq!(ask(used).await, 401);
}

#[actix_web::test]
async fn another_organisations_user_sees_nothing() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    let own = sign_in(&service, service.world.org(), "Ann").await;
    let stranger = sign_in(&service, service.world.another_org(), "Eve").await;
    assert_eq!(service.send(with(&own, "GET", &path)).await.status, 200);
    assert_eq!(service.send(with(&stranger, "GET", &path)).await.problem(), "404 not_found");
    let list = service.send(with(&stranger, "GET", "/v1/contacts")).await.json();
    assert_eq!(list["count"]["value"], 0);
    let users = service.send(with(&stranger, "GET", "/v1/users")).await.json();
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
    assert_eq!(users["items"][0]["name"], "Eve");
    let id = items(&service, &own).await[0]["id"].clone();
    let foreign = format!("/v1/sessions/{}", id.as_str().unwrap());
    assert_eq!(service.send(with(&stranger, "DELETE", &foreign)).await.problem(), "404 not_found");
    // A session is valid only in the organisation that it was created in, even if the cookie names
    // another.
    let foreign = stranger.replace(&stranger[20..52], &service.world.org().0.simple().to_string());
    assert_eq!(
        service.send(with(&foreign, "GET", "/v1/me")).await.problem(),
        "401 unauthenticated"
    );
}

#[actix_web::test]
async fn users_are_told_by_name_to_whoever_reads() {
    let service = Service::new();
    service.api.sessions.user(service.world.org(), "Ann", Role::Viewer).unwrap();
    let reader = service.key(&[Scope::Read]);
    let users = service.send(request(&reader, "GET", "/v1/users")).await.json();
    assert_eq!(users["items"][0]["name"], "Ann");
    let widget = service.key(&[Scope::Capture]);
    let refused = service.send(request(&widget, "GET", "/v1/users")).await;
    assert_eq!(refused.problem(), "403 scope_missing");
}

#[actix_web::test]
async fn who_tries_too_many_links_is_told_when_to_come_back() {
    let service = Service::with(ApiConfig { sign_ins_per_minute: 2, ..ApiConfig::default() });
    let good = link(&service, service.world.org(), "Ann");
    for _ in 0..2 {
        assert_eq!(use_link(&service, "nonsense").await.problem(), "401 link_refused");
    }
    let refused = use_link(&service, &good).await;
    assert_eq!(refused.problem(), "429 rate_limited");
    assert_eq!(refused.header("retry-after"), "30");
}
