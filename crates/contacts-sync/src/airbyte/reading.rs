//! One reading of a stream.

use contacts_core::sync::{Flow, Trouble, Watch};
use serde_json::value::RawValue;

use super::catalog::Found;
use super::message::{Message, StateMessage, StreamStatus};
use crate::batches::Batches;
use crate::json;
use crate::nonsense::Nonsense;
use crate::process::Ended;
use crate::record::Shape;
use crate::words::words;

/// What has come of a stream so far.
pub(super) struct StreamReading<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    shape: Shape,
    batches: Batches<'a>,
    watch: &'a dyn Watch,
    nonsense: Nonsense,
    /// Whether a message came at all.
    has_spoken: bool,
    progress: Progress,
    error: Option<Trouble>,
    last_words: Option<String>,
}

/// What the connector says of how far the stream is; some say nothing of it.
#[derive(PartialEq)]
enum Progress {
    Untold,
    Begun,
    Complete,
    Incomplete,
}

impl<'a> StreamReading<'a> {
    pub(super) fn new(found: &'a Found, batches: Batches<'a>, watch: &'a dyn Watch) -> Self {
        Self {
            name: &found.name,
            namespace: found.namespace.as_deref(),
            shape: Shape::new(&found.stream.fields, &found.stream.key),
            batches,
            watch,
            nonsense: Nonsense::default(),
            has_spoken: false,
            progress: Progress::Untold,
            error: None,
            last_words: None,
        }
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Flow, Trouble> {
        let line = json::line(line);
        let Some(message) = Message::read(&line) else {
            self.nonsense.line(&line, self.watch)?;
            return Ok(Flow::Next);
        };
        self.has_spoken = true;
        message.log(self.watch);
        self.last_words = message.last_words().or(self.last_words.take());
        self.error = self.error.take().or_else(|| message.trouble());
        let status = message.trace.as_ref().and_then(|trace| trace.stream_status.as_ref());
        if let Some(status) = status {
            self.status(status);
        }
        match &*message.r#type {
            "RECORD" => {
                let broken = || Trouble::Broken(format!("it sent no record: {}", words(&line)));
                let record = message.record.ok_or_else(broken)?;
                if !self.is_ours(&record.stream, record.namespace.as_deref()) {
                    return Ok(Flow::Next);
                }
                Ok(self.batches.record(self.shape.read(record.data).ok_or_else(broken)?))
            }
            "STATE" => {
                let broken = || Trouble::Broken(format!("it sent no state: {}", words(&line)));
                self.state(message.state.ok_or_else(broken)?, broken)
            }
            _ => Ok(Flow::Next),
        }
    }

    fn state(&mut self, json: &RawValue, broken: impl Fn() -> Trouble) -> Result<Flow, Trouble> {
        let state: StateMessage<'_> = serde_json::from_str(json.get()).map_err(|_no| broken())?;
        // As the connector wants to be given them: a list, but for those that know no streams.
        match (state.r#type.as_deref(), &state.stream) {
            (Some("STREAM"), Some(stream)) => {
                let of = &stream.stream_descriptor;
                if !self.is_ours(&of.name, of.namespace.as_deref()) {
                    return Ok(Flow::Next);
                }
                self.batches.state(format!("[{}]", json.get()).into_bytes())
            }
            (Some("GLOBAL"), _) => self.batches.state(format!("[{}]", json.get()).into_bytes()),
            (None | Some("LEGACY"), _) => {
                let data = state.data.ok_or_else(broken)?;
                self.batches.state(data.get().as_bytes().to_owned())
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
            _ => Progress::Begun,
        };
    }

    /// Whether a message is about the stream. Not every one says where the stream is.
    fn is_ours(&self, name: &str, namespace: Option<&str>) -> bool {
        name == self.name && (namespace.is_none() || namespace == self.namespace)
    }

    /// Hands over what is left, and says how the reading ended.
    pub(super) fn end(mut self, ended: Result<Ended, Trouble>) -> Result<(), Trouble> {
        let ended = self.batches.ended(ended)?;
        let last = ended.rest.as_deref().map(|line| self.line(line)).transpose();
        self.batches.rest();
        let has_ended_well = ended.status.success();
        match (self.error, last) {
            // Of another stream, or overcome.
            (Some(_), Ok(_)) if has_ended_well && self.progress == Progress::Complete => Ok(()),
            (Some(trouble), _) => Err(trouble),
            (None, _) if !has_ended_well => {
                let said = ended.last_words.clone();
                let last_words = Some(said).filter(|said| !said.is_empty()).or(self.last_words);
                let ended = Ended { last_words: last_words.unwrap_or_default(), ..ended };
                Err(Trouble::Broken(ended.how()))
            }
            (None, Err(trouble)) => Err(trouble),
            (None, Ok(_)) => match self.progress {
                Progress::Incomplete => broken("it says that it has not read the whole stream"),
                Progress::Begun => broken("it ended before the stream did"),
                Progress::Untold if !self.has_spoken => broken("it ended and said nothing"),
                Progress::Untold | Progress::Complete => Ok(()),
            },
        }
    }
}

fn broken(why: &str) -> Result<(), Trouble> {
    Err(Trouble::Broken(why.to_owned()))
}
