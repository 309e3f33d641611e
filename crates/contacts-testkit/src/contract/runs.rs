//! The contract of [`contacts_core::run::RunRepository`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::action::{Action, ActionKind};
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::import::{ImportState, Policy};
use contacts_core::run::{Run, RunFilter, RunId, RunKind, RunState};
use contacts_core::{Actor, Error, Ids, OrgId};

use super::selections::frozen;
use super::{actions, dry_runs, erasures, imports, syncs, undos};
use crate::Ports;
use crate::samples::{self, chunk, import_row, tags};

/// One run of each kind but the bulk actions other than adding tags, in the order of their
/// requests. None has been begun by a worker, except the import that is undone.
fn one_of_each(ports: &Ports, org: OrgId) -> Vec<Run> {
    let ready = samples::ready_import(ports, org, Policy::Overwrite);
    dry_runs::started(ports, &ready);
    let dry = ports.dry_runs.get(org, ready.id).unwrap().unwrap();
    let undone = imports::in_state(ports, org, ImportState::Undoing);
    let undo = ports.undos.get(org, undos::subject(&undone)).unwrap().unwrap();
    let action = added_tags(ports, org);
    let contact = ports.add(org, "Eve", "eve@example.org");
    let erasure = erasures::begin(ports, &contact);
    let (service, _) = syncs::service(ports);
    let source = service.create(org, samples::definition(), Actor::System).unwrap();
    let sync = service.ask(org, source.id, false, Actor::System).unwrap();
    vec![
        Run::from(&ready),
        Run::from(&dry),
        Run::from(&undone),
        Run::from(&undo),
        Run::from(&action),
        Run::from(&erasure),
        Run::from(&sync),
    ]
}

fn added_tags(ports: &Ports, org: OrgId) -> Action {
    let contact = ports.add(org, "Ann", "ann@example.org");
    let selection = frozen(ports, org, [contact.id, ContactId(ports.ids.next())]);
    actions::inserted(ports, org, &selection, ActionKind::AddTags(tags(&["vip"])))
}

fn find(ports: &Ports, org: OrgId, run: &Run) -> Run {
    ports.runs.find(org, run.id).unwrap().unwrap()
}

fn listed(ports: &Ports, org: OrgId, filter: &RunFilter) -> Vec<Run> {
    ports.runs.list(org, filter, None, 100).unwrap()
}

fn newest_first(runs: &[Run]) -> Vec<Run> {
    let mut runs = runs.to_vec();
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    runs
}

pub fn a_run_of_any_kind_is_what_its_own_port_reads(ports: &Ports) {
    let org = ports.org();
    let runs = one_of_each(ports, org);
    for run in &runs {
        assert_eq!(&find(ports, org, run), run);
    }
    assert_eq!(listed(ports, org, &RunFilter::default()), newest_first(&runs));
    assert_eq!(ports.runs.find(org, RunId(ports.ids.next())).unwrap(), None);
}

pub fn an_import_is_a_run_in_each_of_its_states(ports: &Ports) {
    let org = ports.org();
    for state in ImportState::all() {
        let import = imports::in_state(ports, org, state);
        let run = Run::from(&import);
        assert_eq!(find(ports, org, &run), run, "{state:?}");
        assert_eq!(run.state.is_open(), run.finished_at.is_none(), "{state:?}");
    }
}

pub fn a_run_is_queued_until_a_worker_begins_it(ports: &Ports) {
    let org = ports.org();
    let action = added_tags(ports, org);
    let of = |action: &Action| find(ports, org, &Run::from(action));
    let before = of(&action);
    assert_eq!((before.state, before.started_at), (RunState::Queued, None));
    let started = ports.clock.tick();
    ports.actions.apply(&action, 0, usize::MAX, &ContactFilter::default(), started).unwrap();
    let after = of(&action);
    assert_eq!((after.state, after.started_at), (RunState::Running, Some(started)));
    assert_eq!((after.progress.done, after.progress.total), (2, Some(2)));

    let import = samples::running_import(ports, org, Policy::Overwrite);
    let run = Run::from(&import);
    assert_eq!(find(ports, org, &run).state, RunState::Queued);
    let rows = vec![import_row("Bo", "bo@example.org"), import_row("Cy", "cy@example.org")];
    ports.imports.apply(&import, &chunk(&ports.ids, 0, rows), started).unwrap();
    let run = find(ports, org, &run);
    assert_eq!((run.state, run.started_at), (RunState::Running, Some(started)));
    assert_eq!(run.progress.done, 2);
}

