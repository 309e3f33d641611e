//! Progress on the terminal.

use std::fmt;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::out::grouped;

/// A bar on standard error, when that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of rows that are taken.
    pub(super) fn of_rows(rows: u64) -> Self {
        Self::new(rows, "{wide_bar} {human_pos} of {human_len} rows, {rate} a second, {eta} left")
    }

    /// Of contacts that are written.
    pub(super) fn of_contacts(contacts: u64) -> Self {
        Self::new(
            contacts,
            "{wide_bar} {human_pos} of {human_len} contacts, {rate} a second, {eta} left",
        )
    }

    /// Of bytes that are stored.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        Self::new(bytes, "{wide_bar} {bytes} of {total_bytes} stored")
    }

    pub(super) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    pub(super) fn reach(&self, place: u64) {
        self.0.set_position(place);
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
    // A bar that cannot be written is not seen either.
    let _ = out.write_str(&grouped(state.per_sec().round() as u64));
}
