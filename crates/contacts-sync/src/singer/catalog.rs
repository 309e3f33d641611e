//! What streams a connector has, and how it is told which to read.

use contacts_core::sync::{Cursor, Mode, Stream, Trouble};

use crate::json::Json;
use crate::schema;
use crate::words::words;

/// The streams of a connector, as it described them. All of it is given back to it.
pub(super) struct Catalog(Json);

/// A stream that is to be read.
pub(super) struct Found {
    /// Its name in messages.
    pub(super) name: String,
    pub(super) stream: Stream,
}

/// How a stream is asked for.
struct Wanted<'a> {
    method: &'static str,
    cursor: Option<&'a str>,
}

impl Catalog {
    /// Reads what a connector answers; nothing when it is no catalog.
    pub(super) fn read(output: &[u8]) -> Option<Self> {
        let catalog: Json = serde_json::from_slice(output).ok()?;
        matches!(catalog.get("streams"), Some(Json::List(_))).then_some(Self(catalog))
    }

    fn entries(&self) -> &[Json] {
        self.0.get("streams").map_or(&[], Json::items)
    }

    /// Its streams.
    pub(super) fn streams(&self) -> Vec<Stream> {
        self.entries().iter().filter_map(|entry| Some(found(entry)?.stream)).collect()
    }

    /// Asks for one stream, and for no other.
    pub(super) fn select(&mut self, name: &str, mode: &Mode) -> Result<Found, Trouble> {
        let is_it = |found: &Found| found.stream.name == name;
        let found = self.entries().iter().filter_map(found).find(is_it).ok_or_else(|| {
            Trouble::Settings(format!("there is no stream {} any more", words(name)))
        })?;
        let wanted = wanted(mode, &found.stream.cursor)?;
        let entries = self.0.get_mut("streams").and_then(Json::items_mut);
        for entry in entries.into_iter().flatten() {
            let is_it = id(entry) == Some(name);
            select(entry, is_it.then_some(&wanted));
        }
        Ok(found)
    }

