//! Connectors that speak the Airbyte protocol: `spec`, `check`, `discover` and `read`.

mod catalog;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod message;
mod reading;

use contacts_core::sync::{
    Batch, Connector, ConnectorError, Flow, Reading, Settings, Spec, State, Stream, SyncObserver,
};

use self::catalog::Catalog;
#[cfg(feature = "fuzzing")]
pub use self::fuzzing::fuzz;
use self::message::Message;
use self::reading::StreamReading;
use crate::batches::Batches;
use crate::excerpt::excerpt;
use crate::json::{self, Json};
use crate::malformed::MalformedOutput;
use crate::process::{Argument, Exit, Program};
use crate::schema;
use crate::settings::to_json;

/// A connector that speaks the Airbyte protocol.
pub(crate) struct Airbyte {
    pub(crate) program: Program,
    /// The schema of the settings, when the operator provides one.
    pub(crate) specification: Option<Json>,
}

impl Connector for Airbyte {
    fn protocol(&self) -> &'static str {
        "airbyte"
    }

    fn spec(&self, observer: &dyn SyncObserver) -> Result<Spec, ConnectorError> {
        if let Some(schema) = &self.specification {
            return Ok(spec(schema));
        }
        let schema = self.ask(&[Argument::Word("spec")], observer, |message| {
            let spec: Option<Json> = serde_json::from_str(message.spec?.get()).ok();
            spec.as_ref().and_then(|spec| spec.get("connectionSpecification")).cloned()
        })?;
        Ok(spec(&schema))
    }

    fn check(
        &self,
        settings: &Settings,
        observer: &dyn SyncObserver,
    ) -> Result<(), ConnectorError> {
        let config = Argument::File("config.json", to_json(settings)?);
        let arguments = [Argument::Word("check"), Argument::Word("--config"), config];
        let problem = self.ask(&arguments, observer, |message| {
            let status = message.connection_status.as_ref()?;
            let reason = || status.message.as_deref().map(excerpt).unwrap_or_default();
            Some(if status.status == "SUCCEEDED" { None } else { Some(reason()) })
        })?;
        match problem {
            None => Ok(()),
            Some(reason) if reason.is_empty() => {
                let reason = "the connector refuses the settings without a reason";
                Err(ConnectorError::Settings(reason.to_owned()))
            }
            Some(reason) => {
                Err(ConnectorError::Settings(format!("the connector reports: {reason}")))
            }
        }
    }

    fn discover(
        &self,
        settings: &Settings,
        observer: &dyn SyncObserver,
    ) -> Result<Vec<Stream>, ConnectorError> {
        let config = to_json(settings)?;
        Ok(self.catalog(&config, observer)?.streams().map(|found| found.stream).collect())
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        observer: &dyn SyncObserver,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), ConnectorError> {
        let config = to_json(reading.settings)?;
        let catalog = self.catalog(&config, observer)?;
        let found = catalog.named(reading.stream).ok_or_else(|| {
            ConnectorError::Settings(format!(
                "the data {} is no longer available: choose another",
                excerpt(reading.stream)
            ))
        })?;
        let configured = found.configured(reading.mode)?;
        let mut arguments = vec![
            Argument::Word("read"),
            Argument::Word("--config"),
            Argument::File("config.json", config),
            Argument::Word("--catalog"),
            Argument::File("catalog.json", configured),
        ];
        if let Some(State(state)) = reading.state {
            arguments.push(Argument::Word("--state"));
            arguments.push(Argument::File("state.json", state.clone()));
        }
        let mut stream = StreamReading::new(&found, Batches::new(take), observer);
        drop(catalog);
        let exit = self
            .program
            .run(self.program.limits, &arguments, observer, &mut |line| stream.line(line));
        stream.finish(exit)
    }
}

impl Airbyte {
    fn catalog(
        &self,
        config: &[u8],
        observer: &dyn SyncObserver,
    ) -> Result<Catalog, ConnectorError> {
        let config = Argument::File("config.json", config.to_owned());
        let arguments = [Argument::Word("discover"), Argument::Word("--config"), config];
        self.ask(&arguments, observer, |message| serde_json::from_str(message.catalog?.get()).ok())
    }

    /// Runs a command that answers with one message.
    fn ask<T>(
        &self,
        arguments: &[Argument<'_>],
        observer: &dyn SyncObserver,
        mut answer: impl FnMut(&Message<'_>) -> Option<T>,
    ) -> Result<T, ConnectorError> {
        let mut answered = None;
        let mut error = None;
        let mut malformed = MalformedOutput::default();
        let limits = self.program.limits.for_short_command();
        let mut take = |line: &[u8]| {
            let line = json::line(line);
            match Message::read(&line) {
                None => malformed.line(&line, observer)?,
                Some(message) => {
                    message.log(observer);
                    error = error.take().or_else(|| message.error());
                    answered = answered.take().or_else(|| answer(&message));
                }
            }
            Ok(Flow::Next)
        };
        let exit = self.program.run(limits, arguments, observer, &mut take)?;
        if let Some(rest) = &exit.rest {
            take(rest)?;
        }
        // A message counts more than the exit status: some connectors fail after their answer.
        match (answered, error) {
            (Some(answer), _) => Ok(answer),
            (None, Some(error)) => Err(error),
            (None, None) => Err(no_answer(&exit)),
        }
    }
}

fn no_answer(exit: &Exit) -> ConnectorError {
    let reason = if exit.status.success() { "it gave no answer" } else { &*exit.describe() };
    ConnectorError::Broken(reason.to_owned())
}

/// Reads a specification. Settings that it does not mention are secret: a connector that runs a
/// manifest may need a token that its own specification does not mention.
fn spec(schema: &Json) -> Spec {
    Spec { settings: schema::settings(schema), others_are_secret: true }
}
