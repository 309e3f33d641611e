//! Lists that a server has, by plain HTTP.

mod ask;
mod page;
mod plan;
mod reading;

use contacts_core::sync::{
    Batch, Connector, Cursor, Flow, Mode, Reading, Settings, Spec, Stream, Trouble, Watch,
};
use contacts_guard::Guard;

use self::ask::{Asker, TRIES};
use self::plan::Plan;
use self::reading::PageReading;
use crate::batches::Batches;
use crate::words::words;

/// The name of the one stream there is.
const STREAM: &str = "records";

/// Pulls lists.
pub(crate) struct Http(pub(crate) Guard);

impl Connector for Http {
    fn protocol(&self) -> &'static str {
        "http"
    }

    fn spec(&self, _watch: &dyn Watch) -> Result<Spec, Trouble> {
        Ok(plan::spec())
    }

    /// Reads the first page. Somebody waits for the answer, so a server that is away is not asked
    /// again.
    fn check(&self, settings: &Settings, watch: &dyn Watch) -> Result<(), Trouble> {
        let reading = Reading { settings, stream: STREAM, mode: &Mode::Full, state: None };
        let mut came = false;
        let read = self.pull(&reading, watch, 1, &mut |_| {
            came = true;
            Flow::Stop
        });
        match read {
            Err(Trouble::Stopped) if came => Ok(()),
            read => read,
        }
    }

    fn discover(&self, settings: &Settings, _watch: &dyn Watch) -> Result<Vec<Stream>, Trouble> {
        let plan = Plan::read(settings)?;
        let cursor = if plan.since.is_some() { Cursor::Field(None) } else { Cursor::None };
        Ok(vec![Stream { name: STREAM.to_owned(), fields: Vec::new(), key: plan.key, cursor }])
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble> {
        self.pull(reading, watch, TRIES, take)
    }
}

impl Http {
    fn pull(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        tries: u32,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble> {
        if reading.stream != STREAM {
            let stream = words(reading.stream);
            return Err(Trouble::Settings(format!("there is no stream {stream}, only {STREAM}")));
        }
        let plan = Plan::read(reading.settings)?;
        let asker = Asker::new(self.0, &plan, watch, tries)?;
        PageReading::new(&asker, &plan, reading, Batches::new(take))?.read()
    }
}
