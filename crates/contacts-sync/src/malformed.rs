//! Handles lines of output that are not messages of the protocol.

use contacts_core::sync::{ConnectorError, SyncObserver};

use crate::excerpt::excerpt;

/// Number of such lines that are tolerated, because libraries print greetings and warnings.
const MAX_MALFORMED_LINES: u32 = 100;

/// Counts lines that are not messages of the protocol.
#[derive(Default)]
pub(crate) struct MalformedOutput(u32);

impl MalformedOutput {
    /// Logs such a line.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Broken`] when there are too many, or when the line looks like a message:
    /// it may be a record that would be lost.
    pub(crate) fn line(
        &mut self,
        line: &str,
        observer: &dyn SyncObserver,
    ) -> Result<(), ConnectorError> {
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        if line.starts_with('{') {
            let reason = format!("it wrote an invalid message: {}", excerpt(line));
            return Err(ConnectorError::Broken(reason));
        }
        self.0 += 1;
        if self.0 > MAX_MALFORMED_LINES {
            let reason = format!(
                "it wrote {MAX_MALFORMED_LINES} lines that are not messages, such as: {}",
                excerpt(line)
            );
            return Err(ConnectorError::Broken(reason));
        }
        observer.log(&excerpt(line));
        Ok(())
    }
}
