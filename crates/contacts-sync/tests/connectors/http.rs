//! The built-in connector `http`, with the trial CRM as its server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use contacts_core::sync::{
    Batch, ConnectorError, Flow, Mode, Reading, Record, SettingValue, Settings, State, Value,
};
use contacts_sync::{Guard, built_in};
use rstest::rstest;

use crate::crm::{Crm, serve};
use crate::support::DeadlineObserver;

/// Allows everything.
const OPEN: Guard = Guard { allow_http: true, allow_private: true };

/// The settings for a path of the CRM, and further settings.
fn settings(crm: &Crm, path: &str, more: &[(&str, &str)]) -> Settings {
    let url = format!("http://{}{path}", crm.address);
    let existing =
        [("url", &*url), ("authentication.kind", "bearer"), ("authentication.token", "s3cret")];
    let all = existing.iter().chain(more);
    Settings(
        all.map(|(path, text)| ((*path).to_owned(), SettingValue::Text((*text).to_owned())))
            .collect(),
    )
}

/// The outcome of a run.
struct Read {
    result: Result<(), ConnectorError>,
    records: Vec<Record>,
    states: Vec<State>,
}

fn read(guard: Guard, settings: &Settings, mode: &Mode, state: Option<&State>) -> Read {
    read_batches(guard, settings, mode, state, usize::MAX)
}

fn read_batches(
    guard: Guard,
    settings: &Settings,
    mode: &Mode,
    state: Option<&State>,
    most: usize,
) -> Read {
    let (mut records, mut states) = (Vec::new(), Vec::new());
    let mut take = |batch: Batch| {
        records.extend(batch.records);
        states.extend(batch.state);
        if states.len() < most { Flow::Next } else { Flow::Stop }
    };
    let reading = Reading { settings, stream: "records", mode, state };
    let connectors = built_in(guard);
    let connector = connectors.get("http").unwrap();
    let result =
        connector.read(&reading, &DeadlineObserver::after(Duration::from_secs(60)), &mut take);
    Read { result, records, states }
}

fn read_error(settings: &Settings) -> String {
    read(OPEN, settings, &Mode::Full, None).result.unwrap_err().to_string()
}

const CURSOR: [(&str, &str); 4] = [
    ("records", "data"),
    ("pages.kind", "cursor"),
    ("pages.next", "pages.next.starting_after"),
    ("pages.parameter", "starting_after"),
];

