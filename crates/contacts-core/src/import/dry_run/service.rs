//! The use cases of dry runs (R37).

use super::{DryChunkOutcome, DryRow, DryRowFilter, DryRun, DryRunId};
use crate::import::service::{not_ready, superseded};
use crate::import::{Chunk, Chunks, Import, ImportId, ImportService, ImportState, Tally};
use crate::job::{Interrupt, Outcome};
use crate::run::RunState;
use crate::{Actor, Error, OrgId, Result};

impl ImportService {
    /// Starts a dry run and replaces the previous one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the import is not ready; [`Error::Invalid`]
    /// naming what the mapping lacks.
    pub fn begin_dry_run(&self, org: OrgId, id: ImportId, actor: Actor) -> Result<DryRun> {
        let import = self.get(org, id)?;
        let run = DryRun {
            id: DryRunId(self.ids.next()),
            import: id,
            state: RunState::Queued,
            problem: None,
            total: import.analysis.as_ref().map(|analysis| analysis.rows),
            tally: Tally::default(),
            is_outdated: false,
            actor: Some(actor),
            created_at: self.clock.now(),
            started_at: None,
            finished_at: None,
        };
        if self.dry_runs.begin(org, &run)? { Ok(run) } else { Err(not_ready(&self.get(org, id)?)) }
    }

    /// Returns the dry run of an import, with its state and counts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn dry_run(&self, org: OrgId, id: ImportId) -> Result<DryRun> {
        self.get(org, id)?;
        self.dry_runs.get(org, id)?.ok_or(Error::NotFound("dry run"))
    }

    /// Lists the results of the rows after `after` that match the filter.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn dry_rows(
        &self,
        org: OrgId,
        id: ImportId,
        filter: &DryRowFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DryRow>> {
        self.dry_run(org, id)?;
        let (after, limit) = match filter.row {
            // Nothing before and after the row is read.
            Some(row) if row > after => (row - 1, 1),
            Some(_) => return Ok(Vec::new()),
            None => (after, limit),
        };
        self.dry_runs.rows(org, id, filter, after, limit)
    }

    /// Cancels a dry run. The results of the rows that were processed stay.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when it has ended.
    pub fn cancel_dry_run(&self, org: OrgId, id: DryRunId) -> Result<()> {
        if self.dry_runs.end(org, id, RunState::Cancelled, None, self.clock.now())? {
            return Ok(());
        }
        let run = self.dry_runs.find(org, id)?.ok_or(Error::NotFound("dry run"))?;
        let state = run.state.as_str();
        Err(Error::Conflict(format!("the dry run cannot be cancelled: it is {state}")))
    }

    /// Stops a dry run, or discards its results.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn discard_dry_run(&self, org: OrgId, id: ImportId) -> Result<()> {
        let was = self.dry_runs.discard(org, id)?;
        if was { Ok(()) } else { Err(Error::NotFound("dry run")) }
    }

    /// Returns the chunks that a dry run has not processed; `None` when it is not running.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn dry_chunks(&self, org: OrgId, run: DryRunId) -> Result<Option<(Import, Chunks)>> {
        let Some(run) = self.dry_runs.find(org, run)? else { return Ok(None) };
        let Some(import) = self.imports.get(org, run.import)? else { return Ok(None) };
        if !run.state.is_open() || import.state != ImportState::Ready {
            return Ok(None);
        }
        let chunks = self.chunks_after(&import, run.tally.rows())?;
        Ok(chunks.map(|chunks| (import, chunks)))
    }

    /// Processes chunks until none is left, or the job must give way.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; then it can be run again.
    pub fn run_dry_chunks(
        &self,
        import: &Import,
        run: DryRunId,
        chunks: impl Iterator<Item = Result<Chunk>>,
        interrupt: &dyn Interrupt,
    ) -> Result<Outcome> {
        for chunk in chunks {
            if !interrupt.may_continue() {
                return Ok(Outcome::Again);
            }
            let chunk = chunk?;
            match self.dry_runs.process_chunk(import, run, &chunk, self.clock.now())? {
                DryChunkOutcome::Chunk(_) => {}
                DryChunkOutcome::Stopped => return Ok(Outcome::Done),
                DryChunkOutcome::Superseded => {
                    let stored = self.dry_runs.find(import.org, run)?;
                    let stored = stored.filter(|run| run.state.is_open());
                    return superseded(chunk.after, stored.map(|run| run.tally.rows()));
                }
            }
        }
        self.dry_runs.end(import.org, run, RunState::Done, None, self.clock.now())?;
        Ok(Outcome::Done)
    }
}
