//! The contract of [`contacts_core::action::ActionRepository`] for chunks and their parts (R24).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::Clock;
use contacts_core::action::{ActionKind, Applied, Tally};
use contacts_core::contact::{ActivityKind, ContactFilter};
use contacts_core::page::PageSize;
use contacts_core::run::RunState;

use super::actions::{apply, inserted, read, spread};
use super::check::written;
use super::selections::frozen;
use crate::Ports;
use crate::samples::tags;

pub fn a_chunk_is_done_once(ports: &Ports) {
    let org = ports.org();
    let (selection, chunk_contacts) = spread(ports, org);
    let action = inserted(ports, org, &selection, ActionKind::AddTags(tags(&["vip"])));
    assert_eq!((action.chunks, chunk_contacts.len()), (3, 5));
    let started = ports.clock.tick();
    let mut changed = 0;
    for chunk in 0..action.chunks {
        // One worker is ahead, and another repeats a chunk after its lease expired. Whatever they
        // believe, the action continues from its stored state.
        assert_eq!(apply(ports, &action, chunk + 1), Applied::Superseded);
        assert_eq!(ports.actions.part(org, action.id, chunk).unwrap(), None);
        let Applied::Part { tally, .. } = apply(ports, &action, chunk) else { panic!("not taken") };
        assert_eq!(apply(ports, &action, chunk), Applied::Superseded);
        let done = ports.actions.part(org, action.id, chunk).unwrap().unwrap();
        changed += done.changed.len();
        let now = read(ports, &action);
        assert_eq!((now.chunks_done, now.started_at), (chunk + 1, Some(started)));
        assert_eq!((&now.tally, now.state), (&tally, RunState::Running));
        assert_eq!(tally.changed, changed as u64);
        ports.clock.tick();
    }
    let ended = read(ports, &action);
    assert_eq!((changed, ended.tally.contacts()), (chunk_contacts.len(), action.contacts));
    let now = ports.clock.now();
    assert!(ports.actions.end(org, action.id, RunState::Done, None, now).unwrap());
    let ended = read(ports, &action);
    assert_eq!((ended.state, ended.finished_at), (RunState::Done, Some(now)));
    assert!(chunk_contacts.iter().all(|id| ports.get(org, *id).tags.len() == 1));
}

pub fn a_chunk_is_applied_in_parts(ports: &Ports) {
    let org = ports.org();
    let ids = ["Ann", "Bo", "Cem", "Di", "Eva"].map(|name| ports.add(org, name, "").id);
    let selection = frozen(ports, org, ids);
    for (name, end) in [("all", RunState::Done), ("some", RunState::Cancelled)] {
        let action = inserted(ports, org, &selection, ActionKind::AddTags(tags(&[name])));
        let part = || {
            let (still, now) = (ContactFilter::default(), ports.clock.tick());
            ports.actions.apply(&action, 0, 2, &still, now).unwrap()
        };
        let parts = [(0, &ids[..2]), (0, &ids[2..4]), (1, &ids[4..])];
        let parts = if end == RunState::Done { &parts[..] } else { &parts[..2] };
        let mut changed = 0;
        for (number, (chunks_done, ids)) in parts.iter().enumerate() {
            changed += ids.len() as u64;
            let tally = Tally { changed, ..Tally::default() };
            let chunks_done = *chunks_done;
            assert_eq!(part(), Applied::Part { tally: tally.clone(), chunks_done });
            let now = read(ports, &action);
            assert_eq!((now.chunks_done, now.tally), (chunks_done, tally));
            let done = ports.actions.part(org, action.id, number as u32).unwrap().unwrap();
            assert_eq!(done.changed, **ids);
        }
        assert!(ports.actions.end(org, action.id, end, None, ports.clock.now()).unwrap());
        assert_eq!(part(), Applied::Stopped(end));
        let parts_done = parts.len() as u32;
        assert_eq!(ports.actions.part(org, action.id, parts_done).unwrap(), None);
        for (at, id) in ids.iter().enumerate() {
            let is_tagged = written(&ports.get(org, *id).tags).contains(&name);
            assert_eq!(is_tagged, (at as u64) < changed, "{name} {at}");
            let activity =
                ports.contacts.activity(org, *id, None, PageSize::new(10).unwrap()).unwrap();
            let is_named = |kind: &ActivityKind| matches!(kind, ActivityKind::Tagged { added, .. } if added == &[name.to_owned()]);
            let activity = activity.items.iter().filter(|entry| is_named(&entry.what));
            assert_eq!(activity.count(), usize::from(is_tagged), "{name} {at}");
        }
    }
}
