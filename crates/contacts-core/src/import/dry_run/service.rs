//! Saying what an import would do (R37).

use super::{DryRow, DryRun, DryRunId, DryRunState, Rehearsed};
use crate::import::service::not_ready;
use crate::import::{Chunk, Chunks, Import, ImportId, ImportService, ImportState, Turn};
use crate::job::Outcome;
use crate::{Error, OrgId, Result};

impl ImportService {
    /// Begins a dry run, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the import is not ready;
    /// [`Error::Invalid`] naming what the mapping lacks.
    pub fn begin_dry_run(&self, org: OrgId, id: ImportId) -> Result<DryRun> {
        let import = self.get(org, id)?;
        let (Some(plan), ImportState::Ready) = (&import.plan, import.state) else {
            return Err(not_ready(&import));
        };
        plan.check()?;
        let run = DryRunId(self.ids.next());
        if self.dry_runs.begin(org, id, run, self.clock.now())? {
            self.dry_run(org, id)
        } else {
            Err(not_ready(&self.get(org, id)?))
        }
    }

    /// How far the dry run of an import is, and what it says.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn dry_run(&self, org: OrgId, id: ImportId) -> Result<DryRun> {
        self.get(org, id)?;
        self.dry_runs.get(org, id)?.ok_or(Error::NotFound("dry run"))
    }

    /// What would happen to the rows after one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn dry_rows(
        &self,
        org: OrgId,
        id: ImportId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DryRow>> {
        self.dry_run(org, id)?;
        self.dry_runs.rows(org, id, after, limit)
    }

    /// Stops a dry run, or throws away what it said.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn discard_dry_run(&self, org: OrgId, id: ImportId) -> Result<()> {
        let was = self.dry_runs.discard(org, id)?;
        if was { Ok(()) } else { Err(Error::NotFound("dry run")) }
    }

    /// The chunks that a dry run has still to look at; nothing when it does not go on.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn dry_chunks(&self, org: OrgId, run: DryRunId) -> Result<Option<(Import, Chunks)>> {
        let Some(run) = self.dry_runs.find(org, run)? else { return Ok(None) };
        let Some(import) = self.imports.get(org, run.import)? else { return Ok(None) };
        if (run.state, import.state) != (DryRunState::Running, ImportState::Ready) {
            return Ok(None);
        }
        let chunks = self.chunks_after(&import, run.tally.rows())?;
        Ok(chunks.map(|chunks| (import, chunks)))
    }

    /// Looks at chunks until there are no more, or it must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it may be tried again.
    pub fn rehearse(
        &self,
        import: &Import,
        run: DryRunId,
        chunks: impl Iterator<Item = Result<Chunk>>,
        turn: &dyn Turn,
    ) -> Result<Outcome> {
        for chunk in chunks {
            if !turn.may_go_on() {
                return Ok(Outcome::Again);
            }
            match self.dry_runs.rehearse(import, run, &chunk?, self.clock.now())? {
                Rehearsed::Took(_) => {}
                Rehearsed::Stopped | Rehearsed::Superseded => return Ok(Outcome::Done),
            }
        }
        self.dry_runs.end(import.org, run, None, self.clock.now())?;
        Ok(Outcome::Done)
    }
}
