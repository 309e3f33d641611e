//! What happens around every request.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::test::TestRequest;
use contacts_http::ApiConfig;

use crate::support::{Answer, Service};

async fn open(service: &Service, path: &str) -> Answer {
    service.send(TestRequest::get().uri(path)).await
}

#[actix_web::test]
async fn a_request_keeps_its_id_when_it_is_sane() {
    let service = Service::new();
    let with = |id: &'static str| {
        service.send(service.request("GET", "/v1/me").insert_header(("x-request-id", id)))
    };
    assert_eq!(with("abc-1").await.header("x-request-id"), "abc-1");
    for id in ["", "a b", "<script>"] {
        assert!(with(id).await.header("x-request-id").starts_with("019b78ff-"));
    }
    let answer = service.get("/v1/me").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[actix_web::test]
async fn an_unknown_path_or_method_is_a_problem_too() {
    let service = Service::new();
    assert_eq!(service.get("/v1/nothing").await.problem(), "404 no_such_route");
    let answer = service.send(service.request("PUT", "/v1/contacts")).await;
    assert_eq!(answer.problem(), "405 method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, POST");
}

#[test]
fn a_path_outside_the_api_is_a_problem_too() {
    let mut stream = TcpStream::connect(Service::new().listen()).unwrap();
    stream.write_all(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(answer.contains("\"code\":\"no_such_route\""), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
}

#[actix_web::test]
async fn health_needs_no_credential() {
    let mut service = Service::new();
    assert_eq!(open(&service, "/healthz").await.status, 200);
    assert_eq!(open(&service, "/readyz").await.status, 200);
    service.api.stopping.store(true, Ordering::Relaxed);
    assert_eq!(open(&service, "/readyz").await.status, 503);
    service = Service::unready();
    let answer = open(&service, "/readyz").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (503, &"no database".into()));
}

#[actix_web::test]
async fn metrics_count_requests_by_their_pattern() {
    let service = Service::measured();
    let path = service.contact("Ann", "ann@example.org").await;
    service.get(&path).await;
    let text = String::from_utf8(open(&service, "/metrics").await.bytes).unwrap();
    let wanted = r#"http_requests_total{method="GET",route="/v1/contacts/{id}",status="200"}"#;
    assert!(text.contains(wanted), "{text}");
    assert!(text.contains("http_request_seconds_bucket"), "{text}");
    assert!(!text.contains(&path), "{text}");
}

#[actix_web::test]
async fn a_full_line_is_told_to_come_back() {
    let service = Service::with(ApiConfig { max_in_store: 0, ..ApiConfig::default() });
    let answer = service.get("/v1/me").await;
    assert_eq!(answer.problem(), "503 busy");
    assert_eq!(answer.header("retry-after"), "1");
}

#[actix_web::test]
async fn a_panic_is_a_problem_and_the_service_goes_on() {
    let service = Service::panicking();
    let answer = open(&service, "/readyz").await;
    assert_eq!(answer.problem(), "500 internal");
    assert_eq!(open(&service, "/healthz").await.status, 200);
}

#[actix_web::test]
async fn the_document_and_its_pages_are_served() {
    let service = Service::new();
    let document = open(&service, "/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(open(&service, "/docs").await.header("location"), "/docs/");
    let page = open(&service, "/docs/").await;
    assert_eq!(page.status, 200);
    assert!(String::from_utf8(page.bytes).unwrap().contains("swagger"));
    let script = String::from_utf8(open(&service, "/docs/swagger-initializer.js").await.bytes);
    assert!(script.unwrap().contains("/openapi.json"));
}

#[test]
fn an_api_can_be_shared() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&Arc::new(Service::new().api));
}
