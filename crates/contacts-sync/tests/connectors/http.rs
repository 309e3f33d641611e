//! Lists of a server, by plain HTTP.

use std::sync::atomic::Ordering;
use std::time::Duration;

use contacts_core::sync::{
    Batch, Flow, Mode, Reading, Record, SettingValue, Settings, State, Trouble, Value,
};
use contacts_sync::{Guard, built_in};
use rstest::rstest;

use crate::crm::{Crm, serve};
use crate::support::Until;

const OPEN: Guard = Guard { allow_http: true, allow_private: true };

/// The settings for a path of the CRM, and more.
fn settings(crm: &Crm, path: &str, more: &[(&str, &str)]) -> Settings {
    let url = format!("http://{}{path}", crm.address);
    let known =
        [("url", &*url), ("authentication.kind", "bearer"), ("authentication.token", "s3cret")];
    let all = known.iter().chain(more);
    Settings(
        all.map(|(path, text)| ((*path).to_owned(), SettingValue::Text((*text).to_owned())))
            .collect(),
    )
}

struct Came {
    result: Result<(), Trouble>,
    records: Vec<Record>,
    states: Vec<State>,
}

fn read(guard: Guard, settings: &Settings, mode: &Mode, state: Option<&State>) -> Came {
    read_batches(guard, settings, mode, state, usize::MAX)
}

fn read_batches(
    guard: Guard,
    settings: &Settings,
    mode: &Mode,
    state: Option<&State>,
    most: usize,
) -> Came {
    let (mut records, mut states) = (Vec::new(), Vec::new());
    let mut take = |batch: Batch| {
        records.extend(batch.records);
        states.extend(batch.state);
        if states.len() < most { Flow::Next } else { Flow::Stop }
    };
    let reading = Reading { settings, stream: "records", mode, state };
    let connectors = built_in(guard);
    let connector = connectors.get("http").unwrap();
    let result = connector.read(&reading, &Until::after(Duration::from_secs(60)), &mut take);
    Came { result, records, states }
}

