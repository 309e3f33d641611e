//! Undoing an import (R37).

use super::{Begun, Kept, Undo, UndoId, UndoStep};
use crate::contact::ContactId;
use crate::import::{ImportId, ImportService, ImportState, Turn};
use crate::job::Outcome;
use crate::{Actor, Error, OrgId, Result};

impl ImportService {
    /// Asks for an import to be undone.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has not come to an end, or is or was
    /// undone.
    pub fn undo(&self, org: OrgId, id: ImportId, actor: Actor) -> Result<Undo> {
        let import = self.get(org, id)?;
        let undo = UndoId(self.ids.next());
        let why = match self.undos.begin(org, id, undo, actor, self.clock.now())? {
            Begun::Yes => return self.undo_of(org, id),
            Begun::Untold => {
                "what the import did was not kept when it ran: it cannot be undone".to_owned()
            }
            Begun::NotNow => match import.state {
                ImportState::Undoing => "the import is being undone".to_owned(),
                ImportState::Undone => "the import was undone".to_owned(),
                state => format!(
                    "the import is {}: it can be undone when its rows were taken",
                    state.as_str()
                ),
            },
        };
        Err(Error::Conflict(why))
    }

    /// How far the undo of an import is, and what came of it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn undo_of(&self, org: OrgId, id: ImportId) -> Result<Undo> {
        self.undos.get(org, id)?.ok_or(Error::NotFound("undo"))
    }

    /// What the undo of an import left as it is, by contact and field, after one of them.
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
    ) -> Result<Vec<Kept>> {
        self.undo_of(org, id)?;
        self.undos.kept(org, id, after, limit)
    }

    /// The job of undoing an import, until it is undone or must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn take_back(&self, org: OrgId, undo: UndoId, turn: &dyn Turn) -> Result<Outcome> {
        loop {
            if !turn.may_go_on() {
                return Ok(Outcome::Again);
            }
            match self.undos.step(org, undo, self.clock.now())? {
                UndoStep::Took(_) => {}
                UndoStep::Finished | UndoStep::Stopped => return Ok(Outcome::Done),
            }
        }
    }
}
