//! Undos of imports in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{ActivityKind, AddressSource, ContactId, SourceDetail};
use contacts_core::import::{
    CurrentState, ImportId, ImportState, KeptItem, KeptReason, Restored, Reversal, Trace, Undo,
    UndoId, UndoOutcome, UndoRepository, UndoStart, UndoStep, UndoTally, restored_keys,
    reverse_chunk, undo_events,
};
use contacts_core::job::Job;
use contacts_core::run::{Run, RunState};
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::imports::StoredImport;
use crate::memory::record::Record;
use crate::world::Rows;

/// An undo and its results.
pub(crate) struct StoredUndo {
    pub(super) undo: Undo,
    kept: BTreeSet<KeptItem>,
    /// Outcomes of contacts that several chunks concern.
    so_far: BTreeMap<ContactId, UndoOutcome>,
}

impl StoredUndo {
    /// The id of an undo that has not ended.
    pub(crate) fn open(&self) -> Option<UndoId> {
        self.undo.state.is_open().then_some(self.undo.id)
    }

    pub(super) fn as_run(&self) -> Run {
        Run::from(&self.undo)
    }

    pub(crate) fn chunks_done(&self) -> usize {
        self.undo.chunks_done as usize
    }
}

/// A step of an undo.
struct Step<'a> {
    rows: &'a mut Rows,
    undoing: &'a mut StoredUndo,
    now: OffsetDateTime,
    removed: Vec<ContactId>,
    restored: Vec<(ContactId, Vec<String>)>,
}

impl Step<'_> {
    /// Undoes a chunk: contacts are removed first, because others get their addresses back.
    fn undo_chunk(&mut self, chunk: &[Trace]) -> Result<()> {
        let owners = self.rows.with_keys(&restored_keys(chunk));
        let owners: Vec<_> = owners.into_iter().map(|owner| owner.contact).collect();
        let mut reversals = reverse_chunk(chunk, |trace| self.standing(trace), &owners, self.now);
        let is_removed =
            |trace: &&Trace| matches!(reversals.get(&trace.contact), Some(Reversal::Remove));
        let (removed, others): (Vec<_>, Vec<_>) = chunk.iter().partition(is_removed);
        for trace in removed.into_iter().chain(others) {
            self.undo_trace(trace, reversals.remove(&trace.contact))?;
        }
        Ok(())
    }

    fn undo_trace(&mut self, trace: &Trace, reversal: Option<Reversal>) -> Result<()> {
        let id = trace.contact;
        let outcome = match reversal {
            None if self.rows.merged.contains_key(&id) => {
                let kept = KeptItem { contact: id, field: None, reason: KeptReason::Merged };
                self.undoing.kept.insert(kept);
                UndoOutcome::Kept
            }
            None => UndoOutcome::Gone,
            Some(reversal) => {
                let outcome = reversal.outcome();
                self.carry_out(trace, reversal)?;
                outcome
            }
        };
        let so_far = self.undoing.so_far.remove(&id).unwrap_or(UndoOutcome::Unchanged);
        let outcome = outcome.max(so_far);
        if trace.again {
            self.undoing.so_far.insert(id, outcome);
        } else {
            self.undoing.undo.tally.count(outcome);
        }
        Ok(())
    }

    fn standing(&self, trace: &Trace) -> Option<CurrentState> {
        let record = self.rows.contacts.records.get(&trace.contact)?;
        let tags = trace.effect.tags().iter().filter_map(|tag| self.rows.tags.name_of(*tag));
        let (contact, tags) = (record.contact.clone(), tags.collect());
        Some(CurrentState { contact, tags, bond: self.bond(record) })
    }

    fn bond(&self, record: &Record) -> Option<KeptReason> {
        let (rows, id) = (&self.rows, record.contact.id);
        if rows.notes.values().any(|note| note.contact == id) {
            return Some(KeptReason::Noted);
        }
        if rows.conversations.has_any(id) {
            return Some(KeptReason::Conversation);
        }
        if !record.subscriptions.is_empty() || !record.contact.consent.is_subscribed() {
            return Some(KeptReason::Subscribed);
        }
        if rows.merged.values().any(|survivor| *survivor == id) {
            return Some(KeptReason::Merged);
        }
        let came_again = record.sources.iter().any(|source| !self.is_this(&source.detail));
        came_again.then_some(KeptReason::CameAgain)
    }

    fn carry_out(&mut self, trace: &Trace, reversal: Reversal) -> Result<()> {
        let contact = trace.contact;
        match reversal {
            Reversal::Remove => {
                self.rows.contacts.delete(contact, None)?;
                self.rows.forget(contact);
                self.undoing.kept.retain(|kept| kept.contact != contact);
                self.removed.push(contact);
            }
            Reversal::Keep(reason) => {
                self.undoing.kept.insert(KeptItem { contact, field: None, reason });
            }
            Reversal::Restore(restored) => {
                for (field, reason) in &restored.kept {
                    let field = Some(field.clone());
                    self.undoing.kept.insert(KeptItem { contact, field, reason: *reason });
                }
                if restored.is_changed() {
                    self.restored.push((contact, restored.fields()));
                }
                self.restore(trace, *restored);
            }
        }
        Ok(())
    }

    fn restore(&mut self, trace: &Trace, restored: Restored) {
        let (import, actor) = (self.undoing.undo.import, self.undoing.undo.actor);
        let Some(record) = self.rows.contacts.records.get_mut(&trace.contact) else { return };
        let sources = &mut record.sources;
        let is_this = |detail: &SourceDetail| is_by(detail, import);
        if !trace.again && sources.first().is_some_and(|first| !is_this(&first.detail)) {
            sources.retain(|source| !is_this(&source.detail));
        }
        if !restored.changes.is_empty() {
            record.note(self.now, actor, ActivityKind::Edited(restored.changes));
        }
        record.note_tags(self.now, actor, &[], &restored.untagged);
        self.rows.contacts.replace(restored.contact, AddressSource::Manual);
    }

    fn is_this(&self, detail: &SourceDetail) -> bool {
        is_by(detail, self.undoing.undo.import)
    }
}

