//! What an [`contacts_core::action::ActionRepository`] promises of exports (R24, R25).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Arc;
use std::time::Duration;

use contacts_core::action::{Action, ActionKind, ActionState, Applied, SkipReason};
use contacts_core::export::{ExportFormat, Sheet};
use contacts_core::file::FileId;
use contacts_core::job::{Job, Lane};
use contacts_core::page::PageSize;
use contacts_core::selection::Selection;
use contacts_core::{Actor, Clock, Ids, OrgId};

use super::actions::{action, read, spread};
use super::selections::frozen;
use crate::samples::tags;
use crate::{FakeSpreadsheets, Ports};

/// Exports names, with a sheet that makes nothing harmless.
fn naming(ports: &Ports, org: OrgId, selection: &Selection) -> (Action, Sheet) {
    let columns = Some(vec!["name".to_owned(), "tags".to_owned()]);
    let format = ExportFormat { columns, byte_order_mark: false };
    let sheet = ports.export_service(Arc::new(FakeSpreadsheets)).sheet(org, &format).unwrap();
    let kind = ActionKind::Export(format);
    let file = Some(FileId(ports.ids.next()));
    let action = Action { file, ..action(ports, org, selection, kind) };
    ports.actions.insert(&action, action.created_at).unwrap();
    (action, sheet)
}

fn text_of(ports: &Ports, action: &Action) -> String {
    let mut text = String::new();
    let mut file = ports.files.open(action.org, action.file.unwrap()).unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

pub fn an_export_holds_who_is_there_and_is_resumed_after_any_piece(ports: &Ports) {
    let org = ports.org();
    let (selection, there) = spread(ports, org);
    let (action, sheet) = naming(ports, org, &selection);
    let anna = ports.add(org, "Anna", "").id;
    let now = ports.clock.tick();
    ports.contacts.merge(org, anna, there[1], None, Actor::System, now).unwrap().unwrap();
    ports.contacts.delete(org, there[2], None, Actor::System, now).unwrap();
    for (number, rows) in [(0, 1), (1, 2), (2, 3)] {
        let export = |number| ports.actions.export(&action, number, &sheet, now).unwrap();
        assert_eq!(export(number + 1), Applied::Superseded);
        assert!(matches!(export(number), Applied::Taken(_)));
        // A worker that comes again, as after a lost lease.
        assert_eq!(export(number), Applied::Superseded);
        let rows = "Ann,\r\n".repeat(rows);
        assert_eq!(text_of(ports, &action), format!("name,tags\r\n{rows}"));
    }
    let tally = read(ports, &action).tally;
    assert_eq!((tally.changed, tally.unchanged, tally.people()), (0, 3, action.people));
    assert_eq!(tally.skipped[&SkipReason::Merged], 1);
    let piece = |number| ports.actions.piece(org, action.id, number).unwrap().unwrap();
    assert_eq!(piece(0).skipped[&SkipReason::Merged], [there[1]]);
    assert!(piece(1).skipped[&SkipReason::NotFound].contains(&there[2]));
}

pub fn an_export_changes_nobody_and_is_told_of_nobody(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add_with(org, "Ann", "", |contact| contact.tags = tags(&["vip", "new"]));
    let (action, sheet) = naming(ports, org, &frozen(ports, org, [ann.id]));
    assert_eq!(read(ports, &action), action);
    let events = || ports.feed.after(org, None, 10).unwrap();
    let before = (ports.get(org, ann.id), events());
    ports.actions.export(&action, 0, &sheet, ports.clock.tick()).unwrap();
    assert_eq!((ports.get(org, ann.id), events()), before);
    let activity = ports.contacts.activity(org, ann.id, None, PageSize::new(10).unwrap());
    assert_eq!(activity.unwrap().items.len(), 1);
    assert_eq!(text_of(ports, &action), "name,tags\r\nAnn,\"new, vip\"\r\n");
}

pub fn the_file_of_an_export_goes_after_a_day_or_with_its_cancel(ports: &Ports) {
    let org = ports.org();
    let ann = ports.add(org, "Ann", "");
    let selection = frozen(ports, org, [ann.id]);
    for end in [ActionState::Cancelled, ActionState::Failed, ActionState::Done] {
        let (action, sheet) = naming(ports, org, &selection);
        ports.actions.export(&action, 0, &sheet, ports.clock.tick()).unwrap();
        // While it runs it is needed.
        ports.actions.erase_file(org, action.id).unwrap();
        assert_eq!(text_of(ports, &action), "name,tags\r\nAnn,\r\n");
        assert!(ports.actions.end(org, action.id, end, None, ports.clock.now()).unwrap());
        let lease = Duration::from_secs(30);
        let claim = || {
            let claimed =
                ports.jobs.claim(Lane::Work, ports.ids.next(), lease, ports.clock.now()).unwrap();
            claimed.map(|claimed| claimed.job)
        };
        if end == ActionState::Done {
            assert_eq!(read(ports, &action).file, action.file);
            ports.clock.advance(Action::FILE_KEPT - lease);
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
