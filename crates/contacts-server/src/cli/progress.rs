//! Progress bars on the terminal.

use std::fmt;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::out::grouped;

/// A progress bar on standard error; hidden when that is not a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// The progress of an import.
    pub(super) fn of_rows(rows: u64) -> Self {
        Self::new(rows, "{wide_bar} {human_pos} of {human_len} rows, {rate} a second, {eta} left")
    }

    /// The progress of an export.
    pub(super) fn of_contacts(contacts: u64) -> Self {
        Self::new(
            contacts,
            "{wide_bar} {human_pos} of {human_len} contacts, {rate} a second, {eta} left",
        )
    }

    /// The progress of an upload.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        Self::new(bytes, "{wide_bar} {bytes} of {total_bytes} stored")
    }

    pub(super) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    pub(super) fn set_position(&self, position: u64) {
        self.0.set_position(position);
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

fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    // The error of an output that is closed does not matter.
    let _ = out.write_str(&grouped(state.per_sec().round() as u64));
}
