//! Connected sources of the program: lists on other servers, read over TLS by the built-in
//! connector (R18, R38, R39).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod support;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{ReceivedRequest, Scratch, Secured, Serving, file};

/// A time limit that is never reached.
const TIMEOUT: Duration = Duration::from_secs(30);

const TOKEN: &str = "a-token-nobody-else-knows";

/// The value of `Retry-After` of a busy server, in seconds.
const PAUSE: Duration = Duration::from_secs(1);

/// The list of a server.
#[derive(Default)]
struct List {
    /// Ids, and the times of their last changes.
    people: Vec<(u32, &'static str)>,
    /// Whether the next request is answered with 429.
    is_busy: bool,
}

/// A server with a list: as JSON in pages of two, or as CSV.
fn crm(list: &Arc<Mutex<List>>) -> Secured {
    let list = list.clone();
    Secured::new(move |requested| {
        let mut list = list.lock().unwrap();
        if requested.header("authorization") != format!("Bearer {TOKEN}") {
            return (401, String::new(), String::new());
        }
        if std::mem::take(&mut list.is_busy) {
            return (429, format!("retry-after: {}\r\n", PAUSE.as_secs()), String::new());
        }
        if requested.target() == "/people.csv" {
            let row = |(id, at): &(u32, &str)| {
                format!("{id};\"Person; {id}\";p{id}@example.org;{at}\r\n")
            };
            let rows: String = list.people.iter().map(row).collect();
            return (
                200,
                "content-type: text/csv\r\n".to_owned(),
                format!("id;name;email;changed\r\n{rows}"),
            );
        }
        let from: usize = parameter(requested, "after").map_or(0, |after| after.parse().unwrap());
        let since = parameter(requested, "since").unwrap_or_default();
        let person = |(id, at): &(u32, &str)| {
            json!({"id": id, "name": format!("Person {id} of {at}"),
                "email": format!("p{id}@example.org"), "labels": ["crm"], "changed": at})
        };
        let all: Vec<_> = list.people.iter().filter(|(_, at)| **at >= *since).map(person).collect();
        let page: Vec<_> = all.iter().skip(from).take(2).collect();
        let next = (from + 2 < all.len()).then(|| (from + 2).to_string());
        let body = json!({"people": page, "next": next});
        (200, "content-type: application/json\r\n".to_owned(), body.to_string())
    })
}

fn parameter(requested: &ReceivedRequest, name: &str) -> Option<String> {
    let (_, query) = requested.target().split_once('?')?;
    let (_, value) =
        query.split('&').filter_map(|one| one.split_once('=')).find(|(n, _)| *n == name)?;
    Some(value.to_owned())
}

/// The targets of the requests since the last call.
fn targets(server: &Secured) -> Vec<String> {
    server.arrived.try_iter().map(|requested| requested.target().to_owned()).collect()
}

fn settings(server: &Secured) -> Value {
    json!({
        "url": format!("{}/people", server.url), "records": "people",
        "authentication": {"kind": "bearer", "token": TOKEN},
        "pages": {"kind": "cursor", "next": "next", "parameter": "after"},
        "since": {"parameter": "since", "start": "2026-01-01"}
    })
}

/// The program, with the certificate authority of a server.
struct Program {
    serving: Serving,
    _database: Scratch,
    _folder: tempfile::TempDir,
}

impl Program {
    fn trusting(authority: &str, args: &[&str]) -> Self {
        let database = Scratch::new();
        let (folder, authority) = file("authority.pem", authority);
        let environment = [("SSL_CERT_FILE", authority.to_str().unwrap())];
        let serving = Serving::with(&database.url, args, &environment);
        Self { serving, _database: database, _folder: folder }
    }

    #[track_caller]
    fn post(&self, status: u16, path: &str, body: &Value) -> Value {
        self.serving.expect(status, "POST", path, &body.to_string())
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        self.serving.expect(200, "GET", path, "")
    }

