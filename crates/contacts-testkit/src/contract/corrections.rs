//! The contract of [`contacts_core::import::ImportRepository`] for corrections of cells (R58).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use contacts_core::import::{
    CellEdit, Corrections, DryChunkOutcome, DryRowFilter, HeaderRow, Import, ImportState,
    LayoutChoice, Policy,
};
use contacts_core::run::RunState;
use contacts_core::{Actor, Clock, Error};

use super::dry_runs::started;
use super::erasures::begin;
use super::imports::in_state;
use crate::Ports;
use crate::samples::{chunk, import_row, ready_import};

fn edit(row: u64, column: usize, text: Option<&str>) -> CellEdit {
    CellEdit { row, column, text: text.map(str::to_owned) }
}

fn correct(ports: &Ports, import: &Import, edits: &[CellEdit]) -> bool {
    ports.imports.correct(import.org, import.id, edits).unwrap()
}

fn stored(ports: &Ports, import: &Import) -> Vec<(u64, usize, String)> {
    let corrections = ports.imports.corrections(import.org, import.id).unwrap();
    corrections.iter().map(|(row, column, text)| (row, column, text.to_owned())).collect()
}

pub fn corrections_are_those_of_the_last_edits(ports: &Ports) {
    let org = ports.org();
    let [import, other] = [(); 2].map(|()| ready_import(ports, org, Policy::default()));
    assert_eq!(stored(ports, &import), []);
    let edits =
        [edit(7, 1, Some("ann@example.org")), edit(2, 0, Some("")), edit(2, 1, Some("'ö\n"))];
    assert!(correct(ports, &import, &edits));
    assert!(correct(ports, &import, &[edit(7, 1, Some("bo@example.org")), edit(2, 0, None)]));
    assert!(correct(ports, &import, &[edit(3, 0, None)]));
    let expected = [(2, 1, "'ö\n".to_owned()), (7, 1, "bo@example.org".to_owned())];
    assert_eq!(stored(ports, &import), expected);
    assert_eq!(stored(ports, &other), []);
    assert_eq!(ports.imports.get(org, import.id).unwrap(), Some(import));
}

pub fn cells_are_corrected_during_the_review_only(ports: &Ports) {
    let org = ports.org();
    // Those of skipped rows are corrected after the import is done, too: see `retries`.
    let can_be_corrected = [ImportState::Ready, ImportState::Run(RunState::Done)];
    for state in ImportState::all().filter(|state| !can_be_corrected.contains(state)) {
        let import = in_state(ports, org, state);
        assert!(!correct(ports, &import, &[edit(1, 0, Some("Ann"))]), "{state:?}");
        assert_eq!(stored(ports, &import), []);
    }
}

pub fn corrections_stay_when_the_import_starts(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::default());
    assert!(correct(ports, &import, &[edit(1, 0, Some("Ann"))]));
    let now = ports.clock.now();
    assert!(ports.imports.start(org, import.id, Actor::System, now).unwrap());
    assert!(ports.imports.end(org, import.id, RunState::Done, None, Actor::System, now).unwrap());
    assert_eq!(stored(ports, &import), [(1, 0, "Ann".to_owned())]);
}

pub fn two_corrections_at_once_both_hold(ports: &Ports) {
    let org = ports.org();
    for _ in 0..10 {
        let import = ready_import(ports, org, Policy::default());
        let start = Barrier::new(2);
        thread::scope(|scope| {
            for column in [0, 1] {
                let (start, import) = (&start, &import);
                scope.spawn(move || {
                    start.wait();
                    assert!(correct(ports, import, &[edit(1, column, Some("x"))]));
                });
            }
        });
        assert_eq!(stored(ports, &import).len(), 2);
    }
}

pub fn too_many_corrections_are_refused(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::default());
    let all: Vec<_> = (1..=Corrections::MAX_CELLS as u64).map(|n| edit(n, 0, Some("x"))).collect();
    assert!(correct(ports, &import, &all));
    let more = [edit(1, 1, Some("y"))];
    let refused = ports.imports.correct(org, import.id, &more);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(stored(ports, &import).len(), Corrections::MAX_CELLS);
}

pub fn a_correction_marks_the_dry_run_as_outdated(ports: &Ports) {
    let org = ports.org();
    let import = ready_import(ports, org, Policy::default());
    let (id, now) = (started(ports, &import), ports.clock.now());
    let first = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    let processed = ports.dry_runs.process_chunk(&import, id, &first, now).unwrap();
    assert!(matches!(processed, DryChunkOutcome::Chunk(_)));
    let is_outdated = || ports.dry_runs.get(org, import.id).unwrap().unwrap().is_outdated;
    assert!(!is_outdated());
    assert!(correct(ports, &import, &[edit(1, 0, Some("Anna"))]));
    assert!(is_outdated());
    assert!(ports.dry_runs.end(org, id, RunState::Done, None, now).unwrap());
    assert!(is_outdated());
    let rows = ports.dry_runs.rows(org, import.id, &DryRowFilter::default(), 0, 10).unwrap();
    assert_eq!(rows.len(), 1, "the results stay until the next dry run");
    started(ports, &import);
    assert!(!is_outdated());
}

pub fn a_layout_with_other_cells_deletes_corrections(ports: &Ports) {
    let org = ports.org();
    let repaired = LayoutChoice { repair_text: true, ..LayoutChoice::default() };
    let headless = LayoutChoice { header: Some(HeaderRow::Absent), ..LayoutChoice::default() };
    for (layout, kept) in [(repaired, 1), (headless, 0)] {
        let import = ready_import(ports, org, Policy::default());
        assert!(correct(ports, &import, &[edit(1, 0, Some("Ann"))]));
        let now = ports.clock.now();
        assert!(ports.imports.choose_layout(org, import.id, &layout, now).unwrap());
        assert_eq!(stored(ports, &import).len(), kept, "{layout:?}");
    }
}

pub fn corrections_are_deleted_with_the_file(ports: &Ports) {
    let org = ports.org();
    let corrected = || {
        let import = ready_import(ports, org, Policy::default());
        assert!(correct(ports, &import, &[edit(1, 0, Some("Ann"))]));
        import
    };
    let (erased, expired) = (corrected(), corrected());
    let ann = ports.add(org, "Ann", "ann@example.org");
    let erasure = begin(ports, &ann);
    ports.erasures.erase_file(org, erasure.id, erased.id, &[1]).unwrap();
    assert_eq!((stored(ports, &erased).len(), stored(ports, &expired).len()), (0, 1));
    ports.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    ports.housekeeping.sweep(ports.clock.now()).unwrap();
    assert_eq!(stored(ports, &expired), []);
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let import = ready_import(ports, org, Policy::default());
    assert!(correct(ports, &import, &[edit(1, 0, Some("Ann"))]));
    let foreign = Import { org: other, ..import.clone() };
    assert!(!correct(ports, &foreign, &[edit(1, 0, None), edit(1, 1, Some("x"))]));
    assert_eq!(stored(ports, &foreign), []);
    assert_eq!(stored(ports, &import), [(1, 0, "Ann".to_owned())]);
}
