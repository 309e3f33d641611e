//! The messages of the Airbyte protocol that are used here.

use std::borrow::Cow;

use contacts_core::sync::{ConnectorError, SyncObserver};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::excerpt::excerpt;

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

/// A state: of a stream, of all streams, or of a legacy connector without streams.
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

/// The name and namespace of a stream.
#[derive(Deserialize)]
pub(super) struct Descriptor<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Option<Cow<'a, str>>,
}

/// The result of a check.
#[derive(Deserialize)]
pub(super) struct ConnectionStatus<'a> {
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) message: Option<Cow<'a, str>>,
}

/// An error, or the status of a stream.
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

/// The status of a stream.
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
    /// Reads a line; `None` when it is not a message.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// Logs the text of a log message.
    pub(super) fn log(&self, observer: &dyn SyncObserver) {
        let message = self.log.as_ref().and_then(|log| log.message.as_deref());
        if let Some(message) = message {
            observer.log(&excerpt(message));
        }
    }

    /// Returns the error that the message reports, if it does.
    pub(super) fn error(&self) -> Option<ConnectorError> {
        let error = self.trace.as_ref()?.error.as_ref()?;
        let message = error.message.as_deref().map(excerpt).unwrap_or_default();
        let internal = error.internal_message.as_deref().map(excerpt).unwrap_or_default();
        let reason = match (&*message, &*internal) {
            ("", "") => "the connector failed without a reason".to_owned(),
            (message, "") | ("", message) => format!("the connector reports: {message}"),
            (message, internal) if message.contains(internal) => {
                format!("the connector reports: {message}")
            }
            (message, internal) => format!("the connector reports: {message} ({internal})"),
        };
        Some(match error.failure_type.as_deref() {
            Some("config_error") => ConnectorError::Settings(reason),
            Some("transient_error") => ConnectorError::Down { reason, retry_after: None },
            _ => ConnectorError::Broken(reason),
        })
    }

    /// Returns the text of a logged error, which often explains why the connector exits.
    pub(super) fn logged_error(&self) -> Option<String> {
        let log = self.log.as_ref()?;
        let is_bad = matches!(log.level.as_deref(), Some("ERROR" | "FATAL"));
        log.message.as_deref().filter(|_| is_bad).map(excerpt)
    }
}
