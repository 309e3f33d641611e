//! Connectors that follow their protocol.

use std::path::Path;

use contacts_core::sync::{Cursor, Mode, Record, SettingKind, Stream, Value};
use rstest::rstest;

use crate::support::Fake;

#[rstest]
fn settings_are_described_with_their_secrecy(
    #[values(Fake::airbyte("well"), Fake::singer("well"))] fake: Fake,
) {
    let spec = fake.spec().unwrap();
    let [host, token] = &spec.settings[..] else { panic!("{spec:?}") };
    assert_eq!((host.path.as_str(), host.required, host.secret), ("host", true, false));
    assert_eq!((token.path.as_str(), token.required, token.secret), ("token", false, true));
    assert_eq!(host.kind, SettingKind::Text);
    // Settings that it does not mention may be secret.
    assert!(spec.is_secret("another"));
}

#[test]
fn all_settings_of_a_tap_without_a_description_are_secret() {
    let spec = Fake::script_of("singer", "echo usage >&2; exit 2").spec().unwrap();
    assert!(spec.settings.is_empty());
    assert!(spec.is_secret("anything"));
}

#[test]
fn a_check_returns_the_message_of_the_connector() {
    assert_eq!(Fake::airbyte("well").check(), Ok(()));
    assert_eq!(Fake::singer("well").check(), Ok(()));
    let error = |fake: Fake| fake.check().unwrap_err().to_string();
    assert_eq!(error(Fake::airbyte("refuses")), "the connector reports: The token is wrong");
    let dead = "it exited with status 3: no route to host";
    assert_eq!(error(Fake::airbyte("dies")), dead);
    let refused = "it exited with status 1: the token is wrong";
    assert_eq!(error(Fake::singer("refuses")), refused);
}

#[test]
fn an_answer_without_a_line_end_is_read() {
    let script =
        r#"printf '{"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}}'"#;
    assert_eq!(Fake::script_of("airbyte", script).check(), Ok(()));
}

#[rstest]
#[case(Fake::airbyte("well"), Cursor::Known)]
#[case(Fake::singer("well"), Cursor::Field(None))]
fn streams_are_found_with_their_fields(#[case] fake: Fake, #[case] cursor: Cursor) {
    let expected = Stream {
        name: "people".to_owned(),
        fields: vec!["email".to_owned(), "id".to_owned()],
        key: vec!["id".to_owned()],
        cursor,
    };
    assert_eq!(fake.discover().unwrap(), [expected]);
}

#[rstest]
fn records_come_with_the_state_after_them_which_resumes_the_run(
    #[values(Fake::airbyte("well"), Fake::singer("well"))] fake: Fake,
) {
    let mode = Mode::Incremental { cursor: Some("id".to_owned()) };
    let read = fake.read(&mode, None);
    assert_eq!(read.result, Ok(()));
    let record = |id: u32| Record {
        id: Some(id.to_string()),
        fields: [
            ("id".to_owned(), Value::Text(id.to_string())),
            ("email".to_owned(), Value::Text(format!("{id}@example.org"))),
        ]
        .into(),
        deleted: false,
    };
    assert_eq!(read.records, [record(1), record(2), record(3)]);
    assert_eq!(read.covered, [3]);
    let again = fake.read(&mode, read.states.last());
    assert_eq!((again.result, again.records.len()), (Ok(()), 0));
    assert_eq!(again.states, read.states);
}

#[test]
fn a_missing_stream_is_reported() {
    let error = Fake::airbyte("well").read_stream("gone").result.unwrap_err().to_string();
    assert_eq!(error, "the data gone is no longer available: choose another");
}

#[rstest]
fn a_connector_gets_no_environment_of_ours_no_open_files_and_no_secret_in_its_arguments(
    #[values(Fake::airbyte("describes-itself"), Fake::singer("describes-itself"))] fake: Fake,
) {
    let read = fake.read(&Mode::Full, None);
    let fields = &read.records[0].fields;
    let text = |name: &str| match &fields[name] {
        Value::Text(text) => text.clone(),
        Value::List(items) => items.join(" "),
    };
    assert_eq!(text("names"), "HOME MARK PATH TMPDIR");
    assert_eq!((&*text("file"), &*text("folder")), ("600", "700"));
    assert_eq!(text("path"), text("here"));
    assert!(text("config").contains(r#""token":"s3cret""#), "{}", text("config"));
    assert!(!text("arguments").contains("s3cret"), "{}", text("arguments"));
    assert!(!Path::new(&text("path")).exists());
}
