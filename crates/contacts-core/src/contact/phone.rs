//! Phone numbers (R8).

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

use crate::text;

/// A phone number as it was typed, plus its E.164 form when it parses (R8).
///
/// Two numbers are equal when they are spelled alike.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    typed: String,
    e164: Option<String>,
}

/// Reason why a text cannot even be kept as a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidPhone {
    /// The text is blank.
    #[error("is empty")]
    Empty,
    /// The text is longer than 100 characters.
    #[error("is longer than 100 characters")]
    TooLong,
    /// The text contains a control character, such as a line break.
    #[error("holds a control character")]
    Control,
}

impl Phone {
    const MAX: usize = 100;

    /// Parses a number. Without a country prefix it is read as a number of the region. A number
    /// that does not parse is kept as typed (R8).
    ///
    /// # Errors
    ///
    /// [`InvalidPhone`] when the text cannot be kept.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, InvalidPhone> {
        let typed = text::trim(text);
        if typed.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        if typed.chars().count() > Self::MAX {
            return Err(InvalidPhone::TooLong);
        }
        if typed.chars().any(char::is_control) {
            return Err(InvalidPhone::Control);
        }
        let e164 = e164(typed, region);
        Ok(Self { typed: typed.to_owned(), e164 })
    }

    /// Makes a number of values that a store parsed before.
    pub fn stored(typed: String, e164: Option<String>) -> Self {
        Self { typed, e164 }
    }

    /// Returns the number as it was typed.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// Returns the number in E.164 form, such as `+12025550101`.
    pub fn e164(&self) -> Option<&str> {
        self.e164.as_deref()
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// Hides the number: debug output ends up in logs.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

fn e164(typed: &str, region: Option<Region>) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(typed, region.map(|region| region.0)).ok()?;
    number.is_valid().then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
}

/// A country or territory whose phone numbers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(rlibphonenumber::enums::Region);

impl Region {
    /// Parses a two-letter code of ISO 3166, such as `DE`.
    pub fn parse(code: &str) -> Option<Self> {
        rlibphonenumber::enums::Region::from_code(&code.to_ascii_uppercase()).ok().map(Self)
    }
}

impl fmt::Display for Region {
    /// Writes the two-letter code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_as_typed_and_read_in_the_region() {
        let phone = Phone::parse(" 030 901820 ", Region::parse("de")).unwrap();
        assert_eq!((phone.as_str(), phone.e164()), ("030 901820", Some("+4930901820")));
        let abroad = Phone::parse("+1 (202) 555-0101", None).unwrap();
        assert_eq!(abroad.e164(), Some("+12025550101"));
    }

    #[test]
    fn an_unparsed_number_is_kept_as_typed() {
        let phone = Phone::parse("ask at reception", Region::parse("DE")).unwrap();
        assert_eq!((phone.as_str(), phone.e164()), ("ask at reception", None));
        assert_eq!(Phone::parse("030 901820", None).unwrap().e164(), None);
    }

    #[test]
    fn a_region_is_an_iso_code() {
        assert_eq!(Region::parse("de").unwrap().to_string(), "DE");
        assert_eq!(Region::parse("Germany"), None);
    }
}
