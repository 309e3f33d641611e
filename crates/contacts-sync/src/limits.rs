//! What a connector may use.

use std::time::Duration;

/// What a connector may use before it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it may take in all.
    pub time: Duration,
    /// How long it may say nothing.
    pub silence: Duration,
    /// The most bytes of memory that its processes may hold together. One alone may ask for twice
    /// that, and no more is given.
    pub memory: u64,
    /// The longest line that it may write, and the longest catalog, in bytes.
    pub line: usize,
    /// The most bytes that it may write in all.
    pub output: u64,
    /// The most bytes that it may write to its standard error.
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
    /// The same for a question that is answered at once, such as what a connector's settings are.
    pub(crate) fn of_a_question(self) -> Self {
        const SHORT: Duration = Duration::from_secs(5 * 60);
        Self { time: self.time.min(SHORT), silence: self.silence.min(SHORT), ..self }
    }
}

/// A time as people say it.
pub(crate) fn spoken(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} milliseconds", time.as_millis()),
        1 => "1 second".to_owned(),
        seconds if seconds < 120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}

/// A number of bytes as people say it.
pub(crate) fn amount(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
