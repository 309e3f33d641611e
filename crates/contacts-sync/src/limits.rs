//! Limits of a connector.

use std::time::Duration;

/// Limits of a connector's processes. One that exceeds a limit is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time limit of a run.
    pub time: Duration,
    /// Longest time without output.
    pub silence: Duration,
    /// Maximum resident memory of its processes together, in bytes. The data segment of a single
    /// process is limited to twice that by the kernel.
    pub memory: u64,
    /// Longest line of output, and longest catalog, in bytes.
    pub line: usize,
    /// Maximum output in bytes.
    pub output: u64,
    /// Maximum output on the standard error, in bytes.
    pub messages: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(6 * 60 * 60),
            silence: Duration::from_secs(15 * 60),
            memory: 1 << 30,
            line: 8 << 20,
            output: 4 << 30,
            messages: 16 << 20,
        }
    }
}

impl Limits {
    /// Like these limits, but with at most five minutes: for short commands, such as `spec`.
    pub(crate) fn for_short_command(self) -> Self {
        const SHORT: Duration = Duration::from_secs(5 * 60);
        Self { time: self.time.min(SHORT), silence: self.silence.min(SHORT), ..self }
    }
}

/// Formats a duration for a message, such as `90 seconds`.
pub(crate) fn format_duration(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} milliseconds", time.as_millis()),
        1 => "1 second".to_owned(),
        seconds if seconds < 120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}

/// Formats a number of bytes for a message, such as `64 MiB`.
pub(crate) fn format_bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
