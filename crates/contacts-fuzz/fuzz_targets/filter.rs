//! Filters of lists and bodies: any names and values are read or refused.

#![no_main]
#![expect(clippy::unwrap_used, reason = "a panic is a finding")]

use contacts_core::contact::FilterText;
use contacts_core::field::{Field, FieldKey, FieldType};
use libfuzzer_sys::fuzz_target;
use time::macros::datetime;

fuzz_target!(|data: &[u8]| {
    if let Some(filter) = contacts_http::fuzzing::filter(data) {
        read(&filter);
    }
    // Lines of a name, `=` and a value.
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parts = text.lines().filter_map(|line| line.split_once('='));
    read(&FilterText::new(parts.map(|(name, value)| (name.to_owned(), value.to_owned()))));
});

fn read(filter: &FilterText) {
    let kinds = [
        ("text", FieldType::Text),
        ("number", FieldType::Number),
        ("date", FieldType::Date),
        ("url", FieldType::Url),
    ];
    let fields: Vec<_> = kinds
        .into_iter()
        .map(|(key, kind)| Field {
            key: FieldKey::parse(key).unwrap(),
            label: key.to_owned(),
            kind,
            position: 0,
            archived: false,
            searchable: false,
            version: 1,
        })
        .collect();
    let _ = filter.segments().count();
    let _ = filter.read(&fields, &[], datetime!(2026-03-29 01:30:00 UTC));
}
