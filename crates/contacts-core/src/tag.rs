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

/// A tag's name as first written: 1 to 64 characters, no comma, no control characters, inner white
/// space collapsed.
///
/// Two names are equal when they differ at most in case and Unicode form.
#[derive(Clone)]
pub struct TagName {
    display: String,
    key: String,
}

/// Why a tag's name is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidTag {
    /// The name is empty.
    #[error("is empty")]
    Empty,
    /// The name is longer than 64 characters.
    #[error("is longer than 64 characters")]
    TooLong,
    /// The name contains a comma, which separates tags.
    #[error("holds a comma, which separates tags")]
    Comma,
    /// The name contains a control character.
    #[error("holds a control character")]
    Control,
}

impl TagName {
    const MAX: usize = 64;

    /// Parses a name.
    ///
    /// # Errors
    ///
    /// The first [`InvalidTag`] found.
    pub fn parse(text: &str) -> Result<Self, InvalidTag> {
        // All white space is collapsed, including control characters such as tabs and line breaks.
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            return Err(InvalidTag::Control);
        }
        if text.contains(',') {
            return Err(InvalidTag::Comma);
        }
        let display = text::nfc(&text::collapse(text::trim(text)));
        if display.is_empty() {
            return Err(InvalidTag::Empty);
        }
        if display.chars().count() > Self::MAX {
            return Err(InvalidTag::TooLong);
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
        f.write_str(&self.display)
    }
}

impl fmt::Debug for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagName({})", self.display)
    }
}

/// A tag of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Id of the tag.
    pub id: TagId,
    /// Name of the tag.
    pub name: TagName,
    /// Number of contacts with the tag.
    pub contacts: u64,
    /// Rises by one with each new spelling of the name.
    pub version: u64,
}

/// The outcome of renaming a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamed {
    /// The tag has the new name.
    Renamed(Tag),
    /// Another tag had the name: the contacts have that tag now.
    Merged(Tag),
}

/// Stores tags.
///
/// Every implementation passes `contacts_testkit::tag_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TagRepository: Send + Sync {
    /// Adds a tag without contacts, or returns the existing tag with that name.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn ensure(&self, org: OrgId, id: TagId, name: &TagName, now: OffsetDateTime) -> Result<Tag>;

    /// Lists at most `limit` tags whose key begins with the prefix, in the order of their keys,
    /// those after the key `after`.
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

    /// Renames a tag, or merges it into another tag that has the name. A new spelling of its own
    /// name is a rename. A new name is recorded in the audit trail (R61). `None` when there is no
    /// such tag.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when the tag does not have the expected version.
    fn rename(
        &self,
        org: OrgId,
        tag: TagId,
        name: &TagName,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Renamed>>;

    /// Deletes a tag, removes it from every contact, and records it in the audit trail (R61);
    /// returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
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
