//! Reads the catalog of a connector's streams, and selects the stream to read.

use contacts_core::sync::{ConnectorError, Cursor, Mode, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::Json;
use crate::schema;

/// The streams of a connector.
#[derive(Deserialize)]
pub(super) struct Catalog {
    streams: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct StreamDescription {
    name: String,
    namespace: Option<String>,
    json_schema: Option<Json>,
    supported_sync_modes: Option<Vec<String>>,
    source_defined_cursor: Option<bool>,
    default_cursor_field: Option<Vec<String>>,
    source_defined_primary_key: Option<Vec<Vec<String>>>,
}

/// A stream of the catalog.
pub(super) struct FoundStream {
    pub(super) stream: Stream,
    /// Its name in messages.
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    default_cursor: Vec<String>,
    key: Vec<Vec<String>>,
    described: Box<RawValue>,
}

#[derive(Serialize)]
struct Configured<'a> {
    streams: [ConfiguredStream<'a>; 1],
}

#[derive(Serialize)]
struct ConfiguredStream<'a> {
    stream: &'a RawValue,
    sync_mode: &'static str,
    destination_sync_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor_field: Option<Vec<&'a str>>,
    primary_key: &'a [Vec<String>],
}

impl Catalog {
    /// Returns its streams. Entries that are not valid are left out.
    pub(super) fn streams(&self) -> impl Iterator<Item = FoundStream> {
        let names: Vec<String> = self.descriptions().map(|(_, described)| described.name).collect();
        self.descriptions().map(move |(raw, described)| {
            let is_shared = names.iter().filter(|name| **name == described.name).count() > 1;
            found_stream(raw, described, is_shared)
        })
    }

    /// Returns the stream with a name.
    pub(super) fn named(&self, name: &str) -> Option<FoundStream> {
        let has_name = |found: &FoundStream| {
            let namespace = found.namespace.as_deref().unwrap_or_default();
            // Its name includes the namespace while another stream has the same name.
            found.stream.name == name || format!("{namespace}.{}", found.name) == name
        };
        self.streams().find(has_name)
    }

    fn descriptions(&self) -> impl Iterator<Item = (&RawValue, StreamDescription)> {
        let described = |raw: &RawValue| serde_json::from_str(raw.get()).ok();
        self.streams.iter().filter_map(move |raw| Some((&**raw, described(raw)?)))
    }
}

fn found_stream(raw: &RawValue, described: StreamDescription, is_shared: bool) -> FoundStream {
    let StreamDescription { name, namespace, default_cursor_field, .. } = described;
    let default_cursor = default_cursor_field.unwrap_or_default();
    let key = described.source_defined_primary_key.unwrap_or_default();
    let modes = described.supported_sync_modes.unwrap_or_default();
    let is_incremental = modes.iter().any(|mode| mode == "incremental");
    let proposed = Some(default_cursor.join(".")).filter(|cursor| !cursor.is_empty());
    let cursor = match (is_incremental, described.source_defined_cursor) {
        (false, _) => Cursor::None,
        (true, Some(true)) => Cursor::Known,
        (true, _) => Cursor::Field(proposed),
    };
    let display_name = match &namespace {
        Some(namespace) if is_shared => format!("{namespace}.{name}"),
        _ => name.clone(),
    };
    let stream = Stream {
        name: display_name,
        fields: described.json_schema.as_ref().map(schema::fields).unwrap_or_default(),
        key: key.iter().map(|path| path.join(".")).collect(),
        cursor,
    };
    FoundStream { stream, name, namespace, default_cursor, key, described: raw.to_owned() }
}

impl FoundStream {
    /// Returns a configured catalog with this stream only.
    pub(super) fn configured(&self, mode: &Mode) -> Result<Vec<u8>, ConnectorError> {
        let (sync_mode, cursor) = match (mode, &self.stream.cursor) {
            (Mode::Full, _) => ("full_refresh", None),
            (Mode::Incremental { .. }, Cursor::None) => {
                let reason = "the stream cannot be read incrementally: choose the mode full";
                return Err(ConnectorError::Settings(reason.to_owned()));
            }
            (Mode::Incremental { cursor }, _) => ("incremental", self.cursor(cursor.as_deref())),
        };
        let destination_sync_mode = match mode {
            Mode::Full => "overwrite",
            Mode::Incremental { .. } if !self.key.is_empty() => "append_dedup",
            Mode::Incremental { .. } => "append",
        };
        let stream = ConfiguredStream {
            stream: &self.described,
            sync_mode,
            destination_sync_mode,
            cursor_field: cursor,
            primary_key: &self.key,
        };
        serde_json::to_vec(&Configured { streams: [stream] }).map_err(|error| {
            ConnectorError::Broken(format!("its catalog cannot be written: {error}"))
        })
    }

    fn cursor<'a>(&'a self, chosen: Option<&'a str>) -> Option<Vec<&'a str>> {
        let path: Vec<_> = match chosen {
            Some(chosen) if chosen != self.default_cursor.join(".") => chosen.split('.').collect(),
            _ => self.default_cursor.iter().map(String::as_str).collect(),
        };
        (!path.is_empty()).then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = r#"{"streams":[
        {"name":"people","namespace":"a","json_schema":{"properties":{"id":{},"at":{"properties":{"x":{}}}}},
         "supported_sync_modes":["full_refresh","incremental"],"source_defined_cursor":true,
         "default_cursor_field":["at","x"],"source_defined_primary_key":[["id"],["at","x"]],"is_resumable":true},
        {"name":"people","namespace":"b","json_schema":{},"supported_sync_modes":["full_refresh"]},
        {"name":"notes","namespace":"a","json_schema":{},
         "supported_sync_modes":["incremental"],"default_cursor_field":[]},
        "nothing"]}"#;

    fn catalog() -> Catalog {
        serde_json::from_str(CATALOG).unwrap()
    }

    #[test]
    fn streams_of_the_same_name_are_named_with_their_namespace() {
        let found: Vec<_> = catalog().streams().map(|found| found.stream).collect();
        let names: Vec<_> = found.iter().map(|stream| stream.name.as_str()).collect();
        assert_eq!(names, ["a.people", "b.people", "notes"]);
        assert_eq!(found[0].fields, ["id", "at.x"]);
        assert_eq!(found[0].key, ["id", "at.x"]);
        let cursors: Vec<_> = found.into_iter().map(|stream| stream.cursor).collect();
        assert_eq!(cursors, [Cursor::Known, Cursor::None, Cursor::Field(None)]);
        assert!(catalog().named("a.notes").is_some());
        assert!(catalog().named("people").is_none());
    }

    #[test]
    fn a_configured_catalog_has_one_stream_as_it_was_described() {
        let found = catalog().named("a.people").unwrap();
        let incremental = Mode::Incremental { cursor: None };
        let configured = found.configured(&incremental).unwrap();
        let configured: serde_json::Value = serde_json::from_slice(&configured).unwrap();
        let stream = &configured["streams"][0];
        assert_eq!(stream["stream"]["is_resumable"], true);
        assert_eq!(stream["sync_mode"], "incremental");
        assert_eq!(stream["destination_sync_mode"], "append_dedup");
        assert_eq!(stream["cursor_field"], serde_json::json!(["at", "x"]));
        assert_eq!(stream["primary_key"], serde_json::json!([["id"], ["at", "x"]]));
        let error = catalog().named("b.people").unwrap().configured(&incremental).unwrap_err();
        let expected = "the stream cannot be read incrementally: choose the mode full";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_chosen_cursor_is_a_path() {
        let found = catalog().named("notes").unwrap();
        assert_eq!(found.cursor(Some("made.at")), Some(vec!["made", "at"]));
        assert_eq!(found.cursor(None), None);
    }
}