fn told(settings: &Settings) -> String {
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
    let came = read(OPEN, &settings(&crm, path, more), &Mode::Full, None);
    assert_eq!(came.result, Ok(()));
    let ids: Vec<_> = came.records.iter().filter_map(|record| record.id.clone()).collect();
    assert_eq!(ids, (1..=250).map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!(came.records[0].fields["tags"], Value::List(vec!["crm".to_owned()]));
    assert!(came.states.len() >= 3);
}

#[test]
fn a_csv_is_read_as_it_comes() {
    let crm = serve(0, 5_000, false).unwrap();
    let more = [("format", "csv"), ("delimiter", "semicolon")];
    let came = read(OPEN, &settings(&crm, "/people.csv", &more), &Mode::Full, None);
    assert_eq!((came.result, came.records.len()), (Ok(()), 5_000));
    let last = &came.records[4_999];
    assert_eq!(last.id.as_deref(), Some("5000"));
    assert_eq!(last.fields["name"], Value::Text("Person; 5000".to_owned()));
    assert!(!last.fields.contains_key("email"), "an empty cell says nothing");
}

#[test]
fn only_what_has_changed_is_asked_for_the_next_time() {
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
fn a_reading_that_was_broken_off_goes_on_at_its_page(
    #[case] path: &str,
    #[case] more: &[(&str, &str)],
) {
    let crm = serve(0, 250, false).unwrap();
    let settings = settings(&crm, path, more);
    let first = read_batches(OPEN, &settings, &Mode::Full, None, 1);
    assert_eq!((first.result, first.records.len()), (Err(Trouble::Stopped), 100));
    let rest = read(OPEN, &settings, &Mode::Full, first.states.last());
    assert_eq!((rest.result, rest.records.len()), (Ok(()), 150));
}

#[test]
fn a_page_that_is_gone_is_begun_again() {
    let crm = serve(0, 1, false).unwrap();
    let place = format!(r#"{{"page":"http://{}/gone?from=7"}}"#, crm.address);
    let settings = settings(&crm, "/gone", &[("pages.kind", "link")]);
    let came = read(OPEN, &settings, &Mode::Full, Some(&State(place.into_bytes())));
    assert_eq!((came.result, came.records.len()), (Ok(()), 1));
}

#[test]
fn one_that_is_busy_is_asked_again() {
    let crm = serve(0, 900, true).unwrap();
    let came = read(OPEN, &settings(&crm, "/people", &CURSOR), &Mode::Full, None);
    assert_eq!((came.result, came.records.len()), (Ok(()), 900));
    assert!(crm.asked.load(Ordering::Relaxed) > 10);
}

#[test]
fn one_that_wants_to_be_left_alone_for_long_is() {
    let crm = serve(0, 1, false).unwrap();
    let came = read(OPEN, &settings(&crm, "/down", &[]), &Mode::Full, None);
    let why = "the server answers 503".to_owned();
    let expected = Trouble::Down { why, retry_after: Some(Duration::from_secs(900)) };
    assert_eq!(came.result, Err(expected));
    assert_eq!(crm.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn what_is_wrong_is_told() {
    let crm = serve(0, 1, false).unwrap();
    let at = |path: &str, more: &[(&str, &str)]| told(&settings(&crm, path, more));
    let denied = "the server answers 401: the credentials are wrong, or may not read this";
    assert_eq!(at("/people", &[("authentication.token", "wrong")]), denied);
    assert_eq!(at("/nowhere", &[]), "the server answers 404");
    let text = at("/text", &[]);
    assert_eq!(text, "its answer is no JSON: expected value at line 1 column 1");
    assert!(at("/people", &[]).starts_with("the answer is no list: say in the setting records"));
    let gone = at("/people", &[("records", "data.items")]);
    assert_eq!(gone, "there is no list at data.items in the answer");
    assert_eq!(at("/x", &[("pages.kind", "number")]), "the setting pages.parameter is missing");
    assert_eq!(at("/x", &[("colour", "red")]), "there is no setting colour");
}

#[test]
fn pages_without_end_end() {
    let crm = serve(0, 1, false).unwrap();
    let number = [("pages.kind", "number"), ("pages.parameter", "page")];
    assert_eq!(told(&settings(&crm, "/same", &number)), "one page is as the page before it");
    let link = [("records", "data"), ("pages.kind", "link"), ("pages.next", "next")];
    assert_eq!(told(&settings(&crm, "/circle", &link)), "its pages lead in a circle");
}

#[test]
fn a_secret_is_told_to_the_server_it_is_for_alone() {
    let crm = serve(0, 1, false).unwrap();
    let came = read(OPEN, &settings(&crm, "/away", &[]), &Mode::Full, None);
    assert_eq!(came.result, Ok(()));
    assert_eq!(came.records[0].fields["authorization"], Value::Text(String::new()));
    let basic = [
        ("authentication.kind", "basic"),
        ("authentication.user", "ada"),
        ("authentication.password", "s3cret"),
    ];
    let came = read(OPEN, &settings(&crm, "/numbered", &basic), &Mode::Full, None);
    assert_eq!((came.result, came.records.len()), (Ok(()), 1));
}

#[test]
fn addresses_inside_are_refused_by_number_and_by_name() {
    let crm = serve(0, 1, false).unwrap();
    let guarded = Guard { allow_private: false, ..OPEN };
    let ask = |guard: Guard, url: &str| {
        let settings = settings(&crm, "/", &[("url", url)]);
        read(guard, &settings, &Mode::Full, None).result.unwrap_err().to_string()
    };
    let inside = "the address leads to an address inside the network";
    assert_eq!(ask(guarded, &format!("http://{}/open", crm.address)), inside);
    let by_name = ask(guarded, &format!("http://localhost:{}/open", crm.address.port()));
    assert_eq!(by_name, "its name leads to an address inside the network");
    assert_eq!(crm.asked.load(Ordering::Relaxed), 0);
    let plain = ask(Guard::default(), "http://example.org/");
    assert_eq!(plain, "the address must begin with https://");
}

#[test]
fn where_a_redirect_leads_is_looked_at_as_well() {
    let crm = serve(0, 1, false).unwrap();
    let led = told(&settings(&crm, "/elsewhere", &[]));
    assert_eq!(led, "the address must begin with https://");
}

#[test]
fn a_check_reads_one_page() {
    let crm = serve(0, 250, false).unwrap();
    let connectors = built_in(OPEN);
    let http = connectors.get("http").unwrap();
    let until = Until::after(Duration::from_secs(60));
    assert_eq!(http.check(&settings(&crm, "/people", &CURSOR), &until), Ok(()));
    assert_eq!(crm.asked.load(Ordering::Relaxed), 1);
    let wrong = settings(&crm, "/people", &[("authentication.token", "wrong")]);
    assert!(matches!(http.check(&wrong, &until), Err(Trouble::Settings(_))));
}

#[test]
fn a_secret_setting_is_marked_so() {
    let connectors = built_in(OPEN);
    let spec = connectors.get("http").unwrap().spec(&Until::after(Duration::from_secs(1))).unwrap();
    let secret = spec.settings.iter().filter(|one| one.secret).map(|one| one.path.as_str());
    assert_eq!(secret.collect::<Vec<_>>(), ["authentication.token", "authentication.password"]);
}
