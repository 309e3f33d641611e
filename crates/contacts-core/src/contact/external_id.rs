//! The organisation's own ids for contacts (R49).

use std::fmt;

use crate::text;

/// The organisation's own id for a contact, such as a customer number: 1 to 500 characters without
/// control characters. Two ids are equal when they are spelled alike, case included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(String);

/// Reason why a text is not an external id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidExternalId {
    /// The text is blank.
    #[error("is empty")]
    Empty,
    /// The text is longer than 500 characters.
    #[error("is longer than 500 characters")]
    TooLong,
    /// The text contains a control character, such as a line break.
    #[error("holds a control character")]
    Control,
}

impl ExternalId {
    /// Maximum length in characters.
    pub const MAX: usize = 500;

    /// Parses an id. Surrounding white space is trimmed.
    ///
    /// # Errors
    ///
    /// The first [`InvalidExternalId`] found.
    ///
    /// ```
    /// use contacts_core::contact::{ExternalId, InvalidExternalId};
    ///
    /// assert_eq!(ExternalId::parse(" A-17 ")?.as_str(), "A-17");
    /// assert_ne!(ExternalId::parse("A-17")?, ExternalId::parse("a-17")?);
    /// assert_eq!(ExternalId::parse(" \t"), Err(InvalidExternalId::Empty));
    /// assert_eq!(ExternalId::parse("A\n17"), Err(InvalidExternalId::Control));
    /// assert_eq!(ExternalId::parse(&"7".repeat(501)), Err(InvalidExternalId::TooLong));
    /// # Ok::<(), InvalidExternalId>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidExternalId> {
        let trimmed = text::trim(text);
        if trimmed.is_empty() {
            return Err(InvalidExternalId::Empty);
        }
        if trimmed.chars().any(char::is_control) {
            return Err(InvalidExternalId::Control);
        }
        if trimmed.chars().nth(Self::MAX).is_some() {
            return Err(InvalidExternalId::TooLong);
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hides the id: debug output ends up in logs.
impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId(…)")
    }
}
