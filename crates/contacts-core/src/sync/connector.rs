//! What speaks to another system: a port, so that the core knows no protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Log, Settings, Spec};

/// Speaks to systems of one kind. It keeps nothing between two calls, and blocks.
///
/// Its calls last as long as the other system needs, within the limits on time, memory and length
/// that the adapter holds it to. Each asks [`Watch::may_go_on`] at least once a second, also while
/// nothing comes, and ends with [`Trouble::Stopped`] soon after it is told to. Nothing that it
/// started is left behind, however it ends: no process, no file, no thread.
pub trait Connector: Send + Sync {
    /// What it speaks, as people know it: `airbyte`, `singer` or `http`.
    fn protocol(&self) -> &'static str;

    /// How it is set up, and which settings are secret. Asked before any setting is known.
    ///
    /// # Errors
    ///
    /// [`Trouble`].
    fn spec(&self, watch: &dyn Watch) -> Result<Spec, Trouble>;

    /// Tries whether the other system can be reached with these settings. A connector that has no
    /// other way looks for its streams.
    ///
    /// # Errors
    ///
    /// [`Trouble::Settings`] with what the connector says when they are wrong.
    fn check(&self, settings: &Settings, watch: &dyn Watch) -> Result<(), Trouble>;

    /// The streams that there are, with their fields.
    ///
    /// # Errors
    ///
    /// [`Trouble`].
    fn discover(&self, settings: &Settings, watch: &dyn Watch) -> Result<Vec<Stream>, Trouble>;

    /// Reads a stream, in the order in which it comes, and hands it over batch by batch: one as
    /// soon as the connector says a state, and after [`Batch::RECORDS`] records or about
    /// [`Batch::BYTES`] at the latest. It is whoever takes them who makes transactions of them, so
    /// small batches cost nothing. Records of other streams are passed over. It may read ahead
    /// while a batch is being taken, within bounds.
    ///
    /// It ends well only when the stream came to its end: one that breaks off is an error, after
    /// the records that had come were handed over, as is one that the connector calls incomplete.
    /// When `take` answers [`Flow::Stop`], no more is handed over, and it ends well or with
    /// [`Trouble::Stopped`], both alike.
    ///
    /// # Errors
    ///
    /// [`Trouble`]. What was handed over stays.
    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble>;
}

/// Who follows a connector's work.
pub trait Watch: Sync {
    /// Whether it may go on; false when somebody cancelled it, its time is over, or the service
    /// stops.
    fn may_go_on(&self) -> bool;

    /// Takes a line of what the connector tells of itself, as people read it: what it logs, and
    /// what it writes to its standard error. It is shortened, only the last lines are kept, and
    /// secret settings are taken out of it here.
    fn log(&self, line: &str);
}

/// A stream of a system: a table, or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name. Two streams of the same name in different places have the places in their names.
    pub name: String,
    /// The names of its fields, in their order, those of objects with their paths (`address.city`).
    /// None when the system does not say: then a sample does.
    pub fields: Vec<String>,
    /// The fields that make its key; none when it has no key that is known.
    pub key: Vec<String>,
    /// Whether it can be read from where the last reading ended.
    pub cursor: Cursor,
}

/// Whether a stream can be read from where the last reading ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// It cannot: it is always read as a whole.
    None,
    /// It can, and the connector knows by what.
    Known,
    /// It can, by a field that somebody chooses; the one that the connector proposes.
    Field(Option<String>),
}

/// How a stream is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a whole, each time. Only so can be told what has vanished.
    Full,
    /// What changed since the last state.
    Incremental {
        /// By which field, where the connector does not know it itself ([`Cursor::Field`]).
        cursor: Option<String>,
    },
}

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// All settings, the secret ones opened.
    pub settings: &'a Settings,
    /// The stream's name.
    pub stream: &'a str,
    /// How.
    pub mode: &'a Mode,
    /// Where to go on: the last state that was stored. None to begin at the beginning. Of a full
    /// reading there is one only when that same reading was broken off.
    pub state: Option<&'a State>,
}

