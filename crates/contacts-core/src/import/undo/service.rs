//! The use cases of undos (R37).

use super::{KeptItem, Undo, UndoId, UndoStart, UndoStep};
use crate::contact::ContactId;
use crate::import::{ImportId, ImportService, ImportState};
use crate::job::{Interrupt, Outcome};
use crate::run::RunState;
use crate::{Actor, Error, OrgId, Result};

impl ImportService {
    /// Requests the undo of an import.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has not ended, is being undone, or
    /// was undone.
    pub fn undo(&self, org: OrgId, id: ImportId, actor: Actor) -> Result<Undo> {
        let import = self.get(org, id)?;
        let undo = UndoId(self.ids.next());
        let reason = match self.undos.begin(org, id, undo, actor, self.clock.now())? {
            UndoStart::Yes => return self.undo_of(org, id),
            UndoStart::NoTraces => {
                "what the import did was not kept when it ran: it cannot be undone".to_owned()
            }
            UndoStart::NotNow => match import.state {
                ImportState::Undoing => "the import is being undone".to_owned(),
                ImportState::Undone => "the import was undone".to_owned(),
                state => format!(
                    "the import is {}: it can be undone after it has finished",
                    state.as_str()
                ),
            },
        };
        Err(Error::Conflict(reason))
    }

    /// Cancels an undo between two chunks. What was restored stays so, and the undo can be
    /// requested again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has ended.
    pub fn cancel_undo(&self, org: OrgId, id: UndoId) -> Result<()> {
        if self.undos.end(org, id, RunState::Cancelled, None, self.clock.now())? {
            return Ok(());
        }
        let undo = self.undos.find(org, id)?.ok_or(Error::NotFound("undo"))?;
        let state = undo.state.as_str();
        Err(Error::Conflict(format!("the undo cannot be cancelled: it is {state}")))
    }

    /// Returns the undo of an import, with its state and counts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn undo_of(&self, org: OrgId, id: ImportId) -> Result<Undo> {
        self.undos.get(org, id)?.ok_or(Error::NotFound("undo"))
    }

    /// Lists what the undo of an import kept, sorted by contact and field, after the given one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn kept(
        &self,
        org: OrgId,
        id: ImportId,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>> {
        self.undo_of(org, id)?;
        self.undos.kept(org, id, after, limit)
    }

    /// Runs the job that undoes an import, until it is undone or must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it can be run again.
    pub fn run_undo(&self, org: OrgId, undo: UndoId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        loop {
            if !interrupt.may_continue() {
                return Ok(Outcome::Again);
            }
            match self.undos.step(org, undo, self.clock.now())? {
                UndoStep::Chunk(_) => {}
                UndoStep::Finished | UndoStep::Stopped => return Ok(Outcome::Done),
            }
        }
    }
}
