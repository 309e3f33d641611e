//! Visitors of a chat widget.

use uuid::Uuid;

/// A visitor of a widget. Two visitors are equal when widget and id are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visitor {
    widget: Uuid,
    id: String,
}

/// Reason why a text is not the id of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVisitor {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is too long.
    #[error("is longer than 200 characters")]
    TooLong,
    /// The text contains a control character.
    #[error("holds a control character")]
    Control,
}

impl Visitor {
    const MAX: usize = 200;

    /// Parses the id of a visitor: 1 to 200 characters without control characters.
    ///
    /// # Errors
    ///
    /// The first [`InvalidVisitor`] found.
    pub fn parse(widget: Uuid, id: &str) -> Result<Self, InvalidVisitor> {
        if id.is_empty() {
            return Err(InvalidVisitor::Empty);
        }
        if id.chars().count() > Self::MAX {
            return Err(InvalidVisitor::TooLong);
        }
        if id.chars().any(char::is_control) {
            return Err(InvalidVisitor::Control);
        }
        Ok(Self { widget, id: id.to_owned() })
    }

    /// Returns the id of the widget.
    pub fn widget(&self) -> Uuid {
        self.widget
    }

    /// Returns the id of the visitor.
    pub fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_has_1_to_200_characters_without_controls() {
        let parse = |id: &str| Visitor::parse(Uuid::nil(), id);
        assert_eq!(parse(" v 1").unwrap().id(), " v 1");
        assert_eq!(parse(""), Err(InvalidVisitor::Empty));
        assert!(parse(&"é".repeat(200)).is_ok());
        assert_eq!(parse(&"é".repeat(201)), Err(InvalidVisitor::TooLong));
        assert_eq!(parse("a\0"), Err(InvalidVisitor::Control));
    }
}
