//! Notes in memory.

use contacts_core::contact::{ActivityKind, ContactId};
use contacts_core::note::{Note, NoteChange, NoteId, NoteRepository, NoteText, Notes};
use contacts_core::page::{Moment, Page, PageSize};
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl Rows {
    fn note(&mut self, contact: ContactId, id: NoteId) -> Option<&mut Note> {
        self.notes.get_mut(&id).filter(|note| note.contact == contact)
    }

    /// Tells of a note in its contact's activity, without what it says.
    fn tell(&mut self, note: &Note, change: NoteChange, actor: Actor, at: OffsetDateTime) {
        if let Some(record) = self.contacts.records.get_mut(&note.contact) {
            record.note(at, actor, ActivityKind::Noted { note: note.id, change });
        }
    }
}

impl NoteRepository for World {
    fn insert(&self, note: &Note) -> Result<bool> {
        self.rows(note.org, |rows| {
            if !rows.contacts.records.contains_key(&note.contact) {
                return Ok(false);
            }
            rows.notes.insert(note.id, note.clone());
            rows.tell(note, NoteChange::Added, note.author, note.created_at);
            Ok(true)
        })
    }

    fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Option<Note>> {
        self.rows(org, |rows| Ok(rows.note(contact, id).cloned()))
    }

    fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        before: Option<Moment>,
        size: PageSize,
    ) -> Result<Notes> {
        self.rows(org, |rows| {
            let of_contact = rows.notes.values().filter(|note| note.contact == contact);
            let mut notes: Vec<_> = of_contact.cloned().collect();
            notes.retain(|note| before.is_none_or(|before| note.place() < before));
            notes.sort_by_key(|note| std::cmp::Reverse(note.place()));
            Ok(Page::cut(notes, size, Note::place))
        })
    }

    fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &NoteText,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Note>> {
        self.rows(org, |rows| {
            let Some(note) = rows.note(contact, id) else { return Ok(None) };
            if note.text == *text {
                return Ok(Some(note.clone()));
            }
            (note.text, note.updated_at) = (text.clone(), now);
            let note = note.clone();
            rows.tell(&note, NoteChange::Edited, actor, now);
            Ok(Some(note))
        })
    }

    fn delete(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(note) = rows.note(contact, id).cloned() else { return Ok(false) };
            rows.notes.remove(&id);
            rows.tell(&note, NoteChange::Deleted, actor, now);
            Ok(true)
        })
    }
}
