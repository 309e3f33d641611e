//! Settings as connectors read them: one object of JSON.

use std::collections::BTreeMap;

use contacts_core::sync::{SettingValue, Settings, Trouble};
use serde_json::value::RawValue;

use crate::json::quoted;

enum Node<'a> {
    Value(&'a SettingValue),
    Object(BTreeMap<&'a str, Node<'a>>),
}

/// Writes settings as an object, those of a path in objects of their own.
pub(crate) fn written(settings: &Settings) -> Result<Vec<u8>, Trouble> {
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
) -> Result<(), Trouble> {
    let clash = || Err(Trouble::Settings(format!("the setting {path} is in one that is a value")));
    match rest.split_once('.') {
        None => {
            if let SettingValue::Json(json) = value
                && serde_json::from_str::<&RawValue>(json).is_err()
            {
                return Err(Trouble::Settings(format!("the setting {path} is no JSON")));
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

    fn written(settings: &[(&str, SettingValue)]) -> Result<String, String> {
        let settings = settings.iter().map(|(path, value)| ((*path).to_owned(), value.clone()));
        let written = super::written(&Settings(settings.collect()));
        written.map(|json| String::from_utf8(json).unwrap()).map_err(|why| why.to_string())
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
        assert_eq!(written(&settings).unwrap(), expected);
        assert_eq!(written(&[]).unwrap(), "{}");
    }

    #[test]
    fn what_cannot_be_written_is_named_without_its_value() {
        let clash = written(&[("a", text("secret")), ("a.b", text("x"))]).unwrap_err();
        assert_eq!(clash, "the setting a.b is in one that is a value");
        let broken = written(&[("a", json("{secret"))]).unwrap_err();
        assert_eq!(broken, "the setting a is no JSON");
    }
}
