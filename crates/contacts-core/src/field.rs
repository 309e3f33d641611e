//! Custom fields, which each organisation defines for itself (R11).

mod repository;
mod service;
mod value;

use std::fmt;

pub use self::repository::FieldRepository;
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockFieldRepository;
pub use self::service::FieldService;
pub use self::value::{FieldValue, InvalidValue, Number, RawValue};

use crate::{Error, Invalid, Result, text};

/// A custom field's key: `[a-z][a-z0-9_]*`, 63 characters at most, not a core field's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey(String);

/// Why a key is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The key does not have the required form.
    #[error(
        "must start with a letter and contain only lower-case letters, digits and _ (at most 63 characters)"
    )]
    Form,
    /// The key is the name of a built-in field.
    #[error("is the name of a built-in field")]
    Reserved,
}

/// Names that custom fields cannot have.
const RESERVED: &[&str] = &[
    "id",
    "name",
    "first_name",
    "last_name",
    "email",
    "other_emails",
    "phone",
    "tags",
    "custom",
    "source",
    "sources",
    "created_at",
    "updated_at",
    "version",
    "reason",
    "org_id",
];

impl FieldKey {
    /// Parses a key.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let mut bytes = text.bytes();
        let begins = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let is_valid_rest =
            bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !begins || !is_valid_rest || text.len() > 63 {
            return Err(InvalidKey::Form);
        }
        if RESERVED.contains(&text) {
            return Err(InvalidKey::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The type of a field's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any text, up to 4,000 characters.
    Text,
    /// A number of at most 15 significant digits.
    Number,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// One of the options.
    Select(Vec<String>),
    /// A web address.
    Url,
}

impl FieldType {
    /// Every type; that of select fields is without options.
    pub const ALL: [Self; 6] =
        [Self::Text, Self::Number, Self::Boolean, Self::Date, Self::Select(Vec::new()), Self::Url];

    /// The name in the API and in the store.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Select(_) => "select",
            Self::Url => "url",
        }
    }

    /// The options of a select field; `None` for other types.
    pub fn options(&self) -> Option<&[String]> {
        if let Self::Select(options) = self { Some(options) } else { None }
    }

    /// Returns whether search can look at the values (R59): those of text, select and URL fields
    /// are words.
    pub fn is_searchable(&self) -> bool {
        matches!(self, Self::Text | Self::Select(_) | Self::Url)
    }

    /// Parses the name of a type, with the options of a select field.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `type` or `options`.
    pub fn parse(name: &str, options: Option<Vec<String>>) -> Result<Self> {
        let options = options.unwrap_or_default();
        match Self::ALL.into_iter().find(|kind| kind.as_str() == name) {
            None => {
                let reason = "must be text, number, boolean, date, select or url";
                Err(Invalid::one("type", reason).into())
            }
            Some(Self::Select(_)) => Ok(Self::Select(check_options(options)?)),
            Some(_) if !options.is_empty() => {
                Err(Invalid::one("options", "can only be given to a select field").into())
            }
            Some(plain) => Ok(plain),
        }
    }
}

fn check_options(options: Vec<String>) -> Result<Vec<String>> {
    let options: Vec<_> =
        options.iter().map(|o| text::nfc(&text::collapse(text::trim(o)))).collect();
    let mut keys: Vec<_> = options.iter().map(|o| text::caseless(o)).collect();
    keys.sort_unstable();
    let errors = if options.is_empty() || options.len() > 500 {
        "must have 1 to 500 entries"
    } else if options.iter().any(|o| o.is_empty() || o.chars().count() > 200) {
        "must each have 1 to 200 characters"
    } else if options.iter().any(|o| o.chars().any(char::is_control)) {
        "cannot contain control characters"
    } else if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        "must be different from each other"
    } else {
        return Ok(options);
    };
    Err(Invalid::one("options", errors).into())
}

/// A custom field of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key in data. Never changes.
    pub key: FieldKey,
    /// The label that people see.
    pub label: String,
    /// The type of its values.
    pub kind: FieldType,
    /// Position among the organisation's fields, from 0.
    pub position: u32,
    /// Whether the field is hidden; its values are kept.
    pub archived: bool,
    /// Whether contacts are found by its values (R59).
    pub searchable: bool,
    /// Rises by one with each change of the label, the type, the position, `archived` or
    /// `searchable`.
    pub version: u64,
}

/// A checked definition of a new field. The store appends it to the organisation's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewField {
    /// The key in data.
    pub key: FieldKey,
    /// The label that people see.
    pub label: String,
    /// The type of its values.
    pub kind: FieldType,
    /// Whether contacts are found by its values (R59).
    pub searchable: bool,
}

/// A patch of a field; an absent member stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPatch {
    /// The label that people see.
    pub label: Option<String>,
    /// The type of its values.
    pub kind: Option<FieldType>,
    /// Whether the field is hidden.
    pub archived: Option<bool>,
    /// Whether contacts are found by its values (R59).
    pub searchable: Option<bool>,
}

impl NewField {
    /// Checks a definition.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `key` or `label`.
    pub fn new(key: &str, label: &str, kind: FieldType) -> Result<Self> {
        let mut errors = Vec::new();
        let key =
            FieldKey::parse(key).map_err(|reason| errors.push(Invalid::new("key", reason))).ok();
        let label = check_label(label).map_err(|error| errors.push(error)).ok();
        match (key, label) {
            (Some(key), Some(label)) => Ok(Self { key, label, kind, searchable: false }),
            _ => Err(errors.into()),
        }
    }

