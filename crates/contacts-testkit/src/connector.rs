//! A connector that hands over what a test laid ready.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_core::sync::{
    Batch, Connector, Connectors, Cursor, Flow, Mode, Reading, Setting, SettingKind, Settings,
    Spec, State, Stream, Trouble, Watch,
};

/// Hands over batches that were laid ready, and notes how it was asked. Clones are one connector.
#[derive(Clone, Debug, Default)]
pub struct FakeConnector(Arc<Mutex<Played>>);

#[derive(Debug, Default)]
struct Played {
    batches: Vec<Batch>,
    trouble: Option<Trouble>,
    readings: Vec<(Mode, Option<State>)>,
    settings: Settings,
}

impl FakeConnector {
    /// What it is called in [`FakeConnector::connectors`].
    pub const NAME: &'static str = "fake";

    /// What it hands over from now on, each time it reads, and how it ends.
    pub fn plays(&self, batches: Vec<Batch>, trouble: Option<Trouble>) {
        let mut played = self.played();
        (played.batches, played.trouble) = (batches, trouble);
    }

    /// How it was asked to read, and from which state; taken.
    pub fn readings(&self) -> Vec<(Mode, Option<State>)> {
        std::mem::take(&mut self.played().readings)
    }

    /// The settings that it was last given.
    pub fn settings(&self) -> Settings {
        self.played().settings.clone()
    }

    /// It, as all that the operator allows.
    pub fn connectors(&self) -> Connectors {
        let connector: Arc<dyn Connector> = Arc::new(self.clone());
        [(Self::NAME.to_owned(), connector)].into_iter().collect()
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> Result<(), Trouble> {
        self.played().trouble.clone().map_or(Ok(()), Err)
    }
}

impl Connector for FakeConnector {
    fn protocol(&self) -> &'static str {
        "fake"
    }

    fn spec(&self, _: &dyn Watch) -> Result<Spec, Trouble> {
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

    fn check(&self, settings: &Settings, _: &dyn Watch) -> Result<(), Trouble> {
        self.played().settings = settings.clone();
        self.trouble()
    }

    fn discover(&self, settings: &Settings, _: &dyn Watch) -> Result<Vec<Stream>, Trouble> {
        self.played().settings = settings.clone();
        self.trouble()?;
        let fields = ["id", "name", "email", "phone", "tags"].map(str::to_owned).to_vec();
        let (name, key) = ("people".to_owned(), vec!["id".to_owned()]);
        Ok(vec![Stream { name, fields, key, cursor: Cursor::Known }])
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble> {
        let batches = {
            let mut played = self.played();
            played.readings.push((reading.mode.clone(), reading.state.cloned()));
            played.settings = reading.settings.clone();
            played.batches.clone()
        };
        for batch in batches {
            if !watch.may_go_on() {
                return Err(Trouble::Stopped);
            }
            watch.log(&format!("{} records", batch.records.len()));
            if take(batch) == Flow::Stop {
                return Ok(());
            }
        }
        self.trouble()
    }
}
