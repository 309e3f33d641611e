//! What is deleted by and by, in memory.

use contacts_core::Result;
use contacts_core::housekeeping::{
    Housekeeping, KEEP_FILES, KEEP_LOGS, KEEP_UPLOADS, READY_EXPIRED, UPLOAD_EXPIRED,
};
use contacts_core::import::{FileState, Import, ImportId, ImportState};
use time::OffsetDateTime;

use crate::World;

/// Ends an import that has waited for too long.
fn end(import: &mut Import, now: OffsetDateTime) {
    let (limit, state, problem) = match import.state {
        ImportState::Uploading => (KEEP_UPLOADS, ImportState::Failed, UPLOAD_EXPIRED),
        ImportState::Ready => (KEEP_FILES, ImportState::Cancelled, READY_EXPIRED),
        _ => return,
    };
    if import.created_at <= now - limit {
        import.state = state;
        import.problem = Some(problem.to_owned());
        import.finished_at = Some(now);
    }
}

impl Housekeeping for World {
    fn sweep(&self, now: OffsetDateTime) -> Result<u64> {
        let mut deleted = 0;
        for rows in self.state().organisations.values_mut() {
            rows.sessions.sweep(now);
            rows.forget_logs(now - KEEP_LOGS);
            let mut due: Vec<ImportId> = Vec::new();
            for run in rows.imports.values_mut() {
                let import = &mut run.import;
                let was_over = import.state.is_end();
                end(import, now);
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
}