pub fn each_change_of_a_run_is_an_allowed_transition(ports: &Ports) {
    let org = ports.org();
    for run in one_of_each(ports, org) {
        let cancelled = ports.services().runs.cancel(org, run.id, Actor::System);
        let after = ports.runs.find(org, run.id).unwrap();
        match cancelled {
            Ok(cancelled) => {
                assert!(run.state.may_become(RunState::Cancelled), "{run:?}");
                assert_eq!(cancelled.state, RunState::Cancelled);
                assert!(cancelled.finished_at.is_some());
                assert_eq!(after, Some(cancelled));
            }
            Err(Error::Conflict(_)) => {
                let is_refused = run.kind == RunKind::Erasure || !run.state.is_open();
                assert!(is_refused, "{run:?}");
                assert_eq!(after, Some(run.clone()));
            }
            // An import that ends discards its dry run.
            Err(Error::NotFound(_)) => assert_eq!((run.kind, after), (RunKind::DryRun, None)),
            Err(error) => panic!("{run:?}: {error}"),
        }
        assert!(ports.services().runs.cancel(org, run.id, Actor::System).is_err(), "{run:?}");
    }
}

pub fn runs_are_listed_by_kind_and_until_they_end(ports: &Ports) {
    let org = ports.org();
    let runs = one_of_each(ports, org);
    for kind in RunKind::ALL {
        let of_kind: Vec<_> = runs.iter().filter(|run| run.kind == kind).cloned().collect();
        let filter = RunFilter { kinds: vec![kind], only_open: false };
        assert_eq!(listed(ports, org, &filter), newest_first(&of_kind), "{kind:?}");
    }
    let none = RunFilter { kinds: Vec::new(), only_open: false };
    assert_eq!(listed(ports, org, &none), []);
    let open: Vec<_> = runs.iter().filter(|run| run.state.is_open()).cloned().collect();
    let only_open = RunFilter { only_open: true, ..RunFilter::default() };
    assert_eq!(open.len(), runs.len() - 1);
    assert_eq!(listed(ports, org, &only_open), newest_first(&open));
    for run in open.iter().filter(|run| run.kind == RunKind::Import) {
        ports.services().runs.cancel(org, run.id, Actor::System).unwrap();
        assert!(listed(ports, org, &only_open).iter().all(|other| other.id != run.id));
    }
}

pub fn runs_are_listed_page_by_page(ports: &Ports) {
    let org = ports.org();
    let all = newest_first(&one_of_each(ports, org));
    for size in 1..=all.len() {
        let mut read = Vec::new();
        let mut before = None;
        loop {
            let page = ports.runs.list(org, &RunFilter::default(), before, size).unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            read.extend(page);
        }
        assert_eq!(read, all, "{size} on a page");
    }
}

pub fn an_undo_that_is_requested_again_is_another_run(ports: &Ports) {
    let org = ports.org();
    let import = undos::imported(ports, org, vec![import_row("Ann", "ann@example.org")], 1);
    let service = ports.services();
    let first = service.undos.begin(org, undos::subject(&import), Actor::System).unwrap();
    service.runs.cancel(org, RunId(first.id.0), Actor::System).unwrap();
    let second = service.undos.begin(org, undos::subject(&import), Actor::System).unwrap();
    assert_ne!(first.id, second.id);
    let run = Run::from(&second);
    assert_eq!((run.state, run.started_at, run.finished_at), (RunState::Queued, None, None));
    assert_eq!(find(ports, org, &run), run);
    assert_eq!(ports.runs.find(org, RunId(first.id.0)).unwrap(), None);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    for run in one_of_each(ports, org) {
        assert_eq!(ports.runs.find(other, run.id).unwrap(), None);
    }
    assert_eq!(listed(ports, other, &RunFilter::default()), []);
}
