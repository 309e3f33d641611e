//! Reads a stream through a connector of a list, and writes a line of JSON for each record and each
//! state.
//!
//! ```sh
//! read LIST NAME spec
//! read LIST NAME check|discover SETTINGS
//! read LIST NAME full|incremental SETTINGS STREAM [CURSOR|- [STATE]]
//! ```
//!
//! The settings are a file with a JSON object, whose member names are paths.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use contacts_core::sync::{
    Batch, Connector, Flow, Mode, Reading, SettingValue, Settings, State, SyncObserver, Value,
};
use contacts_sync::Guard;
use serde_json::json;

struct StderrObserver;

impl SyncObserver for StderrObserver {
    fn may_continue(&self) -> bool {
        true
    }

    fn log(&self, line: &str) {
        eprintln!("log: {line}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let all: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    let [list, name, what, rest @ ..] = &words[..] else {
        return Err("usage: see the first lines of the source".into());
    };
    // It is tried with servers on this machine.
    let guard = Guard { allow_http: true, allow_private: true };
    let connectors = contacts_sync::connectors(Path::new(list), &|name| env::var_os(name), guard)?;
    let connector = connectors.get(name).ok_or("there is no such connector")?;
    match (*what, rest) {
        ("spec", []) => println!("{:#?}", connector.spec(&StderrObserver)?),
        ("check", [settings]) => {
            connector.check(&read_settings(settings)?, &StderrObserver)?;
            println!("the check succeeded");
        }
        ("discover", [settings]) => {
            println!("{:#?}", connector.discover(&read_settings(settings)?, &StderrObserver)?);
        }
        ("full", [settings, stream, rest @ ..]) => {
            read(connector, &read_settings(settings)?, stream, &Mode::Full, rest)?;
        }
        ("incremental", [settings, stream, rest @ ..]) => {
            let cursor = rest.first().filter(|cursor| **cursor != "-");
            let mode = Mode::Incremental { cursor: cursor.map(|cursor| (*cursor).to_owned()) };
            read(connector, &read_settings(settings)?, stream, &mode, rest)?;
        }
        _ => return Err("usage: see the first lines of the source".into()),
    }
    Ok(())
}

fn read(
    connector: &dyn Connector,
    settings: &Settings,
    stream: &str,
    mode: &Mode,
    rest: &[&str],
) -> Result<(), Box<dyn Error>> {
    let state = rest.get(1).map(|state| State(state.as_bytes().to_owned()));
    let reading = Reading { settings, stream, mode, state: state.as_ref() };
    let mut take = |batch: Batch| {
        for record in batch.records {
            let fields = record.fields.into_iter().map(|(name, value)| match value {
                Value::Text(text) => (name, json!(text)),
                Value::List(items) => (name, json!(items)),
            });
            let fields: serde_json::Map<_, _> = fields.collect();
            println!("{}", json!({"id": record.id, "fields": fields, "deleted": record.deleted}));
        }
        if let Some(State(state)) = batch.state {
            println!("{}", json!({"state": String::from_utf8_lossy(&state)}));
        }
        Flow::Next
    };
    Ok(connector.read(&reading, &StderrObserver, &mut take)?)
}

fn read_settings(file: &str) -> Result<Settings, Box<dyn Error>> {
    let settings: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&fs::read(file)?)?;
    let value = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => SettingValue::Text(text),
        other => SettingValue::Json(other.to_string()),
    };
    Ok(Settings(settings.into_iter().map(|(path, given)| (path, value(given))).collect()))
}
