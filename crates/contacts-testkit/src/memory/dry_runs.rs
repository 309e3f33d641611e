//! Dry runs in memory.

use std::collections::BTreeMap;

use contacts_core::contact::{Arrival, Contact, Origin};
use contacts_core::import::{
    Chunk, Decision, DryOutcome, DryRow, DryRun, DryRunId, DryRunRepository, DryRunState, Import,
    ImportId, ImportRow, ImportState, PlannedRow, Rehearsed, Skip, Tally, added, decide,
};
use contacts_core::job::Job;
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::imports::Run;
use crate::world::Rows;

/// A dry run and what it found.
pub(crate) struct Rehearsal {
    run: DryRun,
    /// As the rows so far would have made them, by the keys of their addresses.
    people: BTreeMap<String, Contact>,
    rows: Vec<DryRow>,
}

impl Rehearsal {
    /// Looks at one row; says why it would be skipped, if it would be.
    fn take(
        &mut self,
        rows: &mut Rows,
        import: &Import,
        planned: &PlannedRow,
        row: &ImportRow,
        now: OffsetDateTime,
    ) -> (DryOutcome, Option<Skip>) {
        let key = row.email.key();
        let kept = rows.contacts.of_address(key).map(|record| record.contact.clone());
        let id = kept.as_ref().map(|contact| contact.id);
        let known = self.people.get(key).cloned().or(kept);
        let policy = import.plan.as_ref().map(|plan| plan.policy).unwrap_or_default();
        match (decide(known.as_ref(), row, policy, now), known) {
            (Decision::Update { contact, tags, .. }, Some(before)) => {
                self.run.tally.updated += 1;
                let outcome = DryOutcome::updated(id, &before, &contact, &tags);
                self.people.insert(key.to_owned(), *contact);
                (outcome, None)
            }
            (Decision::Skip(skip), _) => (DryOutcome::skipped(skip), Some(skip)),
            _ => {
                self.run.tally.added += 1;
                let origin = Origin::CsvImport {
                    import: import.id,
                    file_name: import.file_name.clone(),
                    row: planned.number,
                };
                let contact = added(row, import.org, planned.id, Arrival { at: now, origin });
                self.people.insert(key.to_owned(), contact);
                (DryOutcome::Added, None)
            }
        }
    }
}

impl Rows {
    fn dry_run(&mut self, id: DryRunId) -> Option<&mut Rehearsal> {
        let mut dry = self.imports.values_mut().filter_map(|run| run.dry.as_mut());
        dry.find(|rehearsal| rehearsal.run.id == id)
    }

    fn dry_run_of(&self, import: ImportId) -> Option<&Rehearsal> {
        self.imports.get(&import).and_then(|run| run.dry.as_ref())
    }

    fn rehearse(
        &mut self,
        rehearsal: &mut Rehearsal,
        import: &Import,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Rehearsed {
        if rehearsal.run.state != DryRunState::Running {
            return Rehearsed::Stopped;
        }
        if chunk.after != rehearsal.run.tally.rows() {
            return Rehearsed::Superseded;
        }
        for planned in &chunk.rows {
            let (outcome, skipped) = match &planned.row {
                Ok(row) => rehearsal.take(self, import, planned, row, now),
                Err(skip) => (DryOutcome::skipped(*skip), Some(*skip)),
            };
            rehearsal.run.tally.count(skipped, planned.warnings.len());
            rehearsal.rows.push(DryRow::new(planned, outcome));
        }
        Rehearsed::Took(rehearsal.run.tally.clone())
    }
}

impl DryRunRepository for World {
    fn begin(
        &self,
        org: OrgId,
        import: ImportId,
        id: DryRunId,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let mut state = self.state();
        let run = state.organisations.entry(org).or_default().imports.get_mut(&import);
        let Some(run) = run.filter(|run| run.import.state == ImportState::Ready) else {
            return Ok(false);
        };
        let begun = DryRun {
            id,
            import,
            state: DryRunState::Running,
            problem: None,
            tally: Tally::default(),
            asked_at: now,
            finished_at: None,
        };
        run.dry = Some(Rehearsal { run: begun, people: BTreeMap::new(), rows: Vec::new() });
        state.jobs.push(org, Job::DryRun(id), now, &self.ids());
        Ok(true)
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<DryRun>> {
        self.rows(org, |rows| Ok(rows.dry_run_of(import).map(|dry| dry.run.clone())))
    }

    fn find(&self, org: OrgId, id: DryRunId) -> Result<Option<DryRun>> {
        self.rows(org, |rows| Ok(rows.dry_run(id).map(|dry| dry.run.clone())))
    }

    fn rehearse(
        &self,
        import: &Import,
        id: DryRunId,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<Rehearsed> {
        self.rows(import.org, |rows| {
            let Some(run) = rows.imports.get_mut(&import.id) else { return Ok(Rehearsed::Stopped) };
            let Some(mut rehearsal) = run.dry.take_if(|dry| dry.run.id == id) else {
                return Ok(Rehearsed::Stopped);
            };
            let rehearsed = rows.rehearse(&mut rehearsal, import, chunk, now);
            if let Some(run) = rows.imports.get_mut(&import.id) {
                run.dry = Some(rehearsal);
            }
            Ok(rehearsed)
        })
    }

    fn end(
        &self,
        org: OrgId,
        id: DryRunId,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let dry = rows.dry_run(id).filter(|dry| dry.run.state == DryRunState::Running);
            Ok(dry
                .map(|Rehearsal { run, people, .. }| {
                    run.state =
                        if problem.is_some() { DryRunState::Failed } else { DryRunState::Done };
                    run.problem = problem;
                    run.finished_at = Some(now);
                    people.clear();
                })
                .is_some())
        })
    }

    fn discard(&self, org: OrgId, import: ImportId) -> Result<bool> {
        self.rows(org, |rows| {
            let run: Option<&mut Run> = rows.imports.get_mut(&import);
            Ok(run.and_then(|run| run.dry.take()).is_some())
        })
    }

    fn rows(&self, org: OrgId, import: ImportId, after: u64, limit: usize) -> Result<Vec<DryRow>> {
        World::rows(self, org, |rows| {
            let all = rows.dry_run_of(import).map(|dry| dry.rows.as_slice()).unwrap_or_default();
            Ok(all.iter().filter(|row| row.row > after).take(limit).cloned().collect())
        })
    }
}
