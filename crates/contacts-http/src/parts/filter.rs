//! Filters in bodies (R20): the list's query parameters as members of an object.

use std::collections::BTreeMap;
use std::fmt;

use contacts_core::contact::{Connective, FilterText, GroupText, MemberText};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A filter: all of its members must match. Its members have the names and values of the query
/// parameters of the contact list; `all`, `any` and `not` contain filters, three levels deep.
#[derive(ToSchema)]
#[schema(as = NewFilter, example = json!({"q": "ann", "any": [{"tags_any": ["vip"]}, {"created_last": "7d"}]}))]
pub(crate) struct FilterBody {
    /// Filters that must all match.
    #[schema(no_recursion, required = false)]
    all: Vec<FilterBody>,
    /// Filters of which one must match.
    #[schema(no_recursion, required = false)]
    any: Vec<FilterBody>,
    /// A filter that must not match.
    #[schema(no_recursion, nullable = false)]
    not: Option<Box<FilterBody>>,
    /// Conditions.
    #[serde(flatten)]
    conditions: BTreeMap<String, FilterValueBody>,
}

impl FilterBody {
    /// Returns the text of the filter, which the core has not validated yet.
    pub(crate) fn into_text(self) -> FilterText {
        FilterText::new(self.into_members().into_iter().map(|member| match member {
            MemberText::Condition(name, value) => (name, value),
            MemberText::Group(group) => (FilterText::GROUP.to_owned(), group.to_string()),
        }))
    }

    fn into_members(self) -> Vec<MemberText> {
        let Self { all, any, not, conditions } = self;
        let mut members = Vec::new();
        for (name, value) in conditions {
            let values = match value {
                FilterValueBody::One(value) => vec![value],
                FilterValueBody::Several(values) => values,
            };
            let condition = |value| MemberText::Condition(name.clone(), value);
            members.extend(values.into_iter().map(condition));
        }
        let group = |connective, members| MemberText::Group(GroupText { connective, members });
        for (connective, filters) in [(Connective::All, all), (Connective::Any, any)] {
            if !filters.is_empty() {
                let filters = filters.into_iter().map(Self::into_member).collect();
                members.push(group(connective, filters));
            }
        }
        members.extend(not.map(|filter| group(Connective::Not, filter.into_members())));
        members
    }

    /// Returns the filter as one member of a group.
    fn into_member(self) -> MemberText {
        let mut members = self.into_members();
        match (members.pop(), members.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                members.extend(last);
                MemberText::Group(GroupText { connective: Connective::All, members })
            }
        }
    }
}

impl<'de> Deserialize<'de> for FilterBody {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(FilterVisitor)
    }
}

/// Reads the members of a filter by their names.
struct FilterVisitor;

impl<'de> Visitor<'de> for FilterVisitor {
    type Value = FilterBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FilterBody, A::Error> {
        let (mut all, mut any, mut not) = (Vec::new(), Vec::new(), None);
        let mut conditions = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "all" => NonEmpty(all) = map.next_value()?,
                "any" => NonEmpty(any) = map.next_value()?,
                "not" => not = Some(map.next_value()?),
                _ => drop(conditions.insert(name, map.next_value()?)),
            }
        }
        Ok(FilterBody { all, any, not, conditions })
    }
}

const EMPTY_LIST: &str = "must not be an empty list: leave it out to match every contact";

/// A list with at least one item. An empty list of conditions is refused: it would match every
/// contact, although the client that sent it meant to restrict the filter.
struct NonEmpty<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NonEmpty<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(from)?;
        if items.is_empty() {
            return Err(D::Error::custom(EMPTY_LIST));
        }
        Ok(Self(items))
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
        if values.is_empty() {
            return Err(A::Error::custom(EMPTY_LIST));
        }
        Ok(FilterValueBody::Several(values))
    }
}

/// A stored filter. Its members have the names of the query parameters of the contact list, each
/// with its values; groups are in `group`, as text.
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
