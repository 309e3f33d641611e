//! Cursors of lists are read from any text, and none is accepted that was not issued. Positions are
//! read from any text, and what is read is written as the same position.

#![no_main]

use std::fmt::Debug;

use contacts_core::OrgId;
use contacts_core::contact::{ActivityCursor, ContactId, Cursor, SourceCursor};
use contacts_core::page::{Position, TimeCursor};
use contacts_http::{Cursors, fuzzing};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

fn read<P: Position + PartialEq + Debug>(cursors: &Cursors, text: &str) {
    let org = OrgId(Uuid::nil());
    let Some(position) = P::decode(text) else { return };
    assert_eq!(P::decode(&position.encode()).as_ref(), Some(&position));
    let cursor = fuzzing::seal(cursors, org, &position);
    assert_eq!(fuzzing::open(cursors, org, &cursor), Some(position));
    assert_eq!(fuzzing::open::<P>(cursors, OrgId(Uuid::max()), &cursor), None);
}

fuzz_target!(|text: &str| {
    let cursors = Cursors::new([7; 32]);
    assert_eq!(fuzzing::open::<String>(&cursors, OrgId(Uuid::nil()), text), None);
    read::<String>(&cursors, text);
    read::<u64>(&cursors, text);
    read::<Uuid>(&cursors, text);
    read::<TimeCursor>(&cursors, text);
    read::<Cursor>(&cursors, text);
    read::<SourceCursor>(&cursors, text);
    read::<ActivityCursor>(&cursors, text);
    read::<(ContactId, Option<String>)>(&cursors, text);
});
