//! The messages of the Singer protocol that are used here.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A message.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) r#type: Cow<'a, str>,
    /// The stream of a record or a schema.
    #[serde(borrow)]
    pub(super) stream: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) record: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) schema: Option<&'a RawValue>,
    pub(super) key_properties: Option<Vec<String>>,
    /// The value of a state.
    #[serde(borrow)]
    pub(super) value: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads a line; `None` when it is not a message.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}
