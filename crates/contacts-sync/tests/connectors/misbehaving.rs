//! Connectors that misbehave: each fails with a clear error, its records so far are passed on, and
//! no process or file of it remains.

use std::time::Duration;

use contacts_core::sync::{ConnectorError, Mode, State, Value};
use rstest::rstest;

use crate::support::{DeadlineObserver, Fake};

fn incremental() -> Mode {
    Mode::Incremental { cursor: Some("id".to_owned()) }
}

#[rstest]
#[case::babbles(
    "babbles",
    0,
    "it wrote 100 lines that are not messages, such as: line 100 is not a message"
)]
#[case::says_nothing("says-nothing", 0, "it exited without a message")]
#[case::long_line("long-line", 0, "it wrote a line of more than 1 MiB")]
#[case::loud("loud", 0, "it wrote more than 1 MiB to its standard error")]
#[case::eats("eats", 0, "it used more than 64 MiB of memory")]
#[case::breaks_off(
    "breaks-off",
    2,
    r#"it wrote an invalid message: {"type":"RECORD","stream":"people","rec"#
)]
#[case::dies("dies", 3, "it exited with status 3: the connection was reset")]
#[case::aborts("aborts", 3, "it was killed by signal 6")]
#[case::ends_too_early("ends-too-early", 3, "it exited before the stream was complete")]
#[case::incomplete("incomplete", 3, "it reported that it did not read the whole stream")]
#[case::large_state("large-state", 3, "it wrote a line of more than 1 MiB")]
#[case::wrong_settings("wrong-settings", 3, "the connector reports: The token has expired")]
#[case::down("down", 3, "the connector reports: 503 from the server")]
#[case::broken("broken", 3, "the connector reports: list index out of range")]
fn airbyte_fails_with_a_clear_error(
    #[case] how: &str,
    #[case] records: usize,
    #[case] expected: &str,
) {
    let read = Fake::airbyte(how).read(&incremental(), None);
    assert_eq!(read.result.unwrap_err().to_string(), expected);
    assert_eq!(read.records.len(), records);
    assert!(read.took < Duration::from_secs(30), "{:?}", read.took);
}

#[rstest]
#[case::babbles(
    "babbles",
    0,
    "it wrote 100 lines that are not messages, such as: line 100 is not a message"
)]
#[case::says_nothing("says-nothing", 0, "it exited without the schema of the stream")]
#[case::long_line("long-line", 0, "it wrote a line of more than 1 MiB")]
#[case::loud("loud", 0, "it wrote more than 1 MiB to its standard error")]
#[case::breaks_off(
    "breaks-off",
    2,
    r#"it wrote an invalid message: {"type":"RECORD","stream":"people","rec"#
)]
#[case::aborts("aborts", 3, "it was killed by signal 6")]
#[case::changes_its_key("changes-its-schema", 2, "it changed the key of the stream during the run")]
fn singer_fails_with_a_clear_error(
    #[case] how: &str,
    #[case] records: usize,
    #[case] expected: &str,
) {
    let read = Fake::singer(how).read(&incremental(), None);
    assert_eq!(read.result.unwrap_err().to_string(), expected);
    assert_eq!(read.records.len(), records);
    assert!(read.took < Duration::from_secs(30), "{:?}", read.took);
}

#[rstest]
fn a_connector_that_hangs_is_killed_at_its_limit(
    #[values(Fake::airbyte("hangs"), Fake::singer("hangs"))] fake: Fake,
) {
    let read = fake.with_short_silence().read(&incremental(), None);
    assert_eq!(read.result.unwrap_err().to_string(), "it wrote nothing for 3 seconds");
    assert_eq!(read.records.len(), 3);
}

#[test]
fn errors_are_classified_by_what_can_be_done() {
    let error = |how| Fake::airbyte(how).read(&Mode::Full, None).result.unwrap_err();
    assert!(matches!(error("wrong-settings"), ConnectorError::Settings(_)));
    assert!(matches!(error("down"), ConnectorError::Down { retry_after: None, .. }));
    assert!(matches!(error("broken"), ConnectorError::Broken(_)));
    assert!(matches!(error("long-line"), ConnectorError::Limit(_)));
}

#[rstest]
fn a_connector_that_floods_is_killed_at_its_limit_and_its_records_are_passed_on(
    #[values(Fake::airbyte("floods"), Fake::singer("floods"))] fake: Fake,
) {
    let read = fake.read(&Mode::Full, None);
    assert_eq!(read.result.unwrap_err().to_string(), "it wrote more than 2 MiB");
    assert!((1_800..2_100).contains(&read.records.len()), "{}", read.records.len());
}

