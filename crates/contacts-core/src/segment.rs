//! Segments: filters that were saved under a name (R20).

mod repository;
mod service;

use std::fmt;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockSegmentRepository;
pub use self::repository::SegmentRepository;
pub use self::service::{SegmentPatch, SegmentService};
use crate::contact::FilterText;
use crate::org::id;
use crate::text;

id! {
    /// A segment's id.
    SegmentId
}

/// A filter that was saved under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its id.
    pub id: SegmentId,
    /// What people call it.
    pub name: SegmentName,
    /// Whom it means, as it was asked for: the last seven days stay the last ones.
    pub filter: FilterText,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its name or its filter last changed.
    pub updated_at: OffsetDateTime,
}

/// A segment's name: 1 to 200 characters, no control characters, inner white space collapsed.
///
/// Two are equal when they differ at most in case and Unicode form.
#[derive(Clone)]
pub struct SegmentName {
    written: String,
    key: String,
}

/// Why a text is not a segment's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("must have 1 to 200 characters and no control characters")]
pub struct InvalidSegmentName;

impl SegmentName {
    const MAX: usize = 200;

    /// Reads a segment's name.
    ///
    /// # Errors
    ///
    /// [`InvalidSegmentName`].
    pub fn parse(name: &str) -> Result<Self, InvalidSegmentName> {
        let is_control = |c: char| c.is_control() && !c.is_whitespace();
        let written = text::nfc(&text::collapse(text::trim(name)));
        if written.is_empty() || written.chars().count() > Self::MAX || name.contains(is_control) {
            return Err(InvalidSegmentName);
        }
        let key = text::caseless(&written);
        Ok(Self { written, key })
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What all spellings of the name have in common.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl PartialEq for SegmentName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for SegmentName {}

impl fmt::Debug for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentName({:?})", self.written)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_neither_by_case_nor_by_unicode_form() {
        let name = SegmentName::parse("  Café \t fans ").unwrap();
        assert_eq!(name.as_str(), "Café fans");
        assert_eq!(name, SegmentName::parse("CAFE\u{301} FANS").unwrap());
        assert_eq!(SegmentName::parse(" \u{200b} "), Err(InvalidSegmentName));
        assert_eq!(SegmentName::parse("a\0b"), Err(InvalidSegmentName));
        assert!(SegmentName::parse(&"ä".repeat(200)).is_ok());
        assert_eq!(SegmentName::parse(&"ä".repeat(201)), Err(InvalidSegmentName));
    }
}
