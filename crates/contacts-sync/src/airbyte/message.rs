//! Messages of the Airbyte protocol, as far as they are of use here.

use std::borrow::Cow;

use contacts_core::sync::{Trouble, Watch};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::words::words;

/// A message.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) r#type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) record: Option<RecordMessage<'a>>,
    #[serde(borrow)]
    pub(super) state: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) spec: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) catalog: Option<&'a RawValue>,
    #[serde(borrow, rename = "connectionStatus")]
    pub(super) connection_status: Option<ConnectionStatus<'a>>,
    #[serde(borrow)]
    pub(super) trace: Option<Trace<'a>>,
    #[serde(borrow)]
    log: Option<Log<'a>>,
}

/// A record of a stream.
#[derive(Deserialize)]
pub(super) struct RecordMessage<'a> {
    #[serde(borrow)]
    pub(super) stream: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

/// A state: of a stream, of all, or of a connector that knows no streams.
#[derive(Deserialize)]
pub(super) struct StateMessage<'a> {
    #[serde(borrow)]
    pub(super) r#type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) stream: Option<StreamState<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct StreamState<'a> {
    #[serde(borrow)]
    pub(super) stream_descriptor: Descriptor<'a>,
}

/// A stream's name and where it is.
#[derive(Deserialize)]
pub(super) struct Descriptor<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Option<Cow<'a, str>>,
}

/// What came of a check.
#[derive(Deserialize)]
pub(super) struct ConnectionStatus<'a> {
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) message: Option<Cow<'a, str>>,
}

/// What happens in the connector.
#[derive(Deserialize)]
pub(super) struct Trace<'a> {
    #[serde(borrow)]
    error: Option<TraceError<'a>>,
    #[serde(borrow)]
    pub(super) stream_status: Option<StreamStatus<'a>>,
}

#[derive(Deserialize)]
struct TraceError<'a> {
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow)]
    internal_message: Option<Cow<'a, str>>,
    #[serde(borrow)]
    failure_type: Option<Cow<'a, str>>,
}

/// How far a stream is.
#[derive(Deserialize)]
pub(super) struct StreamStatus<'a> {
    #[serde(borrow)]
    pub(super) stream_descriptor: Descriptor<'a>,
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    level: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
}

impl<'a> Message<'a> {
    /// Reads a line; nothing when it is no message.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// Logs what it says to people.
    pub(super) fn log(&self, watch: &dyn Watch) {
        let message = self.log.as_ref().and_then(|log| log.message.as_deref());
        if let Some(message) = message {
            watch.log(&words(message));
        }
    }

    /// What it says went wrong, if it does.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        let error = self.trace.as_ref()?.error.as_ref()?;
        let said = error.message.as_deref().map(words).unwrap_or_default();
        let inside = error.internal_message.as_deref().map(words).unwrap_or_default();
        let why = match (&*said, &*inside) {
            ("", "") => "the connector failed and does not say why".to_owned(),
            (said, "") | ("", said) => format!("the connector says: {said}"),
            (said, inside) if said.contains(inside) => format!("the connector says: {said}"),
            (said, inside) => format!("the connector says: {said} ({inside})"),
        };
        Some(match error.failure_type.as_deref() {
            Some("config_error") => Trouble::Settings(why),
            Some("transient_error") => Trouble::Down { why, retry_after: None },
            _ => Trouble::Broken(why),
        })
    }

    /// The last words of one that logs before it dies.
    pub(super) fn last_words(&self) -> Option<String> {
        let log = self.log.as_ref()?;
        let is_bad = matches!(log.level.as_deref(), Some("ERROR" | "FATAL"));
        log.message.as_deref().filter(|_| is_bad).map(words)
    }
}
