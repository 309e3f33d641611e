//! Corrected rows that come back into their import, in memory (R58).

use contacts_core::import::{
    CellEdit, Corrections, FileState, ImportId, ImportState, IssueCode, PlannedRow,
};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::trail::TrailEvent;
use contacts_core::undo::UndoSubject;
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::CountedIds;
use crate::memory::imports::StoredImport;
use crate::world::State;

impl State {
    /// Corrects skipped rows of an import that is done, whose file is stored and whose undo was never
    /// started. Returns whether it was.
    pub(super) fn correct_done(
        &mut self,
        org: OrgId,
        id: ImportId,
        edits: &[CellEdit],
    ) -> Result<bool> {
        let rows = self.organisations.entry(org).or_default();
        if rows.undos.contains_key(&UndoSubject::Import(id)) {
            return Ok(false);
        }
        let run = rows.imports.get_mut(&id).filter(|run| {
            run.import.state == ImportState::Run(RunState::Done)
                && run.import.file_state == FileState::Kept
        });
        let Some(run) = run else { return Ok(false) };
        let skipped = run.issues.iter().filter(|issue| issue.is_skip()).map(|issue| issue.row);
        Corrections::check_skipped(edits, &skipped.collect())?;
        run.corrections.edit(edits)?;
        run.retries.extend(edits.iter().map(|edit| edit.row));
        run.import.corrected_rows = run.retries.len() as u64;
        Ok(true)
    }

    /// Corrects cells of an import that is done, and starts the run of its corrected rows. Returns
    /// whether it was done and a row waits.
    pub(super) fn retry(
        &mut self,
        org: OrgId,
        id: ImportId,
        edits: &[CellEdit],
        (actor, now): (Actor, OffsetDateTime),
        ids: &CountedIds,
    ) -> Result<bool> {
        if !self.correct_done(org, id, edits)? {
            return Ok(false);
        }
        let rows = self.organisations.entry(org).or_default();
        let run = rows.imports.get_mut(&id).filter(|run| !run.retries.is_empty());
        let Some(StoredImport { import, .. }) = run else { return Ok(false) };
        import.state = ImportState::Run(RunState::Queued);
        (import.problem, import.started_at, import.finished_at) = (None, None, None);
        import.retried_rows = Some(import.corrected_rows);
        rows.record(TrailEvent::import_started(id), actor, now);
        // The worker that ended the import may not have ended its job yet.
        self.jobs.remove(org, Job::RunImport(id));
        self.jobs.push(org, Job::RunImport(id), now, ids);
        Ok(true)
    }
}

impl StoredImport {
    /// Takes rows from those that wait, and deletes their issues, before they are applied. Subtracts
    /// their former skips from the tally.
    pub(super) fn take_retries(&mut self, rows: &[PlannedRow]) {
        for row in rows {
            self.retries.remove(&row.number);
            for issue in self.issues.extract_if(.., |issue| issue.row == row.number) {
                if let IssueCode::Skip(code) = issue.code {
                    self.import.tally.unskip(code);
                }
            }
        }
        self.import.corrected_rows = self.retries.len() as u64;
    }
}
