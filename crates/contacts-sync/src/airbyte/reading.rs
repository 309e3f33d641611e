//! Reads the records and states of a stream.

use contacts_core::sync::{ConnectorError, Flow, SyncObserver};
use serde_json::value::RawValue;

use super::catalog::FoundStream;
use super::message::{Message, StateMessage, StreamStatus};
use crate::batches::Batches;
use crate::excerpt::excerpt;
use crate::json;
use crate::malformed::MalformedOutput;
use crate::process::Exit;
use crate::record::Shape;

/// Handles the messages of a stream.
pub(super) struct StreamReading<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    shape: Shape,
    batches: Batches<'a>,
    observer: &'a dyn SyncObserver,
    malformed: MalformedOutput,
    /// Whether there was a message at all.
    has_message: bool,
    progress: Progress,
    error: Option<ConnectorError>,
    logged_error: Option<String>,
}

/// The progress of the stream that the connector reports.
#[derive(PartialEq)]
enum Progress {
    /// Some connectors report no progress.
    Unknown,
    Started,
    Complete,
    Incomplete,
}

impl<'a> StreamReading<'a> {
    pub(super) fn new(
        found: &'a FoundStream,
        batches: Batches<'a>,
        observer: &'a dyn SyncObserver,
    ) -> Self {
        Self {
            name: &found.name,
            namespace: found.namespace.as_deref(),
            shape: Shape::new(&found.stream.fields, &found.stream.key),
            batches,
            observer,
            malformed: MalformedOutput::default(),
            has_message: false,
            progress: Progress::Unknown,
            error: None,
            logged_error: None,
        }
    }

    /// Handles a line of output.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Flow, ConnectorError> {
        let line = json::line(line);
        let Some(message) = Message::read(&line) else {
            self.malformed.line(&line, self.observer)?;
            return Ok(Flow::Next);
        };
        self.has_message = true;
        message.log(self.observer);
        self.logged_error = message.logged_error().or(self.logged_error.take());
        self.error = self.error.take().or_else(|| message.error());
        let status = message.trace.as_ref().and_then(|trace| trace.stream_status.as_ref());
        if let Some(status) = status {
            self.status(status);
        }
        match &*message.r#type {
            "RECORD" => {
                let broken = || {
                    ConnectorError::Broken(format!("it sent an invalid record: {}", excerpt(&line)))
                };
                let record = message.record.ok_or_else(broken)?;
                if !self.is_ours(&record.stream, record.namespace.as_deref()) {
                    return Ok(Flow::Next);
                }
                Ok(self.batches.push_record(self.shape.read(record.data).ok_or_else(broken)?))
            }
            "STATE" => {
                let broken = || {
                    ConnectorError::Broken(format!("it sent an invalid state: {}", excerpt(&line)))
                };
                self.state(message.state.ok_or_else(broken)?, broken)
            }
            _ => Ok(Flow::Next),
        }
    }

    fn state(
        &mut self,
        json: &RawValue,
        broken: impl Fn() -> ConnectorError,
    ) -> Result<Flow, ConnectorError> {
        let state: StateMessage<'_> = serde_json::from_str(json.get()).map_err(|_no| broken())?;
        // The form in which the connector expects the state: a list, except for legacy states.
        match (state.r#type.as_deref(), &state.stream) {
            (Some("STREAM"), Some(stream)) => {
                let of = &stream.stream_descriptor;
                if !self.is_ours(&of.name, of.namespace.as_deref()) {
                    return Ok(Flow::Next);
                }
                self.batches.push_state(format!("[{}]", json.get()).into_bytes())
            }
            (Some("GLOBAL"), _) => {
                self.batches.push_state(format!("[{}]", json.get()).into_bytes())
            }
            (None | Some("LEGACY"), _) => {
                let data = state.data.ok_or_else(broken)?;
                self.batches.push_state(data.get().as_bytes().to_owned())
            }
            (Some(_), _) => Err(broken()),
        }
    }

    fn status(&mut self, status: &StreamStatus<'_>) {
        let of = &status.stream_descriptor;
        if !self.is_ours(&of.name, of.namespace.as_deref()) {
            return;
        }
        self.progress = match &*status.status {
            "COMPLETE" => Progress::Complete,
            "INCOMPLETE" => Progress::Incomplete,
            _ => Progress::Started,
        };
    }

    /// Whether a message is about the stream. Some messages have no namespace.
    fn is_ours(&self, name: &str, namespace: Option<&str>) -> bool {
        name == self.name && (namespace.is_none() || namespace == self.namespace)
    }

    /// Passes on the remaining records, and returns the outcome.
    pub(super) fn finish(
        mut self,
        exit: Result<Exit, ConnectorError>,
    ) -> Result<(), ConnectorError> {
        let exit = self.batches.flush_on_error(exit)?;
        let last = exit.rest.as_deref().map(|line| self.line(line)).transpose();
        self.batches.flush();
        let is_success = exit.status.success();
        match (self.error, last) {
            // The error was about another stream, or the connector recovered.
            (Some(_), Ok(_)) if is_success && self.progress == Progress::Complete => Ok(()),
            (Some(error), _) => Err(error),
            (None, _) if !is_success => {
                let message = Some(exit.last_message.clone()).filter(|text| !text.is_empty());
                let last_message = message.or(self.logged_error).unwrap_or_default();
                Err(ConnectorError::Broken(Exit { last_message, ..exit }.describe()))
            }
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => match self.progress {
                Progress::Incomplete => broken("it reported that it did not read the whole stream"),
                Progress::Started => broken("it exited before the stream was complete"),
                Progress::Unknown if !self.has_message => broken("it exited without a message"),
                Progress::Unknown | Progress::Complete => Ok(()),
            },
        }
    }
}

fn broken(reason: &str) -> Result<(), ConnectorError> {
    Err(ConnectorError::Broken(reason.to_owned()))
}
