//! Reads the file in which the operator lists the allowed connectors.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs};

use contacts_core::sync::{Connector, Connectors};
use contacts_guard::Guard;
use serde::Deserialize;

use crate::airbyte::Airbyte;
use crate::http::Http;
use crate::json::Json;
use crate::limits::Limits;
use crate::process::Program;
use crate::singer::Singer;

/// The list of connectors is invalid; the message is a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidConnectorList(String);

impl fmt::Display for InvalidConnectorList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidConnectorList {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    connectors: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    protocol: Protocol,
    command: Vec<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    environment: Vec<String>,
    specification: Option<PathBuf>,
    #[serde(default)]
    limits: LimitsEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Airbyte,
    Singer,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsEntry {
    seconds: Option<u64>,
    silent_seconds: Option<u64>,
    memory_mib: Option<u64>,
    line_mib: Option<u64>,
    output_mib: Option<u64>,
    messages_mib: Option<u64>,
}

/// Returns the built-in connectors: `http`.
pub fn built_in(guard: Guard) -> Connectors {
    built_in_connectors(guard).into_iter().collect()
}

fn built_in_connectors(guard: Guard) -> BTreeMap<String, Arc<dyn Connector>> {
    let http: Arc<dyn Connector> = Arc::new(Http(guard));
    [("http".to_owned(), http)].into()
}

/// Returns the connectors that a file lists, and the built-in ones. `environment` returns the
/// value of a variable that the list names, and of `PATH`.
///
/// # Errors
///
/// [`InvalidConnectorList`] when the file cannot be read or an entry is invalid.
pub fn connectors(
    file: &Path,
    environment: &dyn Fn(&str) -> Option<OsString>,
    guard: Guard,
) -> Result<Connectors, InvalidConnectorList> {
    let invalid = |what: &str| {
        InvalidConnectorList(format!("the list of connectors {} {what}", file.display()))
    };
    let text = fs::read(file).map_err(|error| invalid(&format!("cannot be read: {error}")))?;
    let mut reader = serde_json::Deserializer::from_slice(&text);
    let list: List = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| invalid(&format!("is invalid at {}: {}", error.path(), error.inner())))?;
    let mut built_in_connectors = built_in_connectors(guard);
    for entry in list.connectors {
        let name = entry.name.clone();
        let connector = connector(entry, file, environment)
            .map_err(|what| invalid(&format!("is invalid: the connector {name} {what}")))?;
        if built_in_connectors.insert(name.clone(), connector).is_some() {
            return Err(invalid(&format!("is invalid: the connector {name} is listed twice")));
        }
    }
    Ok(built_in_connectors.into_iter().collect())
}

fn connector(
    entry: Entry,
    file: &Path,
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Arc<dyn Connector>, String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.name.is_empty() || entry.name.len() > 60 || !entry.name.chars().all(is_name) {
        return Err("must have a name of at most 60 small letters, digits and hyphens".to_owned());
    }
    if entry.name == "http" {
        return Err("has the name of the built-in connector: choose another".to_owned());
    }
    if entry.command.first().is_none_or(String::is_empty) {
        return Err("has no command".to_owned());
    }
    let specification = entry.specification.map(|path| {
        // A relative path starts at the folder of the list.
        let path = file.parent().unwrap_or(Path::new("")).join(path);
        let problem = |problem: &dyn fmt::Display| {
            format!("has a specification {} that cannot be read: {problem}", path.display())
        };
        let text = fs::read(&path).map_err(|error| problem(&error))?;
        serde_json::from_slice::<Json>(&text).map_err(|error| problem(&error))
    });
    let specification = specification.transpose()?;
    let names = entry.environment.iter().map(String::as_str).chain(["PATH"]);
    let with_value = |name: &str| Some((name.to_owned(), environment(name)?));
    let program = Program {
        command: entry.command,
        arguments: entry.arguments,
        environment: names.filter_map(with_value).collect(),
        limits: limits(&entry.limits)?,
    };
    Ok(match entry.protocol {
        Protocol::Airbyte => Arc::new(Airbyte { program, specification }),
        Protocol::Singer => Arc::new(Singer { program, specification }),
    })
}

