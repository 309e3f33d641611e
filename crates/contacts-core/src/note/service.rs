//! Use cases of notes.

use std::sync::Arc;

use super::{Editor, Note, NoteId, NoteRepository, NoteText, Notes};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::page::{PageSize, TimeCursor};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Ports, Result};

/// The use cases of notes.
#[derive(Clone)]
pub struct NoteService {
    notes: Arc<dyn NoteRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl NoteService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            notes: ports.notes.clone(),
            contacts: ports.contacts.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Writes a note about a contact.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `text`.
    pub fn create(
        &self,
        org: OrgId,
        contact: ContactId,
        text: &str,
        author: Actor,
    ) -> Result<Note> {
        let text = parse(text)?;
        let (id, now) = (NoteId(self.ids.next()), self.clock.now());
        let (created_at, updated_at, version) = (now, now, 1);
        let note = Note { org, id, contact, author, text, created_at, updated_at, version };
        if self.notes.insert(&note)? {
            return Ok(note);
        }
        Err(self.missing(org, contact)?)
    }

    /// Finds a note of a contact.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Note> {
        match self.notes.get(org, contact, id)? {
            Some(note) => Ok(note),
            None => Err(self.missing(org, contact)?),
        }
    }

    /// Lists a page of a contact's notes, the newest first, those older than the cursor.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        size: PageSize,
    ) -> Result<Notes> {
        let page = self.notes.list(org, contact, after, size)?;
        if page.items.is_empty() && self.contacts.get(org, contact)?.is_none() {
            return Err(missing(&*self.contacts, org, contact));
        }
        Ok(page)
    }

    /// Changes the text of a note, if it has the expected version.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `text`; [`Error::Forbidden`] unless the
    /// editor is the author or an administrator; [`Error::Stale`] when it has another version.
    pub fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &str,
        if_version: Option<u64>,
        editor: Editor,
    ) -> Result<Note> {
        let text = parse(text)?;
        let now = self.clock.now();
        match self.notes.update(org, contact, id, &text, if_version, editor, now)? {
            Some(note) => Ok(note),
            None => Err(self.missing(org, contact)?),
        }
    }

    /// Deletes a note.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Forbidden`] unless the editor is the author or an
    /// administrator.
    pub fn delete(&self, org: OrgId, contact: ContactId, id: NoteId, editor: Editor) -> Result<()> {
        let deleted = self.notes.delete(org, contact, id, editor, self.clock.now())?;
        if deleted { Ok(()) } else { Err(self.missing(org, contact)?) }
    }

    /// Returns the error for a missing contact or, when the contact exists, for a missing note.
    fn missing(&self, org: OrgId, contact: ContactId) -> Result<Error> {
        let exists = self.contacts.get(org, contact)?.is_some();
        Ok(if exists { Error::NotFound("note") } else { missing(&*self.contacts, org, contact) })
    }
}

fn parse(text: &str) -> Result<NoteText> {
    NoteText::parse(text).map_err(|reason| Invalid::one("text", reason).into())
}
