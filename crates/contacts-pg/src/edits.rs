//! Changes of fields as JSON, as imports and the journal store them.

use std::fmt::Display;

use contacts_core::contact::{EmailAddress, ExternalId, FieldEdit, Name, Phone};
use contacts_core::field::{FieldKey, FieldValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::database::{PgResult, unread, unreadable};
use crate::json::{value_from_json, value_to_json};

/// The changes of one contact. Keys are one letter, because a chunk has thousands of them.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct StoredEdits {
    /// The old and the new external id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<[Option<String>; 2]>,
    /// The old and the new address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<[Option<String>; 2]>,
    /// Addresses that the contact did not have before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    d: Vec<String>,
    /// The old and the new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<[Option<String>; 2]>,
    /// The old and the new phone number, each as typed and in E.164 form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<[Option<StoredPhone>; 2]>,
    /// Custom fields with their old and new values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    c: Vec<(String, Option<Value>, Option<Value>)>,
}

pub(crate) type StoredPhone = (String, Option<String>);

pub(crate) fn write_phone(phone: &Phone) -> StoredPhone {
    (phone.as_str().to_owned(), phone.e164().map(str::to_owned))
}

pub(crate) fn read_phone((typed, e164): StoredPhone) -> Phone {
    Phone::stored(typed, e164)
}

impl StoredEdits {
    pub(crate) fn of(edits: &[FieldEdit]) -> Self {
        let mut stored = Self::default();
        edits.iter().for_each(|edit| stored.note(edit));
        stored
    }

    fn note(&mut self, edit: &FieldEdit) {
        match edit {
            FieldEdit::ExternalId { from, to } => {
                self.x = Some([from, to].map(|id| id.as_ref().map(ToString::to_string)));
            }
            FieldEdit::Email { added, from, to } => {
                self.d = added.iter().map(ToString::to_string).collect();
                self.e = Some([from, to].map(|email| email.as_ref().map(ToString::to_string)));
            }
            FieldEdit::Name { from, to } => {
                self.n = Some([from, to].map(|name| name.as_ref().map(ToString::to_string)));
            }
            FieldEdit::Phone { from, to } => {
                self.f = Some([from, to].map(|phone| phone.as_ref().map(write_phone)));
            }
            FieldEdit::Custom { key, from, to } => {
                let [from, to] = [from, to].map(|value| value.as_ref().map(value_to_json));
                self.c.push((key.to_string(), from, to));
            }
        }
    }

    /// Reads the changes, which are stored in the column with this name.
    pub(crate) fn read(self, column: &'static str) -> PgResult<Vec<FieldEdit>> {
        let mut edits = Vec::new();
        if let Some([from, to]) = self.x {
            let (from, to) =
                (read(from, ExternalId::parse, column)?, read(to, ExternalId::parse, column)?);
            edits.push(FieldEdit::ExternalId { from, to });
        }
        if let Some([from, to]) = self.e {
            let parse = EmailAddress::parse;
            let (from, to) = (read(from, parse, column)?, read(to, parse, column)?);
            let added = self.d.iter().map(|email| parse(email).map_err(unread(column)));
            let added = added.collect::<PgResult<_>>()?;
            edits.push(FieldEdit::Email { added, from, to });
        }
        if let Some([from, to]) = self.n {
            let (from, to) = (read(from, Name::parse, column)?, read(to, Name::parse, column)?);
            edits.push(FieldEdit::Name { from, to });
        }
        if let Some([from, to]) = self.f {
            let [from, to] = [from, to].map(|phone| phone.map(read_phone));
            edits.push(FieldEdit::Phone { from, to });
        }
        for (key, from, to) in self.c {
            let key = FieldKey::parse(&key).map_err(unread(column))?;
            let (from, to) = (read_value(from, column)?, read_value(to, column)?);
            edits.push(FieldEdit::Custom { key, from, to });
        }
        Ok(edits)
    }
}

fn read<T, E: Display>(
    text: Option<String>,
    parse: impl Fn(&str) -> Result<T, E>,
    column: &'static str,
) -> PgResult<Option<T>> {
    text.map(|text| parse(&text).map_err(unread(column))).transpose()
}

fn read_value(value: Option<Value>, column: &'static str) -> PgResult<Option<FieldValue>> {
    value.map(|value| value_from_json(value).ok_or_else(|| unreadable(column))).transpose()
}