/// Where to go on: whatever the connector says, never looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(pub Vec<u8>);

impl State {
    /// The most bytes of a state that is kept; a longer one is [`Trouble::Limit`].
    pub const BYTES: usize = 1 << 20;
}

/// Records, and the state after them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The records, in their order; none when a state comes by itself.
    pub records: Vec<Record>,
    /// A state that covers these records and those of every batch before, and no other: they are
    /// stored in the same transaction, or earlier. None when the connector has said none since the
    /// last batch.
    pub state: Option<State>,
}

impl Batch {
    /// The most records of a batch.
    pub const RECORDS: usize = 1_000;
    /// About the most bytes of the names and values of a batch.
    pub const BYTES: usize = 1 << 20;
}

/// One thing that a stream holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The value of its key; the values joined by commas when the key has several fields. None
    /// when the stream has no key that is known.
    pub id: Option<String>,
    /// Its fields that are not null, by the names that [`Stream::fields`] has.
    pub fields: BTreeMap<String, Value>,
    /// Whether it says that it was deleted there.
    pub deleted: bool,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, or a number or a truth value as JSON writes it.
    Text(String),
    /// A list of such. Whatever else there is, is a text of JSON.
    List(Vec<String>),
}

/// What whoever takes batches says of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It is wanted.
    Next,
    /// No more is wanted.
    Stop,
}

/// Why a connector did not do what it was asked, cut by what can be done about it. The sentences
/// are for people and name no secret; they begin in lower case and have no full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Its settings, its credentials or the stream are wrong: somebody must change them, and
    /// trying again does not help.
    #[error("{0}")]
    Settings(String),
    /// The other system is down, slow, or asks to be left alone for now: later it works.
    #[error("{why}")]
    Down {
        /// What is known of it.
        why: String,
        /// For how long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The connector does not speak its protocol, or died.
    #[error("{0}")]
    Broken(String),
    /// It went over a limit: of time, memory, the length of a line, or the size of what it said.
    #[error("{0}")]
    Limit(String),
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
}

impl Trouble {
    /// The same, without secrets in its words.
    pub(super) fn cleaned(self, log: &Log) -> Self {
        match self {
            Self::Settings(why) => Self::Settings(log.clean(&why)),
            Self::Down { why, retry_after } => Self::Down { why: log.clean(&why), retry_after },
            Self::Broken(why) => Self::Broken(log.clean(&why)),
            Self::Limit(why) => Self::Limit(log.clean(&why)),
            Self::Stopped => Self::Stopped,
        }
    }
}

/// The connectors that the operator allows, by name. No request names a command.
#[derive(Clone, Default)]
pub struct Connectors {
    connectors: BTreeMap<String, Arc<dyn Connector>>,
    /// What they have said of themselves, for asking takes seconds.
    specs: Arc<Mutex<BTreeMap<String, Spec>>>,
}

impl Connectors {
    /// The connector of a name.
    pub fn get(&self, name: &str) -> Option<&dyn Connector> {
        self.connectors.get(name).map(|connector| &**connector)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connectors.keys().map(String::as_str)
    }

    /// Their names, in order, and what each speaks.
    pub fn all(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.connectors.iter().map(|(name, connector)| (name.as_str(), connector.protocol()))
    }

    /// How the connector of a name is set up. It is asked once in the life of the process.
    pub(super) fn spec(
        &self,
        name: &str,
        connector: &dyn Connector,
        watch: &dyn Watch,
    ) -> Result<Spec, Trouble> {
        let specs = || self.specs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = specs().get(name).cloned();
        if let Some(spec) = known {
            return Ok(spec);
        }
        // Not held while it is asked: others can wait for their own.
        let spec = connector.spec(watch)?;
        specs().insert(name.to_owned(), spec.clone());
        Ok(spec)
    }
}

impl FromIterator<(String, Arc<dyn Connector>)> for Connectors {
    fn from_iter<T: IntoIterator<Item = (String, Arc<dyn Connector>)>>(connectors: T) -> Self {
        Self { connectors: connectors.into_iter().collect(), specs: Arc::default() }
    }
}
