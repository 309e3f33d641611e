//! Visitors of a chat widget.

use uuid::Uuid;

/// A visitor of a widget, as the chat service knows them. Two are one when widget and id are
/// spelled alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visitor {
    widget: Uuid,
    id: String,
}

/// Why a text is no visitor's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVisitor {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// It is too long.
    #[error("is longer than 200 characters")]
    TooLong,
    /// It holds a control character.
    #[error("holds a control character")]
    Control,
}

impl Visitor {
    const MAX: usize = 200;

    /// Reads a visitor's id: 1 to 200 characters, none of them a control character.
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

    /// The widget.
    pub fn widget(&self) -> Uuid {
        self.widget
    }

    /// The visitor's id.
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
