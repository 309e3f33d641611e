//! Sends messages to a real server (R42).

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventKind, NumberedEvent};
use contacts_core::webhook::{
    DeliveryId, Message, MessageType, SendOutcome, WebhookSecret, WebhookSender, WebhookUrl,
};
use contacts_core::{Actor, Clock, Ids};
use contacts_outbound::{HttpSender, OutboundConfig};
use contacts_testkit::{CountedIds, StoppedClock};
use sha2::{Digest, Sha256};

/// A request that the server received.
struct Request {
    head: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        self.head.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap()
    }
}

/// Starts a server that answers the request of each connection with `answer`.
fn server(answer: impl Fn(&mut TcpStream) + Send + 'static) -> (SocketAddr, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                    break;
                }
                head.push(line.trim_end().to_owned());
            }
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            let _ = reader.read_exact(&mut body);
            if sender.send(Request { head, body }).is_err() {
                return;
            }
            answer(&mut stream);
        }
    });
    (address, requests)
}

fn answering(text: &'static str) -> (SocketAddr, Receiver<Request>) {
    server(move |stream| drop(stream.write_all(text.as_bytes())))
}

fn open() -> OutboundConfig {
    OutboundConfig {
        allow_http: true,
        allow_private: true,
        total_timeout: Duration::from_secs(2),
        ..OutboundConfig::default()
    }
}

fn send_to(config: OutboundConfig, url: &str) -> SendOutcome {
    let url = WebhookUrl::parse(url).unwrap();
    let (ids, clock) = (CountedIds::default(), StoppedClock::default());
    let contact = ContactId(ids.next());
    let fields = vec!["tags".to_owned()];
    let event = ContactEvent::of(contact, EventKind::Updated, fields, Actor::System, clock.now());
    let message = Message {
        url: &url,
        id: DeliveryId(ids.next()),
        kind: MessageType::Updated,
        event: Some(&NumberedEvent { number: 7, event }),
        contacts: None,
        at: clock.tick(),
        secrets: vec![vec![7; 32], vec![8; 32]],
    };
    HttpSender::new(config).send(&message)
}

/// HMAC of RFC 2104, independent of the library that signs.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ with).collect()
    };
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).into()
}

#[test]
fn a_message_arrives_signed_with_every_secret() {
    let (address, requests) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    let sent = send_to(open(), &format!("http://{address}/hook?a=b"));
    assert_eq!(sent, SendOutcome::Answered(204));
    let request = requests.recv().unwrap();
    assert_eq!(request.head[0], "POST /hook?a=b HTTP/1.1");
    assert_eq!(request.header("content-type"), "application/json");
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let expected = serde_json::json!({
        "type": "contacts.updated",
        "timestamp": "2026-01-01T10:00:00Z",
        "data": {
            "number": 7,
            "contact_ids": ["019b78ff-f900-7000-8000-000000000001"],
            "fields": ["tags"],
            "survivor_id": null,
            "actor": {"kind": "system", "id": null},
        },
    });
    assert_eq!(body, expected);
    let id = request.header("webhook-id");
    assert_eq!(id, "msg_019b78fff90070008000000000000002");
    let timestamp = request.header("webhook-timestamp");
    assert_eq!(timestamp, "1767261601");
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &request.body].concat();
    let signature = |secret: u8| {
        // A revealed secret is base64, which encodes the expected signature here.
        let shown = WebhookSecret(hmac(&[secret; 32], &signed)).reveal();
        format!("v1,{}", shown.strip_prefix("whsec_").unwrap())
    };
    let expected = format!("{} {}", signature(7), signature(8));
    assert_eq!(request.header("webhook-signature"), expected);
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let (target, requests) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let (address, _first) = server(move |stream| {
        let head =
            format!("HTTP/1.1 307 x\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    });
    assert_eq!(send_to(open(), &format!("http://{address}/")), SendOutcome::Answered(307));
    assert!(requests.try_recv().is_err());
}

#[test]
fn internal_addresses_are_refused_by_number_and_by_name() {
    let (address, requests) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let port = address.port();
    let config = OutboundConfig { allow_private: false, ..open() };
    for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"] {
        let sent = send_to(config, &format!("http://{host}:{port}/"));
        let reason = "the address is inside the network, which is not allowed";
        assert_eq!(sent, SendOutcome::Failed(reason.to_owned()), "{host}");
    }
    let sent = send_to(config, &format!("http://localhost:{port}/"));
    let reason = "the address is inside the network, which is not allowed";
    assert_eq!(sent, SendOutcome::Failed(reason.to_owned()));
    assert!(requests.try_recv().is_err(), "no connection was made");
}

#[test]
fn urls_that_the_operator_does_not_allow_are_refused() {
    let sender = HttpSender::new(OutboundConfig::default());
    let accepts = |url| sender.accepts(&WebhookUrl::parse(url).unwrap());
    accepts("https://example.org/").unwrap();
    accepts("https://example.org:8443/").unwrap();
    for refused in [
        "http://example.org/",
        "https://example.org:25/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://[fd00::1]/",
    ] {
        accepts(refused).unwrap_err();
    }
}

#[test]
fn a_slow_answer_times_out() {
    let (address, _requests) = server(|stream| {
        for byte in b"HTTP/1.1 200 OK\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
    });
    let began = Instant::now();
    let sent = send_to(open(), &format!("http://{address}/"));
    assert!(matches!(sent, SendOutcome::Failed(_)), "{sent:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_body_of_an_answer_is_not_waited_for() {
    let endless = |stream: &mut TcpStream| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut alive = stream.write_all(head).is_ok();
        while alive {
            alive =
                stream.write_all(format!("1000\r\n{}\r\n", "x".repeat(0x1000)).as_bytes()).is_ok();
        }
    };
    let (address, _requests) = server(endless);
    assert_eq!(send_to(open(), &format!("http://{address}/")), SendOutcome::Answered(200));
    let slow = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\nx");
        std::thread::park_timeout(Duration::from_secs(60));
    };
    let (address, _requests) = server(slow);
    assert_eq!(send_to(open(), &format!("http://{address}/")), SendOutcome::Answered(200));
}

#[test]
fn a_refused_connection_is_a_failure_without_the_url() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let SendOutcome::Failed(reason) =
        send_to(open(), &format!("http://127.0.0.1:{port}/secret-path"))
    else {
        panic!("a server answered");
    };
    assert!(reason.starts_with("it cannot be connected to"), "{reason}");
    assert!(!reason.contains("secret-path"), "{reason}");
}