fn limits(entry: &LimitsEntry) -> Result<Limits, String> {
    const YEAR: u64 = 366 * 24 * 60 * 60;
    const TEBIBYTE: u64 = 1 << 20;
    let within = |name: &str, value: Option<u64>, most: u64| match value {
        Some(value) if value == 0 || value > most => {
            Err(format!("has the limit {name}, which must be from 1 to {most}"))
        }
        value => Ok(value),
    };
    let or =
        |value: Option<u64>, unit: u64, default: u64| value.map_or(default, |value| value * unit);
    let time = |name, value, default| -> Result<Duration, String> {
        Ok(within(name, value, YEAR)?.map_or(default, Duration::from_secs))
    };
    let size = |name, value, most, default| -> Result<u64, String> {
        Ok(or(within(name, value, most)?, 1 << 20, default))
    };
    let Limits { time: whole, silence, memory, line, output, messages } = Limits::default();
    let line = size("line_mib", entry.line_mib, 1 << 10, line as u64)?;
    Ok(Limits {
        time: time("seconds", entry.seconds, whole)?,
        silence: time("silent_seconds", entry.silent_seconds, silence)?,
        memory: size("memory_mib", entry.memory_mib, TEBIBYTE, memory)?,
        line: usize::try_from(line).unwrap_or(usize::MAX),
        output: size("output_mib", entry.output_mib, TEBIBYTE, output)?,
        messages: size("messages_mib", entry.messages_mib, TEBIBYTE, messages)?,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(list: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list");
        fs::write(&file, list).unwrap();
        fs::write(folder.path().join("spec.json"), r#"{"properties":{"a":{}}}"#).unwrap();
        let connectors = connectors(&file, &|_| None, Guard::default());
        let message =
            |error: InvalidConnectorList| error.to_string().replace(file.to_str().unwrap(), "FILE");
        Ok(connectors.map_err(message)?.names().map(str::to_owned).collect())
    }

    #[test]
    fn a_valid_list_is_read() {
        let list = r#"{"connectors":[
            {"name":"b","protocol":"singer","command":["/bin/tap","-x"],"specification":"spec.json"},
            {"name":"a-1","protocol":"airbyte","command":["/bin/source"],"arguments":["--manifest-path","m"],
             "environment":["HTTPS_PROXY"],"limits":{"seconds":300,"memory_mib":512,"line_mib":1}}]}"#;
        assert_eq!(read(list).unwrap(), ["a-1", "b", "http"]);
    }

    #[test]
    fn limits_that_are_not_named_have_their_defaults() {
        let entry = LimitsEntry { seconds: Some(300), line_mib: Some(1), ..LimitsEntry::default() };
        let expected =
            Limits { time: Duration::from_secs(300), line: 1 << 20, ..Limits::default() };
        assert_eq!(limits(&entry).unwrap(), expected);
    }

    #[rstest]
    #[case(r#"{"#, "is invalid at ?: EOF while parsing an object at line 1 column 1")]
    #[case(
        r#"{"connectors":[{"name":"a","protocol":"x","command":["x"]}]}"#,
        "is invalid at connectors[0].protocol: unknown variant `x`, expected `airbyte` or `singer` at line 1 column 41"
    )]
    #[case(
        r#"{"connectors":[{"name":"A","protocol":"singer","command":["x"]}]}"#,
        "is invalid: the connector A must have a name of at most 60 small letters, digits and hyphens"
    )]
    #[case(
        r#"{"connectors":[{"name":"http","protocol":"singer","command":["x"]}]}"#,
        "is invalid: the connector http has the name of the built-in connector: choose another"
    )]
    #[case(
        r#"{"connectors":[{"name":"a","protocol":"singer","command":[]}]}"#,
        "is invalid: the connector a has no command"
    )]
    #[case(
        r#"{"connectors":[{"name":"a","protocol":"singer","command":["x"]},{"name":"a","protocol":"singer","command":["x"]}]}"#,
        "is invalid: the connector a is listed twice"
    )]
    #[case(
        r#"{"connectors":[{"name":"a","protocol":"singer","command":["x"],"limits":{"seconds":0}}]}"#,
        "is invalid: the connector a has the limit seconds, which must be from 1 to 31622400"
    )]
    fn an_invalid_list_is_refused_with_the_reason(#[case] list: &str, #[case] expected: &str) {
        assert_eq!(read(list).unwrap_err(), format!("the list of connectors FILE {expected}"));
    }

    #[test]
    fn a_missing_specification_is_reported() {
        let list = r#"{"connectors":[{"name":"a","protocol":"singer","command":["x"],"specification":"/gone/spec"}]}"#;
        let error = read(list).unwrap_err();
        assert!(error.contains("has a specification /gone/spec that cannot be read: "), "{error}");
    }
}
