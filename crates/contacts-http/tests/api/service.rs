//! The layers around every request.

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
async fn no_answer_can_be_taken_for_a_page_or_read_by_another_sites() {
    let service = Service::new();
    let api = "default-src 'none'; frame-ancestors 'none'";
    for path in ["/v1/me", "/v1/nothing", "/v1/captures", "/healthz", "/openapi.json"] {
        let answer = service.get(path).await;
        assert_eq!(answer.header("content-security-policy"), api, "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let readers = if path == "/v1/captures" { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), readers, "{path}");
    }
    let docs = open(&service, "/docs/").await;
    let policy = docs.header("content-security-policy");
    assert!(policy.contains("script-src 'self'; ") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(docs.header("x-content-type-options"), "nosniff");
}

#[actix_web::test]
async fn an_unknown_path_or_method_is_a_problem_too() {
    let service = Service::new();
    assert_eq!(service.get("/v1/nothing").await.problem(), "404 no_such_route");
    let answer = service.send(service.request("PUT", "/v1/contacts")).await;
    assert_eq!(answer.problem(), "405 method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
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
async fn head_is_answered_as_get_without_the_body() {
    let service = Service::new();
    let path = service.contact("Ann", "ann@example.org").await;
    for path in ["/v1/me", "/v1/contacts", "/v1/contacts?limit=0", "/healthz", "/v1/x", &path] {
        let get = service.get(path).await;
        let head = service.send(service.request("HEAD", path)).await;
        assert_eq!((head.status, &head.bytes[..]), (get.status, &[][..]), "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[test]
fn head_returns_the_length_and_keeps_the_connection() {
    let service = Service::new();
    let mut stream = TcpStream::connect(service.listen()).unwrap();
    let get = "/healthz HTTP/1.1\r\nHost: x\r\n";
    let requests = format!("HEAD {get}\r\nGET {get}Connection: close\r\n\r\n");
    stream.write_all(requests.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let heads: Vec<_> = answers.split("HTTP/1.1 200 OK").collect();
    assert_eq!(heads.len(), 3, "{answers}");
    assert!(heads[1].to_lowercase().contains("content-length: 15"), "{answers}");
    assert!(
        heads[1].ends_with("\r\n\r\n") && heads[2].ends_with("{\"status\":\"ok\"}"),
        "{answers}"
    );
}

#[actix_web::test]
async fn long_answers_are_compressed_for_who_takes_that() {
    let service = Service::new();
    for n in 0..20 {
        service.contact("Ann", &format!("ann{n}@example.org")).await;
    }
    let plain = service.get("/v1/contacts").await;
    let gzip = ("accept-encoding", "br, gzip");
    let packed = service.send(service.request("GET", "/v1/contacts").insert_header(gzip)).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.bytes.len() < plain.bytes.len() / 2);
    assert_eq!(unpacked(&packed), plain.bytes);
    for answer in [&plain, &packed] {
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let short = service.send(service.request("GET", "/v1/me").insert_header(gzip)).await;
    assert_eq!(short.header("content-encoding"), "");
}

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&answer.bytes[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

#[actix_web::test]
async fn health_needs_no_credential() {
    let mut service = Service::new();
    assert_eq!(open(&service, "/healthz").await.status, 200);
    assert_eq!(open(&service, "/readyz").await.status, 200);
    service.api.draining.store(true, Ordering::Relaxed);
    assert_eq!(open(&service, "/readyz").await.status, 503);
    service.api.draining.store(false, Ordering::Relaxed);
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
