//! Asking a connector while somebody waits for the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::watch::Until;
use super::{
    Connector, Flow, Log, Mode, Reading, Settings, SourceId, Spec, Stream, SyncService, Trouble,
    cells,
};
use crate::import::{Suggestion, suggest};
use crate::{Error, Invalid, OrgId, Result};

/// How many of a process ask connectors while somebody waits: each may be a process of its own.
#[derive(Clone, Debug, Default)]
pub struct Asking(Arc<AtomicUsize>);

/// The first records of a stream, and what becomes of its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The fields that the records have, in the order of their names.
    pub fields: Vec<String>,
    /// The records, each with a value for each field.
    pub rows: Vec<Vec<String>>,
    /// Whether the stream has ids of its own.
    pub has_ids: bool,
    /// What each field is likely to be.
    pub suggestions: Vec<Suggestion>,
}

/// A place among those who ask, until it is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Asking {
    const MOST: usize = 2;

    fn begin(&self) -> Result<Place> {
        let place = Place(self.0.clone());
        if self.0.fetch_add(1, Ordering::Relaxed) < Self::MOST {
            Ok(place)
        } else {
            Err(Error::Busy)
        }
    }
}

impl SyncService {
    /// How long somebody waits for a connector.
    pub const WAIT: Duration = Duration::from_secs(60);
    /// How many records a sample has.
    pub const SAMPLE: usize = 20;

    /// What a connector speaks, and how it is set up.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the operator does not allow it; [`Error::Conflict`] with what is
    /// wrong when it does not answer.
    pub fn connector(&self, name: &str) -> Result<(&'static str, Spec)> {
        let connector = self.connectors.get(name).ok_or(Error::NotFound("connector"))?;
        Ok((connector.protocol(), self.spec(name)?))
    }

    /// Tries whether a system can be reached.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Busy`] when too many ask. That it cannot is the answer.
    pub fn check(&self, connector: &str, settings: &Settings) -> Result<Result<(), Trouble>> {
        self.answer(connector, settings, |connector, watch| connector.check(settings, watch))
    }

    /// The streams of a system.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] naming `settings` when they are wrong;
    /// [`Error::Conflict`] with what is wrong else; [`Error::Busy`] when too many ask.
    pub fn discover(&self, connector: &str, settings: &Settings) -> Result<Vec<Stream>> {
        let streams = self
            .answer(connector, settings, |connector, watch| connector.discover(settings, watch));
        streams?.map_err(refused)
    }

    /// The first records of a stream.
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
        let read = self.answer(connector, settings, |connector, watch| {
            let read = connector.read(&reading, watch, &mut |batch| {
                records.extend(batch.records);
                if records.len() < Self::SAMPLE { Flow::Next } else { Flow::Stop }
            });
            // What has come is enough to look at.
            if records.is_empty() { read } else { Ok(()) }
        });
        read?.map_err(refused)?;
        records.truncate(Self::SAMPLE);
        let mut fields: Vec<String> =
            records.iter().flat_map(|record| record.fields.keys().cloned()).collect();
        fields.sort();
        fields.dedup();
        let rows: Vec<_> = records.iter().map(|record| cells(record, &fields)).collect();
        let suggestions = suggest(&fields, &rows, &self.fields.list(org)?);
        let has_ids = records.iter().any(|record| record.id.is_some());
        Ok(Sample { fields, rows, has_ids, suggestions })
    }

    /// The connector of a source and all its settings, for asking.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Store`] when its secrets cannot be opened.
    pub fn settings(&self, org: OrgId, id: SourceId) -> Result<(String, Settings)> {
        let source = self.get(org, id)?;
        let settings = self.opened(&source)?;
        Ok((source.connector, settings))
    }

    /// How a connector is set up.
    pub(super) fn spec(&self, name: &str) -> Result<Spec> {
        let connector = self.connectors.get(name).ok_or_else(|| vec![self.no_such_connector()])?;
        let _place = self.asking.begin()?;
        let watch = Until::after(&self.clock, Self::WAIT, Log::default());
        self.connectors.spec(name, connector, &watch).map_err(refused)
    }

    fn answer<T>(
        &self,
        name: &str,
        settings: &Settings,
        ask: impl FnOnce(&dyn Connector, &Until) -> Result<T, Trouble>,
    ) -> Result<Result<T, Trouble>> {
        let connector = self.connectors.get(name).ok_or(Error::NotFound("connector"))?;
        let spec = self.spec(name)?;
        let _place = self.asking.begin()?;
        let watch = Until::after(&self.clock, Self::WAIT, Log::of(&spec, settings));
        let answer = ask(connector, &watch);
        Ok(answer.map_err(|trouble| match trouble {
            Trouble::Stopped => {
                Trouble::Limit(format!("it did not answer within {} seconds", Self::WAIT.as_secs()))
            }
            trouble => trouble.cleaned(&watch.log()),
        }))
    }
}

fn refused(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Settings(why) => {
            Invalid::one("settings", format!("are refused by the connector: {why}")).into()
        }
        trouble => Error::Conflict(format!("the connector did not answer: {trouble}")),
    }
}