    /// Returns the definition of a field whose values are searched, or not (R59).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `searchable`, when search cannot look at values of this type.
    pub fn searchable(mut self, searchable: bool) -> Result<Self> {
        check_searchable(searchable, &self.kind)?;
        self.searchable = searchable;
        Ok(self)
    }

    /// The field at a position, in its first version.
    pub fn at(self, position: u32) -> Field {
        let Self { key, label, kind, searchable } = self;
        Field { key, label, kind, position, archived: false, searchable, version: 1 }
    }
}

impl FieldPatch {
    /// Normalises and checks the label.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `label`.
    pub fn checked(mut self) -> Result<Self> {
        if let Some(label) = &mut self.label {
            *label = check_label(label).map_err(|error| vec![error])?;
        }
        Ok(self)
    }
}

impl Field {
    /// A new field at a position.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `key` or `label`.
    pub fn new(key: &str, label: &str, kind: FieldType, position: u32) -> Result<Self> {
        Ok(NewField::new(key, label, kind)?.at(position))
    }

    /// Returns whether contacts are found by values of this field (R59). Those of an archived field
    /// are hidden, so search does not look at them.
    pub fn is_searched(&self) -> bool {
        self.searchable && !self.archived
    }

    /// Applies a checked patch; returns whether it changed something. `is_in_use` returns whether
    /// contacts have values of the field; it is called only when the type would change, because
    /// it may have to look at every contact.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the type would change while contacts have values (R11);
    /// [`Error::Invalid`] naming `searchable`, when search could not look at its values.
    pub fn apply(
        &mut self,
        patch: &FieldPatch,
        is_in_use: impl FnOnce() -> Result<bool>,
    ) -> Result<bool> {
        let before = self.clone();
        if let Some(kind) = &patch.kind {
            if kind.as_str() != self.kind.as_str() && is_in_use()? {
                let (key, kind) = (&self.key, self.kind.as_str());
                let reason =
                    format!("contacts have values of {key}, which is {kind}: define another field");
                return Err(Error::Conflict(reason));
            }
            self.kind = kind.clone();
        }
        if let Some(label) = &patch.label {
            self.label.clone_from(label);
        }
        self.archived = patch.archived.unwrap_or(self.archived);
        self.searchable = patch.searchable.unwrap_or(self.searchable);
        check_searchable(self.searchable, &self.kind)?;
        let is_changed = *self != before;
        self.version += u64::from(is_changed);
        Ok(is_changed)
    }
}

/// Checks values against the types that their fields have now. The values were coerced before the
/// transaction, and a type may have changed since, while no contact had a value (R11). Keys
/// without a field are ignored.
///
/// # Errors
///
/// [`Error::Invalid`] naming every value that does not fit.
pub fn check_types<'a>(
    fields: &[Field],
    values: impl IntoIterator<Item = (&'a FieldKey, &'a FieldValue)>,
) -> Result<()> {
    let mut errors = Vec::new();
    for (key, value) in values {
        let field = fields.iter().find(|field| field.key == *key);
        if let Some(Err(reason)) = field.map(|field| field.kind.check(value)) {
            errors.push(Invalid::new(format!("custom.{key}"), reason));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

/// Checks that the field of a value that a bulk action sets is in use: it may have been archived
/// since the action was requested (R11).
///
/// # Errors
///
/// [`Error::Invalid`] naming the field.
pub fn check_in_use(fields: &[Field], key: &FieldKey) -> Result<()> {
    let is_archived = fields.iter().any(|field| field.key == *key && field.archived);
    if is_archived {
        return Err(Invalid::one(format!("custom.{key}"), "is archived").into());
    }
    Ok(())
}

fn check_searchable(searchable: bool, kind: &FieldType) -> Result<()> {
    if searchable && !kind.is_searchable() {
        let reason = "can only be true for text, select and url fields";
        return Err(Invalid::one("searchable", reason).into());
    }
    Ok(())
}

fn check_label(label: &str) -> Result<String, Invalid> {
    let label = text::nfc(&text::collapse(text::trim(label)));
    if label.is_empty() || label.chars().count() > 100 || label.chars().any(char::is_control) {
        return Err(Invalid::new("label", "must have 1 to 100 characters"));
    }
    Ok(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_lower_case_and_not_a_core_fields_name() {
        assert!(FieldKey::parse("account_tier2").is_ok());
        assert!(FieldKey::parse(&"k".repeat(63)).is_ok());
        for errors in ["", "Tier", "2nd", "_x", "a-b", "é", &"k".repeat(64)] {
            assert_eq!(FieldKey::parse(errors), Err(InvalidKey::Form), "{errors}");
        }
        assert_eq!(FieldKey::parse("email"), Err(InvalidKey::Reserved));
    }

    #[test]
    fn only_a_select_field_takes_options_and_it_needs_them() {
        assert!(FieldType::parse("select", Some(vec!["a".into(), "b".into()])).is_ok());
        assert!(FieldType::parse("select", None).is_err());
        assert!(FieldType::parse("select", Some(vec!["a".into(), " A".into()])).is_err());
        assert!(FieldType::parse("text", Some(vec!["a".into()])).is_err());
        assert!(FieldType::parse("money", None).is_err());
    }
}
