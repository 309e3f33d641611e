//! The port to other systems, so that the core needs no protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Log, Settings, Spec};

/// Reads from systems of one kind. A connector keeps no state between calls, and its calls block.
///
/// A call may take as long as the other system needs, within the adapter's limits on time, memory
/// and length. Each call asks [`SyncObserver::may_continue`] at least once a second, also while it
/// waits, and ends with [`ConnectorError::Stopped`] soon after the answer is false. However a call
/// ends, it leaves no process, file or thread behind.
pub trait Connector: Send + Sync {
    /// The protocol: `airbyte`, `singer` or `http`.
    fn protocol(&self) -> &'static str;

    /// Returns the settings that the connector takes. Called before any setting is known.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`].
    fn spec(&self, observer: &dyn SyncObserver) -> Result<Spec, ConnectorError>;

    /// Checks whether the other system can be reached with these settings. A connector without a
    /// check of its own lists the streams instead.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Settings`] with the connector's message when the settings are wrong.
    fn check(&self, settings: &Settings, observer: &dyn SyncObserver)
    -> Result<(), ConnectorError>;

    /// Lists the streams with their fields.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`].
    fn discover(
        &self,
        settings: &Settings,
        observer: &dyn SyncObserver,
    ) -> Result<Vec<Stream>, ConnectorError>;

    /// Reads a stream in its order, and passes it to `take` in batches: a batch ends as soon as the
    /// connector reports a state, and after [`Batch::RECORDS`] records or about [`Batch::BYTES`] at
    /// the latest. The caller groups batches into transactions, so small batches cost nothing.
    /// Records of other streams are ignored. The connector may read ahead while a batch is taken,
    /// within bounds.
    ///
    /// Returns `Ok` only when the stream was read to its end. A stream that breaks off, or that the
    /// connector reports as incomplete, is an error after its records were passed on. When `take`
    /// returns [`Flow::Stop`], nothing more is passed on, and the call returns `Ok` or
    /// [`ConnectorError::Stopped`]; callers treat both alike.
    ///
    /// # Errors
    ///
    /// [`ConnectorError`]. Batches that were passed on stay valid.
    fn read(
        &self,
        reading: &Reading<'_>,
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError>;
}

/// Observes a call to a connector, and can stop it.
pub trait SyncObserver: Sync {
    /// Whether the call may continue; false when a user cancelled it, its time is over, or the
    /// service stops.
    fn may_continue(&self) -> bool;

    /// Takes a line that the connector logs or writes to its standard error. The observer shortens
    /// it, removes secret settings, and keeps only the last lines.
    fn log(&self, line: &str);
}

/// A stream of a system, such as a table or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The name. Streams with the same name in different namespaces have the namespace in their
    /// names.
    pub name: String,
    /// The names of the fields, in order; those of nested objects are paths (`address.city`). Empty
    /// when the system does not list its fields; then a sample does.
    pub fields: Vec<String>,
    /// The fields of the key; empty when no key is known.
    pub key: Vec<String>,
    /// Whether the stream can be read incrementally.
    pub cursor: Cursor,
}

/// Whether a stream can be read incrementally, from the end of the last reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Always read as a whole.
    None,
    /// Read incrementally, by a field that the connector knows.
    Known,
    /// Read incrementally, by a field that the user chooses. Holds the connector's proposal.
    Field(Option<String>),
}

/// How a stream is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a whole, each time. Required to find vanished records.
    Full,
    /// Only what has changed since the last state.
    Incremental {
        /// The field by which changes are found, when the user must choose it ([`Cursor::Field`]).
        cursor: Option<String>,
    },
}

/// The parameters of a reading.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// All settings, the secret ones decrypted.
    pub settings: &'a Settings,
    /// The name of the stream.
    pub stream: &'a str,
    /// How the stream is read.
    pub mode: &'a Mode,
    /// The last stored state, from which to continue; `None` to start at the beginning. A full
    /// reading has a state only when the same reading was interrupted.
    pub state: Option<&'a State>,
}

/// A state as the connector reports it: an opaque position from which to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(pub Vec<u8>);

impl State {
    /// Maximum length of a stored state in bytes; a longer one is [`ConnectorError::Limit`].
    pub const BYTES: usize = 1 << 20;
}