fn is_by(detail: &SourceDetail, id: ImportId) -> bool {
    matches!(detail, SourceDetail::CsvImport { import, .. } if *import == id)
}

impl Rows {
    fn run_of(&self, id: UndoId) -> Option<ImportId> {
        let is_it =
            |run: &StoredImport| run.undo.as_ref().is_some_and(|undoing| undoing.undo.id == id);
        self.imports.iter().find(|(_, run)| is_it(run)).map(|(import, _)| *import)
    }

    fn step(&mut self, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        let import = self.run_of(id);
        let Some(mut run) = import.and_then(|import| self.imports.remove(&import)) else {
            return Ok(UndoStep::Stopped);
        };
        let stepped = self.step_of(&mut run, now);
        self.imports.insert(run.import.id, run);
        stepped
    }

    fn step_of(&mut self, run: &mut StoredImport, now: OffsetDateTime) -> Result<UndoStep> {
        let Some(undoing) = &mut run.undo else { return Ok(UndoStep::Stopped) };
        if !undoing.undo.state.is_open() {
            return Ok(UndoStep::Stopped);
        }
        undoing.undo.state = RunState::Running;
        undoing.undo.started_at.get_or_insert(now);
        let left = undoing.undo.chunks - undoing.undo.chunks_done;
        let Some(chunk) = left.checked_sub(1).and_then(|at| run.chunks.get(at as usize)) else {
            undoing.undo.state = RunState::Done;
            undoing.undo.finished_at = Some(now);
            run.import.state = ImportState::Undone;
            return Ok(UndoStep::Finished);
        };
        let actor = undoing.undo.actor;
        let (removed, restored) = (Vec::new(), Vec::new());
        let mut step = Step { rows: self, undoing, now, removed, restored };
        step.undo_chunk(chunk)?;
        let Step { removed, restored, .. } = step;
        undoing.undo.chunks_done += 1;
        self.events.extend(undo_events(removed, restored, actor, now));
        Ok(UndoStep::Chunk(undoing.undo.tally))
    }
}

impl UndoRepository for World {
    fn begin(
        &self,
        org: OrgId,
        import: ImportId,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<UndoStart> {
        let mut state = self.state_to_change()?;
        let Some(run) = state.organisations.entry(org).or_default().imports.get_mut(&import) else {
            return Ok(UndoStart::NotNow);
        };
        let was = run.import.state;
        if !matches!(
            was,
            ImportState::Run(RunState::Done)
                | ImportState::Run(RunState::Cancelled)
                | ImportState::Run(RunState::Failed)
        ) {
            return Ok(UndoStart::NotNow);
        }
        let fresh = Undo {
            id,
            import,
            actor,
            state: RunState::Queued,
            problem: None,
            was,
            chunks: run.chunks.len() as u64,
            chunks_done: 0,
            chunks_done_before: 0,
            tally: UndoTally::default(),
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        let undoing = run.undo.get_or_insert_with(|| StoredUndo {
            undo: fresh.clone(),
            kept: BTreeSet::new(),
            so_far: BTreeMap::new(),
        });
        let (chunks_done, tally) = (undoing.undo.chunks_done, undoing.undo.tally);
        undoing.undo = Undo { chunks_done, chunks_done_before: chunks_done, tally, ..fresh };
        run.import.state = ImportState::Undoing;
        state.jobs.push(org, Job::UndoImport(id), now, &self.ids());
        Ok(UndoStart::Yes)
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<Undo>> {
        self.read(org, |rows| {
            let undoing = rows.imports.get(&import).and_then(|run| run.undo.as_ref());
            Ok(undoing.map(|undoing| undoing.undo.clone()))
        })
    }

    fn find(&self, org: OrgId, id: UndoId) -> Result<Option<Undo>> {
        self.read(org, |rows| {
            let mut undos = rows.imports.values().filter_map(|run| run.undo.as_ref());
            Ok(undos.find(|undoing| undoing.undo.id == id).map(|undoing| undoing.undo.clone()))
        })
    }

    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        self.rows(org, |rows| rows.step(id, now))
    }

    fn end(
        &self,
        org: OrgId,
        id: UndoId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let run = rows.run_of(id).and_then(|import| rows.imports.get_mut(&import));
            let Some(StoredImport { import, undo: Some(StoredUndo { undo, .. }), .. }) = run else {
                return Ok(false);
            };
            let was_open = undo.state.is_open();
            if was_open {
                undo.state = state;
                undo.problem = problem;
                undo.finished_at = Some(now);
                import.state = undo.was;
            }
            Ok(was_open)
        })
    }

    fn kept(
        &self,
        org: OrgId,
        import: ImportId,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>> {
        self.read(org, |rows| {
            let undoing = rows.imports.get(&import).and_then(|run| run.undo.as_ref());
            let kept = undoing.into_iter().flat_map(|undoing| &undoing.kept);
            let later = kept.filter(|kept| match &after {
                Some((contact, field)) => (kept.contact, &kept.field) > (*contact, field),
                None => true,
            });
            Ok(later.take(limit).cloned().collect())
        })
    }
}
