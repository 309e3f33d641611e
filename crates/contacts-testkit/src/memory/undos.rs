//! Undos in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::action::Action;
use contacts_core::contact::{ActivityKind, AddressSource, ContactId, SourceDetail};
use contacts_core::import::{
    CurrentState, ImportId, ImportState, Restored, Reversal, Trace, restored_keys, reverse_chunk,
    undo_events,
};
use contacts_core::job::Job;
use contacts_core::run::{Run, RunState};
use contacts_core::trail::TrailEvent;
use contacts_core::undo::{
    KeptItem, KeptReason, Undo, UndoId, UndoOutcome, UndoRepository, UndoStart, UndoStep,
    UndoSubject, UndoTally,
};
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::actions::StoredAction;
use crate::memory::record::Record;
use crate::world::Rows;

/// An undo and its results.
pub(crate) struct StoredUndo {
    pub(super) undo: Undo,
    /// The state of the import before.
    was: Option<ImportState>,
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
    import: ImportId,
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
        // The import itself may have unsubscribed the contact, or its address was unsubscribed
        // before. The address stays unsubscribed.
        let (by_this, added) = (Actor::Import(self.import), record.contact.created_at);
        let unsubscribe = record.contact.consent.unsubscribe();
        let is_later = unsubscribe.is_some_and(|u| u.actor != by_this && u.at >= added);
        if !record.subscriptions.is_empty() || is_later {
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
        let (import, actor) = (self.import, self.undoing.undo.actor);
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
        is_by(detail, self.import)
    }
}

fn is_by(detail: &SourceDetail, id: ImportId) -> bool {
    matches!(detail, SourceDetail::CsvImport { import, .. } if *import == id)
}

/// An import or an action that can be undone.
struct Undoable {
    was: Option<ImportState>,
    chunks: u64,
    is_stored: bool,
}

impl Rows {
    /// Returns an action with the state of its undo.
    pub(super) fn with_undo(&self, stored: &StoredAction) -> Action {
        let undo = self.undos.get(&UndoSubject::Action(stored.action.id));
        let undo = undo.map(|stored| stored.undo.state);
        Action { undo, ..stored.action.clone() }
    }

    fn undoable(&self, subject: UndoSubject) -> Option<Undoable> {
        match subject {
            UndoSubject::Import(import) => {
                let run = self.imports.get(&import)?;
                let was = run.import.state;
                let is_ended = matches!(
                    was,
                    ImportState::Run(RunState::Done | RunState::Cancelled | RunState::Failed)
                );
                let chunks = run.chunks.len() as u64;
                is_ended.then_some(Undoable { was: Some(was), chunks, is_stored: true })
            }
            UndoSubject::Action(action) => {
                let Action { kind, state, tally, .. } = &self.actions.get(&action)?.action;
                let chunks = self.journal.get(&action).map_or(&[][..], Vec::as_slice);
                let contacts: u64 = chunks.iter().map(|chunk| chunk.contacts).sum();
                let can_be_undone = !state.is_open() && kind.can_be_undone();
                let (chunks, is_stored) = (chunks.len() as u64, contacts == tally.changed);
                can_be_undone.then_some(Undoable { was: None, chunks, is_stored })
            }
            UndoSubject::Merge(other) => {
                let is_stored = self.merges.contains_key(&other);
                let is_last = self.is_last_merge(other)?;
                is_last.then_some(Undoable { was: None, chunks: 1, is_stored })
            }
        }
    }

