//! Tags: free-form labels (R10).

mod service;

use std::fmt;

use time::OffsetDateTime;

pub use self::service::TagService;
use crate::org::id;
use crate::{Actor, OrgId, Result, text};

id! {
    /// A tag's id.
    TagId
}

/// A tag's name as it was first written: 1 to 64 characters, no comma, no control
/// characters, inner white space collapsed.
///
/// Two are equal when they differ at most in case and Unicode form.
#[derive(Clone)]
pub struct TagName {
    written: String,
    key: String,
}

/// Why a text is not a tag's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidTag {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// It is longer than 64 characters.
    #[error("is longer than 64 characters")]
    TooLong,
    /// It holds a comma, which separates tags.
    #[error("holds a comma, which separates tags")]
    Comma,
    /// It holds a control character.
    #[error("holds a control character")]
    Control,
}

impl TagName {
    const MAX: usize = 64;

    /// Reads a tag's name.
    ///
    /// # Errors
    ///
    /// The first [`InvalidTag`] found.
    pub fn parse(text: &str) -> Result<Self, InvalidTag> {
        // White space of any kind collapses, so only what is no white space can be a control.
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            return Err(InvalidTag::Control);
        }
        if text.contains(',') {
            return Err(InvalidTag::Comma);
        }
        let written = text::nfc(&text::collapse(text::trim(text)));
        if written.is_empty() {
            return Err(InvalidTag::Empty);
        }
        if written.chars().count() > Self::MAX {
            return Err(InvalidTag::TooLong);
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

impl PartialEq for TagName {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for TagName {}

impl PartialOrd for TagName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TagName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl fmt::Debug for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagName({})", self.written)
    }
}

/// A tag of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Its name.
    pub name: TagName,
    /// How many contacts carry it.
    pub contacts: u64,
}

/// What renaming a tag did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// It has the new name everywhere.
    Renamed(Tag),
    /// There was a tag of that name: its contacts are united with that one's.
    Merged(Tag),
}

/// Keeps the tags.
///
/// Every implementation passes `contacts_testkit::tag_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TagRepository: Send + Sync {
    /// Adds a tag that no contact carries; returns the one that is there when it is.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn ensure(&self, org: OrgId, id: TagId, name: &TagName, now: OffsetDateTime) -> Result<Tag>;

    /// Tags whose key begins with the prefix, in the order of their keys, after a key; the empty
    /// one means from the beginning.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, prefix: &str, after: &str, limit: usize) -> Result<Vec<Tag>>;

    /// Finds a tag.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, tag: TagId) -> Result<Option<Tag>>;

    /// Renames a tag everywhere; onto the name of another, merges it into that one.
    /// A new spelling of its own name is a rename.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn rename(
        &self,
        org: OrgId,
        tag: TagId,
        name: &TagName,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Renamed>>;

    /// Deletes a tag and takes it off every contact; says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn delete(&self, org: OrgId, tag: TagId, actor: Actor, now: OffsetDateTime) -> Result<bool>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_shown_as_written_and_compared_without_case() {
        let tag = TagName::parse("  Trade \t Show ").unwrap();
        assert_eq!(tag.as_str(), "Trade Show");
        assert_eq!(tag, TagName::parse("TRADE SHOW").unwrap());
        assert_eq!(TagName::parse("CAFE\u{301}").unwrap(), TagName::parse("café").unwrap());
    }

    #[test]
    fn a_tag_has_1_to_64_characters_without_commas_and_controls() {
        assert!(TagName::parse(&"x".repeat(64)).is_ok());
        assert_eq!(TagName::parse(&"x".repeat(65)), Err(InvalidTag::TooLong));
        assert_eq!(TagName::parse(" \u{200B}"), Err(InvalidTag::Empty));
        assert_eq!(TagName::parse("a,b"), Err(InvalidTag::Comma));
        assert_eq!(TagName::parse("a\0b"), Err(InvalidTag::Control));
    }
}
