//! The text that explains a change of consent.

use std::fmt;

use crate::text;

/// Text that explains a change of consent: 1 to 1,000 characters after trimming, in Unicode form C.
/// Line breaks and tabs are the only control characters. Two texts are equal when they have the
/// same characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentNote(String);

/// Reason why a text cannot explain a change of consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 1 to 1,000 characters, without control characters other than line breaks and tabs"
)]
pub struct InvalidConsentNote;

impl ConsentNote {
    const MAX: usize = 1_000;

    /// Parses a text. Line breaks of every kind become line feeds.
    ///
    /// # Errors
    ///
    /// [`InvalidConsentNote`].
    pub fn parse(text: &str) -> Result<Self, InvalidConsentNote> {
        let text = text::nfc(text::trim(&text.replace("\r\n", "\n").replace('\r', "\n")));
        let is_valid = (1..=Self::MAX).contains(&text.chars().count())
            && !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'));
        if is_valid { Ok(Self(text)) } else { Err(InvalidConsentNote) }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hides the text: logs contain no personal data.
impl fmt::Debug for ConsentNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConsentNote({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_1_to_1000_characters_and_no_control_characters() {
        let parsed = |text: &str| ConsentNote::parse(text).map(|note| note.as_str().to_owned());
        assert_eq!(parsed("  by phone\r\non Monday "), Ok("by phone\non Monday".to_owned()));
        assert!(parsed(&"é".repeat(1_000)).is_ok());
        for invalid in ["", " \u{200B}", "a\0b", &"x".repeat(1_001)] {
            assert_eq!(parsed(invalid), Err(InvalidConsentNote));
        }
    }
}
