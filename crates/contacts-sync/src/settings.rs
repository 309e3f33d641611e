//! Writes settings as connectors read them: one JSON object.

use std::collections::BTreeMap;

use contacts_core::sync::{ConnectorError, SettingValue, Settings};
use serde_json::value::RawValue;

use crate::json::quoted;

enum Node<'a> {
    Value(&'a SettingValue),
    Object(BTreeMap<&'a str, Node<'a>>),
}

/// Writes settings as a JSON object. A path with dots, such as `auth.key`, becomes nested objects.
///
/// # Errors
///
/// [`ConnectorError::Settings`] when a value is not valid JSON, or when a path is inside a value.
pub(crate) fn to_json(settings: &Settings) -> Result<Vec<u8>, ConnectorError> {
    let mut root = BTreeMap::new();
    for (path, value) in &settings.0 {
        put(&mut root, path, path, value)?;
    }
    let mut json = String::new();
    write(&root, &mut json);
    Ok(json.into_bytes())
}

fn put<'a>(
    object: &mut BTreeMap<&'a str, Node<'a>>,
    path: &str,
    rest: &'a str,
    value: &'a SettingValue,
) -> Result<(), ConnectorError> {
    let clash = || {
        let reason =
            format!("the setting {path} conflicts with another one: remove one of the two");
        Err(ConnectorError::Settings(reason))
    };
    match rest.split_once('.') {
        None => {
            if let SettingValue::Json(json) = value
                && serde_json::from_str::<&RawValue>(json).is_err()
            {
                return Err(ConnectorError::Settings(format!(
                    "the setting {path} is not valid JSON"
                )));
            }
            match object.insert(rest, Node::Value(value)) {
                None => Ok(()),
                Some(_) => clash(),
            }
        }
        Some((name, rest)) => {
            let inner = object.entry(name).or_insert_with(|| Node::Object(BTreeMap::new()));
            match inner {
                Node::Object(inner) => put(inner, path, rest, value),
                Node::Value(_) => clash(),
            }
        }
    }
}

fn write(object: &BTreeMap<&str, Node<'_>>, json: &mut String) {
    json.push('{');
    for (at, (name, node)) in object.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        json.push_str(&quoted(name));
        json.push(':');
        match node {
            Node::Object(inner) => write(inner, json),
            Node::Value(SettingValue::Text(text)) => json.push_str(&quoted(text)),
            Node::Value(SettingValue::Json(value)) => json.push_str(value),
        }
    }
    json.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_text(settings: &[(&str, SettingValue)]) -> Result<String, String> {
        let settings = settings.iter().map(|(path, value)| ((*path).to_owned(), value.clone()));
        let json = to_json(&Settings(settings.collect()));
        json.map(|json| String::from_utf8(json).unwrap()).map_err(|reason| reason.to_string())
    }

    fn text(text: &str) -> SettingValue {
        SettingValue::Text(text.to_owned())
    }

    fn json(json: &str) -> SettingValue {
        SettingValue::Json(json.to_owned())
    }

    #[test]
    fn paths_become_objects_and_values_stay_as_they_are() {
        let settings = [
            ("host", text("\"x\"")),
            ("auth.key", text("k")),
            ("auth.deep.on", json("true")),
            ("port", json("5432")),
            ("more", json(r#"{"a.b": 1.50}"#)),
        ];
        let expected = r#"{"auth":{"deep":{"on":true},"key":"k"},"host":"\"x\"","more":{"a.b": 1.50},"port":5432}"#;
        assert_eq!(to_text(&settings).unwrap(), expected);
        assert_eq!(to_text(&[]).unwrap(), "{}");
    }

    #[test]
    fn an_invalid_setting_is_named_without_its_value() {
        let clash = to_text(&[("a", text("secret")), ("a.b", text("x"))]).unwrap_err();
        assert_eq!(clash, "the setting a.b conflicts with another one: remove one of the two");
        let broken = to_text(&[("a", json("{secret"))]).unwrap_err();
        assert_eq!(broken, "the setting a is not valid JSON");
    }
}