    /// The catalog as the connector is given it.
    pub(super) fn written(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

fn wanted<'a>(mode: &'a Mode, cursor: &'a Cursor) -> Result<Wanted<'a>, Trouble> {
    let refused = |why: &str| Err(Trouble::Settings(why.to_owned()));
    let cursor = match (mode, cursor) {
        (Mode::Full, _) => return Ok(Wanted { method: "FULL_TABLE", cursor: None }),
        (Mode::Incremental { .. }, Cursor::None) => {
            return refused("the stream can only be read as a whole");
        }
        (Mode::Incremental { .. }, Cursor::Known) => None,
        (Mode::Incremental { cursor: chosen }, Cursor::Field(proposed)) => {
            match chosen.as_deref().or(proposed.as_deref()) {
                None => return refused("the stream needs a field that says what has changed"),
                cursor => cursor,
            }
        }
    };
    Ok(Wanted { method: "INCREMENTAL", cursor })
}

fn id(entry: &Json) -> Option<&str> {
    entry.get("tap_stream_id").or_else(|| entry.get("stream"))?.as_str()
}

fn found(entry: &Json) -> Option<Found> {
    let id = id(entry)?;
    let about = about(entry);
    let keys = [
        entry.get("key_properties"),
        about.and_then(|about| about.get("table-key-properties")),
        about.and_then(|about| about.get("view-key-properties")),
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
    Some(Found { name, stream })
}

fn cursor(entry: &Json) -> Cursor {
    let about = about(entry);
    let text = |value: Option<&Json>| -> Option<String> {
        value.and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let of_stream = |name: &str| about.and_then(|about| about.get(name));
    let forced = text(of_stream("forced-replication-method"));
    let method = forced.or_else(|| text(entry.get("replication_method")));
    let valid = of_stream("valid-replication-keys");
    let valid: Vec<_> = valid.into_iter().flat_map(Json::texts).collect();
    let proposed = text(entry.get("replication_key"))
        .or_else(|| text(of_stream("replication-key")))
        .or_else(|| valid.first().map(|key| (*key).to_owned()));
    match method.as_deref() {
        Some("FULL_TABLE") => Cursor::None,
        Some("LOG_BASED") => Cursor::Known,
        Some("INCREMENTAL") if valid.len() == 1 => Cursor::Known,
        _ => Cursor::Field(proposed),
    }
}

/// What the metadata say of the stream as a whole.
fn about(entry: &Json) -> Option<&Json> {
    let is_it = |one: &&Json| one.get("breadcrumb") == Some(&Json::List(Vec::new()));
    entry.get("metadata")?.items().iter().find(is_it)?.get("metadata")
}

/// Marks a stream as wanted, and how; or as not wanted.
fn select(entry: &mut Json, wanted: Option<&Wanted<'_>>) {
    let text = |text: &str| Json::Text(text.to_owned());
    let selected = ("selected", Json::Bool(wanted.is_some()));
    let mut marks = vec![selected.clone()];
    entry.set(selected.0, selected.1.clone());
    // One that has a method of its own for what has changed keeps it.
    let keeps = |method| {
        method == "INCREMENTAL" && entry.get("replication_method") == Some(&text("LOG_BASED"))
    };
    if let Some(Wanted { method, cursor }) = wanted.filter(|wanted| !keeps(wanted.method)) {
        marks.push(("replication-method", text(method)));
        entry.set("replication_method", text(method));
        if let Some(cursor) = cursor {
            marks.push(("replication-key", text(cursor)));
            entry.set("replication_key", text(cursor));
        }
    }
    if about(entry).is_none() {
        let place = ("breadcrumb".to_owned(), Json::List(Vec::new()));
        let about = Json::Object(vec![place, ("metadata".to_owned(), Json::Object(Vec::new()))]);
        match entry.get_mut("metadata").and_then(Json::items_mut) {
            Some(metadata) => metadata.push(about),
            None => entry.set("metadata", Json::List(vec![about])),
        }
    }
    for one in entry.get_mut("metadata").and_then(Json::items_mut).into_iter().flatten() {
        let is_stream = one.get("breadcrumb") == Some(&Json::List(Vec::new()));
        let Some(about) = one.get_mut("metadata") else { continue };
        if is_stream {
            marks.iter().for_each(|(name, value)| about.set(name, value.clone()));
        } else if about.get("inclusion") != Some(&text("unsupported")) {
            about.set(selected.0, selected.1.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn entry(about: &Value) -> Value {
        json!({
            "tap_stream_id": "crm-people", "stream": "people", "key_properties": [],
            "schema": {"properties": {"id": {}, "at": {"properties": {"x": {}}}}},
            "metadata": [
                {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "available"}},
                {"breadcrumb": ["properties", "at"], "metadata": {"inclusion": "unsupported"}},
                {"breadcrumb": [], "metadata": about},
            ],
        })
    }

    fn catalog(about: &Value) -> Catalog {
        let other = json!({"tap_stream_id": "notes", "stream": "notes", "schema": {}});
        let all = json!({"version": 1, "streams": [entry(about), other]});
        Catalog::read(all.to_string().as_bytes()).unwrap()
    }

    #[rstest]
    #[case(json!({}), Cursor::Field(None))]
    #[case(json!({"forced-replication-method": "", "valid-replication-keys": []}), Cursor::Field(None))]
    #[case(json!({"forced-replication-method": "FULL_TABLE"}), Cursor::None)]
    #[case(json!({"forced-replication-method": "INCREMENTAL", "valid-replication-keys": ["a"]}), Cursor::Known)]
    #[case(json!({"valid-replication-keys": ["a", "b"]}), Cursor::Field(Some("a".to_owned())))]
    #[case(json!({"replication-key": "b"}), Cursor::Field(Some("b".to_owned())))]
    fn a_stream_says_how_it_can_be_read(#[case] about: Value, #[case] expected: Cursor) {
        let stream = catalog(&about).streams().remove(0);
        assert_eq!(stream.cursor, expected);
        assert_eq!(stream.name, "crm-people");
        assert_eq!(stream.fields, ["at.x", "id"]);
    }

    #[test]
    fn one_stream_is_asked_for_with_all_its_fields() {
        let mut catalog = catalog(&json!({"table-key-properties": ["id"]}));
        let mode = Mode::Incremental { cursor: Some("at".to_owned()) };
        let found = catalog.select("crm-people", &mode).unwrap();
        assert_eq!((found.name.as_str(), found.stream.key), ("people", vec!["id".to_owned()]));
        let written: Value = serde_json::from_slice(&catalog.written()).unwrap();
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
    fn what_cannot_be_read_so_is_told() {
        let told = |about: Value, name: &str, mode: &Mode| {
            catalog(&about).select(name, mode).err().map(|trouble| trouble.to_string())
        };
        let incremental = Mode::Incremental { cursor: None };
        let gone = told(json!({}), "gone", &Mode::Full).unwrap();
        assert_eq!(gone, "there is no stream gone any more");
        let unchosen = told(json!({}), "crm-people", &incremental).unwrap();
        assert_eq!(unchosen, "the stream needs a field that says what has changed");
        let whole = json!({"forced-replication-method": "FULL_TABLE"});
        let whole = told(whole, "crm-people", &incremental).unwrap();
        assert_eq!(whole, "the stream can only be read as a whole");
    }
}
