//! Reads records from JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use contacts_core::sync::{Record, Value};
use serde_json::value::RawValue;

use crate::json::{Kind, Members, kind};

/// Number of levels of nested objects that become fields; deeper objects stay JSON.
pub(crate) const MAX_DEPTH: usize = 8;

/// Maximum number of fields of a record.
const MAX_FIELDS: usize = 10_000;

/// Fields that mark a record as deleted, of Airbyte's change data capture and of Singer.
const DELETION_MARKS: [&str; 2] = ["_ab_cdc_deleted_at", "_sdc_deleted_at"];

/// The declared fields and key of a stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// The declared fields: an object that is one of them stays whole.
    pub(crate) fields: BTreeSet<String>,
    /// The fields of the key.
    pub(crate) key: Vec<String>,
}

impl Shape {
    pub(crate) fn new(fields: &[String], key: &[String]) -> Self {
        Self { fields: fields.iter().cloned().collect(), key: key.to_owned() }
    }

    /// Reads a record; `None` when the JSON is not an object, or has too many fields.
    pub(crate) fn read(&self, json: &RawValue) -> Option<Record> {
        let mut record = Record::default();
        let mut path = String::new();
        self.object(json, &mut path, 0, &mut record.fields)?;
        record.id = self.id(&record.fields);
        record.deleted = DELETION_MARKS.iter().any(|mark| record.fields.contains_key(*mark));
        Some(record)
    }

    fn object(
        &self,
        json: &RawValue,
        path: &mut String,
        depth: usize,
        fields: &mut BTreeMap<String, Value>,
    ) -> Option<()> {
        let Members(members) = serde_json::from_str(json.get()).ok()?;
        for (name, json) in members {
            let length = path.len();
            let dot = if path.is_empty() { "" } else { "." };
            let _ = write!(path, "{dot}{name}");
            let value = match kind(json).ok()? {
                Kind::Null => None,
                Kind::Scalar(text) => Some(Value::Text(text.into_owned())),
                Kind::List(items) => Some(list(&items, json)?),
                Kind::Object if depth < MAX_DEPTH && !self.fields.contains(path) => {
                    self.object(json, path, depth + 1, fields)?;
                    None
                }
                Kind::Object => Some(Value::Text(json.get().to_owned())),
            };
            if let Some(value) = value {
                fields.insert(path.clone(), value);
            }
            path.truncate(length);
        }
        (fields.len() <= MAX_FIELDS).then_some(())
    }

    fn id(&self, fields: &BTreeMap<String, Value>) -> Option<String> {
        let part = |field: &String| match fields.get(field)? {
            Value::Text(text) => Some(text.clone()),
            Value::List(items) => Some(items.join(",")),
        };
        let parts: Option<Vec<_>> = self.key.iter().map(part).collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join(","))
    }
}

/// Reads a list of texts, numbers and truth values; any other list stays JSON.
fn list(items: &[&RawValue], json: &RawValue) -> Option<Value> {
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match kind(item).ok()? {
            Kind::Null => {}
            Kind::Scalar(text) => texts.push(text.into_owned()),
            Kind::List(_) | Kind::Object => return Some(Value::Text(json.get().to_owned())),
        }
    }
    Some(Value::List(texts))
}

/// Approximate size of a record in bytes.
pub(crate) fn size(record: &Record) -> usize {
    let size = |value: &Value| match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.iter().map(|item| item.len() + 8).sum(),
    };
    record.fields.iter().map(|(name, value)| name.len() + size(value)).sum()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(shape: &Shape, json: &str) -> Option<Record> {
        shape.read(serde_json::from_str(json).unwrap())
    }

    fn described(record: &Record) -> Vec<String> {
        let described = record.fields.iter().map(|(name, value)| match value {
            Value::Text(text) => format!("{name}={text}"),
            Value::List(items) => format!("{name}=[{}]", items.join("|")),
        });
        described.collect()
    }

    #[rstest]
    #[case(r#"{"a":"x","b":null,"c":1.5000,"d":true}"#, &["a=x", "c=1.5000", "d=true"])]
    #[case(r#"{"a":12345678901234567890123}"#, &["a=12345678901234567890123"])]
    #[case(r#"{"a":{"b":{"c":"x"},"d":{}}}"#, &["a.b.c=x"])]
    #[case(r#"{"a":["x",1,null,false]}"#, &["a=[x|1|false]"])]
    #[case(r#"{"a":[{"b": 1}, 2]}"#, &[r#"a=[{"b": 1}, 2]"#])]
    #[case(r#"{"known":{"b":1}}"#, &[r#"known={"b":1}"#])]
    #[case(r#"{"a":"\u00e9\n"}"#, &["a=é\n"])]
    #[case(r#"{}"#, &[])]
    fn fields_have_the_paths_of_their_objects(#[case] json: &str, #[case] fields: &[&str]) {
        let shape = Shape::new(&["known".to_owned()], &[]);
        assert_eq!(described(&read(&shape, json).unwrap()), fields);
    }

    #[rstest]
    #[case(r#"{"id":7,"at":{"org":"x"}}"#, Some("7,x"))]
    #[case(r#"{"id":7,"at":{"org":null}}"#, None)]
    #[case(r#"{"id":7}"#, None)]
    fn a_key_of_several_fields_is_joined_by_commas(#[case] json: &str, #[case] id: Option<&str>) {
        let shape = Shape::new(&[], &["id".to_owned(), "at.org".to_owned()]);
        assert_eq!(read(&shape, json).unwrap().id.as_deref(), id);
    }

    #[test]
    fn a_record_may_be_marked_as_deleted() {
        let read = |json| read(&Shape::default(), json).unwrap();
        assert!(read(r#"{"id":1,"_ab_cdc_deleted_at":"2026-01-01"}"#).deleted);
        assert!(read(r#"{"id":1,"_sdc_deleted_at":"2026-01-01"}"#).deleted);
        assert!(!read(r#"{"id":1,"_sdc_deleted_at":null}"#).deleted);
    }

    #[test]
    fn json_that_is_not_an_object_and_huge_objects_are_refused() {
        assert_eq!(read(&Shape::default(), "[1]"), None);
        let many: Vec<_> = (0..=MAX_FIELDS).map(|at| format!("\"{at}\":1")).collect();
        assert_eq!(read(&Shape::default(), &format!("{{{}}}", many.join(","))), None);
    }

    #[test]
    fn a_very_deep_object_is_read_in_linear_time() {
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        let record = read(&Shape::default(), &deep).unwrap();
        assert_eq!(record.fields.len(), 1);
    }
}
