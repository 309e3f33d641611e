//! Waiting for an import, with its progress on the terminal.

use std::time::Duration;

use contacts_core::Error;
use contacts_core::import::{Import, ImportService, ImportState};

use crate::cli::progress::Progress;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Waits until the file was looked at.
pub(super) fn until_looked_at(
    imports: &ImportService,
    import: &Import,
    stop: &Stop,
) -> Done<Import> {
    for pause in pauses() {
        let import = imports.get(import.org, import.id)?;
        if !matches!(import.state, ImportState::Uploading | ImportState::Analysing) {
            return Ok(import);
        }
        if stop.wait_for(pause) {
            break;
        }
    }
    Err(interrupted())
}

/// Somebody stopped before the rows began to be taken.
pub(super) fn interrupted() -> Failure {
    Failure::interrupted("nothing was imported: it was interrupted")
}

/// Waits for the end, and cancels the import when somebody asks to stop.
pub(super) fn to_the_end(
    imports: &ImportService,
    import: &Import,
    stop: &Stop,
    progress: &Progress,
) -> Done<Import> {
    let (org, id) = (import.org, import.id);
    let mut pauses = pauses();
    loop {
        let import = imports.get(org, id)?;
        progress.reach(import.tally.rows());
        if import.state.is_end() {
            return Ok(import);
        }
        if stop.wait_for(pauses.next().unwrap_or_default()) {
            match imports.cancel(org, id) {
                // It came to its end a moment before: the next look shows it.
                Err(Error::Conflict(_)) => {}
                cancelled => return Ok(cancelled?),
            }
        }
    }
}

/// Short at first, for small files; never longer than the eye minds.
fn pauses() -> impl Iterator<Item = Duration> {
    (1..).map(|looks: u64| Duration::from_millis((looks * 10).min(200)))
}
