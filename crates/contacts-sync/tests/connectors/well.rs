//! Connectors that do what their protocol says.

use std::path::Path;

use contacts_core::sync::{Cursor, Mode, Record, SettingKind, Stream, Value};
use rstest::rstest;

use crate::support::Fake;

#[rstest]
fn settings_are_told_with_what_is_secret(
    #[values(Fake::airbyte("well"), Fake::singer("well"))] fake: Fake,
) {
    let spec = fake.spec().unwrap();
    let [host, token] = &spec.settings[..] else { panic!("{spec:?}") };
    assert_eq!((host.path.as_str(), host.required, host.secret), ("host", true, false));
    assert_eq!((token.path.as_str(), token.required, token.secret), ("token", false, true));
    assert_eq!(host.kind, SettingKind::Text);
    // What it does not mention may be a secret.
    assert!(spec.is_secret("another"));
}

#[test]
fn of_a_tap_that_tells_no_settings_all_are_secret() {
    let spec = Fake::script_of("singer", "echo usage >&2; exit 2").spec().unwrap();
    assert!(spec.settings.is_empty());
    assert!(spec.is_secret("anything"));
}

#[test]
fn a_check_says_what_the_connector_says() {
    assert_eq!(Fake::airbyte("well").check(), Ok(()));
    assert_eq!(Fake::singer("well").check(), Ok(()));
    let told = |fake: Fake| fake.check().unwrap_err().to_string();
    assert_eq!(told(Fake::airbyte("refuses")), "the connector says: The token is wrong");
    let dead = "it ended with status 3, and says: no route to host";
    assert_eq!(told(Fake::airbyte("dies")), dead);
    let refused = "it ended with status 1, and says: the token is wrong";
    assert_eq!(told(Fake::singer("refuses")), refused);
}

#[test]
fn an_answer_whose_line_does_not_end_is_one() {
    let says = r#"printf '{"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}}'"#;
    assert_eq!(Fake::script_of("airbyte", says).check(), Ok(()));
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
fn records_come_with_the_state_after_them_and_go_on_from_there(
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
fn a_stream_that_is_not_there_is_told() {
    let told = Fake::airbyte("well").read_stream("gone").result.unwrap_err().to_string();
    assert_eq!(told, "there is no stream gone any more");
}

#[rstest]
fn it_sees_neither_our_environment_nor_our_files_and_no_secret_in_its_arguments(
    #[values(Fake::airbyte("tells-of-itself"), Fake::singer("tells-of-itself"))] fake: Fake,
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
