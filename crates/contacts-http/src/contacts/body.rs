//! Contacts as they come in.

use std::collections::BTreeMap;
use std::fmt;

use contacts_core::Invalid;
use contacts_core::contact::{NewContact, Patch, RawPatch};
use contacts_core::field::RawValue;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;
use utoipa::ToSchema;

use super::refs;
use super::view::CustomPatchView;
use crate::body::present;
use crate::problem::Problem;

/// A contact to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewContact)]
pub(crate) struct ContactBody {
    /// Required: 1 to 200 characters.
    #[schema(required = true, nullable = false, example = "Ann Lee")]
    name: Option<String>,
    /// Required, and nobody else's.
    #[schema(required = true, nullable = false, example = "ann.lee@example.org")]
    email: Option<String>,
    /// Kept as typed, and in E.164 form when it is a number.
    phone: Option<String>,
    /// Names of tags, at most 100. Those that are new are made.
    #[serde(default)]
    tags: Vec<String>,
    /// Values of custom fields by key.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, CustomPatchView>)]
    custom: BTreeMap<String, Option<CustomValue>>,
}

impl ContactBody {
    pub(super) fn as_new(&self) -> NewContact<'_> {
        let custom = self.custom.iter();
        NewContact {
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            tags: refs(&self.tags),
            custom: custom.filter_map(|(k, v)| Some((&**k, v.as_ref()?.as_raw()))).collect(),
        }
    }
}

/// A JSON merge patch (RFC 7396) of a contact's profile.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ContactPatch)]
pub(crate) struct ContactPatchBody {
    /// Can be changed, not cleared.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, nullable = false)]
    name: Option<Option<String>>,
    /// Can be changed, not cleared.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, nullable = false)]
    email: Option<Option<String>>,
    /// Null clears it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// Values of custom fields by key; null clears one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BTreeMap<String, CustomPatchView>>, nullable = false)]
    custom: Option<BTreeMap<String, Option<CustomValue>>>,
    /// Taken only to be refused with a hint.
    #[serde(default, deserialize_with = "present")]
    #[schema(ignore)]
    tags: Option<Value>,
}

impl ContactPatchBody {
    pub(super) fn as_patch(&self) -> Result<RawPatch<'_>, Problem> {
        if self.tags.is_some() {
            let hint = "cannot be patched: use POST /v1/contacts/{id}/tags with add and remove";
            return Err(Problem::invalid(Invalid::one("tags", hint)));
        }
        let custom = self.custom.iter().flatten();
        Ok(RawPatch {
            name: patch(&self.name),
            email: patch(&self.email),
            phone: patch(&self.phone),
            custom: custom.map(|(k, v)| (&**k, v.as_ref().map(CustomValue::as_raw))).collect(),
        })
    }
}

fn patch(member: &Option<Option<String>>) -> Patch<&str> {
    match member {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(text)) => Patch::Set(text),
    }
}

/// Tags to put on and to take off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Tagging)]
pub(crate) struct TaggingBody {
    /// Names of tags to put on, at most 100. Those that are there stay.
    #[serde(default)]
    pub(super) add: Vec<String>,
    /// Names of tags to take off, at most 100. Those that are not there do not matter.
    #[serde(default)]
    pub(super) remove: Vec<String>,
}

/// A value of a custom field, as JSON has it.
enum CustomValue {
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl CustomValue {
    fn as_raw(&self) -> RawValue<'_> {
        match self {
            Self::Text(text) => RawValue::Text(text),
            Self::Number(number) => RawValue::Number(*number),
            Self::Boolean(yes) => RawValue::Boolean(*yes),
        }
    }
}

impl<'de> Deserialize<'de> for CustomValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CustomVisitor)
    }
}

struct CustomVisitor;

#[expect(clippy::cast_precision_loss, reason = "the core refuses numbers that a float rounds")]
impl Visitor<'_> for CustomVisitor {
    type Value = CustomValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<CustomValue, E> {
        Ok(CustomValue::Text(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<CustomValue, E> {
        Ok(CustomValue::Boolean(yes))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<CustomValue, E> {
        Ok(CustomValue::Number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<CustomValue, E> {
        Ok(CustomValue::Number(number as f64))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<CustomValue, E> {
        Ok(CustomValue::Number(number as f64))
    }
}
