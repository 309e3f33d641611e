//! The use cases of undos (R37, R53).

use std::sync::Arc;

use super::{KeptItem, Undo, UndoId, UndoRepository, UndoStart, UndoStep, UndoSubject};
use crate::action::{ActionId, ActionRepository};
use crate::contact::{ContactId, ContactRepository};
use crate::import::{ImportId, ImportRepository, ImportState};
use crate::job::{Interrupt, Outcome};
use crate::run::RunState;
use crate::{Actor, Clock, Error, Ids, OrgId, Ports, Result};

/// The use cases of undos of imports, bulk actions and merges.
#[derive(Clone)]
pub struct UndoService {
    undos: Arc<dyn UndoRepository>,
    imports: Arc<dyn ImportRepository>,
    actions: Arc<dyn ActionRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl UndoService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            undos: ports.undos.clone(),
            imports: ports.imports.clone(),
            actions: ports.actions.clone(),
            contacts: ports.contacts.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// Requests the undo of an import, of a bulk action or of a merge.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has not ended, is being undone, was undone,
    /// or cannot be undone.
    pub fn begin(&self, org: OrgId, subject: UndoSubject, actor: Actor) -> Result<Undo> {
        let refusal = match subject {
            UndoSubject::Import(id) => self.refusal_of_import(org, id)?,
            UndoSubject::Action(id) => self.refusal_of_action(org, id)?,
            UndoSubject::Merge(id) => self.refusal_of_merge(org, id)?,
        };
        let undo = UndoId(self.ids.next());
        let reason = match self.undos.begin(org, subject, undo, actor, self.clock.now())? {
            UndoStart::Yes => return self.get(org, subject),
            UndoStart::NoTraces => match subject {
                UndoSubject::Import(_) => {
                    "what the import did was not kept when it ran: it cannot be undone".to_owned()
                }
                UndoSubject::Action(_) => {
                    "what the action did is kept for 30 days: it can no longer be undone".to_owned()
                }
                UndoSubject::Merge(_) => {
                    "what the merge did is kept for 30 days: it can no longer be undone".to_owned()
                }
            },
            UndoStart::NotNow => refusal,
        };
        Err(Error::Conflict(reason))
    }

    /// Returns why an import cannot be undone in its state.
    fn refusal_of_import(&self, org: OrgId, id: ImportId) -> Result<String> {
        let import = self.imports.get(org, id)?.ok_or(Error::NotFound("import"))?;
        Ok(match import.state {
            ImportState::Undoing => "the import is being undone".to_owned(),
            ImportState::Undone => "the import was undone".to_owned(),
            state => {
                format!("the import is {}: it can be undone after it has finished", state.as_str())
            }
        })
    }

    /// Returns why an action cannot be undone in its state.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it is of a kind that is never undone.
    fn refusal_of_action(&self, org: OrgId, id: ActionId) -> Result<String> {
        let action = self.actions.get(org, id)?.ok_or(Error::NotFound("action"))?;
        if !action.kind.can_be_undone() {
            let kind = action.kind.as_str();
            return Err(Error::Conflict(format!("an action of the type {kind} cannot be undone")));
        }
        Ok(match action.undo {
            Some(RunState::Done) => "the action was undone".to_owned(),
            Some(state) if state.is_open() => "the action is being undone".to_owned(),
            _ => {
                let state = action.state.as_str();
                format!("the action is {state}: it can be undone after it has ended")
            }
        })
    }

    /// Returns why the merge of a contact cannot be undone now.
    fn refusal_of_merge(&self, org: OrgId, id: ContactId) -> Result<String> {
        self.contacts.merged_into(org, id)?.ok_or(Error::NotFound("merge"))?;
        let undo = self.undos.get(org, UndoSubject::Merge(id))?;
        Ok(if undo.is_some_and(|undo| undo.state.is_open()) {
            "the merge is being undone".to_owned()
        } else {
            "the surviving contact was merged since: undo that merge first".to_owned()
        })
    }

    /// Cancels an undo between two chunks. What was restored stays so, and the undo can be
    /// requested again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has ended.
    pub fn cancel(&self, org: OrgId, id: UndoId) -> Result<()> {
        if self.undos.end(org, id, RunState::Cancelled, None, self.clock.now())? {
            return Ok(());
        }
        let undo = self.undos.find(org, id)?.ok_or(Error::NotFound("undo"))?;
        let state = undo.state.as_str();
        Err(Error::Conflict(format!("the undo cannot be cancelled: it is {state}")))
    }

    /// Returns the undo of an import, of an action or of a merge, with its state and counts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, subject: UndoSubject) -> Result<Undo> {
        self.undos.get(org, subject)?.ok_or(Error::NotFound("undo"))
    }

    /// Lists what an undo kept, sorted by contact and field, after the given item.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn kept(
        &self,
        org: OrgId,
        subject: UndoSubject,
        after: Option<(ContactId, Option<String>)>,
        limit: usize,
    ) -> Result<Vec<KeptItem>> {
        self.get(org, subject)?;
        self.undos.kept(org, subject, after, limit)
    }

    /// Runs the job of an undo, until it is done or must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it can be run again.
    pub fn run(&self, org: OrgId, undo: UndoId, interrupt: &dyn Interrupt) -> Result<Outcome> {
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
