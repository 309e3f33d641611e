//! Reads the catalog of a connector's streams, and selects the stream to read.

use contacts_core::sync::{ConnectorError, Cursor, Mode, Stream};

use crate::excerpt::excerpt;
use crate::json::Json;
use crate::schema;

/// The streams of a connector, as it described them. The whole catalog is passed back to it.
pub(super) struct Catalog(Json);

/// A stream of the catalog.
pub(super) struct FoundStream {
    /// Its name in messages.
    pub(super) name: String,
    pub(super) stream: Stream,
}

/// How a stream is to be read.
struct Selection<'a> {
    method: &'static str,
    cursor: Option<&'a str>,
}

impl Catalog {
    /// Reads the output of a connector; `None` when it is not a catalog.
    pub(super) fn read(output: &[u8]) -> Option<Self> {
        let catalog: Json = serde_json::from_slice(output).ok()?;
        matches!(catalog.get("streams"), Some(Json::List(_))).then_some(Self(catalog))
    }

    fn entries(&self) -> &[Json] {
        self.0.get("streams").map_or(&[], Json::items)
    }

    /// Returns its streams.
    pub(super) fn streams(&self) -> Vec<Stream> {
        self.entries().iter().filter_map(|entry| Some(found_stream(entry)?.stream)).collect()
    }

    /// Selects one stream, and deselects all others.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Settings`] when the stream does not exist, or does not support the mode.
    pub(super) fn select(
        &mut self,
        name: &str,
        mode: &Mode,
    ) -> Result<FoundStream, ConnectorError> {
        let has_name = |found: &FoundStream| found.stream.name == name;
        let found = self.entries().iter().filter_map(found_stream).find(has_name);
        let found = found.ok_or_else(|| {
            let name = excerpt(name);
            ConnectorError::Settings(format!(
                "the data {name} is no longer available: choose another"
            ))
        })?;
        let selection = selection(mode, &found.stream.cursor)?;
        let entries = self.0.get_mut("streams").and_then(Json::items_mut);
        for entry in entries.into_iter().flatten() {
            let is_selected = id(entry) == Some(name);
            mark(entry, is_selected.then_some(&selection));
        }
        Ok(found)
    }

