//! Notes in memory.

use contacts_core::contact::{ActivityKind, ContactId};
use contacts_core::note::{Editor, Note, NoteChange, NoteId, NoteRepository, NoteText, Notes};
use contacts_core::page::{Page, PageSize, TimeCursor};
use contacts_core::{Actor, Current, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl Rows {
    fn note(&mut self, contact: ContactId, id: NoteId) -> Option<&mut Note> {
        self.notes.get_mut(&id).filter(|note| note.contact == contact)
    }

    /// Records the change of a note in its contact's activity, without the note's text.
    fn record_note(&mut self, note: &Note, change: NoteChange, actor: Actor, at: OffsetDateTime) {
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
            rows.record_note(note, NoteChange::Added, note.author, note.created_at);
            Ok(true)
        })
    }

    fn get(&self, org: OrgId, contact: ContactId, id: NoteId) -> Result<Option<Note>> {
        self.read(org, |rows| Ok(rows.note(contact, id).cloned()))
    }

    fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        size: PageSize,
    ) -> Result<Notes> {
        self.read(org, |rows| {
            let of_contact = rows.notes.values().filter(|note| note.contact == contact);
            let mut notes: Vec<_> = of_contact.cloned().collect();
            notes.retain(|note| after.is_none_or(|after| note.cursor() < after));
            notes.sort_by_key(|note| std::cmp::Reverse(note.cursor()));
            Ok(Page::cut(notes, size, Note::cursor))
        })
    }

    fn update(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        text: &NoteText,
        if_version: Option<u64>,
        editor: Editor,
        now: OffsetDateTime,
    ) -> Result<Option<Note>> {
        self.rows(org, |rows| {
            let Some(note) = rows.note(contact, id) else { return Ok(None) };
            note.check_editor(editor)?;
            Current::check(note, if_version)?;
            if note.text == *text {
                return Ok(Some(note.clone()));
            }
            (note.text, note.updated_at) = (text.clone(), now);
            note.version += 1;
            let note = note.clone();
            rows.record_note(&note, NoteChange::Edited, editor.actor, now);
            Ok(Some(note))
        })
    }

    fn delete(
        &self,
        org: OrgId,
        contact: ContactId,
        id: NoteId,
        editor: Editor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(note) = rows.note(contact, id).cloned() else { return Ok(false) };
            note.check_editor(editor)?;
            rows.notes.remove(&id);
            rows.record_note(&note, NoteChange::Deleted, editor.actor, now);
            Ok(true)
        })
    }
}
