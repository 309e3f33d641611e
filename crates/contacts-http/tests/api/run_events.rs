//! Event streams of runs, by the example of imports.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use contacts_http::ApiConfig;
use serde_json::Value;

use crate::imports::{PEOPLE, ready, run};
use crate::support::{Service, run_of};

/// A client that reads an event stream.
pub(crate) struct Follower(BufReader<TcpStream>);

impl Follower {
    fn new(service: &Service, path: &str) -> Self {
        Self::at(service, service.listen(), &format!("{}/events", run_of(path)), "")
    }

    /// Connects to a listening service and requests a path, with additional lines in the head.
    pub(crate) fn at(service: &Service, address: SocketAddr, path: &str, head: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        let token = &service.token;
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\n{head}authorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(BufReader::new(stream))
    }

    /// Returns the next line with this prefix, or `None` at the end of the stream.
    pub(crate) fn line(&mut self, prefix: &str) -> Option<String> {
        let mut line = String::new();
        while self.0.read_line(&mut line).unwrap() > 0 {
            if line == "0\r\n" {
                return None;
            }
            if let Some(rest) = line.strip_prefix(prefix) {
                return Some(rest.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    fn state(&mut self) -> Option<String> {
        let state: Value = serde_json::from_str(&self.line("data: ")?).unwrap();
        Some(state["state"].as_str().unwrap().to_owned())
    }
}

fn service() -> Service {
    Service::with(ApiConfig {
        events_interval: Duration::from_millis(10),
        events_heartbeat: Duration::from_millis(50),
        ..ApiConfig::default()
    })
}

#[actix_web::test]
async fn every_change_is_sent_until_the_end() {
    let service = service();
    let path = ready(&service, PEOPLE).await;
    let mut follower = Follower::new(&service, &path);
    assert_eq!(follower.line("event: ").as_deref(), Some("progress"));
    assert_eq!(follower.state().as_deref(), Some("waiting"));
    service.post(&format!("{path}/start"), Value::Null).await;
    assert_eq!(follower.state().as_deref(), Some("queued"));
    run(&service, &path);
    let rest: Vec<_> = std::iter::from_fn(|| follower.state()).collect();
    assert_eq!(rest.last().map(String::as_str), Some("done"));
}

#[actix_web::test]
async fn a_quiet_stream_shows_that_it_is_alive_and_ends_when_the_server_stops() {
    let service = service();
    let path = ready(&service, PEOPLE).await;
    let mut follower = Follower::new(&service, &path);
    assert_eq!(follower.line(": ").as_deref(), Some("alive"));
    service.api.stopping.store(true, Ordering::Relaxed);
    while follower.line(": ").is_some() {}
}

#[actix_web::test]
async fn a_run_that_has_ended_is_sent_once() {
    let service = service();
    let path = ready(&service, PEOPLE).await;
    service.post(&format!("{}/cancel", run_of(&path)), Value::Null).await;
    let events = service.get(&format!("{}/events", run_of(&path))).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    let text = String::from_utf8(events.bytes).unwrap();
    assert!(text.starts_with("event: progress\ndata: {"), "{text}");
    assert_eq!(text.matches("event:").count(), 1);
}

#[actix_web::test]
async fn more_streams_than_there_is_room_for_are_told_to_come_back() {
    let service = Service::with(ApiConfig { max_streams: 0, ..ApiConfig::default() });
    let path = ready(&service, PEOPLE).await;
    assert_eq!(service.get(&format!("{}/events", run_of(&path))).await.problem(), "503 busy");
}
