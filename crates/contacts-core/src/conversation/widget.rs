//! Chat widgets: whatever captured contacts, with the names that people give them (R16).

use time::OffsetDateTime;
use uuid::Uuid;

use crate::page::TimeCursor;
use crate::text;

/// A widget that captured contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// Id of the widget in the chat service.
    pub id: Uuid,
    /// Name, if somebody has named the widget.
    pub name: Option<WidgetName>,
    /// Time of the last capture of a contact that still exists.
    pub last_at: OffsetDateTime,
}

impl Widget {
    /// Returns the cursor after this widget in a list, most recent first.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.last_at, id: self.id }
    }
}

/// A widget's name: 1 to 100 characters, no control characters, inner white space collapsed. Several
/// widgets may have the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WidgetName(String);

/// An invalid widget name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("must have 1 to 100 characters and no control characters")]
pub struct InvalidWidgetName;

impl WidgetName {
    const MAX: usize = 100;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// [`InvalidWidgetName`].
    pub fn parse(name: &str) -> Result<Self, InvalidWidgetName> {
        let is_control = |c: char| c.is_control() && !c.is_whitespace();
        let parsed = text::nfc(&text::collapse(text::trim(name)));
        if parsed.is_empty() || parsed.chars().count() > Self::MAX || name.contains(is_control) {
            return Err(InvalidWidgetName);
        }
        Ok(Self(parsed))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_100_characters() {
        assert_eq!(WidgetName::parse(" Our \t website ").unwrap().as_str(), "Our website");
        assert!(WidgetName::parse(&"é".repeat(100)).is_ok());
        for name in ["", " \u{200B}", "a\0b", &"é".repeat(101)] {
            assert_eq!(WidgetName::parse(name), Err(InvalidWidgetName), "{name:?}");
        }
    }
}
