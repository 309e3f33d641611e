//! Filters in bodies (R20): the list's query parameters as members of an object.

use std::collections::BTreeMap;
use std::fmt;

use contacts_core::contact::FilterText;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A filter. Its members have the names and values of the query parameters of the contact list.
#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
#[schema(as = NewFilter, example = json!({"q": "ann", "tags_any": ["vip"], "created_last": "7d"}))]
pub(crate) struct FilterBody(BTreeMap<String, FilterValueBody>);

impl FilterBody {
    /// Returns the text of the filter, which the core has not validated yet.
    pub(crate) fn into_text(self) -> FilterText {
        FilterText::new(self.0.into_iter().flat_map(|(name, value)| {
            let values = match value {
                FilterValueBody::One(value) => vec![value],
                FilterValueBody::Several(values) => values,
            };
            values.into_iter().map(move |value| (name.clone(), value))
        }))
    }
}

/// A value, or a list of values when the parameter may be repeated.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = NewFilterValue)]
enum FilterValueBody {
    One(String),
    Several(Vec<String>),
}

impl<'de> Deserialize<'de> for FilterValueBody {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

/// Reads a text or a list of texts. A number or a boolean is converted to text.
struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = FilterValueBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(FilterValueBody::One(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(FilterValueBody::One(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(FilterValueBody::One(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(FilterValueBody::One(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(FilterValueBody::One(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            match value {
                FilterValueBody::One(value) => values.push(value),
                FilterValueBody::Several(_) => return Err(A::Error::custom("must be a text")),
            }
        }
        Ok(FilterValueBody::Several(values))
    }
}

/// A stored filter. Its members have the names of the query parameters of the contact list, each
/// with its values.
#[derive(Serialize, ToSchema)]
#[schema(as = Filter, example = json!({"q": ["ann"], "tags_any": ["vip"], "created_last": ["7d"]}))]
pub(crate) struct FilterView(BTreeMap<String, Vec<String>>);

impl From<&FilterText> for FilterView {
    fn from(filter: &FilterText) -> Self {
        let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in filter.parts() {
            parts.entry(name.clone()).or_default().push(value.clone());
        }
        Self(parts)
    }
}
