//! Messages of Singer, as far as they are of use here.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A message.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) r#type: Cow<'a, str>,
    /// Of a record or a schema: its stream.
    #[serde(borrow)]
    pub(super) stream: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) record: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) schema: Option<&'a RawValue>,
    pub(super) key_properties: Option<Vec<String>>,
    /// Of a state.
    #[serde(borrow)]
    pub(super) value: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads a line; nothing when it is no message.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}
