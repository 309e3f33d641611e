//! Connectors that misbehave in every way that we know of: each ends in a clear trouble, with what
//! it did handed over, and nothing is left of it.

use std::time::Duration;

use contacts_core::sync::{Mode, State, Trouble, Value};
use rstest::rstest;

use crate::support::{Fake, Until};

fn incremental() -> Mode {
    Mode::Incremental { cursor: Some("id".to_owned()) }
}

#[rstest]
#[case::babbles(
    "babbles",
    0,
    "it wrote 100 lines that are no messages, such as: line 100 is no message"
)]
#[case::says_nothing("says-nothing", 0, "it ended and said nothing")]
#[case::long_line("long-line", 0, "it wrote a line of more than 1 MiB")]
#[case::loud("loud", 0, "it wrote more than 1 MiB to its standard error")]
#[case::eats("eats", 0, "it took more than 64 MiB of memory")]
#[case::breaks_off("breaks-off", 2, r#"it wrote a line that begins as a message and is none: {"type":"RECORD","stream":"people","rec"#)]
#[case::dies("dies", 3, "it ended with status 3, and says: the connection was reset")]
#[case::aborts("aborts", 3, "it was ended by signal 6")]
#[case::ends_too_early("ends-too-early", 3, "it ended before the stream did")]
#[case::incomplete("incomplete", 3, "it says that it has not read the whole stream")]
#[case::large_state("large-state", 3, "it wrote a line of more than 1 MiB")]
#[case::wrong_settings("wrong-settings", 3, "the connector says: The token has expired")]
#[case::down("down", 3, "the connector says: 503 from the server")]
#[case::broken("broken", 3, "the connector says: list index out of range")]
fn airbyte_ends_in_a_clear_trouble(#[case] how: &str, #[case] records: usize, #[case] told: &str) {
    let read = Fake::airbyte(how).read(&incremental(), None);
    assert_eq!(read.result.unwrap_err().to_string(), told);
    assert_eq!(read.records.len(), records);
    assert!(read.took < Duration::from_secs(30), "{:?}", read.took);
}

#[rstest]
#[case::babbles(
    "babbles",
    0,
    "it wrote 100 lines that are no messages, such as: line 100 is no message"
)]
#[case::says_nothing("says-nothing", 0, "it ended and said nothing of the stream")]
#[case::long_line("long-line", 0, "it wrote a line of more than 1 MiB")]
#[case::loud("loud", 0, "it wrote more than 1 MiB to its standard error")]
#[case::breaks_off("breaks-off", 2, r#"it wrote a line that begins as a message and is none: {"type":"RECORD","stream":"people","rec"#)]
#[case::aborts("aborts", 3, "it was ended by signal 6")]
#[case::changes_its_key(
    "changes-its-schema",
    2,
    "it changed the key of the stream while it was read"
)]
fn singer_ends_in_a_clear_trouble(#[case] how: &str, #[case] records: usize, #[case] told: &str) {
    let read = Fake::singer(how).read(&incremental(), None);
    assert_eq!(read.result.unwrap_err().to_string(), told);
    assert_eq!(read.records.len(), records);
    assert!(read.took < Duration::from_secs(30), "{:?}", read.took);
}

#[rstest]
fn one_that_hangs_is_ended_after_a_while(
    #[values(Fake::airbyte("hangs"), Fake::singer("hangs"))] fake: Fake,
) {
    let read = fake.hasty().read(&incremental(), None);
    assert_eq!(read.result.unwrap_err().to_string(), "it said nothing for 3 seconds");
    assert_eq!(read.records.len(), 3);
}

#[test]
fn troubles_are_told_apart_by_what_can_be_done() {
    let trouble = |how| Fake::airbyte(how).read(&Mode::Full, None).result.unwrap_err();
    assert!(matches!(trouble("wrong-settings"), Trouble::Settings(_)));
    assert!(matches!(trouble("down"), Trouble::Down { retry_after: None, .. }));
    assert!(matches!(trouble("broken"), Trouble::Broken(_)));
    assert!(matches!(trouble("long-line"), Trouble::Limit(_)));
}

#[rstest]
fn one_that_floods_ends_at_its_limit_with_what_it_had_said(
    #[values(Fake::airbyte("floods"), Fake::singer("floods"))] fake: Fake,
) {
    let read = fake.read(&Mode::Full, None);
    assert_eq!(read.result.unwrap_err().to_string(), "it wrote more than 2 MiB");
    assert!((1_800..2_100).contains(&read.records.len()), "{}", read.records.len());
}

