//! A minimal HTTP/1.1 client.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// The response of a server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Sends a request, and reads the whole response.
    pub(crate) fn to(
        address: &str,
        key: Option<&str>,
        method: &str,
        path: &str,
        body: &str,
    ) -> Self {
        let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
        Self::sent(address, &key, method, path, body)
    }

    /// Sends a request as the page does, with the cookie of a session.
    pub(crate) fn to_page(
        address: &str,
        cookie: Option<&str>,
        method: &str,
        path: &str,
        body: &str,
    ) -> Self {
        let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let headers = format!("Origin: http://{address}\r\n{cookie}");
        Self::sent(address, &headers, method, path, body)
    }

    fn sent(address: &str, headers: &str, method: &str, path: &str, body: &str) -> Self {
        let mut connection = TcpStream::connect(address).unwrap();
        let kind = match (method, body.starts_with('{')) {
            ("PATCH", _) => "application/merge-patch+json",
            (_, true) => "application/json",
            (_, false) => "text/csv",
        };
        let kind =
            if body.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}{kind}\r\n{body}"
        );
        connection.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        connection.read_to_end(&mut bytes).unwrap();
        Self::parse(&String::from_utf8(bytes).unwrap())
    }

    /// Sends JSON with an idempotency key.
    pub(crate) fn once(address: &str, key: &str, once: &str, path: &str, body: &str) -> Self {
        // The credential is the last header, so that another can follow it.
        let credential = format!("{key}\r\nIdempotency-Key: {once}");
        Self::to(address, Some(&credential), "POST", path, body)
    }

    /// The cookie that the response sets, as a browser sends it.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.head.split_once("set-cookie: ")?.1.split(';').next()
    }

    /// The body as JSON; null when it is empty.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}"));
        let head = head.to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let is_chunked = head.contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(body) } else { body.to_owned() };
        Self { status, head, body }
    }
}

fn unchunked(mut text: &str) -> String {
    let mut body = Vec::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest.as_bytes()[..size]);
        text = std::str::from_utf8(&rest.as_bytes()[size + 2..]).unwrap();
    }
    String::from_utf8(body).unwrap()
}
