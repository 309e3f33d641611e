//! Connectors that speak the Airbyte protocol: `spec`, `check`, `discover` and `read`.

mod catalog;
mod message;
mod reading;

use contacts_core::sync::{
    Batch, Connector, Flow, Reading, Settings, Spec, State, Stream, Trouble, Watch,
};

use self::catalog::Catalog;
use self::message::Message;
use self::reading::StreamReading;
use crate::batches::Batches;
use crate::json::{self, Json};
use crate::nonsense::Nonsense;
use crate::process::{Argument, Ended, Program};
use crate::schema;
use crate::settings::written;
use crate::words::words;

/// A connector that speaks the Airbyte protocol.
pub(crate) struct Airbyte {
    pub(crate) program: Program,
    /// The settings' schema, where the operator gives one.
    pub(crate) specification: Option<Json>,
}

impl Connector for Airbyte {
    fn protocol(&self) -> &'static str {
        "airbyte"
    }

    fn spec(&self, watch: &dyn Watch) -> Result<Spec, Trouble> {
        if let Some(schema) = &self.specification {
            return Ok(spec(schema));
        }
        let schema = self.ask(&[Argument::Word("spec")], watch, |message| {
            let spec: Option<Json> = serde_json::from_str(message.spec?.get()).ok();
            spec.as_ref().and_then(|spec| spec.get("connectionSpecification")).cloned()
        })?;
        Ok(spec(&schema))
    }

    fn check(&self, settings: &Settings, watch: &dyn Watch) -> Result<(), Trouble> {
        let config = Argument::File("config.json", written(settings)?);
        let arguments = [Argument::Word("check"), Argument::Word("--config"), config];
        let refused = self.ask(&arguments, watch, |message| {
            let status = message.connection_status.as_ref()?;
            let why = || status.message.as_deref().map(words).unwrap_or_default();
            Some(if status.status == "SUCCEEDED" { None } else { Some(why()) })
        })?;
        match refused {
            None => Ok(()),
            Some(why) if why.is_empty() => {
                Err(Trouble::Settings("the connector refuses the settings".to_owned()))
            }
            Some(why) => Err(Trouble::Settings(format!("the connector says: {why}"))),
        }
    }

    fn discover(&self, settings: &Settings, watch: &dyn Watch) -> Result<Vec<Stream>, Trouble> {
        let config = written(settings)?;
        Ok(self.catalog(&config, watch)?.found().map(|found| found.stream).collect())
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble> {
        let config = written(reading.settings)?;
        let catalog = self.catalog(&config, watch)?;
        let found = catalog.named(reading.stream).ok_or_else(|| {
            Trouble::Settings(format!("there is no stream {} any more", words(reading.stream)))
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
        let mut stream = StreamReading::new(&found, Batches::new(take), watch);
        drop(catalog);
        let ended =
            self.program.run(self.program.limits, &arguments, watch, &mut |line| stream.line(line));
        stream.end(ended)
    }
}

impl Airbyte {
    fn catalog(&self, config: &[u8], watch: &dyn Watch) -> Result<Catalog, Trouble> {
        let config = Argument::File("config.json", config.to_owned());
        let arguments = [Argument::Word("discover"), Argument::Word("--config"), config];
        self.ask(&arguments, watch, |message| serde_json::from_str(message.catalog?.get()).ok())
    }

    /// Runs a command whose answer is one message.
    fn ask<T>(
        &self,
        arguments: &[Argument<'_>],
        watch: &dyn Watch,
        mut answer: impl FnMut(&Message<'_>) -> Option<T>,
    ) -> Result<T, Trouble> {
        let mut answered = None;
        let mut error = None;
        let mut nonsense = Nonsense::default();
        let limits = self.program.limits.of_a_question();
        let mut take = |line: &[u8]| {
            let line = json::line(line);
            match Message::read(&line) {
                None => nonsense.line(&line, watch)?,
                Some(message) => {
                    message.log(watch);
                    error = error.take().or_else(|| message.trouble());
                    answered = answered.take().or_else(|| answer(&message));
                }
            }
            Ok(Flow::Next)
        };
        let ended = self.program.run(limits, arguments, watch, &mut take)?;
        if let Some(rest) = &ended.rest {
            take(rest)?;
        }
        // What it says first counts: some end badly after they have said what is wrong.
        match (answered, error) {
            (Some(answer), _) => Ok(answer),
            (None, Some(trouble)) => Err(trouble),
            (None, None) => Err(unanswered(&ended)),
        }
    }
}

fn unanswered(ended: &Ended) -> Trouble {
    let what = if ended.status.success() { "it gave no answer" } else { &*ended.how() };
    Trouble::Broken(what.to_owned())
}

/// Whatever a specification does not mention is secret: it may be the token of a connector that
/// does not know itself what it will be asked for.
fn spec(schema: &Json) -> Spec {
    Spec { settings: schema::settings(schema), others_are_secret: true }
}
