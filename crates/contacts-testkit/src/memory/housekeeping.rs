//! Deletion of expired data, in memory.

use contacts_core::Result;
use contacts_core::housekeeping::{
    Housekeeping, KEEP_FILES, KEEP_LOGS, READY_EXPIRED, UPLOAD_IDLE, UPLOAD_STALLED,
};
use contacts_core::import::{FileState, Import, ImportId, ImportState};
use contacts_core::invitation::KEEP_INVITATIONS;
use contacts_core::job::Job;
use contacts_core::journal::KEEP_JOURNAL;
use contacts_core::run::RunState;
use time::OffsetDateTime;

use crate::World;
use crate::memory::dry_runs::StoredDryRun;
use crate::memory::undos::StoredUndo;
use crate::world::Rows;

/// Ends an import.
fn end(import: &mut Import, state: RunState, problem: &str, now: OffsetDateTime) {
    import.state = ImportState::Run(state);
    import.problem = Some(problem.to_owned());
    import.finished_at = Some(now);
}

impl Rows {
    /// Returns the jobs of all unfinished runs.
    pub(super) fn open_jobs(&self) -> impl Iterator<Item = Job> {
        let imports = self.imports.values().flat_map(|run| {
            let id = run.import.id;
            let own = match run.import.state {
                ImportState::Analysing => Some(Job::AnalyseImport(id)),
                state if state.is_applying() => Some(Job::RunImport(id)),
                _ => None,
            };
            let dry = run.dry.as_ref().and_then(StoredDryRun::open);
            [own, dry.map(Job::DryRun)]
        });
        let actions = self.actions.values().filter(|stored| stored.action.state.is_open());
        let erasures = self.erasures.values().filter(|kept| kept.erasure.finished_at.is_none());
        let webhooks = self.webhooks.values().filter(|stored| stored.webhook.paused.is_none());
        imports
            .flatten()
            .chain(self.undos.values().filter_map(StoredUndo::open).map(Job::Undo))
            .chain(actions.map(|stored| Job::RunAction(stored.action.id)))
            .chain(erasures.map(|kept| Job::Erase(kept.erasure.id)))
            .chain(webhooks.map(|stored| Job::DeliverWebhook(stored.webhook.id)))
            .chain(self.sources.keys().map(|source| Job::Sync(*source)))
    }
}

impl Housekeeping for World {
    fn sweep(&self, now: OffsetDateTime) -> Result<u64> {
        let mut deleted = 0;
        for rows in self.state().organisations.values_mut() {
            rows.sessions.sweep(now);
            rows.invitations.retain(|one| now - KEEP_INVITATIONS < one.expires_at);
            rows.forget_logs(now - KEEP_LOGS);
            rows.sweep_journal(now - KEEP_JOURNAL);
            rows.sweep_trail(now);
            let mut due: Vec<ImportId> = Vec::new();
            for run in rows.imports.values_mut() {
                let import = &mut run.import;
                let was_over = import.state.is_end();
                if import.state == ImportState::Ready && import.created_at <= now - KEEP_FILES {
                    end(import, RunState::Cancelled, READY_EXPIRED, now);
                }
                let is_old = import.finished_at.is_some_and(|at| at <= now - KEEP_FILES);
                if import.file_state == FileState::Kept
                    && (is_old || import.state.is_end() && !was_over)
                {
                    due.push(import.id);
                }
            }
            for import in due {
                deleted += u64::from(rows.drop_file(import, FileState::Expired, &[]));
            }
        }
        Ok(deleted)
    }

    fn fail_idle_uploads(&self, now: OffsetDateTime) -> Result<u64> {
        let mut failed = 0;
        for rows in self.state().organisations.values_mut() {
            let uploading =
                rows.imports.values_mut().filter(|run| run.import.state == ImportState::Uploading);
            let mut idle = Vec::new();
            for run in uploading.filter(|run| run.touched_at <= now - UPLOAD_IDLE) {
                end(&mut run.import, RunState::Failed, UPLOAD_STALLED, now);
                idle.push(run.import.id);
            }
            failed += idle.len() as u64;
            for import in idle {
                rows.drop_file(import, FileState::Expired, &[]);
            }
        }
        Ok(failed)
    }

    fn queue_missing_jobs(&self, now: OffsetDateTime) -> Result<u64> {
        let mut state = self.state();
        let orgs = state.organisations.iter();
        let wanted = orgs.flat_map(|(org, rows)| rows.open_jobs().map(|job| (*org, job)));
        let missing: Vec<_> =
            wanted.filter(|(org, job)| !state.jobs.contains(*org, *job)).collect();
        for (org, job) in &missing {
            state.jobs.push(*org, *job, now, &self.ids());
        }
        Ok(missing.len() as u64)
    }
}
