//! Asks connectors for their settings, streams and records.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::Args;
use contacts_core::Services;
use contacts_core::sync::{
    ConnectedSource, Cursor, Sample, SettingKind, SettingValue, Settings, Spec, Stream,
};
use contacts_http::settings_of;
use serde_json::Value;

use crate::cli::show::plain;
use crate::cli::{org, out};
use crate::report::{Done, Failure};

/// A connector and its settings.
#[derive(Args, Debug)]
pub(super) struct ConnectorArgs {
    /// The connector
    #[arg(long)]
    pub(super) connector: String,
    /// A JSON file with the settings, including secret ones; - for standard input
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// A setting that is not secret. May be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

/// Arguments of `contacts source show_sample`.
#[derive(Args, Debug)]
pub(in crate::cli) struct Look {
    #[command(flatten)]
    connector: ConnectorArgs,
    /// The stream whose first records are shown
    #[arg(long)]
    stream: Option<String>,
    /// The organisation, by id or name, where there are several
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
}

impl ConnectorArgs {
    /// The settings, with values of the types that the connector expects.
    pub(super) fn settings(&self, services: &Services) -> Done<Settings> {
        let mut settings = match &self.settings {
            Some(file) => read(file)?,
            None => Settings::default(),
        };
        let (_, spec) = services.sources.connector(&self.connector)?;
        for setting in &self.set {
            let (path, value) = set(&spec, setting)?;
            settings.0.insert(path, value);
        }
        Ok(settings)
    }
}

fn read(file: &PathBuf) -> Done<Settings> {
    let unreadable = |_: io::Error| {
        Failure::usage(format!("{} cannot be read: give --settings a JSON file", file.display()))
    };
    let mut text = String::new();
    if file.as_os_str() == "-" {
        io::stdin().lock().read_to_string(&mut text).map_err(unreadable)?;
    } else {
        text = fs::read_to_string(file).map_err(unreadable)?;
    }
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => settings_of(object)
            .map_err(|error| Failure::usage(format!("the settings {}", error.reason))),
        // The error of the parser could quote a secret.
        _ => Err(Failure::usage("the settings are not a JSON object")),
    }
}

/// Parses a `--set PATH=VALUE`. Secrets are refused: other users of the machine can see command
/// lines.
fn set(spec: &Spec, setting: &str) -> Done<(String, SettingValue)> {
    let Some((path, value)) = setting.split_once('=') else {
        return Err(Failure::usage("--set has no value: write --set PATH=VALUE"));
    };
    if spec.is_secret(path) {
        return Err(Failure::usage(format!(
            "{} is secret, and other users can see command lines: give it in the file of --settings",
            plain(path)
        )));
    }
    let kind = spec.settings.iter().find(|setting| setting.path == path).map(|s| &s.kind);
    let is_text = match kind {
        Some(SettingKind::Text | SettingKind::Choice(_)) => true,
        Some(_) => false,
        None => serde_json::from_str::<Value>(value).is_err(),
    };
    if is_text {
        return Ok((path.to_owned(), SettingValue::Text(value.to_owned())));
    }
    match serde_json::from_str::<Value>(value) {
        Ok(value) => Ok((path.to_owned(), SettingValue::Json(value.to_string()))),
        Err(_) => Err(Failure::usage(format!("{} must be a JSON value", plain(path)))),
    }
}

pub(super) fn connectors(services: &Services, name: Option<&str>) -> Done {
    let Some(name) = name else {
        let connectors = services.sources.connectors().all();
        return connectors
            .into_iter()
            .try_for_each(|(name, protocol)| out::print_line(format_args!("{name}  {protocol}")));
    };
    let (_, spec) = services.sources.connector(name)?;
    spec.settings.iter().try_for_each(|setting| {
        let mut notes = vec![match &setting.kind {
            SettingKind::Text => "text".to_owned(),
            SettingKind::Choice(choices) => choices.join(" or "),
            SettingKind::Number => "a number".to_owned(),
            SettingKind::Boolean => "true or false".to_owned(),
            SettingKind::Json => "JSON".to_owned(),
        }];
        notes.extend(setting.required.then(|| "required".to_owned()));
        notes.extend(setting.secret.then(|| "secret".to_owned()));
        let title = plain(&setting.title);
        out::print_line(format_args!("{}  {title}  ({})", plain(&setting.path), notes.join(", ")))
    })
}

