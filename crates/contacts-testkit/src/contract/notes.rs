//! The contract of [`contacts_core::note::NoteRepository`] (R40).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Barrier;
use std::thread;

use contacts_core::contact::{ActivityKind, ContactId};
use contacts_core::note::{Editor, Note, NoteChange, NoteId};
use contacts_core::page::{PageSize, Position, TimeCursor};
use contacts_core::{Actor, Clock, Current, Error, Ids, OrgId};

use crate::Ports;
use crate::samples::note_text;

impl Ports {
    /// Adds a note, written by the system.
    pub(crate) fn note(&self, org: OrgId, contact: ContactId, text: &str) -> Note {
        let note = new(self, org, contact, text);
        assert!(self.notes.insert(&note).unwrap());
        note
    }

    /// Returns the notes of a contact, newest first.
    pub(crate) fn notes(&self, org: OrgId, contact: ContactId) -> Vec<Note> {
        let size = PageSize::new(PageSize::MAX).unwrap();
        self.notes.list(org, contact, None, size).unwrap().items
    }
}

/// The author of the notes that [`Ports::note`] adds.
const AUTHOR: Editor = Editor { actor: Actor::System, is_admin: false };

fn new(ports: &Ports, org: OrgId, contact: ContactId, text: &str) -> Note {
    let (id, now) = (NoteId(ports.ids.next()), ports.clock.now());
    let (author, text) = (Actor::System, note_text(text));
    Note { org, id, contact, author, text, created_at: now, updated_at: now, version: 1 }
}

pub fn a_note_is_read_as_it_was_written(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    for text in ["x", "one\n\ttwo 'three' \\ %", "山田さん 🙂", &"é".repeat(10_000)] {
        let author = Actor::User(ports.ids.next());
        let note = Note { author, ..new(ports, org, ann.id, text) };
        assert!(ports.notes.insert(&note).unwrap());
        assert_eq!(ports.notes.get(org, ann.id, note.id).unwrap(), Some(note));
    }
    assert_eq!(ports.notes(org, ann.id).len(), 4);
    assert_eq!(ports.get(org, ann.id), ann, "the profile is not touched");
}

pub fn a_note_needs_its_contact(ports: &Ports) {
    let org = ports.org();
    let unknown = ContactId(ports.ids.next());
    assert!(!ports.notes.insert(&new(ports, org, unknown, "x")).unwrap());
    assert_eq!(ports.notes(org, unknown), []);
}

pub fn a_note_is_found_under_its_contact_only(ports: &Ports) {
    let org = ports.org();
    let (ann, bo) = (ports.add(org, "Ann", ""), ports.add(org, "Bo", ""));
    let note = ports.note(org, ann.id, "x");
    let now = ports.clock.tick();
    let (notes, text) = (&ports.notes, note_text("y"));
    assert_eq!(notes.get(org, bo.id, note.id).unwrap(), None);
    assert_eq!(notes.update(org, bo.id, note.id, &text, None, AUTHOR, now).unwrap(), None);
    assert!(!notes.delete(org, bo.id, note.id, AUTHOR, now).unwrap());
    assert_eq!((ports.notes(org, ann.id), ports.notes(org, bo.id)), (vec![note], vec![]));
    assert_eq!(ports.activity(org, bo.id).len(), 1);
}

pub fn the_newest_note_is_listed_first_on_pages_of_any_size(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let mut written = Vec::new();
    for nth in 0..6 {
        // Two notes each have the same time.
        if nth % 2 == 0 {
            ports.clock.tick();
        }
        written.insert(0, ports.note(org, ann.id, &format!("note {nth}")));
    }
    for size in 1..=7 {
        let size = PageSize::new(size).unwrap();
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = ports.notes.list(org, ann.id, before, size).unwrap();
            read.extend(page.items);
            let Some(next) = page.next else { break };
            before = TimeCursor::decode(&next.encode());
            assert_eq!(before, Some(next));
        }
        assert_eq!(read, written, "{size:?}");
    }
}

pub fn a_note_is_changed_and_keeps_its_author(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let note = ports.note(org, ann.id, "old");
    let actor = Actor::User(ports.ids.next());
    let (editor, now) = (Editor { actor, is_admin: true }, ports.clock.tick());
    let update = |text: &str, now| {
        ports
            .notes
            .update(org, ann.id, note.id, &note_text(text), None, editor, now)
            .unwrap()
            .unwrap()
    };
    let expected = Note { text: note_text("new"), updated_at: now, version: 2, ..note.clone() };
    assert_eq!(update("new", now), expected);
    assert_eq!(update("new", ports.clock.tick()), expected, "it says so already");
    assert_eq!(ports.notes(org, ann.id), [expected]);
}

