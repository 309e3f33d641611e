//! Bodies that are invalid, too large, too slow, compressed or of another type.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use contacts_http::ApiConfig;
use serde_json::json;

use crate::support::{Answer, Service};

async fn send(service: &Service, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = service.request("POST", "/v1/contacts").insert_header(("content-type", kind));
    service.send(request.set_payload(body.into())).await
}

#[actix_web::test]
async fn what_is_not_json_is_refused_with_its_place() {
    let service = Service::new();
    for body in ["", "{\n \"name\": }", "{\"name\": \"a\"} x", "\u{1}", "{\"name\": \"\\ud800\"}"] {
        let answer = send(&service, "application/json", body).await;
        assert_eq!(answer.problem(), "400 invalid_json", "{body}");
    }
    let answer = send(&service, "application/json", "{\n \"name\": }").await;
    assert!(answer.json()["detail"].as_str().unwrap().ends_with("line 2 column 10"), "{answer:?}");
    let latin = send(&service, "application/json", b"{\"name\": \"\xFCmit\"}".to_vec()).await;
    assert_eq!(latin.problem(), "400 invalid_json");
}

#[actix_web::test]
async fn a_body_of_another_type_is_refused() {
    let service = Service::new();
    let body = json!({"name": "Ann", "email": "ann@example.org"}).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"]
    {
        let answer = send(&service, kind, body.clone()).await;
        assert_eq!(answer.problem(), "415 unsupported_media_type");
    }
    let bare = service.request("POST", "/v1/contacts").set_payload(body.clone());
    assert_eq!(service.send(bare).await.problem(), "415 unsupported_media_type");
    assert_eq!(send(&service, "application/json; charset=utf-8", body).await.status, 201);
}

#[actix_web::test]
async fn a_compressed_body_is_refused() {
    let service = Service::new();
    let body = json!({"name": "Ann", "email": "ann@example.org"});
    let request = service.request("POST", "/v1/contacts").set_json(&body);
    let answer = service.send(request.insert_header(("content-encoding", "gzip"))).await;
    assert_eq!(answer.problem(), "415 unsupported_encoding");
    let request = service.request("POST", "/v1/contacts").set_json(&body);
    let answer = service.send(request.insert_header(("content-encoding", "identity"))).await;
    assert_eq!(answer.status, 201);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_naming_it() {
    let service = Service::new();
    let answer = send(&service, "application/json", vec![b' '; (1 << 20) + 1]).await;
    assert_eq!(answer.problem(), "413 body_too_large");
    assert!(answer.json()["detail"].as_str().unwrap().contains("1048576"));
}

#[actix_web::test]
async fn a_refusal_does_not_repeat_a_long_name() {
    let service = Service::new();
    let name = "k".repeat(100_000);
    let answer = service.post("/v1/contacts", json!({"name": "A", &name: 1})).await;
    assert_eq!(answer.problem(), "422 invalid");
    assert_eq!(answer.errors(), [format!("{}…", &name[..500])]);
    assert!(answer.bytes.len() < 2_000, "{}", answer.bytes.len());
    let answer = service.get(&format!("/v1/contacts?sort={}", &name[..20_000])).await;
    assert_eq!((answer.errors(), answer.bytes.len() < 2_000), (vec!["sort".to_owned()], true));
}

#[actix_web::test]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let config = ApiConfig { body_deadline: Duration::from_millis(100), ..ApiConfig::default() };
    let service = Service::with(config);
    let address = service.listen();
    let head = format!(
        "POST /v1/contacts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 50\r\n\r\n{{",
        service.token
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_too_slow"), "{answer}");
}

#[actix_web::test]
async fn who_may_not_write_is_refused_before_the_body_is_read() {
    let service = Service::new();
    let reader = service.key(&[contacts_core::key::Scope::Read]);
    let address = service.listen();
    let head = format!(
        "POST /v1/contacts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {reader}\r\n\
         content-type: application/json\r\ncontent-length: 50\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 403");
}

#[actix_web::test]
async fn an_endless_body_of_a_stranger_does_not_hold_the_connection() {
    let service = Service::new();
    let mut stream = TcpStream::connect(service.listen()).unwrap();
    let head = "POST /v1/contacts HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    while stream.write_all(chunk.as_bytes()).is_ok() {}
}
