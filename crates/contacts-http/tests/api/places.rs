//! Places for event streams, downloads and uploads, of which each organisation has a share (R63).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use contacts_http::ApiConfig;
use serde_json::{Value, json};

use crate::imports::{ready, run};
use crate::support::Service;

/// How long a test waits for what should happen within a fraction of a second.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Eight places of each kind, of which one organisation has two.
fn service() -> Service {
    Service::with(ApiConfig {
        max_streams: 8,
        max_uploads: 8,
        max_downloads: 4,
        events_interval: Duration::from_millis(10),
        events_heartbeat: Duration::from_millis(20),
        send_timeout: Duration::from_millis(300),
        rate_burst: 10_000,
        ..ApiConfig::default()
    })
}

/// Sends a request, with further lines of its head.
fn ask(address: SocketAddr, token: &str, line: &str, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}authorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Reads the first bytes of an answer, which contain its status.
fn status(stream: &mut TcpStream) -> u16 {
    let mut line = [0; 12];
    stream.read_exact(&mut line).unwrap();
    String::from_utf8_lossy(&line[9..]).parse().unwrap()
}

fn rest(stream: &mut TcpStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    rest
}

/// Repeats a request until its answer has a status.
fn ask_until(expected: u16, ask: impl Fn() -> TcpStream) {
    let started = Instant::now();
    while status(&mut ask()) != expected {
        assert!(started.elapsed() < TIMEOUT, "no place became free");
    }
}

#[actix_web::test]
async fn an_organisation_leaves_event_streams_to_the_others() {
    let service = service();
    let (address, stranger) = (service.listen(), service.stranger());
    let follow = |token: &str| ask(address, token, "GET /v1/events/stream", "");
    let mut own = vec![follow(&service.token), follow(&service.token)];
    assert_eq!(own.iter_mut().map(status).collect::<Vec<_>>(), [200, 200]);
    let mut refused = follow(&service.token);
    assert_eq!(status(&mut refused), 429);
    let refusal = rest(&mut refused);
    assert!(refusal.contains("\"code\":\"share_used\"") && refusal.contains("retry-after: 5"));
    assert_eq!(status(&mut follow(&stranger)), 200);
    own.pop();
    ask_until(200, || follow(&service.token));
}

#[actix_web::test]
async fn an_organisation_leaves_uploads_to_the_others() {
    let service = service();
    let (address, stranger) = (service.listen(), service.stranger());
    let line = "POST /v1/imports?file_name=people.csv";
    let begin = |token: &str| ask(address, token, line, "content-length: 50\r\n");
    let mut own = vec![begin(&service.token), begin(&service.token)];
    let started = Instant::now();
    while service.get("/v1/imports").await.json()["items"].as_array().unwrap().len() < 2 {
        assert!(started.elapsed() < TIMEOUT, "the uploads have not begun");
    }
    let mut refused = begin(&service.token);
    assert_eq!(status(&mut refused), 429);
    assert!(rest(&mut refused).contains("\"code\":\"share_used\""));
    let whole = |token: &str| {
        let mut stream = ask(address, token, line, "content-length: 5\r\n");
        stream.write_all(b"Name\n").unwrap();
        stream
    };
    assert_eq!(status(&mut whole(&stranger)), 201);
    own.pop();
    ask_until(201, || whole(&service.token));
}

#[actix_web::test]
async fn an_organisation_leaves_calls_to_connectors_to_the_others() {
    let service = service();
    let (address, stranger) = (service.listen(), service.stranger());
    let body = json!({"settings": {"host": "crm.example.org"}}).to_string();
    let head = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let (send, receive) = mpsc::channel();
    let pause = service.connector.pause();
    for token in [&service.token, &service.token, &stranger] {
        let line = "POST /v1/connectors/fake/check";
        let mut call = ask(address, token, line, &head);
        call.write_all(body.as_bytes()).unwrap();
        let (send, is_own) = (send.clone(), *token == service.token);
        thread::spawn(move || send.send((is_own, status(&mut call))).unwrap());
    }
    assert_eq!(receive.recv_timeout(TIMEOUT).unwrap(), (true, 429));
    drop(pause);
    let mut others = [(); 2].map(|()| receive.recv_timeout(TIMEOUT).unwrap());
    others.sort_unstable();
    assert_eq!(others, [(false, 200), (true, 200)]);
}

/// The share of downloads is one, and a client that does not read has it until its connection ends.
#[actix_web::test]
async fn a_download_that_nobody_reads_ends() {
    let service = service();
    // More bytes than the buffers of both ends hold.
    let row = format!("Ann,cem@example,{}\n", "a".repeat(4_000));
    let path = ready(&service, &format!("Name,E-mail,Notes\n{}", row.repeat(4_000))).await;
    service.post(&format!("{path}/start"), Value::Null).await;
    run(&service, &path);
    let address = service.listen();
    let line = format!("GET {path}/skipped.csv");
    let download = || ask(address, &service.token, &line, "");
    let mut unread = download();
    let mut start = [0; 1_000];
    unread.read_exact(&mut start).unwrap();
    assert!(start.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&start));
    assert_eq!(status(&mut download()), 429);
    ask_until(200, download);
    let mut remaining = Vec::new();
    let end = unread.read_to_end(&mut remaining);
    assert!(end.is_err() || !remaining.ends_with(b"\r\n0\r\n\r\n"), "it is complete");
}
