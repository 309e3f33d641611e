//! One reading of a stream.

use contacts_core::sync::{Flow, Trouble, Watch};

use super::catalog::Found;
use super::message::Message;
use crate::batches::Batches;
use crate::json::{self, Json};
use crate::nonsense::Nonsense;
use crate::process::Ended;
use crate::record::Shape;
use crate::schema;
use crate::words::words;

/// What has come of a stream so far.
pub(super) struct StreamReading<'a> {
    found: &'a Found,
    shape: Shape,
    batches: Batches<'a>,
    watch: &'a dyn Watch,
    nonsense: Nonsense,
    /// Whether the stream's schema came.
    is_described: bool,
}

impl<'a> StreamReading<'a> {
    pub(super) fn new(found: &'a Found, batches: Batches<'a>, watch: &'a dyn Watch) -> Self {
        Self {
            found,
            shape: Shape::new(&found.stream.fields, &found.stream.key),
            batches,
            watch,
            nonsense: Nonsense::default(),
            is_described: false,
        }
    }

    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Flow, Trouble> {
        let line = json::line(line);
        let Some(message) = Message::read(&line) else {
            self.nonsense.line(&line, self.watch)?;
            return Ok(Flow::Next);
        };
        let broken = |what: &str| Trouble::Broken(format!("it sent no {what}: {}", words(&line)));
        let is_ours = message
            .stream
            .as_deref()
            .is_some_and(|name| name == self.found.name || name == self.found.stream.name);
        match &*message.r#type {
            "RECORD" if is_ours => {
                let record = message.record.and_then(|record| self.shape.read(record));
                Ok(self.batches.record(record.ok_or_else(|| broken("record"))?))
            }
            "RECORD" if message.stream.is_none() => Err(broken("record")),
            "SCHEMA" if is_ours => {
                self.describe(&message).ok_or_else(|| broken("schema"))??;
                Ok(Flow::Next)
            }
            "STATE" => {
                let value = message.value.ok_or_else(|| broken("state"))?;
                self.batches.state(value.get().as_bytes().to_owned())
            }
            "BATCH" if is_ours => {
                let why =
                    "it hands over files in place of records: take the setting batch_config away";
                Err(Trouble::Settings(why.to_owned()))
            }
            // Which versions of a table are to be kept is told by reading it as a whole.
            _ => Ok(Flow::Next),
        }
    }

    /// Takes what a schema says of the records after it.
    fn describe(&mut self, message: &Message<'_>) -> Option<Result<(), Trouble>> {
        let schema: Json = serde_json::from_str(message.schema?.get()).ok()?;
        let told = message.key_properties.clone().unwrap_or_default();
        let key = if told.is_empty() { self.found.stream.key.clone() } else { told };
        if self.is_described && key != self.shape.key {
            let why = "it changed the key of the stream while it was read";
            return Some(Err(Trouble::Broken(why.to_owned())));
        }
        self.shape = Shape::new(&schema::fields(&schema), &key);
        self.is_described = true;
        Some(Ok(()))
    }

    /// Hands over what is left, and says how the reading ended.
    pub(super) fn end(mut self, ended: Result<Ended, Trouble>) -> Result<(), Trouble> {
        let ended = self.batches.ended(ended)?;
        let last = ended.rest.as_deref().map(|line| self.line(line)).transpose();
        self.batches.rest();
        if !ended.status.success() {
            return Err(Trouble::Broken(ended.how()));
        }
        last?;
        if !self.is_described {
            let why = "it ended and said nothing of the stream".to_owned();
            return Err(Trouble::Broken(why));
        }
        Ok(())
    }
}
