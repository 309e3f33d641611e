//! Undoing imports in memory.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{ActivityKind, ContactId, Origin};
use contacts_core::import::{
    Begun, ImportId, ImportState, Kept, KeptReason, Restored, Reversal, Standing, Trace, Undo,
    UndoId, UndoOutcome, UndoRepository, UndoState, UndoStep, UndoTally, reverse, undo_events,
};
use contacts_core::job::Job;
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::contacts::Record;
use crate::memory::imports::Run;
use crate::world::Rows;

/// The undoing of an import.
pub(crate) struct Undoing {
    undo: Undo,
    kept: BTreeSet<Kept>,
    /// What came of people whom earlier pieces are about, too.
    so_far: BTreeMap<ContactId, UndoOutcome>,
}

impl Undoing {
    pub(crate) fn pieces_done(&self) -> usize {
        self.undo.pieces_done as usize
    }
}

/// What a step changes.
struct Step<'a> {
    rows: &'a mut Rows,
    undoing: &'a mut Undoing,
    now: OffsetDateTime,
    removed: Vec<ContactId>,
    restored: Vec<(ContactId, Vec<String>)>,
}

impl Step<'_> {
    fn take_back(&mut self, trace: &Trace) -> Result<()> {
        let id = trace.contact;
        let outcome = match self.standing(trace) {
            None if self.rows.merged.contains_key(&id) => {
                let kept = Kept { contact: id, field: None, reason: KeptReason::Merged };
                self.undoing.kept.insert(kept);
                UndoOutcome::Kept
            }
            None => UndoOutcome::Gone,
            Some(standing) => {
                let reversal = reverse(&trace.deed, standing, self.now);
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

    fn standing(&self, trace: &Trace) -> Option<Standing> {
        let record = self.rows.contacts.records.get(&trace.contact)?;
        let tags = trace.deed.tags().iter().filter_map(|tag| self.rows.tags.name_of(*tag));
        let (contact, tags) = (record.contact.clone(), tags.collect());
        Some(Standing { contact, tags, bond: self.bond(record) })
    }

    fn bond(&self, record: &Record) -> Option<KeptReason> {
        let (rows, id) = (&self.rows, record.contact.id);
        if rows.notes.values().any(|note| note.contact == id) {
            return Some(KeptReason::Noted);
        }
        if rows.conversations.has_any(id) {
            return Some(KeptReason::Conversation);
        }
        if !record.subscriptions.is_empty() || record.unsubscribed_at.is_some() {
            return Some(KeptReason::Subscribed);
        }
        if rows.merged.values().any(|survivor| *survivor == id) {
            return Some(KeptReason::Merged);
        }
        let came_again = record.arrivals.iter().any(|arrival| !self.is_this(&arrival.origin));
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
                self.undoing.kept.insert(Kept { contact, field: None, reason });
            }
            Reversal::Restore(restored) => {
                for field in &restored.kept {
                    let field = Some(field.clone());
                    let kept = Kept { contact, field, reason: KeptReason::Edited };
                    self.undoing.kept.insert(kept);
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
        let Record { contact, arrivals, .. } = record;
        *contact = restored.contact;
        let is_this = |origin: &Origin| is_by(origin, import);
        if !trace.again && arrivals.first().is_some_and(|first| !is_this(&first.origin)) {
            arrivals.retain(|arrival| !is_this(&arrival.origin));
        }
        if !restored.changes.is_empty() {
            record.note(self.now, actor, ActivityKind::Edited(restored.changes));
        }
        record.note_tags(self.now, actor, &[], &restored.untagged);
    }

    fn is_this(&self, origin: &Origin) -> bool {
        is_by(origin, self.undoing.undo.import)
    }
}

fn is_by(origin: &Origin, id: ImportId) -> bool {
    matches!(origin, Origin::CsvImport { import, .. } if *import == id)
}

impl Rows {
    fn run_of(&self, id: UndoId) -> Option<ImportId> {
        let is_it = |run: &Run| run.undo.as_ref().is_some_and(|undoing| undoing.undo.id == id);
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

    fn step_of(&mut self, run: &mut Run, now: OffsetDateTime) -> Result<UndoStep> {
        let Some(undoing) = &mut run.undo else { return Ok(UndoStep::Stopped) };
        if undoing.undo.state != UndoState::Running {
            return Ok(UndoStep::Stopped);
        }
        let left = undoing.undo.pieces - undoing.undo.pieces_done;
        let Some(piece) = left.checked_sub(1).and_then(|at| run.pieces.get(at as usize)) else {
            undoing.undo.state = UndoState::Done;
            undoing.undo.finished_at = Some(now);
            run.import.state = ImportState::Undone;
            return Ok(UndoStep::Finished);
        };
        let actor = undoing.undo.actor;
        let (removed, restored) = (Vec::new(), Vec::new());
        let mut step = Step { rows: self, undoing, now, removed, restored };
        for trace in piece {
            step.take_back(trace)?;
        }
        let Step { removed, restored, .. } = step;
        undoing.undo.pieces_done += 1;
        self.events.extend(undo_events(removed, restored, actor, now));
        Ok(UndoStep::Took(undoing.undo.tally))
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
    ) -> Result<Begun> {
        let mut state = self.state();
        let Some(run) = state.organisations.entry(org).or_default().imports.get_mut(&import) else {
            return Ok(Begun::NotNow);
        };
        let was = run.import.state;
        if !matches!(was, ImportState::Done | ImportState::Cancelled | ImportState::Failed) {
            return Ok(Begun::NotNow);
        }
        let fresh = Undo {
            id,
            import,
            actor,
            state: UndoState::Running,
            problem: None,
            was,
            pieces: run.pieces.len() as u64,
            pieces_done: 0,
            tally: UndoTally::default(),
            asked_at: now,
            finished_at: None,
        };
        let undoing = run.undo.get_or_insert_with(|| Undoing {
            undo: fresh.clone(),
            kept: BTreeSet::new(),
            so_far: BTreeMap::new(),
        });
        let (pieces_done, tally) = (undoing.undo.pieces_done, undoing.undo.tally);
        undoing.undo = Undo { pieces_done, tally, ..fresh };
        run.import.state = ImportState::Undoing;
        state.jobs.push(org, Job::UndoImport(id), now, &self.ids());
        Ok(Begun::Yes)
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<Undo>> {
        self.rows(org, |rows| {
            let undoing = rows.imports.get(&import).and_then(|run| run.undo.as_ref());
            Ok(undoing.map(|undoing| undoing.undo.clone()))
        })
    }

    fn step(&self, org: OrgId, id: UndoId, now: OffsetDateTime) -> Result<UndoStep> {
        self.rows(org, |rows| rows.step(id, now))
    }

    fn fail(&self, org: OrgId, id: UndoId, problem: &str, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let run = rows.run_of(id).and_then(|import| rows.imports.get_mut(&import));
            let Some(Run { import, undo: Some(Undoing { undo, .. }), .. }) = run else {
                return Ok(false);
            };
            let was_running = undo.state == UndoState::Running;
            if was_running {
                undo.state = UndoState::Failed;
                undo.problem = Some(problem.to_owned());
                undo.finished_at = Some(now);
                import.state = undo.was;
            }
            Ok(was_running)
        })
    }

    fn kept(
        &self,
        org: OrgId,
        import: ImportId,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<Kept>> {
        self.rows(org, |rows| {
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
