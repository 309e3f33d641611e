//! A trial CRM on this machine: a list of people with every kind of pages. It is busy at times.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

/// Number of people on a page.
const PAGE_SIZE: usize = 100;

/// Starts a server with a number of people. A busy one sometimes answers that requests should be
/// repeated.
pub(crate) fn serve(port: u16, people: usize, is_busy: bool) -> std::io::Result<Crm> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let address = listener.local_addr()?;
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = count.clone();
            thread::spawn(move || drop(answer(stream, people, is_busy, &count)));
        }
    });
    Ok(Crm { address, requests })
}

/// A running server.
pub(crate) struct Crm {
    pub(crate) address: SocketAddr,
    /// Number of requests.
    pub(crate) requests: Arc<AtomicUsize>,
}

/// A request.
struct Request {
    path: String,
    query: BTreeMap<String, String>,
    authorization: String,
    host: String,
}

fn answer(
    stream: TcpStream,
    people: usize,
    is_busy: bool,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let count = requests.fetch_add(1, Ordering::Relaxed) + 1;
        let reply = match count {
            _ if is_busy && count.is_multiple_of(5) => {
                "429 x\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            _ if is_busy && count.is_multiple_of(7) => {
                "500 x\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            _ => reply(&request, people),
        };
        (&stream).write_all(format!("HTTP/1.1 {reply}").as_bytes())?;
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let target = head[0].split(' ').nth(1).unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair =
        |pair: &str| pair.split_once('=').map(|(n, v)| (n.to_owned(), v.replace("%3A", ":")));
    let header = |name: &str| {
        let found = head.iter().find_map(|line| {
            let (this, value) = line.split_once(':')?;
            this.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_default()
    };
    Ok(Some(Request {
        path: path.to_owned(),
        query: query.split('&').filter_map(pair).collect(),
        authorization: header("authorization"),
        host: header("host"),
    }))
}

/// Makes a person. Every hundredth was changed in February, the others in January.
fn person(id: usize) -> Value {
    let month = if id.is_multiple_of(100) { 2 } else { 1 };
    let at = format!("2026-{month:02}-{:02}T00:00:00+0000", 1 + id % 28);
    json!({"id": id, "name": format!("Person {id}"), "email": format!("p{id}@example.org"),
        "updated_at": at, "tags": ["crm"]})
}

fn reply(request: &Request, people: usize) -> String {
    let is_known = matches!(&*request.authorization, "Bearer s3cret" | "Basic YWRhOnMzY3JldA==");
    if !is_known && request.path != "/open" {
        return "401 x\r\ncontent-length: 0\r\n\r\n".to_owned();
    }
    let number = |name: &str| request.query.get(name).and_then(|n| n.parse().ok());
    let since = request.query.get("updated_since").map_or("", String::as_str);
    let all = (1..=people).map(person).filter(|p| p["updated_at"].as_str() >= Some(since));
    let page = |from: usize| all.skip(from).take(PAGE_SIZE).collect::<Vec<_>>();
    let body = |kind: &str, more: &str, body: &str| {
        format!(
            "200 OK\r\ncontent-type: {kind}\r\n{more}content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let json = |more: &str, value: Value| body("application/json", more, &value.to_string());
    match &*request.path {
        "/people" => {
            let from = number("starting_after").unwrap_or(0);
            let page = page(from);
            let next = (page.len() == PAGE_SIZE).then(|| (from + PAGE_SIZE).to_string());
            json("", json!({"data": page, "pages": {"next": {"starting_after": next}}}))
        }
        "/numbered" => json("", Value::Array(page((number("page").unwrap_or(1) - 1) * PAGE_SIZE))),
        "/linked" => {
            let from = number("from").unwrap_or(0);
            let page = page(from);
            let next = format!("link: </linked?from={}>; rel=\"next\"\r\n", from + PAGE_SIZE);
            json(if page.len() == PAGE_SIZE { &next } else { "" }, Value::Array(page))
        }
        "/people.csv" => {
            let mut csv = "id;name;email\r\n".to_owned();
            for id in 1..=people {
                let _ = write!(csv, "{id};\"Person; {id}\";\r\n");
            }
            body("text/csv", "", &csv)
        }
        "/same" => json("", json!([person(1)])),
        "/circle" => json("", json!({"data": [person(1)], "next": "/circle"})),
        "/gone" if request.query.contains_key("from") => {
            "410 x\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        "/gone" => json("", json!([person(1)])),
        "/text" => body("text/plain", "", "hello"),
        "/down" => "503 x\r\nretry-after: 900\r\ncontent-length: 0\r\n\r\n".to_owned(),
        // The same machine by another name is another origin.
        "/away" => {
            let port = request.host.rsplit(':').next().unwrap_or_default();
            format!("302 x\r\nlocation: http://localhost:{port}/open\r\ncontent-length: 0\r\n\r\n")
        }
        "/open" => json("", json!([{"id": 1, "authorization": request.authorization}])),
        "/elsewhere" => {
            "302 x\r\nlocation: ftp://example.org/\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        _ => "404 x\r\ncontent-length: 0\r\n\r\n".to_owned(),
    }
}
