//! Filters in bodies (R20): the names and values of the list's parameters, as members.

use std::collections::BTreeMap;

use contacts_core::contact::FilterText;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A filter, as it is asked for. What it holds is judged when it is read.
#[derive(Clone)]
pub(crate) struct FilterBody(pub(crate) FilterText);

impl<'de> Deserialize<'de> for FilterBody {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut parts = Vec::new();
        for (name, value) in Map::deserialize(from)? {
            let values = match value {
                Value::Array(values) => values,
                value => vec![value],
            };
            for value in values {
                let value = match value {
                    Value::String(text) => text,
                    Value::Bool(_) | Value::Number(_) => value.to_string(),
                    _ => {
                        let name: String = name.chars().take(100).collect();
                        let wrong = format!("must be a text or a list of texts for {name}");
                        return Err(D::Error::custom(wrong));
                    }
                };
                parts.push((name.clone(), value));
            }
        }
        Ok(Self(FilterText::new(parts)))
    }
}

/// A filter, by the names of the list's parameters.
#[derive(Serialize, ToSchema)]
#[schema(as = Filter, example = json!({"q": "ann", "tags_any": ["vip"], "created_last": "7d"}))]
pub(crate) struct FilterView(BTreeMap<String, FilterValueView>);

/// A value, or several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = FilterValue)]
#[expect(dead_code, reason = "it describes what FilterBody reads, too")]
enum FilterValueView {
    One(String),
    Several(Vec<String>),
}

impl From<&FilterText> for FilterView {
    fn from(filter: &FilterText) -> Self {
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in filter.parts() {
            parts.entry(name.clone()).or_default().push(value.clone());
        }
        let several = |(name, values)| (name, FilterValueView::Several(values));
        Self(parts.into_iter().map(several).collect())
    }
}
