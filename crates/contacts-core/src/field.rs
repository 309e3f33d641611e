//! Custom fields: what an organisation wants to know besides (R11).

mod repository;
mod service;
mod value;

use std::fmt;

pub use self::repository::FieldRepository;
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockFieldRepository;
pub use self::service::{FieldPatch, FieldService};
pub use self::value::{FieldValue, InvalidValue, Number, RawValue};

use crate::{Invalid, Result, text};

/// A custom field's key: `[a-z][a-z0-9_]*`, 63 characters at most, not a core field's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey(String);

/// Why a text is not a field's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is not of the form.
    #[error(
        "must be lower-case letters, digits and _, begin with a letter, and have 63 characters at most"
    )]
    Form,
    /// A core field has the name.
    #[error("is the name of a core field")]
    Reserved,
}

/// Names that custom fields cannot have.
const RESERVED: &[&str] = &[
    "id",
    "name",
    "first_name",
    "last_name",
    "email",
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
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let mut bytes = text.bytes();
        let begins = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let goes_on = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !begins || !goes_on || text.len() > 63 {
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

/// What a field's values are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any text, up to 4,000 characters.
    Text,
    /// A number of at most 15 significant digits.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// One of the options.
    Select(Vec<String>),
    /// A web address.
    Url,
}

impl FieldType {
    /// The type's name.
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

    /// The options of a select field; nothing of the others.
    pub fn options(&self) -> Option<&[String]> {
        if let Self::Select(options) = self { Some(options) } else { None }
    }

    /// The type of a name, with its options when it takes them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `type` or `options`.
    pub fn parse(name: &str, options: Option<Vec<String>>) -> Result<Self> {
        let plain = match name {
            "text" => Self::Text,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "url" => Self::Url,
            "select" => return Ok(Self::Select(check_options(options.unwrap_or_default())?)),
            _ => {
                let reason = "must be text, number, boolean, date, select or url";
                return Err(Invalid::one("type", reason).into());
            }
        };
        match options {
            Some(options) if !options.is_empty() => {
                Err(Invalid::one("options", "can only be given to a select field").into())
            }
            _ => Ok(plain),
        }
    }
}

fn check_options(options: Vec<String>) -> Result<Vec<String>> {
    let options: Vec<_> =
        options.iter().map(|o| text::nfc(&text::collapse(text::trim(o)))).collect();
    let mut keys: Vec<_> = options.iter().map(|o| text::caseless(o)).collect();
    keys.sort_unstable();
    let wrong = if options.is_empty() || options.len() > 500 {
        "must have 1 to 500 entries"
    } else if options.iter().any(|o| o.is_empty() || o.chars().count() > 200) {
        "must each have 1 to 200 characters"
    } else if options.iter().any(|o| o.chars().any(char::is_control)) {
        "cannot hold control characters"
    } else if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        "must differ from each other"
    } else {
        return Ok(options);
    };
    Err(Invalid::one("options", wrong).into())
}

/// A custom field of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called in data. Never changes.
    pub key: FieldKey,
    /// What people call it.
    pub label: String,
    /// What its values are.
    pub kind: FieldType,
    /// Where it stands among the others, from 0.
    pub position: u32,
    /// Whether it is hidden; its values are kept.
    pub archived: bool,
}

impl Field {
    /// Makes a field.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `key` or `label`.
    pub fn new(key: &str, label: &str, kind: FieldType, position: u32) -> Result<Self> {
        let mut wrong = Vec::new();
        let key = FieldKey::parse(key).map_err(|why| wrong.push(Invalid::new("key", why))).ok();
        let label = check_label(label).map_err(|why| wrong.push(why)).ok();
        match (key, label) {
            (Some(key), Some(label)) => Ok(Self { key, label, kind, position, archived: false }),
            _ => Err(wrong.into()),
        }
    }
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
        for wrong in ["", "Tier", "2nd", "_x", "a-b", "é", &"k".repeat(64)] {
            assert_eq!(FieldKey::parse(wrong), Err(InvalidKey::Form), "{wrong}");
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
