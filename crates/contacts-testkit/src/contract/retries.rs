//! The contract of [`contacts_core::import::ImportRepository`] for corrected rows that come back into
//! their import (R58).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::time::Duration;

use contacts_core::import::{
    Applied, CellEdit, Chunk, Import, ImportRow, ImportState, Policy, Skip, SkipCode, Tally,
};
use contacts_core::job::{Job, Lane};
use contacts_core::run::RunState;
use contacts_core::undo::{UndoId, UndoStart, UndoStep, UndoSubject};
use contacts_core::{Actor, Clock, Error, Ids, OrgId};

use super::imports::in_state;
use crate::Ports;
use crate::samples::{chunk, import_row, planned, running_import, skipped_opt_out};

fn edit(row: u64) -> CellEdit {
    CellEdit { row, column: 1, text: Some(format!("row{row}@example.org")) }
}

fn read(ports: &Ports, import: &Import) -> Import {
    ports.imports.get(import.org, import.id).unwrap().unwrap()
}

fn end(ports: &Ports, import: &Import, state: RunState) -> bool {
    let problem = (state == RunState::Failed).then(|| "it broke".to_owned());
    let now = ports.clock.tick();
    ports.imports.end(import.org, import.id, state, problem, Actor::System, now).unwrap()
}

/// Imports three rows: the first adds Ann, the others are skipped.
fn done(ports: &Ports, org: OrgId) -> Import {
    let import = running_import(ports, org, Policy::default());
    let skipped = |number| {
        let opted_out = ImportRow::default();
        skipped_opt_out(&ports.ids, number, Skip::MissingEmail, opted_out)
    };
    let mut rows = chunk(&ports.ids, 0, vec![import_row("Ann", "ann@example.org")]);
    rows.rows.extend([skipped(2), skipped(3)]);
    let applied = ports.imports.apply(&import, &rows, ports.clock.tick()).unwrap();
    assert!(matches!(applied, Applied::Chunk(_)));
    assert!(end(ports, &import, RunState::Done));
    read(ports, &import)
}

fn retry(ports: &Ports, import: &Import, edits: &[CellEdit]) -> bool {
    let now = ports.clock.tick();
    ports.imports.retry(import.org, import.id, edits, Actor::System, now).unwrap()
}

/// Returns a chunk of corrected rows.
fn corrected(ports: &Ports, rows: &[(u64, ImportRow)]) -> Chunk {
    let rows = rows.iter().map(|(number, row)| planned(&ports.ids, *number, row.clone()));
    Chunk { after: 0, is_retry: true, rows: rows.collect() }
}

fn apply(ports: &Ports, import: &Import, chunk: &Chunk) -> Applied {
    ports.imports.apply(&read(ports, import), chunk, ports.clock.tick()).unwrap()
}

fn counts(tally: &Tally) -> (u64, u64, u64) {
    (tally.added, tally.updated, tally.skips())
}

pub fn corrected_rows_wait_until_they_are_imported(ports: &Ports) {
    let org = ports.org();
    let import = done(ports, org);
    assert!(!retry(ports, &import, &[]), "no row was corrected");
    assert_eq!(read(ports, &import), import);
    for edits in [&[edit(3)][..], &[edit(3), edit(2)]] {
        assert!(ports.imports.correct(org, import.id, edits).unwrap());
        assert_eq!(read(ports, &import).corrected_rows, edits.len() as u64);
    }
    assert_eq!(ports.imports.corrected_rows(org, import.id).unwrap(), [2, 3]);
    let (worker, lease) = (ports.ids.next(), Duration::from_secs(60));
    while ports.jobs.claim(Lane::Work, worker, lease, ports.clock.now()).unwrap().is_some() {}
    assert!(retry(ports, &import, &[]));
    let job = ports.jobs.claim(Lane::Work, worker, lease, ports.clock.now()).unwrap().unwrap();
    assert_eq!(job.job, Job::RunImport(import.id));
    let expected = Import {
        state: ImportState::Run(RunState::Queued),
        corrected_rows: 2,
        retried_rows: Some(2),
        started_at: None,
        finished_at: None,
        ..import.clone()
    };
    assert_eq!(read(ports, &import), expected);
    assert!(!retry(ports, &import, &[]), "it is imported already");
    assert!(!ports.imports.correct(org, import.id, &[edit(2)]).unwrap());
}

