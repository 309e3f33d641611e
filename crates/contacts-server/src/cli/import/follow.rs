//! Waits for an import, and shows its progress on the terminal.

use std::time::Duration;

use contacts_core::import::{Import, ImportService, ImportState};
use contacts_core::{Actor, Error};

use crate::cli::progress::Progress;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// Waits until the file is analysed.
pub(super) fn until_analysed(
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

/// The failure of an import that was interrupted before its first row.
pub(super) fn interrupted() -> Failure {
    Failure::interrupted("the import was interrupted: nothing was imported")
}

/// Waits for the end of an import, and cancels it on a request to stop.
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
        progress.set_position(contacts_core::run::Run::from(&import).progress.done);
        if import.state.is_end() {
            return Ok(import);
        }
        if stop.wait_for(pauses.next().unwrap_or_default()) {
            match imports.cancel(org, id, Actor::System) {
                // It has just ended: the next read shows that.
                Err(Error::Conflict(_)) => {}
                cancelled => return Ok(cancelled?),
            }
        }
    }
}

/// Pauses between reads: short at first, for small files, and 200 ms at most.
fn pauses() -> impl Iterator<Item = Duration> {
    (1..).map(|looks: u64| Duration::from_millis((looks * 10).min(200)))
}
