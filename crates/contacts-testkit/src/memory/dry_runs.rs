//! Dry runs in memory.

use std::collections::BTreeMap;

use contacts_core::contact::ContactId;
use contacts_core::import::{
    Chunk, ChunkPlan, DryChunkOutcome, DryRow, DryRowFilter, DryRun, DryRunId, DryRunRepository,
    ExistingContact, Import, ImportId, ImportState, RowKeys,
};
use contacts_core::job::Job;
use contacts_core::run::{Run, RunState};
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::imports::StoredImport;
use crate::world::Rows;

/// A dry run and its results.
pub(crate) struct StoredDryRun {
    run: DryRun,
    /// Contacts as the rows so far would have left them, with a flag for those that are stored.
    contacts: BTreeMap<ContactId, ExistingContact>,
    rows: Vec<DryRow>,
}

impl StoredDryRun {
    /// Returns the id of a dry run that has not ended.
    pub(crate) fn open(&self) -> Option<DryRunId> {
        self.run.state.is_open().then_some(self.run.id)
    }

    /// Marks the results as those of cells that were corrected since.
    pub(super) fn outdate(&mut self) {
        self.run.is_outdated = true;
    }

    pub(super) fn as_run(&self) -> Run {
        Run::from(&self.run)
    }
}

impl Rows {
    fn dry_run(&mut self, id: DryRunId) -> Option<&mut StoredDryRun> {
        let mut dry = self.imports.values_mut().filter_map(|run| run.dry.as_mut());
        dry.find(|rehearsal| rehearsal.run.id == id)
    }

    fn dry_run_of(&self, import: ImportId) -> Option<&StoredDryRun> {
        self.imports.get(&import).and_then(|run| run.dry.as_ref())
    }

    fn process_chunk(
        &mut self,
        rehearsal: &mut StoredDryRun,
        import: &Import,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> DryChunkOutcome {
        if !rehearsal.run.state.is_open() {
            return DryChunkOutcome::Stopped;
        }
        if chunk.after != rehearsal.run.tally.rows() {
            return DryChunkOutcome::Superseded;
        }
        let stored = self.with_keys(&RowKeys::of(&chunk.rows)).into_iter();
        let mut existing: BTreeMap<_, _> =
            stored.map(|existing| (existing.contact.id, existing)).collect();
        // Later rows must match contacts as earlier rows would leave them, not as they are stored.
        for (id, left) in &rehearsal.contacts {
            let former_ids = existing.remove(id).map(|stored| stored.former_ids);
            let former_ids = former_ids.unwrap_or_default();
            existing.insert(*id, ExistingContact { former_ids, ..left.clone() });
        }
        let writes = ChunkPlan::dry(import, &chunk.rows, existing.into_values(), now).finish();
        for planned in writes.contacts.iter().filter(|planned| planned.is_changed()) {
            let (contact, is_stored) = (planned.contact.clone(), !planned.is_new());
            let left = ExistingContact { is_stored, ..contact.into() };
            rehearsal.contacts.insert(left.contact.id, left);
        }
        rehearsal.run.state = RunState::Running;
        rehearsal.run.started_at.get_or_insert(now);
        rehearsal.run.tally.add(&writes.tally);
        rehearsal.rows.extend(writes.rows);
        DryChunkOutcome::Chunk(rehearsal.run.tally.clone())
    }
}

impl DryRunRepository for World {
    fn begin(&self, org: OrgId, dry_run: &DryRun) -> Result<bool> {
        let mut state = self.state_to_change()?;
        state.check_plan(org, dry_run.import)?;
        let run = state.organisations.entry(org).or_default().imports.get_mut(&dry_run.import);
        let Some(run) = run.filter(|run| run.import.state == ImportState::Ready) else {
            return Ok(false);
        };
        let run_of = dry_run.clone();
        run.dry = Some(StoredDryRun { run: run_of, contacts: BTreeMap::new(), rows: Vec::new() });
        state.jobs.push(org, Job::DryRun(dry_run.id), dry_run.created_at, &self.ids());
        Ok(true)
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<DryRun>> {
        self.read(org, |rows| Ok(rows.dry_run_of(import).map(|dry| dry.run.clone())))
    }

    fn find(&self, org: OrgId, id: DryRunId) -> Result<Option<DryRun>> {
        self.read(org, |rows| Ok(rows.dry_run(id).map(|dry| dry.run.clone())))
    }

    fn process_chunk(
        &self,
        import: &Import,
        id: DryRunId,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<DryChunkOutcome> {
        self.rows(import.org, |rows| {
            let Some(run) = rows.imports.get_mut(&import.id) else {
                return Ok(DryChunkOutcome::Stopped);
            };
            let Some(mut rehearsal) = run.dry.take_if(|dry| dry.run.id == id) else {
                return Ok(DryChunkOutcome::Stopped);
            };
            let rehearsed = rows.process_chunk(&mut rehearsal, import, chunk, now);
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
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let dry = rows.dry_run(id).filter(|dry| dry.run.state.is_open());
            Ok(dry
                .map(|StoredDryRun { run, contacts, .. }| {
                    run.state = state;
                    run.problem = problem;
                    run.finished_at = Some(now);
                    contacts.clear();
                })
                .is_some())
        })
    }

    fn discard(&self, org: OrgId, import: ImportId) -> Result<bool> {
        self.rows(org, |rows| {
            let run: Option<&mut StoredImport> = rows.imports.get_mut(&import);
            Ok(run.and_then(|run| run.dry.take()).is_some())
        })
    }

    fn rows(
        &self,
        org: OrgId,
        import: ImportId,
        filter: &DryRowFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DryRow>> {
        World::rows(self, org, |rows| {
            let all = rows.dry_run_of(import).map(|dry| dry.rows.as_slice()).unwrap_or_default();
            let rows = all.iter().filter(|row| row.row > after && filter.matches(row));
            Ok(rows.take(limit).cloned().collect())
        })
    }
}