#[test]
fn one_that_takes_memory_faster_than_it_is_weighed_is_given_no_more() {
    let read = Fake::airbyte("eats-at-once").read(&Mode::Full, None);
    assert!(matches!(read.result.unwrap_err(), Trouble::Broken(_) | Trouble::Limit(_)));
}

#[test]
fn the_state_of_one_that_dies_half_way_is_handed_over_and_goes_on_from_there() {
    let fake = Fake::airbyte("dies");
    let read = fake.read(&incremental(), None);
    assert_eq!(read.covered, [2, 3]);
    let again = fake.read(&incremental(), Some(&read.states[0]));
    assert_eq!(again.records.len(), 1);
}

#[test]
fn a_changed_schema_is_read_as_it_comes() {
    let read = Fake::airbyte("changes-its-schema").read(&Mode::Full, None);
    assert_eq!(read.result, Ok(()));
    let changed = &read.records[2];
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    // It was known as a value, so it stays one.
    assert_eq!(changed.fields.get("id").cloned(), text(r#"{"number":9}"#));
    assert_eq!(changed.fields.get("email").cloned(), text("5"));
    assert_eq!(changed.fields["mail"], Value::List(vec!["x@example.org".to_owned()]));
}

#[rstest]
fn a_state_from_the_future_is_a_state(
    #[values(Fake::airbyte("future"), Fake::singer("future"))] fake: Fake,
) {
    let read = fake.read(&incremental(), None);
    assert_eq!(read.result, Ok(()));
    assert!(String::from_utf8_lossy(&read.states[0].0).contains("2999-01-01"));
    // The fake does not know it, and begins again.
    let again = fake.read(&incremental(), Some(&read.states[0]));
    assert_eq!((again.result, again.records.len()), (Ok(()), 3));
}

#[test]
fn a_state_that_makes_no_sense_to_it_is_the_connectors_to_judge() {
    let state = State(b"not even JSON".to_vec());
    let read = Fake::singer("well").read(&incremental(), Some(&state));
    assert_eq!((read.result, read.records.len()), (Ok(()), 3));
}

#[rstest]
fn processes_that_it_leaves_behind_are_ended(
    #[values(Fake::airbyte("breeds"), Fake::singer("breeds"))] fake: Fake,
) {
    // Reading looks for them.
    let read = fake.read(&Mode::Full, None);
    assert_eq!((read.result, read.records.len()), (Ok(()), 3));
    assert!(read.took < Duration::from_secs(10), "{:?}", read.took);
}

#[test]
fn one_that_does_not_end_when_it_is_asked_to_is_made_to() {
    let read = Fake::deaf("hangs").hasty().read(&Mode::Full, None);
    assert_eq!(read.result.unwrap_err().to_string(), "it said nothing for 3 seconds");
    assert_eq!(read.records.len(), 3);
}

#[test]
fn one_that_closes_its_output_and_stays_is_ended() {
    let read = Fake::script("exec >&-; sleep 1000").hasty().read(&Mode::Full, None);
    let told = read.result.unwrap_err().to_string();
    assert_eq!(told, "it closed its output and did not end");
}

#[test]
fn what_is_asked_of_one_that_hangs_ends_as_well() {
    let fake = Fake::airbyte("hangs").hasty();
    assert_eq!(fake.check().unwrap_err().to_string(), "it said nothing for 3 seconds");
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let gone = Fake::program("/nowhere/at/all").check().unwrap_err().to_string();
    assert_eq!(gone, "its program cannot be started: No such file or directory (os error 2)");
}

#[rstest]
fn a_reading_is_stopped_while_nothing_comes(
    #[values(Fake::airbyte("hangs"), Fake::deaf("hangs"), Fake::singer("trickles"))] fake: Fake,
) {
    let until = Until::after(Duration::from_millis(1_200));
    let read = fake.read_until(&Mode::Full, None, &until, usize::MAX);
    assert_eq!(read.result, Err(Trouble::Stopped));
    assert!(read.took < Duration::from_secs(8), "{:?}", read.took);
}

#[test]
fn who_wants_no_more_records_is_given_none_and_it_is_ended() {
    let until = Until::after(Duration::from_secs(60));
    let read = Fake::airbyte("floods").read_until(&Mode::Full, None, &until, 1);
    assert_eq!(read.result, Err(Trouble::Stopped));
    assert_eq!(read.batches, 1);
}
