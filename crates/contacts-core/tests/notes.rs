//! Notes (R40), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::contact::{ContactId, NewContact};
use contacts_core::note::{Editor, NoteId};
use contacts_core::page::PageSize;
use contacts_core::{Actor, Error, Ids};
use contacts_testkit::World;

fn ann(world: &World) -> ContactId {
    let new =
        NewContact { name: Some("Ann"), email: Some("ann@example.org"), ..Default::default() };
    world.services().contacts.create(world.org(), &new, Actor::System).unwrap().id
}

#[test]
fn a_note_is_changed_by_its_author_or_an_admin() {
    let world = World::new();
    let (org, ann, notes) = (world.org(), ann(&world), world.services().notes);
    let [author, other] = [world.ids().next(), world.ids().next()].map(Actor::User);
    let note = notes.create(org, ann, " called back ", author).unwrap();
    assert_eq!(note.text.as_str(), "called back");
    let others = Editor { actor: other, is_admin: false };
    let refused = notes.update(org, ann, note.id, "mine", None, others);
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    assert!(matches!(notes.delete(org, ann, note.id, others), Err(Error::Forbidden(_))));
    assert_eq!(notes.get(org, ann, note.id).unwrap(), note);

    let own = Editor { actor: author, is_admin: false };
    world.clock().tick();
    assert_eq!(notes.update(org, ann, note.id, "twice", None, own).unwrap().text.as_str(), "twice");
    let admins = Editor { actor: other, is_admin: true };
    let edited = notes.update(org, ann, note.id, "thrice", None, admins).unwrap();
    assert_eq!((edited.author, edited.text.as_str()), (author, "thrice"));
    notes.delete(org, ann, note.id, own).unwrap();
    assert!(matches!(notes.get(org, ann, note.id), Err(Error::NotFound("note"))));
}

#[test]
fn every_error_names_its_field() {
    let world = World::new();
    let (org, ann, notes) = (world.org(), ann(&world), world.services().notes);
    let errors = |error| matches!(error, Err(Error::Invalid(parts)) if parts[0].field == "text");
    assert!(errors(notes.create(org, ann, " ", Actor::System)));
    assert!(errors(notes.create(org, ann, "a\0", Actor::System)));
}

#[test]
fn anothers_contact_answers_like_one_that_is_not_there() {
    // R1.
    let world = World::new();
    let (org, ann, notes) = (world.org(), ann(&world), world.services().notes);
    let note = notes.create(org, ann, "ours", Actor::System).unwrap();
    let other = world.another_org();
    let admin = Editor { actor: Actor::System, is_admin: true };
    for (contact, id) in
        [(ann, note.id), (ContactId(world.ids().next()), NoteId(world.ids().next()))]
    {
        let missing = |error: Error| matches!(error, Error::NotFound("contact"));
        assert!(missing(notes.create(other, contact, "x", Actor::System).unwrap_err()));
        assert!(missing(notes.list(other, contact, None, PageSize::default()).unwrap_err()));
        assert!(missing(notes.get(other, contact, id).unwrap_err()));
        assert!(missing(notes.update(other, contact, id, "x", None, admin).unwrap_err()));
        assert!(missing(notes.delete(other, contact, id, admin).unwrap_err()));
    }
    assert_eq!(notes.list(org, ann, None, PageSize::default()).unwrap().items, [note]);
}
