//! Uploads that are refused, slow or interrupted.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use contacts_http::ApiConfig;

use crate::imports::upload;
use crate::support::{Answer, Service};

fn head(service: &Service, length: usize) -> String {
    format!(
        "POST /v1/imports?file_name=people.csv HTTP/1.1\r\nhost: x\r\n\
         authorization: Bearer {}\r\ncontent-length: {length}\r\n\r\n",
        service.token
    )
}

/// Waits until the only import has failed, and returns why.
async fn failed(service: &Service) -> String {
    for _ in 0..500 {
        let list = service.get("/v1/imports").await.json();
        if list["items"][0]["state"] == "failed" {
            return list["items"][0]["problem"].as_str().unwrap().to_owned();
        }
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the import has not failed");
}

#[actix_web::test]
async fn a_file_over_the_limit_is_refused_naming_it() {
    let service = Service::with(ApiConfig { max_upload: 100, ..ApiConfig::default() });
    let answer = upload(&service, "people.csv", &"a".repeat(101)).await;
    assert_eq!(answer.problem(), "413 body_too_large");
    assert!(answer.json()["detail"].as_str().unwrap().contains("100 bytes"));
    assert_eq!(upload(&service, "people.csv", &"a".repeat(100)).await.status, 201);
}

#[actix_web::test]
async fn an_upload_without_a_length_is_stopped_at_the_limit() {
    let service = Service::with(ApiConfig { max_upload: 100_000, ..ApiConfig::default() });
    let mut stream = TcpStream::connect(service.listen()).unwrap();
    let head = head(&service, 0).replace("content-length: 0", "transfer-encoding: chunked");
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    // The server may close the connection before it has read all chunks.
    while stream.write_all(chunk.as_bytes()).is_ok() {}
    assert!(failed(&service).await.contains("body_too_large"));
}

#[actix_web::test]
async fn a_workbook_is_uploaded_with_its_type() {
    let service = Service::new();
    for kind in [
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    ] {
        let request = service.request("POST", "/v1/imports?file_name=people.xlsx");
        let request = request.insert_header(("content-type", kind)).set_payload("a");
        assert_eq!(service.send(request).await.status, 201);
    }
}

#[actix_web::test]
async fn a_wrong_upload_is_refused_before_it_is_read() {
    let service = Service::new();
    let bare = service.request("POST", "/v1/imports").set_payload("a");
    assert_eq!(service.send(bare).await.errors(), ["file_name"]);
    assert_eq!(upload(&service, "%00", "a").await.errors(), ["file_name"]);
    let json = service
        .request("POST", "/v1/imports?file_name=a.csv")
        .insert_header(("content-type", "application/json"))
        .set_payload("a");
    assert_eq!(service.send(json).await.problem(), "415 unsupported_media_type");
    let empty = upload(&service, "people.csv", "").await;
    assert_eq!((empty.status.as_u16(), empty.errors()), (422, vec!["file".to_owned()]));
}

/// Sends a form with one part.
async fn send_form(service: &Service, query: &str, disposition: &str, file: &str) -> Answer {
    let form = format!(
        "--x\r\ncontent-disposition: form-data; {disposition}\r\ncontent-type: text/csv\r\n\r\n\
         {file}\r\n--x--\r\n"
    );
    let request = service
        .request("POST", &format!("/v1/imports{query}"))
        .insert_header(("content-type", "multipart/form-data; boundary=x"));
    service.send(request.set_payload(form)).await
}

#[actix_web::test]
async fn a_file_may_be_a_part_of_a_form() {
    let service = Service::new();
    let file = r#"name="file"; filename="people.csv""#;
    let uploaded = send_form(&service, "", file, "Name,E-mail\nAnn,ann@example.org\n").await;
    assert_eq!(uploaded.status, 201, "{uploaded:?}");
    assert_eq!(uploaded.json()["file_name"], "people.csv");
    assert_eq!(uploaded.json()["bytes"], 32);
    let named = send_form(&service, "?file_name=a.csv", file, "Name\nAnn\n").await;
    assert_eq!(named.json()["file_name"], "a.csv");
    let nameless = send_form(&service, "", r#"name="file""#, "Name\nAnn\n").await;
    assert_eq!(nameless.errors(), ["file_name"]);
    assert_eq!(send_form(&service, "", r#"name="other""#, "a").await.errors(), ["file"]);
    assert_eq!(send_form(&service, "", file, "").await.errors(), ["file"]);
}

#[actix_web::test]
async fn an_upload_that_is_too_slow_is_given_up() {
    let config = ApiConfig {
        upload_window: Duration::from_millis(100),
        upload_floor: 10,
        ..ApiConfig::default()
    };
    let service = Service::with(config);
    let mut stream = TcpStream::connect(service.listen()).unwrap();
    stream.write_all(head(&service, 50).as_bytes()).unwrap();
    stream.write_all(b"Name,Em").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(failed(&service).await.contains("body_too_slow"));
}

#[actix_web::test]
async fn an_upload_that_is_broken_off_leaves_nothing_behind() {
    let service = Service::new();
    let mut stream = TcpStream::connect(service.listen()).unwrap();
    stream.write_all(head(&service, 1_000_000).as_bytes()).unwrap();
    stream.write_all(&[b'a'; 600_000]).unwrap();
    drop(stream);
    assert!(failed(&service).await.contains("upload the file again"));
}

#[actix_web::test]
async fn more_uploads_than_there_is_room_for_are_told_to_come_back() {
    let service = Service::with(ApiConfig { max_uploads: 0, ..ApiConfig::default() });
    let answer = upload(&service, "people.csv", "a").await;
    assert_eq!(answer.problem(), "503 busy");
    assert_eq!(answer.header("retry-after"), "1");
}