#[rstest]
#[case::cursor("/people", &CURSOR)]
#[case::number("/numbered", &[("pages.kind", "number"), ("pages.parameter", "page")])]
#[case::link("/linked", &[("pages.kind", "link")])]
fn every_kind_of_page_leads_to_every_record(#[case] path: &str, #[case] more: &[(&str, &str)]) {
    let crm = serve(0, 250, false).unwrap();
    let read = read(OPEN, &settings(&crm, path, more), &Mode::Full, None);
    assert_eq!(read.result, Ok(()));
    let ids: Vec<_> = read.records.iter().filter_map(|record| record.id.clone()).collect();
    assert_eq!(ids, (1..=250).map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!(read.records[0].fields["tags"], Value::List(vec!["crm".to_owned()]));
    assert!(read.states.len() >= 3);
}

#[test]
fn a_csv_is_read_while_it_is_received() {
    let crm = serve(0, 5_000, false).unwrap();
    let more = [("format", "csv"), ("delimiter", "semicolon")];
    let read = read(OPEN, &settings(&crm, "/people.csv", &more), &Mode::Full, None);
    assert_eq!((read.result, read.records.len()), (Ok(()), 5_000));
    let last = &read.records[4_999];
    assert_eq!(last.id.as_deref(), Some("5000"));
    assert_eq!(last.fields["name"], Value::Text("Person; 5000".to_owned()));
    assert!(!last.fields.contains_key("email"), "an empty cell is not a value");
}

#[test]
fn the_next_run_requests_changes_only() {
    let crm = serve(0, 1_000, false).unwrap();
    let more = [&CURSOR[..], &[("since.parameter", "updated_since")]].concat();
    let settings = settings(&crm, "/people", &more);
    let mode = Mode::Incremental { cursor: Some("updated_at".to_owned()) };
    let first = read(OPEN, &settings, &mode, None);
    assert_eq!((first.result, first.records.len()), (Ok(()), 1_000));
    let last = first.states.last().unwrap();
    assert_eq!(last.0, br#"{"since":"2026-02-25T00:00:00+0000"}"#);
    let second = read(OPEN, &settings, &mode, Some(last));
    assert_eq!((second.result, second.records.len()), (Ok(()), 1));
    assert_eq!(second.states.last(), Some(last));
}

#[rstest]
#[case::cursor("/people", &CURSOR)]
#[case::number("/numbered", &[("pages.kind", "number"), ("pages.parameter", "page")])]
#[case::link("/linked", &[("pages.kind", "link")])]
fn an_interrupted_run_resumes_at_its_page(#[case] path: &str, #[case] more: &[(&str, &str)]) {
    let crm = serve(0, 250, false).unwrap();
    let settings = settings(&crm, path, more);
    let first = read_batches(OPEN, &settings, &Mode::Full, None, 1);
    assert_eq!((first.result, first.records.len()), (Err(ConnectorError::Stopped), 100));
    let rest = read(OPEN, &settings, &Mode::Full, first.states.last());
    assert_eq!((rest.result, rest.records.len()), (Ok(()), 150));
}

#[test]
fn a_run_whose_page_is_gone_starts_over() {
    let crm = serve(0, 1, false).unwrap();
    let state = format!(r#"{{"page":"http://{}/gone?from=7"}}"#, crm.address);
    let settings = settings(&crm, "/gone", &[("pages.kind", "link")]);
    let read = read(OPEN, &settings, &Mode::Full, Some(&State(state.into_bytes())));
    assert_eq!((read.result, read.records.len()), (Ok(()), 1));
}

#[test]
fn a_busy_server_is_asked_again() {
    let crm = serve(0, 900, true).unwrap();
    let read = read(OPEN, &settings(&crm, "/people", &CURSOR), &Mode::Full, None);
    assert_eq!((read.result, read.records.len()), (Ok(()), 900));
    assert!(crm.requests.load(Ordering::Relaxed) > 10);
}

#[test]
fn a_server_that_requests_a_long_pause_is_not_asked_again() {
    let crm = serve(0, 1, false).unwrap();
    let read = read(OPEN, &settings(&crm, "/down", &[]), &Mode::Full, None);
    let reason = "the server responded with 503".to_owned();
    let expected = ConnectorError::Down { reason, retry_after: Some(Duration::from_secs(900)) };
    assert_eq!(read.result, Err(expected));
    assert_eq!(crm.requests.load(Ordering::Relaxed), 1);
}

#[test]
fn errors_state_what_is_wrong() {
    let crm = serve(0, 1, false).unwrap();
    let at = |path: &str, more: &[(&str, &str)]| read_error(&settings(&crm, path, more));
    let denied = "the server responded with 401: the credentials are wrong or lack permission";
    assert_eq!(at("/people", &[("authentication.token", "wrong")]), denied);
    assert_eq!(at("/nowhere", &[]), "the server responded with 404");
    let text = at("/text", &[]);
    assert_eq!(text, "its response is not valid JSON: expected value at line 1 column 1");
    assert!(at("/people", &[]).starts_with("we couldn't find a list: enter its location"));
    let deleted = at("/people", &[("records", "data.items")]);
    assert_eq!(deleted, "there is no list at data.items in the response");
    assert_eq!(at("/x", &[("pages.kind", "number")]), "the setting pages.parameter is missing");
    assert_eq!(at("/x", &[("colour", "red")]), "the setting colour does not exist: remove it");
}

#[test]
fn endless_pages_are_stopped() {
    let crm = serve(0, 1, false).unwrap();
    let number = [("pages.kind", "number"), ("pages.parameter", "page")];
    assert_eq!(
        read_error(&settings(&crm, "/same", &number)),
        "two pages in a row are the same: check the setting pages.parameter"
    );
    let link = [("records", "data"), ("pages.kind", "link"), ("pages.next", "next")];
    assert_eq!(
        read_error(&settings(&crm, "/circle", &link)),
        "the next page is one that was read before: check the settings of pages"
    );
}

#[test]
fn credentials_are_sent_to_the_configured_server_only() {
    let crm = serve(0, 1, false).unwrap();
    let bearer = read(OPEN, &settings(&crm, "/away", &[]), &Mode::Full, None);
    assert_eq!(bearer.result, Ok(()));
    assert_eq!(bearer.records[0].fields["authorization"], Value::Text(String::new()));
    let more = [
        ("authentication.kind", "basic"),
        ("authentication.user", "ada"),
        ("authentication.password", "s3cret"),
    ];
    let basic = read(OPEN, &settings(&crm, "/numbered", &more), &Mode::Full, None);
    assert_eq!((basic.result, basic.records.len()), (Ok(()), 1));
}

#[test]
fn internal_addresses_are_refused_by_number_and_by_name() {
    let crm = serve(0, 1, false).unwrap();
    let guarded = Guard { allow_private: false, ..OPEN };
    let ask = |guard: Guard, url: &str| {
        let settings = settings(&crm, "/", &[("url", url)]);
        read(guard, &settings, &Mode::Full, None).result.unwrap_err().to_string()
    };
    let internal = "the address is inside the network, which is not allowed";
    assert_eq!(ask(guarded, &format!("http://{}/open", crm.address)), internal);
    let by_name = ask(guarded, &format!("http://localhost:{}/open", crm.address.port()));
    assert_eq!(by_name, internal);
    assert_eq!(crm.requests.load(Ordering::Relaxed), 0);
    let plain = ask(Guard::default(), "http://example.org/");
    assert_eq!(plain, "the address must start with https://");
}

#[test]
fn the_target_of_a_redirect_is_checked_too() {
    let crm = serve(0, 1, false).unwrap();
    let error = read_error(&settings(&crm, "/elsewhere", &[]));
    assert_eq!(error, "the address must start with https://");
}

#[test]
fn a_check_reads_one_page() {
    let crm = serve(0, 250, false).unwrap();
    let connectors = built_in(OPEN);
    let http = connectors.get("http").unwrap();
    let until = DeadlineObserver::after(Duration::from_secs(60));
    assert_eq!(http.check(&settings(&crm, "/people", &CURSOR), &until), Ok(()));
    assert_eq!(crm.requests.load(Ordering::Relaxed), 1);
    let errors = settings(&crm, "/people", &[("authentication.token", "wrong")]);
    assert!(matches!(http.check(&errors, &until), Err(ConnectorError::Settings(_))));
}

#[test]
fn secret_settings_are_marked() {
    let connectors = built_in(OPEN);
    let spec = connectors
        .get("http")
        .unwrap()
        .spec(&DeadlineObserver::after(Duration::from_secs(1)))
        .unwrap();
    let secret = spec.settings.iter().filter(|one| one.secret).map(|one| one.path.as_str());
    assert_eq!(secret.collect::<Vec<_>>(), ["authentication.token", "authentication.password"]);
}
