//! Erasures (R14), on the world in memory.
#![expect(clippy::unwrap_used, reason = "whatever goes wrong in a test is to fail it")]

use contacts_core::contact::{Contact, NewContact};
use contacts_core::erasure::ErasureService;
use contacts_core::import::{CellEdit, FileState, Import, ImportService, ImportState, Interrupt};
use contacts_core::job::Outcome;
use contacts_core::run::RunState;
use contacts_core::{Actor, Error};
use contacts_testkit::World;

/// An interrupt that lets work continue to its end.
struct Always;

impl Interrupt for Always {
    fn may_continue(&self) -> bool {
        true
    }

    fn must_end(&self) -> bool {
        false
    }
}

struct Scene {
    world: World,
    imports: ImportService,
    erasures: ErasureService,
    ann: Contact,
}

fn scene() -> Scene {
    let world = World::new();
    let new = NewContact {
        name: Some("Ann Lee"),
        email: Some("ann@example.org"),
        phone: Some("+1 202 555 0101"),
        ..NewContact::default()
    };
    let ann = world.services().contacts.create(world.org(), &new, Actor::System).unwrap();
    let (imports, erasures) = (world.services().imports, world.services().erasures);
    Scene { world, imports, erasures, ann }
}

impl Scene {
    /// Uploads a file and analyses it.
    fn ready(&self, text: &str) -> Import {
        let org = self.world.org();
        let mut upload = self.imports.begin(org, "people.csv", Actor::System, 1 << 20).unwrap();
        upload.push(text.as_bytes()).unwrap();
        let import = upload.finish().unwrap();
        self.imports.analyse(org, import.id, &Always).unwrap();
        self.import(&import)
    }

    fn cancelled(&self, text: &str) -> Import {
        self.imports.cancel(self.world.org(), self.ready(text).id, Actor::System).unwrap()
    }

    fn import(&self, import: &Import) -> Import {
        self.imports.get(self.world.org(), import.id).unwrap()
    }
}

#[test]
fn every_file_with_the_person_is_deleted_and_no_other() {
    let scene = scene();
    let org = scene.world.org();
    let by_address = scene.cancelled("name,email\nA. Lee,ANN@example.org\n");
    let by_phone = scene.cancelled("name,email,phone\nA,a@x.org,001 (202) 555-0101\n");
    let others = scene.cancelled("name,email\nAnn Lee,ann.lee@example.org\n");
    let unusable = scene.ready("ann@example.org\n");
    scene.world.clock().tick();
    let erasure = scene.erasures.erase(org, scene.ann.id, false, Actor::System).unwrap();
    assert_eq!(scene.erasures.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
    for import in [by_address, by_phone] {
        assert_eq!(scene.import(&import).file_state, FileState::Erased);
        let skipped = scene.imports.skipped_rows(org, import.id);
        assert!(matches!(skipped, Err(Error::Conflict(reason)) if reason.contains("erased")));
    }
    assert_eq!(scene.import(&others).file_state, FileState::Kept);
    assert_eq!(scene.import(&unusable).state, ImportState::Unusable);
    assert_eq!(scene.import(&unusable).file_state, FileState::Erased, "nobody can read it");
    let done = scene.erasures.get(org, erasure.id).unwrap();
    assert_eq!((done.state, done.files), (RunState::Done, 3));
    assert_eq!(scene.erasures.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
}

#[test]
fn a_file_is_deleted_when_a_correction_names_the_person() {
    let scene = scene();
    let org = scene.world.org();
    let corrected = scene.ready("name,email\nBo,bo@example.org\n");
    let edit = CellEdit { row: 1, column: 1, text: Some("ANN@example.org".to_owned()) };
    scene.imports.correct(org, corrected.id, &[edit]).unwrap();
    scene.imports.cancel(org, corrected.id, Actor::System).unwrap();
    scene.world.clock().tick();
    let erasure = scene.erasures.erase(org, scene.ann.id, false, Actor::System).unwrap();
    assert_eq!(scene.erasures.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
    assert_eq!(scene.import(&corrected).file_state, FileState::Erased);
    let stored = scene.world.ports().imports.corrections(org, corrected.id).unwrap();
    assert!(stored.is_empty());
}

#[test]
fn an_import_that_is_not_at_its_end_is_waited_for() {
    let scene = scene();
    let org = scene.world.org();
    let locked = scene.ready("name,email\nAnn,ann@example.org\n");
    let others = scene.ready("name,email\nBo,bo@example.org\n");
    let coming = scene.imports.begin(org, "people.csv", Actor::System, 1 << 20).unwrap();
    scene.world.clock().tick();
    let erasure = scene.erasures.erase(org, scene.ann.id, false, Actor::System).unwrap();
    for _ in 0..2 {
        let outcome = scene.erasures.run(org, erasure.id, &Always).unwrap();
        assert!(matches!(outcome, Outcome::Rest(_)));
        let waiting = scene.erasures.get(org, erasure.id).unwrap();
        let mut waits_for = waiting.waits_for.clone();
        waits_for.sort();
        assert_eq!(waiting.state, RunState::Waiting);
        assert_eq!(waits_for, [locked.id, coming.import().id], "which may hold her");
    }
    scene.imports.cancel(org, locked.id, Actor::System).unwrap();
    coming.abandon("it broke off").unwrap();
    assert_eq!(scene.erasures.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
    assert_eq!(scene.import(&locked).file_state, FileState::Erased);
    assert_eq!(scene.import(&others).file_state, FileState::Kept);
}

#[test]
fn files_uploaded_after_the_request_are_not_searched() {
    let scene = scene();
    let org = scene.world.org();
    let erasure = scene.erasures.erase(org, scene.ann.id, false, Actor::System).unwrap();
    scene.world.clock().tick();
    let later = scene.cancelled("name,email\nAnn,ann@example.org\n");
    assert_eq!(scene.erasures.run(org, erasure.id, &Always).unwrap(), Outcome::Done);
    assert_eq!(scene.import(&later).file_state, FileState::Kept);
}

#[test]
fn a_missing_contact_cannot_be_erased() {
    let scene = scene();
    let other = scene.world.another_org();
    let refused = scene.erasures.erase(other, scene.ann.id, false, Actor::System);
    assert!(matches!(refused, Err(Error::NotFound("contact"))));
    let erasure = scene.erasures.erase(scene.world.org(), scene.ann.id, false, Actor::System);
    let erasure = erasure.unwrap();
    assert!(matches!(scene.erasures.get(other, erasure.id), Err(Error::NotFound("erasure"))));
    assert_eq!(scene.erasures.run(other, erasure.id, &Always).unwrap(), Outcome::Done);
    let again = scene.erasures.erase(scene.world.org(), scene.ann.id, false, Actor::System);
    assert!(matches!(again, Err(Error::NotFound("contact"))));
}
