//! Names of contacts (R9).

use std::fmt;

use crate::text;

/// A person's name: 1 to 200 characters in Unicode form NFC, without control characters.
///
/// Two names are equal when they are spelled alike.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// Reason why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidName {
    /// The text is blank.
    #[error("is empty")]
    Empty,
    /// The text is longer than 200 characters.
    #[error("is longer than 200 characters")]
    TooLong,
    /// The text contains a control character, such as a line break.
    #[error("holds a control character")]
    Control,
}

impl Name {
    const MAX: usize = 200;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// The first [`InvalidName`] found.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let typed = text::trim(text);
        if typed.is_empty() {
            return Err(InvalidName::Empty);
        }
        // A character takes at most four bytes, and composing never adds characters.
        if typed.len() > Self::MAX * 16 {
            return Err(InvalidName::TooLong);
        }
        if typed.chars().any(char::is_control) {
            return Err(InvalidName::Control);
        }
        let name = text::nfc(typed);
        if name.chars().count() > Self::MAX {
            return Err(InvalidName::TooLong);
        }
        Ok(Self(name))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key for sorting: the first 200 characters of the folded name. Folding can make
    /// several letters of one sign, and an index limits the length of a key.
    pub fn key(&self) -> String {
        let mut key = text::fold(&self.0);
        if let Some((end, _)) = key.char_indices().nth(Self::MAX) {
            key.truncate(end);
        }
        key
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hides the name: debug output ends up in logs.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_200_characters_without_controls() {
        assert_eq!(Name::parse("  Ann Lee ").unwrap().as_str(), "Ann Lee");
        assert_eq!(Name::parse("e\u{301}").unwrap().as_str(), "é");
        assert!(Name::parse(&"é".repeat(200)).is_ok());
        assert_eq!(Name::parse(&"é".repeat(201)).unwrap_err(), InvalidName::TooLong);
        assert_eq!(Name::parse("\u{200B} ").unwrap_err(), InvalidName::Empty);
        assert_eq!(Name::parse("Ann\nLee").unwrap_err(), InvalidName::Control);
        assert_eq!(Name::parse("Ann\0").unwrap_err(), InvalidName::Control);
    }
}
