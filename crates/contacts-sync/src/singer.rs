//! Connectors that speak Singer: taps.

mod catalog;
mod message;
mod reading;

use std::fmt::Write;

use contacts_core::sync::{
    Batch, Connector, Flow, Reading, Settings, Spec, State, Stream, Trouble, Watch,
};

use self::catalog::Catalog;
use self::reading::StreamReading;
use crate::batches::Batches;
use crate::json::Json;
use crate::process::{Argument, Ended, Program};
use crate::schema;
use crate::settings::written;
use crate::words::words;

/// A connector that speaks Singer.
pub(crate) struct Singer {
    pub(crate) program: Program,
    /// The settings' schema, where the operator gives one.
    pub(crate) specification: Option<Json>,
}

impl Connector for Singer {
    fn protocol(&self) -> &'static str {
        "singer"
    }

    /// The protocol has no question for it. Many connectors tell it all the same, because they
    /// were made with one kit; of the others nothing is known.
    fn spec(&self, watch: &dyn Watch) -> Result<Spec, Trouble> {
        if let Some(schema) = &self.specification {
            return Ok(spec(schema));
        }
        let arguments = [Argument::Word("--about"), Argument::Word("--format=json")];
        let (output, ended) = self.ask(&arguments, watch)?;
        let about = serde_json::from_slice::<Json>(&output).ok();
        let about = about.filter(|_| ended.status.success());
        Ok(about
            .as_ref()
            .and_then(|about| about.get("settings"))
            .map_or_else(|| spec(&Json::Null), spec))
    }

    fn check(&self, settings: &Settings, watch: &dyn Watch) -> Result<(), Trouble> {
        match self.catalog(&written(settings)?, watch) {
            Ok(_) => Ok(()),
            // It has no other way to say that it cannot sign in.
            Err(Trouble::Broken(why)) => Err(Trouble::Settings(why)),
            Err(trouble) => Err(trouble),
        }
    }

    fn discover(&self, settings: &Settings, watch: &dyn Watch) -> Result<Vec<Stream>, Trouble> {
        Ok(self.catalog(&written(settings)?, watch)?.streams())
    }

    fn read(
        &self,
        reading: &Reading<'_>,
        watch: &dyn Watch,
        take: &mut dyn FnMut(Batch) -> Flow,
    ) -> Result<(), Trouble> {
        let config = written(reading.settings)?;
        let mut catalog = self.catalog(&config, watch)?;
        let found = catalog.select(reading.stream, reading.mode)?;
        let mut arguments = vec![
            Argument::Word("--config"),
            Argument::File("config.json", config),
            Argument::Word("--catalog"),
            Argument::File("catalog.json", catalog.written()),
        ];
        drop(catalog);
        if let Some(State(state)) = reading.state {
            arguments.push(Argument::Word("--state"));
            arguments.push(Argument::File("state.json", state.clone()));
        }
        let mut stream = StreamReading::new(&found, Batches::new(take), watch);
        let ended =
            self.program.run(self.program.limits, &arguments, watch, &mut |line| stream.line(line));
        stream.end(ended)
    }
}

impl Singer {
    fn catalog(&self, config: &[u8], watch: &dyn Watch) -> Result<Catalog, Trouble> {
        let config = Argument::File("config.json", config.to_owned());
        let arguments = [Argument::Word("--config"), config, Argument::Word("--discover")];
        let (output, ended) = self.ask(&arguments, watch)?;
        if !ended.status.success() {
            return Err(Trouble::Broken(ended.how()));
        }
        Catalog::read(&output).ok_or_else(|| {
            let mut why = "it was asked for its streams, and its answer is no catalog".to_owned();
            if !output.is_empty() {
                let _ = write!(why, ": {}", words(&String::from_utf8_lossy(&output)));
            }
            Trouble::Broken(why)
        })
    }

    /// Runs a command whose answer is one document.
    fn ask(
        &self,
        arguments: &[Argument<'_>],
        watch: &dyn Watch,
    ) -> Result<(Vec<u8>, Ended), Trouble> {
        let limits = self.program.limits.of_a_question();
        // One document is not longer than one line may be.
        let limits = crate::limits::Limits { output: limits.line as u64, ..limits };
        let mut output = Vec::new();
        let mut ended = self.program.run(limits, arguments, watch, &mut |line| {
            output.extend_from_slice(line);
            output.push(b'\n');
            Ok(Flow::Next)
        })?;
        output.extend(ended.rest.take().unwrap_or_default());
        Ok((output, ended))
    }
}

/// Whatever a specification does not mention is secret, as is what it may have forgotten to mark.
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
