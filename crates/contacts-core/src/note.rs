//! Notes: what an organisation writes about a contact, for itself (R40).

mod service;

use std::fmt;

use time::OffsetDateTime;

pub use self::service::{Editor, NoteService};
use crate::contact::ContactId;
use crate::org::id;
use crate::page::{Moment, Page, PageSize};
use crate::{Actor, OrgId, Result, text};

id! {
    /// A note's id.
    NoteId
}

/// What a note says: 1 to 10,000 characters after trimming, in Unicode form C. Line breaks and
/// tabs are the only control characters. Two are equal when they are written alike.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteText(String);

/// Why a text is no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidNote {
    /// Nothing is there.
    #[error("is empty")]
    Empty,
    /// It is longer than 10,000 characters.
    #[error("is longer than 10,000 characters")]
    TooLong,
    /// It holds a control character.
    #[error("holds a control character other than line breaks and tabs")]
    Control,
}

impl NoteText {
    const MAX: usize = 10_000;

    /// Reads what a note says. Line breaks of every kind become line feeds.
    ///
    /// # Errors
    ///
    /// The first [`InvalidNote`] found.
    pub fn parse(text: &str) -> Result<Self, InvalidNote> {
        let text = text::nfc(text::trim(&text.replace("\r\n", "\n").replace('\r', "\n")));
        if text.is_empty() {
            return Err(InvalidNote::Empty);
        }
        if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(InvalidNote::Control);
        }
        if text.chars().count() > Self::MAX {
            return Err(InvalidNote::TooLong);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NoteText {
    /// Hides the text: logs hold nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteText({} bytes)", self.0.len())
    }
}

/// A note about a contact. Everybody in the organisation sees it, the contact never does: it is
/// in no export, no event and no webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: NoteId,
    /// About whom it is.
    pub contact: ContactId,
    /// Who wrote it. Never changes.
    pub author: Actor,
    /// What it says.
    pub text: NoteText,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// When its text last changed.
    pub updated_at: OffsetDateTime,
}

/// What was done with a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// It was written.
    Added,
    /// Its text was changed.
    Edited,
    /// It was deleted.
    Deleted,
}

/// A page of notes, the newest first.
pub type Notes = Page<Note, Moment>;

impl Note {
    /// Where it stands among the notes of its contact.
    pub fn place(&self) -> Moment {
        Moment { at: self.created_at, id: self.id.0 }
    }
}

impl NoteChange {
    /// Every change.
    pub const ALL: [Self; 3] = [Self::Added, Self::Edited, Self::Deleted];

    /// The change's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }

    /// The change of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.as_str() == name)
    }
}

/// Keeps notes. Each change is told in the contact's activity, without its text.
///
/// Every implementation passes `contacts_testkit::note_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait NoteRepository: Send + Sync {
    /// Adds a note; says whether its contact is there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn insert(&self, note: &Note) -> Result<bool>;

    /// Finds a note of a contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Option<Note>>;

    /// A page of the notes of a contact, the newest first, from before a place; empty when the
    /// contact is not there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        before: Option<Moment>,
        size: PageSize,
    ) -> Result<Notes>;

    /// Changes what a note says and returns it; one that says so already stays as it is.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &NoteText,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Note>>;

    /// Deletes a note; says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn delete(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_trimmed_and_keeps_its_lines() {
        let note = NoteText::parse(" \u{200B}one\r\n\ttwo\rthree \n").unwrap();
        assert_eq!(note.as_str(), "one\n\ttwo\nthree");
        assert_eq!(NoteText::parse("CAFE\u{301}").unwrap().as_str(), "CAFÉ");
    }

    #[test]
    fn a_note_has_one_to_ten_thousand_characters_and_no_controls() {
        assert!(NoteText::parse(&"é".repeat(10_000)).is_ok());
        assert_eq!(NoteText::parse(&"é".repeat(10_001)), Err(InvalidNote::TooLong));
        assert_eq!(NoteText::parse(" \n\t"), Err(InvalidNote::Empty));
        assert_eq!(NoteText::parse("a\0b"), Err(InvalidNote::Control));
        assert_eq!(NoteText::parse("a\u{9b}b"), Err(InvalidNote::Control));
    }

    #[test]
    fn debug_does_not_show_what_a_note_says() {
        assert!(!format!("{:?}", NoteText::parse("secret").unwrap()).contains("secret"));
    }
}