pub fn a_note_is_changed_by_its_author_or_an_administrator_only(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let note = ports.note(org, ann.id, "ours");
    let (now, actor) = (ports.clock.tick(), Actor::User(ports.ids.next()));
    let other = Editor { actor, is_admin: false };
    let refused = ports.notes.update(org, ann.id, note.id, &note_text("mine"), None, other, now);
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let refused = ports.notes.delete(org, ann.id, note.id, other, now);
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    assert_eq!(ports.notes(org, ann.id), std::slice::from_ref(&note));
    let admin = Editor { actor, is_admin: true };
    assert!(ports.notes.delete(org, ann.id, note.id, admin, now).unwrap());
}

pub fn a_deleted_note_is_gone_once(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let (note, other) = (ports.note(org, ann.id, "x"), ports.note(org, ann.id, "y"));
    let now = ports.clock.tick();
    let delete = || ports.notes.delete(org, ann.id, note.id, AUTHOR, now).unwrap();
    assert_eq!((delete(), delete()), (true, false));
    assert_eq!(ports.notes(org, ann.id), [other]);
    let update = ports.notes.update(org, ann.id, note.id, &note.text, None, AUTHOR, now);
    assert_eq!(update.unwrap(), None);
}

pub fn activity_lists_notes_without_their_text(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    let note = ports.note(org, ann.id, "secret");
    let user = Actor::User(ports.ids.next());
    let (notes, text) = (&ports.notes, note_text("still secret"));
    let (admin, edited) = (Editor { actor: user, is_admin: true }, ports.clock.tick());
    notes.update(org, ann.id, note.id, &text, None, admin, edited).unwrap();
    notes.update(org, ann.id, note.id, &text, None, admin, ports.clock.tick()).unwrap();
    let deleted = ports.clock.tick();
    notes.delete(org, ann.id, note.id, AUTHOR, deleted).unwrap();

    let activity = ports.activity(org, ann.id);
    let entries: Vec<_> = activity.iter().map(|e| (e.at, e.actor, e.what.clone())).collect();
    let noted = |change| ActivityKind::Noted { note: note.id, change };
    let expected = [
        (deleted, Actor::System, noted(NoteChange::Deleted)),
        (edited, user, noted(NoteChange::Edited)),
        (note.created_at, Actor::System, noted(NoteChange::Added)),
        (ann.created_at, Actor::System, ActivityKind::Created),
    ];
    assert_eq!(entries, expected);
}

/// Deleting a contact deletes its notes (R14).
pub fn notes_go_with_their_contact(ports: &Ports) {
    let org = ports.org();
    let (ann, bo) = (ports.add(org, "Ann", ""), ports.add(org, "Bo", ""));
    let (deleted, remaining) = (ports.note(org, ann.id, "x"), ports.note(org, bo.id, "y"));
    assert!(ports.contacts.delete(org, ann.id, None, Actor::System, ports.clock.now()).unwrap());
    assert_eq!(ports.notes.get(org, ann.id, deleted.id).unwrap(), None);
    assert_eq!((ports.notes(org, ann.id), ports.notes(org, bo.id)), (vec![], vec![remaining]));
}

pub fn two_edits_of_one_version_at_once_change_it_once(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "ann@example.org");
    for round in 0..10 {
        let note = ports.note(org, ann.id, "old");
        let (now, start) = (ports.clock.tick(), Barrier::new(2));
        let edit = |text: String| {
            start.wait();
            let text = note_text(&text);
            ports.notes.update(org, ann.id, note.id, &text, Some(1), AUTHOR, now)
        };
        let edits = thread::scope(|scope| {
            let edit = &edit;
            let edits = [1, 2].map(|by| scope.spawn(move || edit(format!("{round} by {by}"))));
            edits.map(|edit| edit.join().unwrap())
        });
        let [edited, refused] = match edits {
            [Ok(edited), refused] | [refused, Ok(edited)] => [Ok(edited), refused],
            neither => neither,
        };
        let edited = edited.unwrap().unwrap();
        let Err(Error::Stale(current)) = refused else { panic!("{refused:?}") };
        assert_eq!((edited.version, &*current), (2, &Current::Note(edited.clone())));
        assert_eq!(ports.notes.get(org, ann.id, note.id).unwrap(), Some(edited));
    }
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let note = ports.note(org, ann.id, "ours");
    let now = ports.clock.tick();
    let (notes, text) = (&ports.notes, note_text("theirs"));
    assert!(!notes.insert(&new(ports, other, ann.id, "theirs")).unwrap());
    assert_eq!(notes.get(other, ann.id, note.id).unwrap(), None);
    assert_eq!(ports.notes(other, ann.id), []);
    assert_eq!(notes.update(other, ann.id, note.id, &text, None, AUTHOR, now).unwrap(), None);
    assert!(!notes.delete(other, ann.id, note.id, AUTHOR, now).unwrap());
    assert_eq!(ports.notes(org, ann.id), [note]);
}
