//! Segments: filters saved under a name (R20), which are also views of the list (R62).

mod repository;
mod service;
mod view;

use std::fmt;

use time::OffsetDateTime;

#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockSegmentRepository;
pub use self::repository::SegmentRepository;
pub use self::service::{NewSegment, RawSegmentPatch, SegmentService, Viewer};
pub use self::view::{Audience, ColumnKey, SegmentLayout, ViewColumn};
use crate::contact::{FilterText, Sort};
use crate::org::id;
use crate::text;

id! {
    /// A segment's id.
    SegmentId
}

/// A filter saved under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Id of the segment.
    pub id: SegmentId,
    /// The name, unique in the organisation.
    pub name: SegmentName,
    /// The filter as the caller wrote it, so that a relative range stays relative.
    pub filter: FilterText,
    /// How the list shows the contacts.
    pub layout: SegmentLayout,
    /// Who sees the segment.
    pub audience: Audience,
    /// When the segment was created.
    pub created_at: OffsetDateTime,
    /// When the segment last changed.
    pub updated_at: OffsetDateTime,
    /// Rises by one with each change.
    pub version: u64,
}

/// A checked patch of a segment; an absent member stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentPatch {
    /// Name of the segment.
    pub name: Option<SegmentName>,
    /// The whole filter.
    pub filter: Option<FilterText>,
    /// Order of the contacts.
    pub sort: Option<Sort>,
    /// All columns.
    pub columns: Option<Vec<ViewColumn>>,
    /// Whether the segment becomes one that everybody sees. It cannot become private again: others
    /// may use it.
    pub share: bool,
}

impl Segment {
    /// Applies a patch; returns whether it changed something. Names are compared as they are
    /// written, so a new spelling of the same name is a change.
    pub fn apply(&mut self, patch: &SegmentPatch, now: OffsetDateTime) -> bool {
        let mut is_changed = false;
        if let Some(name) = &patch.name {
            is_changed |= name.as_str() != self.name.as_str();
            self.name = name.clone();
        }
        if let Some(filter) = &patch.filter {
            is_changed |= *filter != self.filter;
            self.filter = filter.clone();
        }
        if let Some(sort) = &patch.sort {
            is_changed |= self.layout.sort.replace(sort.clone()).as_ref() != Some(sort);
        }
        if let Some(columns) = &patch.columns {
            is_changed |= *columns != self.layout.columns;
            self.layout.columns.clone_from(columns);
        }
        if patch.share {
            is_changed |= self.audience != Audience::Shared;
            self.audience = Audience::Shared;
        }
        if is_changed {
            self.version += 1;
            self.updated_at = now;
        }
        is_changed
    }
}

/// A segment's name: 1 to 200 characters, no control characters, inner white space collapsed.
///
/// Two names are equal when they differ at most in case and Unicode form.
#[derive(Clone)]
pub struct SegmentName {
    display: String,
    key: String,
}

/// An invalid segment name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("must have 1 to 200 characters and no control characters")]
pub struct InvalidSegmentName;

impl SegmentName {
    const MAX: usize = 200;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// [`InvalidSegmentName`].
    pub fn parse(name: &str) -> Result<Self, InvalidSegmentName> {
        let is_control = |c: char| c.is_control() && !c.is_whitespace();
        let display = text::nfc(&text::collapse(text::trim(name)));
        if display.is_empty() || display.chars().count() > Self::MAX || name.contains(is_control) {
            return Err(InvalidSegmentName);
        }
        let key = text::caseless(&display);
        Ok(Self { display, key })
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.display
    }

    /// The form in which all spellings of the name are equal.
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
        write!(f, "SegmentName({:?})", self.display)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_equal_whatever_their_case_and_unicode_form() {
        let name = SegmentName::parse("  Café \t fans ").unwrap();
        assert_eq!(name.as_str(), "Café fans");
        assert_eq!(name, SegmentName::parse("CAFE\u{301} FANS").unwrap());
        assert_eq!(SegmentName::parse(" \u{200b} "), Err(InvalidSegmentName));
        assert_eq!(SegmentName::parse("a\0b"), Err(InvalidSegmentName));
        assert!(SegmentName::parse(&"ä".repeat(200)).is_ok());
        assert_eq!(SegmentName::parse(&"ä".repeat(201)), Err(InvalidSegmentName));
    }
}
