//! Values of custom fields, checked and coerced when they are read from input (R11).

use std::fmt;

use time::Date;
use time::format_description::FormatItem;
use time::macros::format_description;

use super::FieldType;
use crate::text;
use crate::yes_no::yes_or_no;

const ISO_DAY: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// A value that fits the type of its field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldValue {
    /// The value of a text, select or URL field, or of a date field: a day such as `2026-11-23`,
    /// whose text sorts by date.
    Text(String),
    /// The value of a number field.
    Number(Number),
    /// The value of a boolean field.
    Boolean(bool),
}

impl FieldValue {
    /// Returns the text of a value that is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl fmt::Display for FieldValue {
    /// Writes the value as a spreadsheet cell contains it; reading the cell returns the same value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(yes) => yes.fmt(f),
        }
    }
}

/// A finite number that 15 decimal digits represent exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(f64);

impl Number {
    /// Makes a number; `None` unless it is finite.
    pub fn new(value: f64) -> Option<Self> {
        // Adding zero turns negative zero into zero.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// Returns the number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value as input contains it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawValue<'a> {
    /// Text, from JSON or from a cell.
    Text(&'a str),
    /// A JSON number.
    Number(f64),
    /// A JSON boolean.
    Boolean(bool),
}

/// The reason why a value does not fit its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// The text is too long or contains a character that cannot be stored.
    #[error("must be text of 1 to 4000 characters without control characters")]
    Text,
    /// The value is not a number.
    #[error("must be a number of at most 15 digits, such as 12.5")]
    Number,
    /// The value is neither true nor false.
    #[error("must be true or false")]
    Boolean,
    /// The value is not a day.
    #[error("must be a date such as 2026-11-23")]
    Date,
    /// The value is not one of the options.
    #[error("must be one of: {0}")]
    Select(String),
    /// The value is not a web address.
    #[error("must be a web address that begins with https:// or http://")]
    Url,
}

impl FieldType {
    /// Checks a value that was coerced under an earlier definition of the field.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when the value does not have this type.
    pub fn check(&self, value: &FieldValue) -> Result<(), InvalidValue> {
        let raw = match value {
            FieldValue::Text(text) => RawValue::Text(text),
            FieldValue::Number(number) => RawValue::Number(number.get()),
            FieldValue::Boolean(yes) => RawValue::Boolean(*yes),
        };
        if self.coerce(raw)? == *value { Ok(()) } else { Err(self.mismatch()) }
    }

    fn mismatch(&self) -> InvalidValue {
        match self {
            Self::Text => InvalidValue::Text,
            Self::Number => InvalidValue::Number,
            Self::Boolean => InvalidValue::Boolean,
            Self::Date => InvalidValue::Date,
            Self::Select(options) => InvalidValue::Select(options.join(", ")),
            Self::Url => InvalidValue::Url,
        }
    }