pub fn a_row_moves_from_skipped_to_added(ports: &Ports) {
    let org = ports.org();
    let import = done(ports, org);
    assert!(retry(ports, &import, &[edit(2), edit(3)]));
    let bo = corrected(ports, &[(2, import_row("Bo", "bo@example.org"))]);
    let Applied::Chunk(tally) = apply(ports, &import, &bo) else { panic!("not taken") };
    assert_eq!((counts(&tally), tally.rows()), ((2, 0, 1), 3));
    assert_eq!(apply(ports, &import, &bo), Applied::Superseded, "each row is taken once");
    assert_eq!(ports.imports.corrected_rows(org, import.id).unwrap(), [3]);
    assert!(!end(ports, &import, RunState::Done), "a row waits");
    let still = skipped_opt_out(&ports.ids, 3, Skip::MissingName, ImportRow::default());
    let still = Chunk { after: 0, is_retry: true, rows: vec![still] };
    let Applied::Chunk(tally) = apply(ports, &import, &still) else { panic!("not taken") };
    assert_eq!(tally.skipped, [(SkipCode::MissingName, 1)].into());
    let issues = ports.imports.issues(org, import.id, 0, 10).unwrap();
    let issues: Vec<_> = issues.iter().map(|issue| (issue.row, issue.code.as_str())).collect();
    assert_eq!(issues, [(3, "missing_name")]);
    assert!(end(ports, &import, RunState::Done));
    let after = read(ports, &import);
    assert_eq!((after.tally, after.corrected_rows), (tally, 0));
    assert_eq!(ports.found(org, ""), ["Ann", "Bo"]);

    assert!(retry(ports, &import, &[edit(3)]), "a second correction works the same way");
    let cy = corrected(ports, &[(3, import_row("Cy", "cy@example.org"))]);
    let Applied::Chunk(tally) = apply(ports, &import, &cy) else { panic!("not taken") };
    assert_eq!(counts(&tally), (3, 0, 0));
}

pub fn only_skipped_rows_of_a_done_import_are_corrected(ports: &Ports) {
    let org = ports.org();
    let import = done(ports, org);
    let imports = &ports.imports;
    let refused = imports.correct(org, import.id, &[edit(2), edit(1)]);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let now = ports.clock.now();
    let refused = imports.retry(org, import.id, &[edit(1)], Actor::System, now);
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(read(ports, &import), import);
    assert_eq!(imports.corrections(org, import.id).unwrap().iter().count(), 0);
    for state in ImportState::all() {
        if !matches!(state, ImportState::Run(RunState::Done)) {
            let other = in_state(ports, org, state);
            assert!(!retry(ports, &other, &[]), "{state:?}");
            assert_eq!(read(ports, &other), other);
        }
    }
}

pub fn a_run_of_corrected_rows_that_ends_early_leaves_the_import_done(ports: &Ports) {
    let org = ports.org();
    for state in [RunState::Cancelled, RunState::Failed] {
        let import = done(ports, org);
        assert!(retry(ports, &import, &[edit(2), edit(3)]));
        let row = (2, import_row("Bo", &format!("{}@example.org", state.as_str())));
        assert!(matches!(apply(ports, &import, &corrected(ports, &[row])), Applied::Chunk(_)));
        assert!(end(ports, &import, state));
        let ended = read(ports, &import);
        assert_eq!((ended.state, ended.corrected_rows), (ImportState::Run(RunState::Done), 1));
        assert_eq!(ended.problem.is_some(), state == RunState::Failed);
        assert!(retry(ports, &import, &[]));
        assert_eq!(read(ports, &import).problem, None);
    }
}

pub fn an_undo_undoes_corrected_rows_too(ports: &Ports) {
    let org = ports.org();
    let import = done(ports, org);
    assert!(retry(ports, &import, &[edit(2), edit(3)]));
    let rows =
        [(2, import_row("Bo", "bo@example.org")), (3, import_row("Anna", "ann@example.org"))];
    assert!(matches!(apply(ports, &import, &corrected(ports, &rows)), Applied::Chunk(_)));
    assert!(end(ports, &import, RunState::Done));
    assert_eq!(ports.found(org, ""), ["Anna", "Bo"]);
    let (undo, subject) = (UndoId(ports.ids.next()), UndoSubject::Import(import.id));
    let now = ports.clock.tick();
    let started = ports.undos.begin(org, subject, undo, Actor::System, now).unwrap();
    assert_eq!(started, UndoStart::Yes);
    while ports.undos.step(org, undo, now).unwrap() != UndoStep::Finished {}
    assert_eq!(ports.found(org, ""), Vec::<String>::new());
    let tally = ports.undos.get(org, subject).unwrap().unwrap().tally;
    assert_eq!((tally.removed, tally.restored, tally.kept), (2, 0, 0));
    assert!(!retry(ports, &import, &[edit(3)]));
}

pub fn activity_lists_what_a_corrected_row_changed(ports: &Ports) {
    let org = ports.org();
    let bo = ports.add(org, "Bo", "bo@example.org");
    let import = done(ports, org);
    assert!(retry(ports, &import, &[edit(2)]));
    let rows = corrected(ports, &[(2, import_row("Bob", "bo@example.org"))]);
    assert!(matches!(apply(ports, &import, &rows), Applied::Chunk(_)));
    let activity = ports.activity(org, bo.id);
    let imported = format!("{:?}", activity[0]);
    assert!(imported.contains("Imported") && imported.contains("Bob"), "{imported}");
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let import = done(ports, org);
    let now = ports.clock.now();
    assert!(!ports.imports.correct(other, import.id, &[edit(2)]).unwrap());
    assert!(!ports.imports.retry(other, import.id, &[edit(2)], Actor::System, now).unwrap());
    assert!(ports.imports.correct(org, import.id, &[edit(2)]).unwrap());
    assert_eq!(ports.imports.corrected_rows(other, import.id).unwrap(), Vec::<u64>::new());
}