    /// Starts an undo, unless it cannot be started.
    fn begin_undo(
        &mut self,
        subject: UndoSubject,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> UndoStart {
        let Some(Undoable { was, chunks, is_stored }) = self.undoable(subject) else {
            return UndoStart::NotNow;
        };
        let fresh = Undo {
            id,
            subject,
            actor,
            state: RunState::Queued,
            problem: None,
            chunks,
            chunks_done: 0,
            chunks_done_before: 0,
            tally: UndoTally::default(),
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        // A contact whose merge was undone can be merged again.
        if let UndoSubject::Merge(_) = subject
            && self.undos.get(&subject).is_some_and(|stored| stored.open().is_none())
        {
            self.undos.remove(&subject);
        }
        if let Some(stored) = self.undos.get_mut(&subject) {
            let Undo { state, chunks, chunks_done, tally, .. } = stored.undo;
            if state.is_open() || state == RunState::Done {
                return UndoStart::NotNow;
            }
            let is_expired = match subject {
                UndoSubject::Import(_) | UndoSubject::Merge(_) => false,
                UndoSubject::Action(_) => chunks > chunks_done + fresh.chunks,
            };
            if is_expired {
                return UndoStart::NoTraces;
            }
            let chunks_done_before = chunks_done;
            stored.undo = Undo { chunks, chunks_done, chunks_done_before, tally, ..fresh };
        } else if is_stored {
            let (kept, so_far) = (BTreeSet::new(), BTreeMap::new());
            self.undos.insert(subject, StoredUndo { undo: fresh, was, kept, so_far });
        } else {
            return UndoStart::NoTraces;
        }
        if let UndoSubject::Import(import) = subject
            && let Some(run) = self.imports.get_mut(&import)
        {
            run.import.state = ImportState::Undoing;
        }
        UndoStart::Yes
    }

    /// Takes an open undo out, to change it.
    fn take_open(&mut self, id: UndoId) -> Option<StoredUndo> {
        let mut undos = self.undos.values();
        let subject = undos.find(|stored| stored.open() == Some(id))?.undo.subject;
        self.undos.remove(&subject)
    }

    fn step(&mut self, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        let Some(mut stored) = self.take_open(id) else { return Ok(UndoStep::Stopped) };
        stored.undo.state = RunState::Running;
        stored.undo.started_at.get_or_insert(now);
        let stepped = match stored.undo.subject {
            UndoSubject::Import(import) => self.undo_chunk(&mut stored, import, now),
            UndoSubject::Action(action) => {
                let undone = self.undo_part(&stored.undo, action, now);
                Ok(undone.is_some_and(|(outcomes, kept)| {
                    outcomes.into_iter().for_each(|outcome| stored.undo.tally.count(outcome));
                    stored.kept.extend(kept);
                    true
                }))
            }
            UndoSubject::Merge(_) if stored.undo.chunks_done > 0 => Ok(false),
            UndoSubject::Merge(other) => {
                let (outcome, kept) = self.unmerge(other, &stored.undo, now);
                stored.undo.tally.count(outcome);
                stored.kept.extend(kept);
                Ok(true)
            }
        };
        let step = stepped.map(|is_chunk| {
            if is_chunk {
                stored.undo.chunks_done += 1;
                return UndoStep::Chunk(stored.undo.tally);
            }
            self.end_undo(&mut stored, RunState::Done, None, now);
            UndoStep::Finished
        });
        self.undos.insert(stored.undo.subject, stored);
        step
    }

    fn end_undo(
        &mut self,
        stored: &mut StoredUndo,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) {
        stored.undo.state = state;
        stored.undo.problem = problem;
        stored.undo.finished_at = Some(now);
        let UndoSubject::Import(import) = stored.undo.subject else { return };
        let Some(run) = self.imports.get_mut(&import) else { return };
        run.import.state = match state {
            RunState::Done => ImportState::Undone,
            _ => stored.was.unwrap_or(run.import.state),
        };
    }

    /// Undoes the last chunk of an import. Returns whether one was left.
    fn undo_chunk(
        &mut self,
        undoing: &mut StoredUndo,
        import: ImportId,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let left = undoing.undo.chunks - undoing.undo.chunks_done;
        let chunks = self.imports.get(&import).map(|run| run.chunks.as_slice());
        let chunk = left.checked_sub(1).and_then(|at| chunks?.get(at as usize));
        let Some(chunk) = chunk.cloned() else { return Ok(false) };
        let actor = undoing.undo.actor;
        let (removed, restored) = (Vec::new(), Vec::new());
        let mut step = Step { rows: self, undoing, import, now, removed, restored };
        step.undo_chunk(&chunk)?;
        let Step { removed, restored, .. } = step;
        self.publish(undo_events(removed, restored, actor, now));
        Ok(true)
    }
}

impl UndoRepository for World {
    fn begin(
        &self,
        org: OrgId,
        subject: UndoSubject,
        id: UndoId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<UndoStart> {
        let mut state = self.state_to_change()?;
        let rows = state.organisations.entry(org).or_default();
        let start = rows.begin_undo(subject, id, actor, now);
        if start == UndoStart::Yes {
            rows.record(TrailEvent::undo_started(subject), actor, now);
            state.jobs.push(org, Job::Undo(id), now, &self.ids());
        }
        Ok(start)
    }

    fn get(&self, org: OrgId, subject: UndoSubject) -> Result<Option<Undo>> {
        self.read(org, |rows| Ok(rows.undos.get(&subject).map(|stored| stored.undo.clone())))
    }

    fn find(&self, org: OrgId, id: UndoId) -> Result<Option<Undo>> {
        self.read(org, |rows| {
            let mut undos = rows.undos.values().map(|stored| &stored.undo);
            Ok(undos.find(|undo| undo.id == id).cloned())
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
            let Some(mut stored) = rows.take_open(id) else { return Ok(false) };
            rows.end_undo(&mut stored, state, problem, now);
            rows.undos.insert(stored.undo.subject, stored);
            Ok(true)
        })
    }

    fn kept(
        &self,
        org: OrgId,
        subject: UndoSubject,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>> {
        self.read(org, |rows| {
            let kept = rows.undos.get(&subject).into_iter().flat_map(|stored| &stored.kept);
            let later = kept.filter(|kept| match &after {
                Some((contact, field)) => (kept.contact, &kept.field) > (*contact, field),
                None => true,
            });
            Ok(later.take(limit).cloned().collect())
        })
    }
}
