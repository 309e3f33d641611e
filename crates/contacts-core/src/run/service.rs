//! The use cases of runs of every kind (R45).

use std::sync::Arc;

use super::{Run, RunFilter, RunId, RunKind, RunRepository, RunSubject};
use crate::action::ActionService;
use crate::import::{DryRunId, ImportService};
use crate::sync::{SyncRunId, SyncService};
use crate::undo::{UndoId, UndoService};
use crate::{Actor, Error, OrgId, Ports, Result};

/// The use cases of runs.
#[derive(Clone)]
pub struct RunService {
    runs: Arc<dyn RunRepository>,
    imports: ImportService,
    actions: ActionService,
    sources: SyncService,
    undos: UndoService,
}

impl RunService {
    pub(crate) fn over(
        ports: &Ports,
        imports: &ImportService,
        actions: &ActionService,
        sources: &SyncService,
        undos: &UndoService,
    ) -> Self {
        Self {
            runs: ports.runs.clone(),
            imports: imports.clone(),
            actions: actions.clone(),
            sources: sources.clone(),
            undos: undos.clone(),
        }
    }

    /// Finds a run.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: RunId) -> Result<Run> {
        self.runs.find(org, id)?.ok_or(Error::NotFound("run"))
    }

    /// Returns runs, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<Run>> {
        self.runs.list(org, filter, before, limit)
    }

    /// Cancels a run that has not ended. What it has done stays; an undo can be requested again.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the run has ended, or is an erasure.
    pub fn cancel(&self, org: OrgId, id: RunId, actor: Actor) -> Result<Run> {
        let run = self.get(org, id)?;
        match (run.kind, run.subject()) {
            (RunKind::DryRun, _) => self.imports.cancel_dry_run(org, DryRunId(id.0))?,
            (RunKind::Undo | RunKind::UndoAction, _) => self.undos.cancel(org, UndoId(id.0))?,
            (_, RunSubject::Import(import)) => self.imports.cancel(org, import, actor).map(drop)?,
            (_, RunSubject::Action(action)) => self.actions.cancel(org, action, actor).map(drop)?,
            (_, RunSubject::Source(source)) => {
                self.sources.cancel(org, source, SyncRunId(id.0)).map(drop)?;
            }
            (_, RunSubject::Contact(_)) => {
                let reason = "an erasure cannot be cancelled: the contact is already deleted";
                return Err(Error::Conflict(reason.to_owned()));
            }
        }
        self.get(org, id)
    }
}
