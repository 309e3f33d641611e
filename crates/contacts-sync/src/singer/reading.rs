//! Reads the records and states of a stream.

use contacts_core::sync::{ConnectorError, Flow, SyncObserver};

use super::catalog::FoundStream;
use super::message::Message;
use crate::batches::Batches;
use crate::excerpt::excerpt;
use crate::json::{self, Json};
use crate::malformed::MalformedOutput;
use crate::process::Exit;
use crate::record::Shape;
use crate::schema;

/// Handles the messages of a stream.
pub(super) struct StreamReading<'a> {
    found: &'a FoundStream,
    shape: Shape,
    batches: Batches<'a>,
    observer: &'a dyn SyncObserver,
    malformed: MalformedOutput,
    /// Whether the schema of the stream was read.
    has_schema: bool,
}

impl<'a> StreamReading<'a> {
    pub(super) fn new(
        found: &'a FoundStream,
        batches: Batches<'a>,
        observer: &'a dyn SyncObserver,
    ) -> Self {
        Self {
            found,
            shape: Shape::new(&found.stream.fields, &found.stream.key),
            batches,
            observer,
            malformed: MalformedOutput::default(),
            has_schema: false,
        }
    }

    /// Handles a line of output.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Flow, ConnectorError> {
        let line = json::line(line);
        let Some(message) = Message::read(&line) else {
            self.malformed.line(&line, self.observer)?;
            return Ok(Flow::Next);
        };
        let broken = |what: &str| {
            ConnectorError::Broken(format!("it sent an invalid {what}: {}", excerpt(&line)))
        };
        let is_ours = message
            .stream
            .as_deref()
            .is_some_and(|name| name == self.found.name || name == self.found.stream.name);
        match &*message.r#type {
            "RECORD" if is_ours => {
                let record = message.record.and_then(|record| self.shape.read(record));
                Ok(self.batches.push_record(record.ok_or_else(|| broken("record"))?))
            }
            "RECORD" if message.stream.is_none() => Err(broken("record")),
            "SCHEMA" if is_ours => {
                self.read_schema(&message).ok_or_else(|| broken("schema"))??;
                Ok(Flow::Next)
            }
            "STATE" => {
                let value = message.value.ok_or_else(|| broken("state"))?;
                self.batches.push_state(value.get().as_bytes().to_owned())
            }
            "BATCH" if is_ours => {
                let reason = "it sends files instead of records: remove the setting batch_config";
                Err(ConnectorError::Settings(reason.to_owned()))
            }
            // Other messages, such as ACTIVATE_VERSION, are not needed: a full run shows what is gone.
            _ => Ok(Flow::Next),
        }
    }

    /// Reads the schema of the records that follow. `None` when it is invalid.
    fn read_schema(&mut self, message: &Message<'_>) -> Option<Result<(), ConnectorError>> {
        let schema: Json = serde_json::from_str(message.schema?.get()).ok()?;
        let declared = message.key_properties.clone().unwrap_or_default();
        let key = if declared.is_empty() { self.found.stream.key.clone() } else { declared };
        if self.has_schema && key != self.shape.key {
            let reason = "it changed the key of the stream during the run";
            return Some(Err(ConnectorError::Broken(reason.to_owned())));
        }
        self.shape = Shape::new(&schema::fields(&schema), &key);
        self.has_schema = true;
        Some(Ok(()))
    }

    /// Passes on the remaining records, and returns the outcome.
    pub(super) fn finish(
        mut self,
        exit: Result<Exit, ConnectorError>,
    ) -> Result<(), ConnectorError> {
        let exit = self.batches.flush_on_error(exit)?;
        let last = exit.rest.as_deref().map(|line| self.line(line)).transpose();
        self.batches.flush();
        if !exit.status.success() {
            return Err(ConnectorError::Broken(exit.describe()));
        }
        last?;
        if !self.has_schema {
            let reason = "it exited without the schema of the stream".to_owned();
            return Err(ConnectorError::Broken(reason));
        }
        Ok(())
    }
}