    /// Returns the catalog as JSON for the connector.
    pub(super) fn to_json(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

fn selection<'a>(mode: &'a Mode, cursor: &'a Cursor) -> Result<Selection<'a>, ConnectorError> {
    let settings_error = |reason: &str| Err(ConnectorError::Settings(reason.to_owned()));
    let cursor = match (mode, cursor) {
        (Mode::Full, _) => return Ok(Selection { method: "FULL_TABLE", cursor: None }),
        (Mode::Incremental { .. }, Cursor::None) => {
            return settings_error("the stream cannot be read incrementally: choose the mode full");
        }
        (Mode::Incremental { .. }, Cursor::Known) => None,
        (Mode::Incremental { cursor: chosen }, Cursor::Field(proposed)) => {
            match chosen.as_deref().or(proposed.as_deref()) {
                None => {
                    return settings_error("choose a cursor field, which shows what has changed");
                }
                cursor => cursor,
            }
        }
    };
    Ok(Selection { method: "INCREMENTAL", cursor })
}

fn id(entry: &Json) -> Option<&str> {
    entry.get("tap_stream_id").or_else(|| entry.get("stream"))?.as_str()
}

fn found_stream(entry: &Json) -> Option<FoundStream> {
    let id = id(entry)?;
    let metadata_entry = stream_metadata(entry);
    let keys = [
        entry.get("key_properties"),
        metadata_entry.and_then(|metadata_entry| metadata_entry.get("table-key-properties")),
        metadata_entry.and_then(|metadata_entry| metadata_entry.get("view-key-properties")),
    ];
    let keys = keys.into_iter().flatten();
    let mut keys = keys.map(|key| key.texts().map(str::to_owned).collect::<Vec<_>>());
    let stream = Stream {
        name: id.to_owned(),
        fields: entry.get("schema").map(schema::fields).unwrap_or_default(),
        key: keys.find(|key| !key.is_empty()).unwrap_or_default(),
        cursor: cursor(entry),
    };
    let name = entry.get("stream").and_then(Json::as_str).unwrap_or(id).to_owned();
    Some(FoundStream { name, stream })
}

fn cursor(entry: &Json) -> Cursor {
    let metadata_entry = stream_metadata(entry);
    let text = |value: Option<&Json>| -> Option<String> {
        value.and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let property = |name: &str| metadata_entry.and_then(|metadata_entry| metadata_entry.get(name));
    let forced = text(property("forced-replication-method"));
    let method = forced.or_else(|| text(entry.get("replication_method")));
    let valid = property("valid-replication-keys");
    let valid: Vec<_> = valid.into_iter().flat_map(Json::texts).collect();
    let proposed = text(entry.get("replication_key"))
        .or_else(|| text(property("replication-key")))
        .or_else(|| valid.first().map(|key| (*key).to_owned()));
    match method.as_deref() {
        Some("FULL_TABLE") => Cursor::None,
        Some("LOG_BASED") => Cursor::Known,
        Some("INCREMENTAL") if valid.len() == 1 => Cursor::Known,
        _ => Cursor::Field(proposed),
    }
}

/// The metadata of the stream as a whole.
fn stream_metadata(entry: &Json) -> Option<&Json> {
    let is_stream = |one: &&Json| one.get("breadcrumb") == Some(&Json::List(Vec::new()));
    entry.get("metadata")?.items().iter().find(is_stream)?.get("metadata")
}

/// Marks a stream as selected, with the method; or as not selected.
fn mark(entry: &mut Json, selection: Option<&Selection<'_>>) {
    let text = |text: &str| Json::Text(text.to_owned());
    let selected = ("selected", Json::Bool(selection.is_some()));
    let mut marks = vec![selected.clone()];
    entry.set(selected.0, selected.1.clone());
    // A stream that reads changes from a log keeps its method.
    let keeps = |method| {
        method == "INCREMENTAL" && entry.get("replication_method") == Some(&text("LOG_BASED"))
    };
    if let Some(Selection { method, cursor }) = selection.filter(|one| !keeps(one.method)) {
        marks.push(("replication-method", text(method)));
        entry.set("replication_method", text(method));
        if let Some(cursor) = cursor {
            marks.push(("replication-key", text(cursor)));
            entry.set("replication_key", text(cursor));
        }
    }
    if stream_metadata(entry).is_none() {
        let breadcrumb = ("breadcrumb".to_owned(), Json::List(Vec::new()));
        let metadata_entry =
            Json::Object(vec![breadcrumb, ("metadata".to_owned(), Json::Object(Vec::new()))]);
        match entry.get_mut("metadata").and_then(Json::items_mut) {
            Some(metadata) => metadata.push(metadata_entry),
            None => entry.set("metadata", Json::List(vec![metadata_entry])),
        }
    }
    for one in entry.get_mut("metadata").and_then(Json::items_mut).into_iter().flatten() {
        let is_stream = one.get("breadcrumb") == Some(&Json::List(Vec::new()));
        let Some(metadata_entry) = one.get_mut("metadata") else { continue };
        if is_stream {
            marks.iter().for_each(|(name, value)| metadata_entry.set(name, value.clone()));
        } else if metadata_entry.get("inclusion") != Some(&text("unsupported")) {
            metadata_entry.set(selected.0, selected.1.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn entry(metadata_entry: &Value) -> Value {
        json!({
            "tap_stream_id": "crm-people", "stream": "people", "key_properties": [],
            "schema": {"properties": {"id": {}, "at": {"properties": {"x": {}}}}},
            "metadata": [
                {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "available"}},
                {"breadcrumb": ["properties", "at"], "metadata": {"inclusion": "unsupported"}},
                {"breadcrumb": [], "metadata": metadata_entry},
            ],
        })
    }

    fn catalog(metadata_entry: &Value) -> Catalog {
        let other = json!({"tap_stream_id": "notes", "stream": "notes", "schema": {}});
        let all = json!({"version": 1, "streams": [entry(metadata_entry), other]});
        Catalog::read(all.to_string().as_bytes()).unwrap()
    }

    #[rstest]
    #[case(json!({}), Cursor::Field(None))]
    #[case(json!({"forced-replication-method": "", "valid-replication-keys": []}), Cursor::Field(None))]
    #[case(json!({"forced-replication-method": "FULL_TABLE"}), Cursor::None)]
    #[case(json!({"forced-replication-method": "INCREMENTAL", "valid-replication-keys": ["a"]}), Cursor::Known)]
    #[case(json!({"valid-replication-keys": ["a", "b"]}), Cursor::Field(Some("a".to_owned())))]
    #[case(json!({"replication-key": "b"}), Cursor::Field(Some("b".to_owned())))]
    fn the_cursor_follows_from_the_metadata(
        #[case] metadata_entry: Value,
        #[case] expected: Cursor,
    ) {
        let stream = catalog(&metadata_entry).streams().remove(0);
        assert_eq!(stream.cursor, expected);
        assert_eq!(stream.name, "crm-people");
        assert_eq!(stream.fields, ["at.x", "id"]);
    }

    #[test]
    fn one_stream_is_selected_with_all_its_fields() {
        let mut catalog = catalog(&json!({"table-key-properties": ["id"]}));
        let mode = Mode::Incremental { cursor: Some("at".to_owned()) };
        let found = catalog.select("crm-people", &mode).unwrap();
        assert_eq!((found.name.as_str(), found.stream.key), ("people", vec!["id".to_owned()]));
        let written: Value = serde_json::from_slice(&catalog.to_json()).unwrap();
        let [people, notes] = &written["streams"].as_array().unwrap()[..] else { panic!() };
        assert_eq!(written["version"], 1);
        assert_eq!(people["selected"], true);
        assert_eq!(people["replication_method"], "INCREMENTAL");
        assert_eq!(people["replication_key"], "at");
        let metadata = &people["metadata"];
        assert_eq!(metadata[0]["metadata"]["selected"], true);
        assert_eq!(metadata[1]["metadata"].get("selected"), None);
        let expected = json!({
            "table-key-properties": ["id"], "selected": true,
            "replication-method": "INCREMENTAL", "replication-key": "at",
        });
        assert_eq!(metadata[2]["metadata"], expected);
        assert_eq!(notes["selected"], false);
        assert_eq!(notes["metadata"][0]["metadata"]["selected"], false);
    }

    #[test]
    fn a_selection_that_is_not_possible_is_refused() {
        let error = |metadata_entry: Value, name: &str, mode: &Mode| {
            catalog(&metadata_entry)
                .select(name, mode)
                .err()
                .map(|error| error.to_string())
                .unwrap()
        };
        let incremental = Mode::Incremental { cursor: None };
        let missing = error(json!({}), "gone", &Mode::Full);
        assert_eq!(missing, "the data gone is no longer available: choose another");
        let no_cursor = error(json!({}), "crm-people", &incremental);
        assert_eq!(no_cursor, "choose a cursor field, which shows what has changed");
        let full_table = json!({"forced-replication-method": "FULL_TABLE"});
        let full_only = error(full_table, "crm-people", &incremental);
        assert_eq!(full_only, "the stream cannot be read incrementally: choose the mode full");
    }
}
