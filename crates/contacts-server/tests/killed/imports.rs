//! Imports (R36, R37): analysis, dry run, run and undo.

use contacts_core::import::{CellEdit, Chunks, ImportId, NewPlan};
use contacts_core::tag::TagName;
use contacts_core::undo::UndoSubject;
use contacts_core::{Actor, OrgId};
use contacts_embed::Contacts;

use crate::walk::{Stage, finish};

const FILE: &str = "name,email,phone,tags\n\
    Ann,ann@example.org,+1 202 555 0101,\"vip,fair\"\n\
    Bob,bob@example.org,,fair\n\
    ,nobody@example.org,,\n\
    Ann Lee,ann@example.org,,new\n\
    Cy,cy@example.org,,\n";

pub(crate) fn upload(contacts: &Contacts, org: OrgId) -> ImportId {
    Chunks::shrink(2);
    let mut upload = contacts.imports.begin(org, "people.csv", Actor::System, u64::MAX).unwrap();
    upload.push(FILE.as_bytes()).unwrap();
    upload.finish().unwrap().id
}

#[test]
fn a_file_is_looked_at() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        upload(contacts, org);
    });
}

/// Creates an import that is ready to start.
pub(crate) fn ready(contacts: &Contacts, org: OrgId) -> ImportId {
    let import = upload(contacts, org);
    finish(contacts);
    let tags = Some(vec![TagName::parse("imported").unwrap()]);
    contacts.imports.replan(org, import, NewPlan { tags, ..NewPlan::default() }).unwrap();
    import
}

#[test]
fn rows_are_taken() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        let import = ready(contacts, org);
        contacts.imports.start(org, import, Actor::System).unwrap();
    });
}

#[test]
fn a_dry_run_reports_what_would_happen() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        let import = ready(contacts, org);
        contacts.imports.begin_dry_run(org, import, contacts_core::Actor::System).unwrap();
    });
}

#[test]
fn an_import_is_undone() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        let import = ready(contacts, org);
        contacts.imports.start(org, import, Actor::System).unwrap();
        finish(contacts);
        contacts.undos.begin(org, UndoSubject::Import(import), Actor::System).unwrap();
    });
}

#[test]
fn corrected_rows_are_imported_again() {
    Stage::new().walk(|contacts: &Contacts, org: OrgId| {
        let import = ready(contacts, org);
        contacts.imports.start(org, import, Actor::System).unwrap();
        finish(contacts);
        let edit = CellEdit { row: 3, column: 0, text: Some("Nobody".to_owned()) };
        contacts.imports.correct(org, import, &[edit]).unwrap();
        contacts.imports.retry(org, import, Actor::System).unwrap();
    });
}