    /// Checks a value and converts it to the form that is stored.
    ///
    /// ```
    /// use contacts_core::field::{FieldType, RawValue};
    ///
    /// let tier = FieldType::Select(vec!["Free".to_owned(), "Pro".to_owned()]);
    /// assert_eq!(tier.coerce(RawValue::Text(" PRO "))?.to_string(), "Pro");
    /// assert!(FieldType::Date.coerce(RawValue::Text("28/02/2026")).is_err());
    /// # Ok::<(), contacts_core::field::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when it does not fit.
    pub fn coerce(&self, raw: RawValue<'_>) -> Result<FieldValue, InvalidValue> {
        match self {
            Self::Text => long_text(raw).map(FieldValue::Text),
            Self::Number => number(raw).map(FieldValue::Number).ok_or(InvalidValue::Number),
            Self::Boolean => boolean(raw).map(FieldValue::Boolean).ok_or(InvalidValue::Boolean),
            Self::Date => match raw {
                RawValue::Text(text) => date(text::trim(text)).map(FieldValue::Text),
                _ => None,
            }
            .ok_or(InvalidValue::Date),
            Self::Select(options) => select(raw, options).map(FieldValue::Text),
            Self::Url => match raw {
                RawValue::Text(text) => url(text::trim(text)).map(FieldValue::Text),
                _ => None,
            }
            .ok_or(InvalidValue::Url),
        }
    }
}

fn long_text(raw: RawValue<'_>) -> Result<String, InvalidValue> {
    let text = match raw {
        RawValue::Text(text) => text::nfc(text::trim(text)),
        RawValue::Number(value) => value.to_string(),
        RawValue::Boolean(yes) => yes.to_string(),
    };
    let is_kept = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let fits = !text.is_empty() && text.chars().count() <= 4_000 && text.chars().all(is_kept);
    if fits { Ok(text) } else { Err(InvalidValue::Text) }
}

fn number(raw: RawValue<'_>) -> Option<Number> {
    let value = match raw {
        RawValue::Number(value) => value,
        RawValue::Text(text) => {
            let text = text::trim(text);
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            if digits == 0 || !is_plain {
                return None;
            }
            text.parse().ok()?
        }
        RawValue::Boolean(_) => return None,
    };
    // A float is not exact beyond 15 digits, and silent rounding would change the value.
    let written = format!("{value:e}");
    let digits = written.split('e').next()?.bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 { None } else { Number::new(value) }
}

fn boolean(raw: RawValue<'_>) -> Option<bool> {
    match raw {
        RawValue::Boolean(yes) => Some(yes),
        RawValue::Number(1.0) => Some(true),
        RawValue::Number(0.0) => Some(false),
        RawValue::Number(_) => None,
        RawValue::Text(text) => yes_or_no(text),
    }
}

/// Returns the day in ISO form, from a date alone or at the start of a timestamp. Other orders of
/// day and month are ambiguous, so they are rejected.
fn date(text: &str) -> Option<String> {
    let day = match text.get(10..) {
        None | Some("") => text,
        Some(rest) if rest.starts_with(['T', ' ']) => &text[..10],
        Some(_) => return None,
    };
    Date::parse(day, ISO_DAY).ok().map(|_| day.to_owned())
}

fn select(raw: RawValue<'_>, options: &[String]) -> Result<String, InvalidValue> {
    let expected = match raw {
        RawValue::Text(text) => text::caseless(&text::collapse(text::trim(text))),
        RawValue::Number(value) => value.to_string(),
        RawValue::Boolean(yes) => yes.to_string(),
    };
    let found = options.iter().find(|option| text::caseless(option) == expected);
    found.cloned().ok_or_else(|| InvalidValue::Select(options.join(", ")))
}

fn url(text: &str) -> Option<String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        text.get(..scheme.len())
            .filter(|s| s.eq_ignore_ascii_case(scheme))
            .map(|s| &text[s.len()..])
    })?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_clean =
        text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>\"\\^`{|}".contains(c));
    (!host.is_empty() && is_clean && text.len() <= 2_000).then(|| text::nfc(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn select_of(options: &[&str]) -> FieldType {
        FieldType::Select(options.iter().map(|o| (*o).to_owned()).collect())
    }

    #[rstest]
    #[case(FieldType::Text, "  hello ", "hello")]
    #[case(FieldType::Number, "12.50", "12.5")]
    #[case(FieldType::Number, "-0", "0")]
    #[case(FieldType::Boolean, "Yes", "true")]
    #[case(FieldType::Boolean, "0", "false")]
    #[case(FieldType::Boolean, "FALSCH", "false")]
    #[case(FieldType::Date, "2026-02-28", "2026-02-28")]
    #[case(FieldType::Date, "2026-02-28T10:00:00Z", "2026-02-28")]
    #[case(select_of(&["Pro", "Free"]), "PRO", "Pro")]
    #[case(FieldType::Url, "HTTPS://example.org/a?b#c", "HTTPS://example.org/a?b#c")]
    fn coerces(#[case] kind: FieldType, #[case] typed: &str, #[case] coerced: &str) {
        assert_eq!(kind.coerce(RawValue::Text(typed)).unwrap().to_string(), coerced);
    }

    #[rstest]
    #[case(FieldType::Text, "a\0b")]
    #[case(FieldType::Number, "many")]
    #[case(FieldType::Number, "12345678901234567")]
    #[case(FieldType::Number, "inf")]
    #[case(FieldType::Boolean, "perhaps")]
    #[case(FieldType::Date, "28/02/2026")]
    #[case(FieldType::Date, "2026-02-30")]
    #[case(select_of(&["Pro"]), "Max")]
    #[case(FieldType::Url, "javascript:alert(1)")]
    #[case(FieldType::Url, "https://")]
    fn refuses(#[case] kind: FieldType, #[case] typed: &str) {
        assert!(kind.coerce(RawValue::Text(typed)).is_err());
    }

    #[test]
    fn a_json_number_is_no_boolean_unless_it_is_0_or_1() {
        assert_eq!(FieldType::Boolean.coerce(RawValue::Number(1.0)), Ok(FieldValue::Boolean(true)));
        assert!(FieldType::Boolean.coerce(RawValue::Number(2.0)).is_err());
        assert!(FieldType::Date.coerce(RawValue::Number(2.0)).is_err());
    }

    proptest! {
        #[test]
        fn a_kept_number_reads_back_to_itself(value in -1e15f64..1e15) {
            if let Ok(coerced) = FieldType::Number.coerce(RawValue::Number(value)) {
                let again = FieldType::Number.coerce(RawValue::Text(&coerced.to_string()));
                prop_assert_eq!(again, Ok(coerced));
            }
        }

        #[test]
        fn a_kept_text_reads_back_to_itself(text in "\\PC{0,30}") {
            if let Ok(coerced) = FieldType::Text.coerce(RawValue::Text(&text)) {
                let again = FieldType::Text.coerce(RawValue::Text(&coerced.to_string()));
                prop_assert_eq!(again, Ok(coerced));
            }
        }
    }
}
