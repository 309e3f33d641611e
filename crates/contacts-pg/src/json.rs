//! The stored JSON of core types, which is independent of the JSON of the API.

use contacts_core::contact::CustomValues;
use contacts_core::field::{FieldKey, FieldValue, Number};
use serde_json::{Map, Value, json};

use crate::database::{PgResult, unreadable};

pub(crate) fn custom_to_json(custom: &CustomValues) -> Value {
    Value::Object(
        custom.iter().map(|(key, value)| (key.to_string(), value_to_json(value))).collect(),
    )
}

pub(crate) fn value_to_json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Text(text) => json!(text),
        FieldValue::Boolean(yes) => json!(yes),
        FieldValue::Number(number) => json!(number.get()),
    }
}

pub(crate) fn custom_from_json(value: Value) -> PgResult<CustomValues> {
    let Value::Object(values) = value else { return Err(unreadable("contacts.custom")) };
    read_custom(values).ok_or_else(|| unreadable("contacts.custom"))
}

fn read_custom(values: Map<String, Value>) -> Option<CustomValues> {
    values
        .into_iter()
        .map(|(key, value)| Some((FieldKey::parse(&key).ok()?, value_from_json(value)?)))
        .collect()
}

/// Reads a value that [`value_to_json`] wrote.
pub(crate) fn value_from_json(value: Value) -> Option<FieldValue> {
    Some(match value {
        Value::String(text) => FieldValue::Text(text),
        Value::Bool(yes) => FieldValue::Boolean(yes),
        Value::Number(number) => FieldValue::Number(Number::new(number.as_f64()?)?),
        _ => return None,
    })
}