    /// Creates a source and returns its path.
    #[track_caller]
    fn source(&self, settings: &Value, more: &Value) -> String {
        let mut body = json!({
            "name": "CRM", "connector": "http", "settings": settings, "stream": "records",
            "mapping": {"fields": [
                {"field": "name", "target": "name"}, {"field": "email", "target": "email"}]}
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.post(201, "/v1/sources", &body);
        assert!(!made.to_string().contains(TOKEN), "{made}");
        format!("/v1/sources/{}", made["id"].as_str().unwrap())
    }

    /// Runs a source to the end, and returns the run with its log.
    #[track_caller]
    fn run(&self, source: &str) -> Value {
        let run = self.post(202, &format!("{source}/runs"), &json!({}));
        let path = format!("{source}/runs/{}", run["id"].as_str().unwrap());
        let started = Instant::now();
        loop {
            let run = self.get(&path);
            if !matches!(run["state"].as_str(), Some("queued" | "running")) {
                return run;
            }
            assert!(started.elapsed() < TIMEOUT, "{run}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The names and tags on the list, by address.
    fn people(&self) -> Vec<Value> {
        let found = self.get("/v1/contacts?sort=email&limit=100");
        let of = |one: &Value| json!([one["email"], one["name"], one["tags"]]);
        found["items"].as_array().unwrap().iter().map(of).collect()
    }
}

fn counts(run: &Value) -> Value {
    let (summary, unchanged) = (&run["summary"], &run["summary"]["skipped_by_reason"]["unchanged"]);
    json!([run["state"], summary["added"], summary["updated"], unchanged])
}

#[test]
fn a_list_is_read_page_by_page_and_later_only_changes() {
    let list = Arc::new(Mutex::new(List::default()));
    list.lock().unwrap().people = vec![(1, "2026-02-01"), (2, "2026-02-03"), (3, "2026-02-02")];
    let server = crm(&list);
    let program = Program::trusting(&server.authority, &["--sources-allow-private"]);

    let mut errors = settings(&server);
    errors["authentication"]["token"] = json!("another");
    let checked = program.post(200, "/v1/connectors/http/check", &json!({"settings": errors}));
    assert!(checked["problem"].as_str().unwrap().contains("401"), "{checked}");
    let requested = json!({"settings": settings(&server), "stream": "records"});
    let sample = program.post(200, "/v1/connectors/http/sample", &requested);
    assert_eq!(sample["fields"], json!(["changed", "email", "id", "labels", "name"]));
    assert_eq!(sample["rows"].as_array().unwrap().len(), 3);
    assert_eq!(sample["suggestions"][1]["target"], "email");

    let fields = json!([{"field": "name", "target": "name"}, {"field": "email", "target": "email"},
        {"field": "labels", "target": "tags"}]);
    let how =
        json!({"mode": "incremental", "cursor_field": "changed", "mapping": {"fields": fields}});
    let source = program.source(&settings(&server), &how);
    targets(&server);
    assert_eq!(counts(&program.run(&source)), json!(["done", 3, 0, null]));
    assert_eq!(targets(&server), ["/people?since=2026-01-01", "/people?since=2026-01-01&after=2"]);
    let person = |id: u32, at: &str| {
        json!([format!("p{id}@example.org"), format!("Person {id} of {at}"), ["crm"]])
    };
    let others = [person(2, "2026-02-03"), person(3, "2026-02-02")];
    assert_eq!(program.people(), [&[person(1, "2026-02-01")], &others[..]].concat());

    // The last change is read once more: another may have happened in the same moment.
    list.lock().unwrap().people[0].1 = "2026-02-04";
    assert_eq!(counts(&program.run(&source)), json!(["done", 0, 1, 1]));
    assert_eq!(targets(&server), ["/people?since=2026-02-03"]);
    assert_eq!(program.people(), [&[person(1, "2026-02-04")], &others[..]].concat());
    let found = program.get("/v1/contacts?sort=email&limit=1");
    let ways = format!("/v1/contacts/{}/sources", found["items"][0]["id"].as_str().unwrap());
    let way = &program.get(&ways)["items"][0];
    assert_eq!((&way["kind"], &way["external_id"]), (&json!("connected"), &json!("1")));
    assert!(source.ends_with(way["source_id"].as_str().unwrap()), "{way}");
}

#[test]
fn a_busy_server_is_asked_again_after_its_retry_after() {
    let list = Arc::new(Mutex::new(List { people: vec![(1, "2026-02-01")], is_busy: true }));
    let server = crm(&list);
    let program = Program::trusting(&server.authority, &["--sources-allow-private"]);
    let source = program.source(&settings(&server), &json!({}));
    let run = program.run(&source);
    assert_eq!(counts(&run), json!(["done", 1, 0, null]));
    assert!(
        run["log"].to_string().contains("the server responded with 429: next request in 1 s"),
        "{run}"
    );
    let requested: Vec<_> = server.arrived.try_iter().collect();
    assert_eq!(requested.len(), 2);
    assert!(requested[1].at - requested[0].at >= PAUSE);
}

#[test]
fn a_csv_is_read_and_read_again_changes_nothing() {
    let list = Arc::new(Mutex::new(List::default()));
    list.lock().unwrap().people = (1..=250).map(|id| (id, "2026-02-01")).collect();
    let server = crm(&list);
    let program = Program::trusting(&server.authority, &["--sources-allow-private"]);
    let settings = json!({
        "url": format!("{}/people.csv", server.url), "format": "csv", "delimiter": "semicolon",
        "authentication": {"kind": "bearer", "token": TOKEN}
    });
    let source = program.source(&settings, &json!({}));
    assert_eq!(counts(&program.run(&source)), json!(["done", 250, 0, null]));
    assert_eq!(program.people()[0], json!(["p100@example.org", "Person; 100", []]));
    assert_eq!(counts(&program.run(&source)), json!(["done", 0, 0, 250]));
}

#[test]
fn a_secret_is_sent_nowhere_else() {
    let list = Arc::new(Mutex::new(List { people: vec![(1, "2026-02-01")], is_busy: false }));
    let server = crm(&list);
    let program = Program::trusting(&server.authority, &["--sources-allow-private"]);
    let source = program.source(&settings(&server), &json!({}));
    let run = program.run(&source);
    let sent = server.arrived.try_iter().last().unwrap();
    assert_eq!(sent.header("authorization"), format!("Bearer {TOKEN}"));

    let shown = program.get(&source);
    assert_eq!(shown["secrets"], json!(["authentication.token"]));
    assert_eq!(shown["settings"]["authentication"], json!({"kind": "bearer"}));
    // Settings that the request does not name stay, including the secret.
    let patch = json!({"settings": {"since": {"start": "2026-02-01"}}}).to_string();
    let changed = program.serving.expect(200, "PATCH", &source, &patch);
    let checked = program.post(200, &format!("{source}/check"), &json!({}));
    assert_eq!(checked["succeeded"], true, "{checked}");
    let all =
        [run, shown, changed, program.get("/v1/sources"), program.get(&format!("{source}/runs"))];
    for reported in &all {
        assert!(!reported.to_string().contains(TOKEN), "{reported}");
    }
    let (_, log) = program.serving.end(Signal::TERM);
    assert!(!log.contains(TOKEN) && !log.contains("/people"), "{log}");
}

#[test]
fn a_server_with_an_untrusted_certificate_gets_no_secret() {
    let server = crm(&Arc::default());
    let other = crm(&Arc::default());
    let program = Program::trusting(&other.authority, &["--sources-allow-private"]);
    let requested = json!({"settings": settings(&server)});
    let checked = program.post(200, "/v1/connectors/http/check", &requested);
    assert!(checked["problem"].as_str().unwrap().contains("cannot be connected"), "{checked}");
    assert!(server.arrived.try_recv().is_err());
}

#[test]
fn private_addresses_are_not_read_unless_the_operator_allows_it() {
    let server = crm(&Arc::default());
    let program = Program::trusting(&server.authority, &[]);
    let by_number = server.url.replace("localhost", "127.0.0.1");
    let plain = server.url.replace("https", "http");
    for (url, reason) in [
        (&by_number, "the address is inside the network, which is not allowed"),
        (&server.url, "the address is inside the network, which is not allowed"),
        (&plain, "the address must start with https://"),
    ] {
        let requested = json!({"settings": {"url": url}});
        let checked = program.post(200, "/v1/connectors/http/check", &requested);
        assert_eq!((&checked["succeeded"], &checked["problem"]), (&json!(false), &json!(reason)));
    }
    let source = program.source(&settings(&server), &json!({}));
    let run = program.run(&source);
    assert_eq!(run["state"], "failed");
    assert!(run["problem"].as_str().unwrap().contains("inside the network"), "{run}");
    assert!(server.arrived.try_recv().is_err());
}
