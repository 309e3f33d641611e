//! Internal notes of an organisation about a contact (R40).

mod service;

use std::fmt;

use time::OffsetDateTime;

pub use self::service::NoteService;
use crate::contact::ContactId;
use crate::org::id;
use crate::page::{Page, PageSize, TimeCursor};
use crate::{Actor, Error, OrgId, Result, text};

id! {
    /// A note's id.
    NoteId
}

/// The text of a note: 1 to 10,000 characters after trimming, in Unicode form C. Line breaks and
/// tabs are the only control characters. Two texts are equal when they have the same characters.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteText(String);

/// Why a text cannot be a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum InvalidNote {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is longer than 10,000 characters.
    #[error("is longer than 10,000 characters")]
    TooLong,
    /// The text contains a control character.
    #[error("holds a control character other than line breaks and tabs")]
    Control,
}

impl NoteText {
    const MAX: usize = 10_000;

    /// Parses the text of a note. Line breaks of every kind become line feeds.
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

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NoteText {
    /// Hides the text: logs hold no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteText({} bytes)", self.0.len())
    }
}

/// A note about a contact. Everybody in the organisation can read it; the contact cannot. No
/// export, event or webhook contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Organisation of the note.
    pub org: OrgId,
    /// Id of the note.
    pub id: NoteId,
    /// Contact that the note is about.
    pub contact: ContactId,
    /// The author. Never changes.
    pub author: Actor,
    /// Text of the note.
    pub text: NoteText,
    /// When the note was written.
    pub created_at: OffsetDateTime,
    /// When the text last changed.
    pub updated_at: OffsetDateTime,
    /// Version. Starts at 1, and increases by one with each new text (R12).
    pub version: u64,
}

/// A change of a note, for the contact's activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteChange {
    /// The note was written.
    Added,
    /// The text was changed.
    Edited,
    /// The note was deleted.
    Deleted,
}

/// A page of notes, the newest first.
pub type Notes = Page<Note, TimeCursor>;

/// The actor of a change to a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Editor {
    /// The user or key.
    pub actor: Actor,
    /// Whether the actor may change notes of other authors.
    pub is_admin: bool,
}

impl Note {
    /// Refuses an editor who is neither the author nor an administrator (R40).
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`].
    pub fn check_editor(&self, editor: Editor) -> Result<()> {
        if editor.is_admin || self.author == editor.actor {
            return Ok(());
        }
        Err(Error::Forbidden("only the author of a note or an administrator may change it"))
    }

    /// Returns the note's position in the list of the contact's notes.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.created_at, id: self.id.0 }
    }
}

impl NoteChange {
    /// Every change.
    pub const ALL: [Self; 3] = [Self::Added, Self::Edited, Self::Deleted];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }

    /// Reads a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.as_str() == name)
    }
}

/// Stores notes. Each change is recorded in the contact's activity, without the text.
///
/// Every implementation passes `contacts_testkit::note_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait NoteRepository: Send + Sync {
    /// Adds a note; returns whether there is such a contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn insert(&self, note: &Note) -> Result<bool>;

    /// Finds a note of a contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Option<Note>>;

    /// Lists a page of a contact's notes, the newest first, those after the cursor `after`;
    /// empty when there is no such contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        size: PageSize,
    ) -> Result<Notes>;

    /// Changes the text of the locked note, if it has the expected version, and returns it; an equal
    /// text changes nothing. `None` when there is no such note.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Forbidden`] as [`Note::check_editor`] states; [`crate::Error::Stale`] when the
    /// note has another version.
    #[expect(
        clippy::too_many_arguments,
        reason = "the note, its new text, and who changes it when"
    )]
    fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &NoteText,
        if_version: Option<u64>,
        editor: Editor,
        now: OffsetDateTime,
    ) -> Result<Option<Note>>;

    /// Deletes the locked note; returns whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Forbidden`] as [`Note::check_editor`] states.
    fn delete(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        editor: Editor,
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
    fn debug_does_not_show_the_text_of_a_note() {
        assert!(!format!("{:?}", NoteText::parse("secret").unwrap()).contains("secret"));
    }
}
