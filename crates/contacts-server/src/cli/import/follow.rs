//! Waiting for an import, with its progress on the terminal.

use std::fmt;
use std::time::Duration;

use contacts_core::Error;
use contacts_core::import::{Import, ImportService, ImportState};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::cli::out::grouped;
use crate::report::{Done, Failure};
use crate::signals::Stop;

/// A bar on standard error, when that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of rows that are taken.
    pub(super) fn of_rows(rows: u64) -> Self {
        Self::new(rows, "{wide_bar} {human_pos} of {human_len} rows, {rate} a second, {eta} left")
    }

    /// Of bytes that are stored.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        Self::new(bytes, "{wide_bar} {bytes} of {total_bytes} stored")
    }

    pub(super) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    fn new(length: u64, template: &str) -> Self {
        let bar = ProgressBar::new(length);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", rate));
        }
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

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
        progress.0.set_position(import.tally.rows());
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

fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    // A bar that cannot be written is not seen either.
    let _ = out.write_str(&grouped(state.per_sec().round() as u64));
}

/// Short at first, for small files; never longer than the eye minds.
fn pauses() -> impl Iterator<Item = Duration> {
    (1..).map(|looks: u64| Duration::from_millis((looks * 10).min(200)))
}