/// Records, and the state after them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The records, in order; empty when the connector reports a state alone.
    pub records: Vec<Record>,
    /// A state that covers exactly the records of this and every earlier batch. It is stored in the
    /// same transaction as the last of them, or later. `None` when the connector has reported no
    /// state since the last batch.
    pub state: Option<State>,
}

impl Batch {
    /// Maximum number of records in a batch.
    pub const RECORDS: usize = 1_000;
    /// Approximate maximum of the bytes of names and values in a batch.
    pub const BYTES: usize = 1 << 20;
}

/// A record of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The value of the key; several values are joined by commas. `None` when the stream has no
    /// known key.
    pub id: Option<String>,
    /// The fields that are not null, by the names in [`Stream::fields`].
    pub fields: BTreeMap<String, Value>,
    /// Whether the record reports its own deletion.
    pub deleted: bool,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, or a number or a truth value in its JSON notation.
    Text(String),
    /// A list of such texts. Any other value is a text of JSON.
    List(Vec<String>),
}

/// The answer of a consumer of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Continue with the next batch.
    Next,
    /// Stop reading.
    Stop,
}

/// The reason why a connector failed, grouped by what can be done about it. The sentences are for
/// people and contain no secret; they begin in lower case and have no full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// The settings, the credentials or the stream are wrong. Somebody must change them; retrying
    /// does not help.
    #[error("{0}")]
    Settings(String),
    /// The other system is down, slow, or limits requests. Retrying later helps.
    #[error("{reason}")]
    Down {
        /// The reason.
        reason: String,
        /// The pause that the other system asks for.
        retry_after: Option<Duration>,
    },
    /// The connector violates its protocol, or its process ended.
    #[error("{0}")]
    Broken(String),
    /// The connector exceeded a limit on time, memory, the length of a line, or the size of its
    /// output.
    #[error("{0}")]
    Limit(String),
    /// The observer stopped the call.
    #[error("it was stopped")]
    Stopped,
}

impl ConnectorError {
    /// Returns the error with secrets removed from its text.
    pub(super) fn cleaned(self, log: &Log) -> Self {
        match self {
            Self::Settings(reason) => Self::Settings(log.clean(&reason)),
            Self::Down { reason, retry_after } => {
                Self::Down { reason: log.clean(&reason), retry_after }
            }
            Self::Broken(reason) => Self::Broken(log.clean(&reason)),
            Self::Limit(reason) => Self::Limit(log.clean(&reason)),
            Self::Stopped => Self::Stopped,
        }
    }
}

/// The connectors that the operator allows, by name. Requests can only choose one of these names,
/// never a command.
#[derive(Clone, Default)]
pub struct Connectors {
    connectors: BTreeMap<String, Arc<dyn Connector>>,
    /// Cached specs: asking a connector for its spec takes seconds.
    specs: Arc<Mutex<BTreeMap<String, Spec>>>,
}

impl Connectors {
    /// Returns the connector with a name.
    pub fn get(&self, name: &str) -> Option<&dyn Connector> {
        self.connectors.get(name).map(|connector| &**connector)
    }

    /// Lists the names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connectors.keys().map(String::as_str)
    }

    /// Lists the names, sorted, with the protocol of each connector.
    pub fn all(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.connectors.iter().map(|(name, connector)| (name.as_str(), connector.protocol()))
    }

    /// Returns the spec of a connector. Each connector is asked once in the life of the process.
    pub(super) fn spec(
        &self,
        name: &str,
        connector: &dyn Connector,
        observer: &dyn SyncObserver,
    ) -> Result<Spec, ConnectorError> {
        let specs = || self.specs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = specs().get(name).cloned();
        if let Some(spec) = known {
            return Ok(spec);
        }
        // The lock is not held during the call, so that other connectors can be asked meanwhile.
        let spec = connector.spec(observer)?;
        specs().insert(name.to_owned(), spec.clone());
        Ok(spec)
    }
}

impl FromIterator<(String, Arc<dyn Connector>)> for Connectors {
    fn from_iter<T: IntoIterator<Item = (String, Arc<dyn Connector>)>>(connectors: T) -> Self {
        Self { connectors: connectors.into_iter().collect(), specs: Arc::default() }
    }
}
