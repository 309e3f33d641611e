//! Conversion of settings: a JSON object in the API, values by path inside the service.

use std::collections::BTreeMap;

use contacts_core::Invalid;
use contacts_core::sync::{SettingValue, Settings};
use serde_json::{Map, Value};

/// Flattens an object into values by path; null members have no value.
pub(super) fn flat(
    object: Map<String, Value>,
) -> Result<BTreeMap<String, Option<SettingValue>>, Invalid> {
    let mut values = BTreeMap::new();
    for (name, value) in object {
        if name.is_empty() || name.contains('.') {
            let reason = "must not have names that are empty or have a dot at its outermost";
            return Err(Invalid::new("settings", reason));
        }
        put(&mut values, name, value);
    }
    Ok(values)
}

/// Returns the settings in a JSON object, without those that are null.
///
/// # Errors
///
/// The invalid member, when a name in the outermost object is not valid.
pub fn settings_of(object: Map<String, Value>) -> Result<Settings, Invalid> {
    let values = flat(object)?;
    Ok(Settings(values.into_iter().filter_map(|(path, value)| Some((path, value?))).collect()))
}

fn put(values: &mut BTreeMap<String, Option<SettingValue>>, path: String, value: Value) {
    let is_plain =
        |object: &Map<String, Value>| object.keys().all(|k| !k.is_empty() && !k.contains('.'));
    let value = match value {
        Value::Null => None,
        Value::String(text) => Some(SettingValue::Text(text)),
        Value::Object(object) if !object.is_empty() && is_plain(&object) => {
            for (name, value) in object {
                put(values, format!("{path}.{name}"), value);
            }
            return;
        }
        other => Some(SettingValue::Json(other.to_string())),
    };
    values.insert(path, value);
}

/// Returns the JSON object that the settings make up.
pub(super) fn nested(settings: &Settings) -> Map<String, Value> {
    let mut object = Map::new();
    for (path, value) in &settings.0 {
        let mut at = &mut object;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                at.insert(name.to_owned(), json(value));
                break;
            }
            let inner = at.entry(name).or_insert_with(|| Value::Object(Map::new()));
            match inner {
                Value::Object(inner) => at = inner,
                // Two values are never stored at one path.
                _ => break,
            }
        }
    }
    object
}

pub(super) fn json(value: &SettingValue) -> Value {
    match value {
        SettingValue::Text(text) => Value::String(text.clone()),
        SettingValue::Json(json) => serde_json::from_str(json).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            _ => panic!("{value}"),
        }
    }

    #[test]
    fn an_object_is_its_values_and_back() {
        let settings = json!({
            "host": "x", "port": 5432, "ssl": {"mode": "on", "deep": {"er": [1, {"a": null}]}},
            "maps": {"a.b": {"c": 1}}, "none": {}
        });
        let read = settings_of(object(settings.clone())).unwrap();
        let paths: Vec<_> = read.0.keys().map(String::as_str).collect();
        assert_eq!(paths, ["host", "maps", "none", "port", "ssl.deep.er", "ssl.mode"]);
        assert_eq!(Value::Object(nested(&read)), settings);
    }

    #[test]
    fn null_takes_away_and_a_dot_is_refused() {
        let flat = flat(object(json!({"a": {"b": null}, "c": null}))).unwrap();
        assert_eq!(flat, BTreeMap::from([("a.b".to_owned(), None), ("c".to_owned(), None)]));
        assert!(super::flat(object(json!({"a.b": 1}))).is_err());
    }
}
