//! Setting or clearing one field of many contacts (R24).

use time::OffsetDateTime;

use crate::contact::{Change, Contact, ContactPatch, Patch, Phone, Region, check_value};
use crate::field::{Field, FieldKey, FieldValue, RawValue};
use crate::{Invalid, Result};

/// A field, and the value that each contact gets. `None` clears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetValue {
    /// The phone number (R8).
    Phone(Option<Phone>),
    /// A custom field (R11).
    Custom(FieldKey, Option<FieldValue>),
}

/// A change of one field of each contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSetting {
    /// The field and its value.
    pub value: SetValue,
    /// Whether contacts that have a value keep it.
    pub only_blanks: bool,
}

/// What the value of a field is read with.
#[derive(Clone, Debug, Default)]
pub struct FieldContext {
    /// The organisation's custom fields.
    pub fields: Vec<Field>,
    /// The organisation's region, for phone numbers.
    pub region: Option<Region>,
}

impl FieldSetting {
    /// Reads a request. Everything that is wrong is recorded as `field`, `value` or `only_blanks`.
    pub(super) fn read(
        errors: &mut Vec<Invalid>,
        field: &str,
        value: Option<RawValue<'_>>,
        only_blanks: bool,
        context: &FieldContext,
    ) -> Option<Self> {
        let read = match (field, field.strip_prefix("custom.")) {
            ("phone", _) => read_phone(value, context.region).map_err(|reason| ("value", reason)),
            (_, Some(key)) => {
                let is_usable = |field: &Field| field.key.as_str() == key && !field.archived;
                let wrong = if context.fields.iter().any(is_usable) { "value" } else { "field" };
                check_value(&context.fields, key, value)
                    .map(|(key, value)| SetValue::Custom(key, value))
                    .map_err(|reason| (wrong, reason))
            }
            _ => Err(("field", "must be phone, or custom. and the key of a field".to_owned())),
        };
        let value = read.map_err(|(part, reason)| errors.push(Invalid::new(part, reason))).ok()?;
        if only_blanks && matches!(value, SetValue::Phone(None) | SetValue::Custom(_, None)) {
            errors.push(Invalid::new("only_blanks", "needs a value to set"));
        }
        Some(Self { value, only_blanks })
    }

    /// Returns the name of the field, as in [`crate::contact::FieldChange`].
    pub fn field(&self) -> String {
        match &self.value {
            SetValue::Phone(_) => "phone".to_owned(),
            SetValue::Custom(key, _) => format!("custom.{key}"),
        }
    }

    /// Returns the key of the custom field that is set or cleared.
    pub fn custom_key(&self) -> Option<&FieldKey> {
        match &self.value {
            SetValue::Custom(key, _) => Some(key),
            SetValue::Phone(_) => None,
        }
    }

    /// Returns the value of a custom field that is set.
    pub fn custom_value(&self) -> Option<(&FieldKey, &FieldValue)> {
        match &self.value {
            SetValue::Custom(key, Some(value)) => Some((key, value)),
            _ => None,
        }
    }

    /// Returns the setting with nothing to set, for the record of an action whose value named an
    /// erased person (R14).
    #[must_use]
    pub fn without_value(&self) -> Self {
        let value = match &self.value {
            SetValue::Phone(_) => SetValue::Phone(None),
            SetValue::Custom(key, _) => SetValue::Custom(key.clone(), None),
        };
        Self { value, only_blanks: self.only_blanks }
    }

    /// Returns the text that is set; empty when the field is cleared.
    pub fn text(&self) -> String {
        match &self.value {
            SetValue::Phone(Some(phone)) => phone.e164().unwrap_or(phone.as_str()).to_owned(),
            SetValue::Custom(_, Some(value)) => value.to_string(),
            SetValue::Phone(None) | SetValue::Custom(_, None) => String::new(),
        }
    }

    /// Changes a contact, as [`ContactPatch::apply`] does.
    ///
    /// # Errors
    ///
    /// Those of [`ContactPatch::apply`].
    pub fn apply(&self, contact: &mut Contact, now: OffsetDateTime) -> Result<Change> {
        let has_value = match &self.value {
            SetValue::Phone(_) => contact.phone.is_some(),
            SetValue::Custom(key, _) => contact.custom.contains_key(key),
        };
        if self.only_blanks && has_value {
            return Ok(Change::new());
        }
        let mut patch = ContactPatch::default();
        match &self.value {
            SetValue::Phone(None) => patch.phone = Patch::Clear,
            SetValue::Phone(Some(phone)) => patch.phone = Patch::Set(phone.clone()),
            SetValue::Custom(key, value) => drop(patch.custom.insert(key.clone(), value.clone())),
        }
        patch.apply(contact, now)
    }
}

fn read_phone(value: Option<RawValue<'_>>, region: Option<Region>) -> Result<SetValue, String> {
    match value {
        None => Ok(SetValue::Phone(None)),
        Some(RawValue::Text(text)) if crate::text::trim(text).is_empty() => {
            Ok(SetValue::Phone(None))
        }
        Some(RawValue::Text(text)) => Phone::parse(text, region)
            .map(|phone| SetValue::Phone(Some(phone)))
            .map_err(|reason| reason.to_string()),
        Some(RawValue::Number(_) | RawValue::Boolean(_)) => Err("must be a text".to_owned()),
    }
}
