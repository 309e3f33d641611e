//! A connector that returns the batches which a test prepares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_core::sync::{
    Batch, Connector, ConnectorError, Connectors, Cursor, Flow, Mode, Reading, Setting,
    SettingKind, Settings, Spec, State, Stream, SyncObserver,
};

/// A connector that returns prepared batches and records each read. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct FakeConnector(Arc<Mutex<Played>>);

/// While it exists, a [`FakeConnector`] does not answer.
#[derive(Debug)]
pub struct FakePause<'a> {
    _played: MutexGuard<'a, Played>,
}

#[derive(Debug, Default)]
struct Played {
    batches: Vec<Batch>,
    trouble: Option<ConnectorError>,
    readings: Vec<(Mode, Option<State>)>,
    settings: Settings,
}

impl FakeConnector {
    /// The name of the connector in [`FakeConnector::connectors`].
    pub const NAME: &'static str = "fake";

    /// Sets the batches that each later read returns, and the error that ends it, if any.
    pub fn plays(&self, batches: Vec<Batch>, trouble: Option<ConnectorError>) {
        let mut played = self.played();
        (played.batches, played.trouble) = (batches, trouble);
    }

    /// Removes and returns the mode and the start state of every read so far.
    pub fn readings(&self) -> Vec<(Mode, Option<State>)> {
        std::mem::take(&mut self.played().readings)
    }

    /// Returns the settings of the last read.
    pub fn settings(&self) -> Settings {
        self.played().settings.clone()
    }

    /// Returns a connector registry that holds this connector only.
    pub fn connectors(&self) -> Connectors {
        let connector: Arc<dyn Connector> = Arc::new(self.clone());
        [(Self::NAME.to_owned(), connector)].into_iter().collect()
    }

    /// Lets checks and lists of streams wait until the returned value is dropped.
    pub fn pause(&self) -> FakePause<'_> {
        FakePause { _played: self.played() }
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> Result<(), ConnectorError> {
        self.played().trouble.clone().map_or(Ok(()), Err)
    }
}

impl Connector for FakeConnector {
    fn protocol(&self) -> &'static str {
        "fake"
    }

    fn spec(&self, _: &dyn SyncObserver) -> Result<Spec, ConnectorError> {
        let setting = |path: &str, secret| Setting {
            path: path.to_owned(),
            title: path.to_owned(),
            description: None,
            kind: SettingKind::Text,
            required: true,
            secret,
            default: None,
        };
        let settings = vec![setting("host", false), setting("credentials.token", true)];
        Ok(Spec { settings, others_are_secret: false })
    }

    fn check(&self, settings: &Settings, _: &dyn SyncObserver) -> Result<(), ConnectorError> {
        self.played().settings = settings.clone();
        self.trouble()
    }

    fn discover(
        &self,
        settings: &Settings,
        _: &dyn SyncObserver,
    ) -> Result<Vec<Stream>, ConnectorError> {
        self.played().settings = settings.clone();
        self.trouble()?;
        let fields = ["id", "name", "email", "phone", "tags"].map(str::to_owned).to_vec();
        let (name, key) = ("people".to_owned(), vec!["id".to_owned()]);
        Ok(vec![Stream { name, fields, key, cursor: Cursor::Known }])
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError> {
        let batches = {
            let mut played = self.played();
            played.readings.push((reading.mode.clone(), reading.state.cloned()));
            played.settings = reading.settings.clone();
            played.batches.clone()
        };
        for batch in batches {
            if !observer.may_continue() {
                return Err(ConnectorError::Stopped);
            }
            observer.log(&format!("{} records", batch.records.len()));
            if take(batch) == Flow::Stop {
                return Ok(());
            }
        }
        self.trouble()
    }
}
