//! Calls to connectors for which a user waits: checks, lists of streams, and samples.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::observer::DeadlineObserver;
use super::{
    Connector, ConnectorError, Flow, Log, Mode, Reading, Settings, SourceId, Spec, Stream,
    SyncService, cells,
};
use crate::import::{Suggestion, Target, suggest};
use crate::{Error, Invalid, OrgId, Result};

/// Limits how many calls of a process to connectors run at a time for waiting users: each may start
/// a process of its own.
#[derive(Clone, Debug, Default)]
pub struct ConnectorSlots(Arc<AtomicUsize>);

/// The first records of a stream, with suggested targets for its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The names of the fields of the records, sorted.
    pub fields: Vec<String>,
    /// The records, each with one value for each field.
    pub rows: Vec<Vec<String>>,
    /// Whether the stream has ids.
    pub has_ids: bool,
    /// A suggested target for each field.
    pub suggestions: Vec<Suggestion>,
}

/// A slot of the limit, which is free again when this is dropped.
struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ConnectorSlots {
    /// Number of calls at a time.
    pub const MAX: usize = 2;

    fn begin(&self) -> Result<Slot> {
        let slot = Slot(self.0.clone());
        if self.0.fetch_add(1, Ordering::Relaxed) < Self::MAX { Ok(slot) } else { Err(Error::Busy) }
    }
}

impl SyncService {
    /// Longest time for which a user waits for a connector.
    pub const WAIT: Duration = Duration::from_secs(60);
    /// Number of records in a sample.
    pub const SAMPLE: usize = 20;

    /// Returns the protocol and the settings of a connector.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the operator does not allow it; [`Error::Conflict`] with the reason
    /// when it does not answer.
    pub fn connector(&self, name: &str) -> Result<(&'static str, Spec)> {
        let connector = self.connectors.get(name).ok_or(Error::NotFound("connector"))?;
        Ok((connector.protocol(), self.spec(name)?))
    }

    /// Checks whether a system can be reached. A system that cannot be reached is a result, not an
    /// error.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Busy`] when too many calls are in progress.
    pub fn check(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Result<(), ConnectorError>> {
        self.answer(connector, settings, |connector, observer| connector.check(settings, observer))
    }

    /// Lists the streams of a system.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `settings` when they are wrong;
    /// [`Error::Conflict`] with the reason of any other failure; [`Error::Busy`] when too many
    /// calls are in progress.
    pub fn discover(&self, connector: &str, settings: &Settings) -> Result<Vec<Stream>> {
        let streams = self.answer(connector, settings, |connector, observer| {
            connector.discover(settings, observer)
        });
        streams?.map_err(refused)
    }

    /// Reads the first records of a stream.
    ///
    /// # Errors
    ///
    /// As [`SyncService::discover`].
    pub fn sample(
        &self,
        org: OrgId,
        connector: &str,
        settings: &Settings,
        stream: &str,
    ) -> Result<Sample> {
        let mut records = Vec::new();
        let reading = Reading { settings, stream, mode: &Mode::Full, state: None };
        let read = self.answer(connector, settings, |connector, observer| {
            let read = connector.read(&reading, observer, &mut |batch| {
                records.extend(batch.records);
                if records.len() < Self::SAMPLE { Flow::Next } else { Flow::Stop }
            });
            // Records that were read before a failure are enough for a sample.
            if records.is_empty() { read } else { Ok(()) }
        });
        read?.map_err(refused)?;
        records.truncate(Self::SAMPLE);
        let mut fields: Vec<String> =
            records.iter().flat_map(|record| record.fields.keys().cloned()).collect();
        fields.sort();
        fields.dedup();
        let rows: Vec<_> = records.iter().map(|record| cells(record, &fields)).collect();
        let mut suggestions = suggest(&fields, &rows, &self.fields.list(org)?);
        suggestions
            .iter_mut()
            .filter(|suggestion| suggestion.target.as_ref().is_some_and(Target::is_for_files_only))
            .for_each(|suggestion| *suggestion = Suggestion { target: None, confidence: 0.0 });
        let has_ids = records.iter().any(|record| record.id.is_some());
        Ok(Sample { fields, rows, has_ids, suggestions })
    }

    /// Returns the connector of a source and all its settings, decrypted.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Store`] when its secrets cannot be decrypted.
    pub fn settings(&self, org: OrgId, id: SourceId) -> Result<(String, Settings)> {
        let source = self.get(org, id)?;
        let settings = self.opened(&source)?;
        Ok((source.connector, settings))
    }

    /// Returns the settings that a connector takes.
    pub(super) fn spec(&self, name: &str) -> Result<Spec> {
        let connector = self.connectors.get(name).ok_or_else(|| vec![self.no_such_connector()])?;
        let _slot = self.slots.begin()?;
        let observer = DeadlineObserver::after(&self.clock, Self::WAIT, Log::default());
        self.connectors.spec(name, connector, &observer).map_err(refused)
    }

    fn answer<T>(
        &self,
        name: &str,
        settings: &Settings,
        ask: impl FnOnce(&dyn Connector, &DeadlineObserver) -> Result<T, ConnectorError>,
    ) -> Result<Result<T, ConnectorError>> {
        let connector = self.connectors.get(name).ok_or(Error::NotFound("connector"))?;
        let spec = self.spec(name)?;
        let _slot = self.slots.begin()?;
        let observer = DeadlineObserver::after(&self.clock, Self::WAIT, Log::of(&spec, settings));
        let answer = ask(connector, &observer);
        Ok(answer.map_err(|error| match error {
            ConnectorError::Stopped => ConnectorError::Limit(format!(
                "it did not answer within {} seconds",
                Self::WAIT.as_secs()
            )),
            error => error.cleaned(&observer.log()),
        }))
    }
}

fn refused(error: ConnectorError) -> Error {
    match error {
        ConnectorError::Settings(reason) => {
            Invalid::one("settings", format!("are refused by the connector: {reason}")).into()
        }
        error => Error::Conflict(format!("the connector did not answer: {error}")),
    }
}
