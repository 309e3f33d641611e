//! Request bodies that create and change contacts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use contacts_core::contact::{NewContact, Patch, RawPatch};
use contacts_core::field::RawValue;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, de};
use utoipa::ToSchema;
use uuid::Uuid;

use super::refs;
use crate::parts::body::present;

/// A contact to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewContact)]
pub(crate) struct ContactBody {
    /// Your own id for the contact, at most 500 characters; no other contact may have it.
    #[schema(example = "A-17")]
    external_id: Option<String>,
    /// The name. Required: 1 to 200 characters.
    #[schema(required = true, nullable = false, example = "Ann Lee")]
    name: Option<String>,
    /// The email address. Required; no other contact may have it.
    #[schema(required = true, nullable = false, example = "ann.lee@example.org")]
    email: Option<String>,
    /// The phone number. Stored as entered, and in E.164 form when it is valid.
    phone: Option<String>,
    /// Names of tags, at most 100. Tags that do not exist are created.
    #[serde(default)]
    tags: Vec<String>,
    /// Values of custom fields, by field key.
    #[serde(default)]
    custom: BTreeMap<String, CustomValue>,
}

impl ContactBody {
    pub(super) fn as_new(&self) -> NewContact<'_> {
        NewContact {
            external_id: self.external_id.as_deref(),
            name: self.name.as_deref(),
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            tags: refs(&self.tags),
            custom: raw_values(&self.custom),
        }
    }
}

/// Returns the values of custom fields that are not null, by field key.
pub(super) fn raw_values(custom: &BTreeMap<String, CustomValue>) -> Vec<(&str, RawValue<'_>)> {
    custom.iter().filter_map(|(key, value)| Some((&**key, value.as_raw()?))).collect()
}

/// A JSON merge patch (RFC 7396) of a contact's profile and tags.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ContactPatch)]
pub(crate) struct ContactPatchBody {
    /// Your own id for the contact; null clears it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    external_id: Option<Option<String>>,
    /// The name. It can be changed but not cleared.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, nullable = false)]
    name: Option<Option<String>>,
    /// The email address. It can be changed but not cleared.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, nullable = false)]
    email: Option<Option<String>>,
    /// The phone number; null clears it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// Values of custom fields, by field key; null clears a value.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    custom: Option<BTreeMap<String, CustomValue>>,
    /// Names of all tags that the contact has afterwards, at most 100; tags that do not exist are
    /// created. Null removes all tags. Tags do not change the version.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Option<Option<Vec<String>>>,
}

impl ContactPatchBody {
    pub(super) fn as_patch(&self) -> RawPatch<'_> {
        let custom = self.custom.iter().flatten();
        RawPatch {
            external_id: patch(&self.external_id),
            name: patch(&self.name),
            email: patch(&self.email),
            phone: patch(&self.phone),
            custom: custom.map(|(k, v)| (&**k, v.as_raw())).collect(),
            tags: self.tags.as_ref().map(|tags| refs(tags.as_deref().unwrap_or_default())),
        }
    }
}

fn patch(member: &Option<Option<String>>) -> Patch<&str> {
    match member {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(text)) => Patch::Set(text),
    }
}

/// Contacts to get.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ContactIds)]
pub(crate) struct IdsBody {
    /// Ids of contacts, 1 to 200.
    #[schema(min_items = 1, max_items = 200)]
    pub(super) ids: BTreeSet<Uuid>,
}

/// Tags to add and to remove.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Tagging)]
pub(crate) struct TaggingBody {
    /// Names of tags to add, at most 100. Tags that the contact already has are ignored.
    #[serde(default)]
    pub(super) add: Vec<String>,
    /// Names of tags to remove, at most 100. Tags that the contact does not have are ignored.
    #[serde(default)]
    pub(super) remove: Vec<String>,
}

/// A value of a custom field: a date is text such as `2026-11-23`; null clears the field.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = NewCustomValue)]
pub(crate) enum CustomValue {
    /// Value of a text, select, url or date field, or null.
    Text(Option<String>),
    /// Value of a number field.
    Number(f64),
    /// Value of a boolean field.
    Boolean(bool),
}

impl CustomValue {
    /// Returns the value, or `None` to clear the field.
    pub(crate) fn as_raw(&self) -> Option<RawValue<'_>> {
        match self {
            Self::Text(text) => text.as_deref().map(RawValue::Text),
            Self::Number(number) => Some(RawValue::Number(*number)),
            Self::Boolean(yes) => Some(RawValue::Boolean(*yes)),
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
        Ok(CustomValue::Text(Some(text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<CustomValue, E> {
        Ok(CustomValue::Text(None))
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
