//! Lines that are no messages.

use contacts_core::sync::{Trouble, Watch};

use crate::words::words;

/// The most lines that are passed over: libraries print greetings and warnings.
const MOST: u32 = 100;

/// Counts lines that are no messages of a protocol.
#[derive(Default)]
pub(crate) struct Nonsense(u32);

impl Nonsense {
    /// Logs such a line. What was to be a message is never passed over: it may be a record.
    pub(crate) fn line(&mut self, line: &str, watch: &dyn Watch) -> Result<(), Trouble> {
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        if line.starts_with('{') {
            let why = "it wrote a line that begins as a message and is none";
            return Err(Trouble::Broken(format!("{why}: {}", words(line))));
        }
        self.0 += 1;
        if self.0 > MOST {
            let why =
                format!("it wrote {MOST} lines that are no messages, such as: {}", words(line));
            return Err(Trouble::Broken(why));
        }
        watch.log(&words(line));
        Ok(())
    }
}