pub(super) fn show_sample(services: &Services, args: &Look) -> Done {
    let settings = args.connector.settings(services)?;
    let (sources, connector) = (&services.sources, &args.connector.connector);
    match &args.stream {
        None => {
            let streams = sources.discover(connector, &settings)?;
            streams.iter().try_for_each(|stream| out::print_line(stream_line(stream)))
        }
        Some(stream) => {
            let org = org::pick(services, args.org.as_deref())?.id;
            show(&sources.sample(org, connector, &settings, stream)?)
        }
    }
}

pub(super) fn check(services: &Services, source: &ConnectedSource) -> Done {
    let (connector, settings) = services.sources.settings(source.org, source.id)?;
    match services.sources.check(&connector, &settings)? {
        Ok(()) => out::print_line("The source can be reached."),
        Err(error) => Err(Failure::new(plain(&error.to_string()))),
    }
}

pub(super) fn sample(services: &Services, source: &ConnectedSource) -> Done {
    let (connector, settings) = services.sources.settings(source.org, source.id)?;
    show(&services.sources.sample(source.org, &connector, &settings, &source.stream)?)
}

fn stream_line(stream: &Stream) -> String {
    let how = match &stream.cursor {
        Cursor::None => "full".to_owned(),
        Cursor::Known => "full or incremental".to_owned(),
        Cursor::Field(None) => "full, or incremental by a field".to_owned(),
        Cursor::Field(Some(field)) => format!("full, or incremental by {}", plain(field)),
    };
    let fields: Vec<_> = stream.fields.iter().map(|field| plain(field)).collect();
    format!("{}  {how}  {}", plain(&stream.name), fields.join(", "))
}

/// Prints the fields, the suggested target of each, and the first values.
fn show(sample: &Sample) -> Done {
    for (at, (field, suggestion)) in sample.fields.iter().zip(&sample.suggestions).enumerate() {
        let target = suggestion.target.as_ref().map_or("-".to_owned(), ToString::to_string);
        let values = sample.rows.iter().filter_map(|row| row.get(at)).filter(|v| !v.is_empty());
        let values: Vec<_> = values.take(3).map(|value| plain(value)).collect();
        out::print_line(format_args!("{}  {target}  {}", plain(field), values.join(" | ")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use contacts_core::sync::Setting;

    use super::*;

    fn spec() -> Spec {
        let setting = |path: &str, kind, secret| Setting {
            path: path.to_owned(),
            title: path.to_owned(),
            description: None,
            kind,
            required: false,
            secret,
            default: None,
        };
        let settings = vec![
            setting("host", SettingKind::Text, false),
            setting("port", SettingKind::Number, false),
            setting("token", SettingKind::Text, true),
        ];
        Spec { settings, others_are_secret: false }
    }

    #[test]
    fn a_setting_has_the_type_that_the_connector_expects() {
        let text = |text: &str| SettingValue::Text(text.to_owned());
        let json = |json: &str| SettingValue::Json(json.to_owned());
        assert!(set(&spec(), "host=12").unwrap().1 == text("12"));
        assert!(set(&spec(), "port=12").unwrap().1 == json("12"));
        assert!(set(&spec(), "other=[1]").unwrap().1 == json("[1]"));
        assert!(set(&spec(), "other=a=b").unwrap().1 == text("a=b"));
        assert!(set(&spec(), "port=x").is_err());
        assert!(set(&spec(), "port").is_err());
    }

    #[test]
    fn a_secret_is_not_taken_from_the_command_line() {
        let failure = set(&spec(), "token=hush-hush").unwrap_err().to_string();
        assert!(failure.starts_with("token is secret") && !failure.contains("hush"), "{failure}");
    }
}
