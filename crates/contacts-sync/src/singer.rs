//! Connectors that speak the Singer protocol: taps.

mod catalog;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod message;
mod reading;

use std::fmt::Write;

use contacts_core::sync::{
    Batch, Connector, ConnectorError, Flow, Reading, Settings, Spec, State, Stream, SyncObserver,
};

use self::catalog::Catalog;
#[cfg(feature = "fuzzing")]
pub use self::fuzzing::fuzz;
use self::reading::StreamReading;
use crate::batches::Batches;
use crate::excerpt::excerpt;
use crate::json::Json;
use crate::process::{Argument, Exit, Program};
use crate::schema;
use crate::settings::to_json;

/// A connector that speaks the Singer protocol.
pub(crate) struct Singer {
    pub(crate) program: Program,
    /// The schema of the settings, when the operator provides one.
    pub(crate) specification: Option<Json>,
}

impl Connector for Singer {
    fn protocol(&self) -> &'static str {
        "singer"
    }

    /// Runs `--description`, which is not part of the protocol, but supported by taps that were made with
    /// the Meltano SDK. Of other taps, no settings are known.
    fn spec(&self, observer: &dyn SyncObserver) -> Result<Spec, ConnectorError> {
        if let Some(schema) = &self.specification {
            return Ok(spec(schema));
        }
        let arguments = [Argument::Word("--about"), Argument::Word("--format=json")];
        let (output, exit) = self.ask(&arguments, observer)?;
        let description = serde_json::from_slice::<Json>(&output).ok();
        let description = description.filter(|_| exit.status.success());
        Ok(description
            .as_ref()
            .and_then(|description| description.get("settings"))
            .map_or_else(|| spec(&Json::Null), spec))
    }

    fn check(
        &self,
        settings: &Settings,
        observer: &dyn SyncObserver,
    ) -> Result<(), ConnectorError> {
        match self.catalog(&to_json(settings)?, observer) {
            Ok(_) => Ok(()),
            // A tap has no other way to report that its settings are wrong.
            Err(ConnectorError::Broken(reason)) => Err(ConnectorError::Settings(reason)),
            Err(error) => Err(error),
        }
    }

    fn discover(
        &self,
        settings: &Settings,
        observer: &dyn SyncObserver,
    ) -> Result<Vec<Stream>, ConnectorError> {
        Ok(self.catalog(&to_json(settings)?, observer)?.streams())
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError> {
        let config = to_json(reading.settings)?;
        let mut catalog = self.catalog(&config, observer)?;
        let found = catalog.select(reading.stream, reading.mode)?;
        let mut arguments = vec![
            Argument::Word("--config"),
            Argument::File("config.json", config),
            Argument::Word("--catalog"),
            Argument::File("catalog.json", catalog.to_json()),
        ];
        drop(catalog);
        if let Some(State(state)) = reading.state {
            arguments.push(Argument::Word("--state"));
            arguments.push(Argument::File("state.json", state.clone()));
        }
        let mut stream = StreamReading::new(&found, Batches::new(take), observer);
        let exit = self
            .program
            .run(self.program.limits, &arguments, observer, &mut |line| stream.line(line));
        stream.finish(exit)
    }
}

impl Singer {
    fn catalog(
        &self,
        config: &[u8],
        observer: &dyn SyncObserver,
    ) -> Result<Catalog, ConnectorError> {
        let config = Argument::File("config.json", config.to_owned());
        let arguments = [Argument::Word("--config"), config, Argument::Word("--discover")];
        let (output, exit) = self.ask(&arguments, observer)?;
        if !exit.status.success() {
            return Err(ConnectorError::Broken(exit.describe()));
        }
        Catalog::read(&output).ok_or_else(|| {
            let mut reason = "it did not respond with a list of its data".to_owned();
            if !output.is_empty() {
                let _ = write!(reason, ": {}", excerpt(&String::from_utf8_lossy(&output)));
            }
            ConnectorError::Broken(reason)
        })
    }

    /// Runs a command that answers with one JSON document.
    fn ask(
        &self,
        arguments: &[Argument<'_>],
        observer: &dyn SyncObserver,
    ) -> Result<(Vec<u8>, Exit), ConnectorError> {
        let limits = self.program.limits.for_short_command();
        // A document may be as long as a line.
        let limits = crate::limits::Limits { output: limits.line as u64, ..limits };
        let mut output = Vec::new();
        let mut exit = self.program.run(limits, arguments, observer, &mut |line| {
            output.extend_from_slice(line);
            output.push(b'\n');
            Ok(Flow::Next)
        })?;
        output.extend(exit.rest.take().unwrap_or_default());
        Ok((output, exit))
    }
}

/// Reads a specification. Settings that it does not mention are secret, and so are those whose
/// names suggest it, because many taps do not mark their secrets.
fn spec(schema: &Json) -> Spec {
    const SECRETS: [&str; 6] =
        ["password", "passphrase", "token", "secret", "private_key", "api_key"];
    let mut settings = schema::settings(schema);
    for setting in &mut settings {
        let name = setting.path.to_ascii_lowercase();
        setting.secret |= SECRETS.iter().any(|secret| name.contains(secret));
    }
    Spec { settings, others_are_secret: true }
}