#[test]
fn the_kernel_limits_memory_that_is_allocated_between_two_checks() {
    let read = Fake::airbyte("eats-at-once").read(&Mode::Full, None);
    assert!(matches!(
        read.result.unwrap_err(),
        ConnectorError::Broken(_) | ConnectorError::Limit(_)
    ));
}

#[test]
fn the_states_before_a_crash_are_passed_on_and_resumed() {
    let fake = Fake::airbyte("dies");
    let read = fake.read(&incremental(), None);
    assert_eq!(read.covered, [2, 3]);
    let again = fake.read(&incremental(), Some(&read.states[0]));
    assert_eq!(again.records.len(), 1);
}

#[test]
fn a_schema_may_change_during_a_run() {
    let read = Fake::airbyte("changes-its-schema").read(&Mode::Full, None);
    assert_eq!(read.result, Ok(()));
    let changed = &read.records[2];
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    // The field was declared as a value, so the object stays one.
    assert_eq!(changed.fields.get("id").cloned(), text(r#"{"number":9}"#));
    assert_eq!(changed.fields.get("email").cloned(), text("5"));
    assert_eq!(changed.fields["mail"], Value::List(vec!["x@example.org".to_owned()]));
}

#[rstest]
fn a_state_with_a_future_date_is_stored(
    #[values(Fake::airbyte("future"), Fake::singer("future"))] fake: Fake,
) {
    let read = fake.read(&incremental(), None);
    assert_eq!(read.result, Ok(()));
    assert!(String::from_utf8_lossy(&read.states[0].0).contains("2999-01-01"));
    // The fake does not recognise it, and starts from the beginning.
    let again = fake.read(&incremental(), Some(&read.states[0]));
    assert_eq!((again.result, again.records.len()), (Ok(()), 3));
}

#[test]
fn an_invalid_state_is_passed_to_the_connector_unchanged() {
    let state = State(b"not even JSON".to_vec());
    let read = Fake::singer("well").read(&incremental(), Some(&state));
    assert_eq!((read.result, read.records.len()), (Ok(()), 3));
}

#[rstest]
fn processes_that_a_connector_leaves_behind_are_killed(
    #[values(Fake::airbyte("leaves-processes"), Fake::singer("leaves-processes"))] fake: Fake,
) {
    // `read` checks that none remains.
    let read = fake.read(&Mode::Full, None);
    assert_eq!((read.result, read.records.len()), (Ok(()), 3));
    assert!(read.took < Duration::from_secs(10), "{:?}", read.took);
}

#[test]
fn a_connector_that_ignores_sigterm_is_killed() {
    let read = Fake::ignoring_sigterm("hangs").with_short_silence().read(&Mode::Full, None);
    assert_eq!(read.result.unwrap_err().to_string(), "it wrote nothing for 3 seconds");
    assert_eq!(read.records.len(), 3);
}

#[test]
fn a_connector_that_closes_its_output_but_stays_is_killed() {
    let read = Fake::script("exec >&-; sleep 1000").with_short_silence().read(&Mode::Full, None);
    let error = read.result.unwrap_err().to_string();
    assert_eq!(error, "it closed its output but did not exit");
}

#[test]
fn a_command_of_a_connector_that_hangs_ends_at_the_limit() {
    let fake = Fake::airbyte("hangs").with_short_silence();
    assert_eq!(fake.check().unwrap_err().to_string(), "it wrote nothing for 3 seconds");
}

#[test]
fn a_missing_program_is_reported() {
    let deleted = Fake::program("/nowhere/at/all").check().unwrap_err().to_string();
    assert_eq!(deleted, "its program cannot be started: No such file or directory (os error 2)");
}

#[rstest]
fn a_run_is_stopped_while_there_is_no_output(
    #[values(Fake::airbyte("hangs"), Fake::ignoring_sigterm("hangs"), Fake::singer("trickles"))]
    fake: Fake,
) {
    let until = DeadlineObserver::after(Duration::from_millis(1_200));
    let read = fake.read_until(&Mode::Full, None, &until, usize::MAX);
    assert_eq!(read.result, Err(ConnectorError::Stopped));
    assert!(read.took < Duration::from_secs(8), "{:?}", read.took);
}

#[test]
fn a_receiver_that_stops_ends_the_connector() {
    let until = DeadlineObserver::after(Duration::from_secs(60));
    let read = Fake::airbyte("floods").read_until(&Mode::Full, None, &until, 1);
    assert_eq!(read.result, Err(ConnectorError::Stopped));
    assert_eq!(read.batches, 1);
}
