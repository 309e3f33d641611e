//! Writing notes.

use std::sync::Arc;

use super::{Note, NoteId, NoteRepository, NoteText, Notes};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::page::{Moment, PageSize};
use crate::{Actor, Clock, Error, Ids, Invalid, OrgId, Result};

/// The use cases of notes.
#[derive(Clone)]
pub struct NoteService {
    notes: Arc<dyn NoteRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// Who wants to change a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Editor {
    /// Who it is.
    pub actor: Actor,
    /// Whether others' notes may be changed, too.
    pub is_admin: bool,
}

impl NoteService {
    /// Makes the service.
    pub fn new(
        notes: Arc<dyn NoteRepository>,
        contacts: Arc<dyn ContactRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self { notes, contacts, clock, ids }
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
        let note = Note { org, id, contact, author, text, created_at: now, updated_at: now };
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

    /// A page of the notes of a contact, the newest first, from before a place.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        before: Option<Moment>,
        size: PageSize,
    ) -> Result<Notes> {
        let page = self.notes.list(org, contact, before, size)?;
        if page.items.is_empty() && self.contacts.get(org, contact)?.is_none() {
            return Err(missing(&*self.contacts, org, contact));
        }
        Ok(page)
    }

    /// Changes what a note says.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `text`; [`Error::Forbidden`] unless the
    /// editor wrote it or is an admin.
    pub fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &str,
        editor: Editor,
    ) -> Result<Note> {
        let text = parse(text)?;
        self.check(org, contact, id, editor)?;
        let now = self.clock.now();
        let updated = self.notes.update(org, contact, id, &text, editor.actor, now)?;
        updated.ok_or(Error::NotFound("note"))
    }

    /// Deletes a note.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Forbidden`] unless the editor wrote it or is an admin.
    pub fn delete(&self, org: OrgId, contact: ContactId, id: NoteId, editor: Editor) -> Result<()> {
        self.check(org, contact, id, editor)?;
        let deleted = self.notes.delete(org, contact, id, editor.actor, self.clock.now())?;
        if deleted { Ok(()) } else { Err(Error::NotFound("note")) }
    }

    /// Whether the editor may change a note. An author never changes, so what is found here
    /// holds when it is changed.
    fn check(&self, org: OrgId, contact: ContactId, id: NoteId, editor: Editor) -> Result<()> {
        let note = self.get(org, contact, id)?;
        if editor.is_admin || note.author == editor.actor {
            return Ok(());
        }
        Err(Error::Forbidden("only the author of a note or an admin may change it"))
    }

    /// What is missing: the contact, or its note.
    fn missing(&self, org: OrgId, contact: ContactId) -> Result<Error> {
        let is_there = self.contacts.get(org, contact)?.is_some();
        Ok(if is_there { Error::NotFound("note") } else { missing(&*self.contacts, org, contact) })
    }
}

fn parse(text: &str) -> Result<NoteText> {
    NoteText::parse(text).map_err(|why| Invalid::one("text", why).into())
}
