//! The contract of [`contacts_core::action::ActionRepository`] for exports (R24, R25).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::action::{Action, ActionKind, Applied, SkipReason};
use contacts_core::export::{ExportFormat, Sheet};
use contacts_core::file::FileId;
use contacts_core::job::{Job, Lane};
use contacts_core::page::PageSize;
use contacts_core::run::RunState;
use contacts_core::selection::Selection;
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::actions::{action, read, spread};
use super::selections::frozen;
use crate::Ports;
use crate::samples::tags;

/// Returns an export of names, and a sheet that does not escape formulas.
fn naming(ports: &Ports, org: OrgId, selection: &Selection) -> (Action, Sheet) {
    let columns = Some(vec!["name".to_owned(), "tags".to_owned()]);
    let format = ExportFormat { columns, byte_order_mark: false };
    let sheet = ports.services().exports.sheet(org, &format).unwrap();
    let kind = ActionKind::Export(format);
    let file = Some(FileId(ports.ids.next()));
    let action = Action { file, ..action(ports, org, selection, kind) };
    ports.actions.insert(&action, None, action.created_at).unwrap();
    (action, sheet)
}

fn text_of(ports: &Ports, action: &Action) -> String {
    let mut text = String::new();
    let mut file = ports.files.open(action.org, action.file.unwrap()).unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

pub fn an_export_contains_existing_contacts_and_resumes_after_any_chunk(ports: &Ports) {
    let org = ports.org();
    let (selection, chunk_contacts) = spread(ports, org);
    let (action, sheet) = naming(ports, org, &selection);
    let anna = ports.add(org, "Anna", "").id;
    let now = ports.clock.tick();
    ports.contacts.merge(org, anna, chunk_contacts[1], None, Actor::System, now).unwrap().unwrap();
    ports.contacts.delete(org, chunk_contacts[2], None, Actor::System, now).unwrap();
    for (number, rows) in [(0, 1), (1, 2), (2, 3)] {
        let export =
            |number| ports.actions.export(&action, number, usize::MAX, &sheet, now).unwrap();
        assert_eq!(export(number + 1), Applied::Superseded);
        assert!(matches!(export(number), Applied::Part { .. }));
        // A worker repeats a chunk, as after an expired lease.
        assert_eq!(export(number), Applied::Superseded);
        let rows = "Ann,\r\n".repeat(rows);
        assert_eq!(text_of(ports, &action), format!("name,tags\r\n{rows}"));
    }
    let tally = read(ports, &action).tally;
    assert_eq!((tally.changed, tally.unchanged, tally.contacts()), (0, 3, action.contacts));
    assert_eq!(tally.skipped[&SkipReason::Merged], 1);
    let chunk = |number| ports.actions.part(org, action.id, number).unwrap().unwrap();
    assert_eq!(chunk(0).skipped[&SkipReason::Merged], [chunk_contacts[1]]);
    assert!(chunk(1).skipped[&SkipReason::NotFound].contains(&chunk_contacts[2]));
}

pub fn an_export_in_parts_has_each_contact_and_one_header(ports: &Ports) {
    let org = ports.org();
    let ids = ["Ann", "Bo", "Cem", "Di", "Eva"].map(|name| ports.add(org, name, "").id);
    let (action, sheet) = naming(ports, org, &frozen(ports, org, ids));
    for (chunks_done, text) in [(0, "Ann,\r\nBo,\r\n"), (0, "Cem,\r\nDi,\r\n"), (1, "Eva,\r\n")] {
        let before = text_of(ports, &action);
        let applied = ports.actions.export(&action, 0, 2, &sheet, ports.clock.tick()).unwrap();
        let tally = read(ports, &action).tally;
        assert_eq!(applied, Applied::Part { tally, chunks_done });
        let header = if before.is_empty() { "name,tags\r\n" } else { "" };
        assert_eq!(text_of(ports, &action), format!("{before}{header}{text}"));
    }
}

pub fn an_export_changes_no_contact_and_makes_no_event(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "", |contact| contact.tags = tags(&["vip", "new"]));
    let (action, sheet) = naming(ports, org, &frozen(ports, org, [ann.id]));
    assert_eq!(read(ports, &action), action);
    let events = || ports.feed.after(org, None, 10).unwrap();
    let before = (ports.get(org, ann.id), events());
    ports.actions.export(&action, 0, usize::MAX, &sheet, ports.clock.tick()).unwrap();
    assert_eq!((ports.get(org, ann.id), events()), before);
    let activity = ports.contacts.activity(org, ann.id, None, PageSize::new(10).unwrap());
    assert_eq!(activity.unwrap().items.len(), 1);
    assert_eq!(text_of(ports, &action), "name,tags\r\nAnn,\"new, vip\"\r\n");
}

pub fn the_file_of_an_export_is_deleted_after_a_day_or_a_cancel(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let selection = frozen(ports, org, [ann.id]);
    for end in [RunState::Cancelled, RunState::Failed, RunState::Done] {
        let (action, sheet) = naming(ports, org, &selection);
        ports.actions.export(&action, 0, usize::MAX, &sheet, ports.clock.tick()).unwrap();
        // A running export needs its file, so erasing the file has no effect.
        ports.actions.erase_file(org, action.id).unwrap();
        assert_eq!(text_of(ports, &action), "name,tags\r\nAnn,\r\n");
        assert!(ports.actions.end(org, action.id, end, None, ports.clock.now()).unwrap());
        let lease = Duration::from_secs(30);
        let claim = || {
            let claimed =
                ports.jobs.claim(Lane::Work, ports.ids.next(), lease, ports.clock.now()).unwrap();
            claimed.map(|claimed| claimed.job)
        };
        if end == RunState::Done {
            assert_eq!(read(ports, &action).file, action.file);
            ports.clock.advance(Action::FILE_RETENTION - lease);
            assert_eq!(claim(), None, "not due");
            ports.clock.advance(lease);
            assert_eq!(claim(), Some(Job::EraseFile(action.id)));
            for _ in 0..2 {
                ports.actions.erase_file(org, action.id).unwrap();
            }
        } else {
            assert_eq!(claim(), None);
        }
        assert_eq!(text_of(ports, &action), "");
        assert_eq!(read(ports, &action).file, None);
        assert_eq!(read(ports, &action).state, end);
    }
}
