//! The built-in connector `http`: reads a list that a server offers, page by page.

mod client;
mod page;
mod plan;
mod reading;

use contacts_core::sync::{
    Batch, Connector, ConnectorError, Cursor, Flow, Mode, Reading, Settings, Spec, Stream,
    SyncObserver,
};
use contacts_guard::Guard;

use self::client::{HttpClient, MAX_TRIES};
use self::plan::Plan;
use self::reading::PageReading;
use crate::batches::Batches;
use crate::excerpt::excerpt;

/// The name of the only stream.
const STREAM: &str = "records";

/// The connector.
pub(crate) struct Http(pub(crate) Guard);

impl Connector for Http {
    fn protocol(&self) -> &'static str {
        "http"
    }

    fn spec(&self, _watch: &dyn SyncObserver) -> Result<Spec, ConnectorError> {
        Ok(plan::spec())
    }

    /// Reads the first page. A person waits for the answer, so a server that is down is not tried
    /// again.
    fn check(
        &self,
        settings: &Settings,
        observer: &dyn SyncObserver,
    ) -> Result<(), ConnectorError> {
        let reading = Reading { settings, stream: STREAM, mode: &Mode::Full, state: None };
        let mut has_batch = false;
        let read = self.pull(&reading, observer, 1, &mut |_| {
            has_batch = true;
            Flow::Stop
        });
        match read {
            Err(ConnectorError::Stopped) if has_batch => Ok(()),
            read => read,
        }
    }

    fn discover(
        &self,
        settings: &Settings,
        _watch: &dyn SyncObserver,
    ) -> Result<Vec<Stream>, ConnectorError> {
        let plan = Plan::read(settings)?;
        let cursor = if plan.since.is_some() { Cursor::Field(None) } else { Cursor::None };
        Ok(vec![Stream { name: STREAM.to_owned(), fields: Vec::new(), key: plan.key, cursor }])
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError> {
        self.pull(reading, observer, MAX_TRIES, take)
    }
}

impl Http {
    fn pull(
        &self,
        reading: &Reading<'_>,
        observer: &dyn SyncObserver,
        tries: u32,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError> {
        if reading.stream != STREAM {
            let stream = excerpt(reading.stream);
            return Err(ConnectorError::Settings(format!(
                "the data {stream} is no longer available: choose {STREAM}"
            )));
        }
        let plan = Plan::read(reading.settings)?;
        let client = HttpClient::new(self.0, &plan, observer, tries)?;
        PageReading::new(&client, &plan, reading, Batches::new(take))?.read()
    }
}
