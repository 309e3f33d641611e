//! Orders of the contact list, by name.

use std::borrow::Cow;

use contacts_core::contact::{Sort, SortBy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::parts::params::ParamValue;

/// An order, in bodies, views and query parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortView(Sort);

impl SortView {
    pub(crate) fn value(self) -> Sort {
        self.0
    }

    /// Returns the names of the orders that are not by custom fields.
    fn names() -> Vec<String> {
        let sorts = SortBy::ALL
            .into_iter()
            .flat_map(|by| [false, true].map(|descending| Sort { by: by.clone(), descending }));
        sorts.map(|sort| sort.name()).filter(|name| Sort::parse(name).is_some()).collect()
    }
}

impl From<&Sort> for SortView {
    fn from(sort: &Sort) -> Self {
        Self(sort.clone())
    }
}

impl ParamValue for SortView {
    fn expected() -> String {
        let names = Self::names().join(", ");
        format!(
            "must be {names}, or field. and the key of a custom field, with or without a - before it"
        )
    }

    fn parse(text: &str) -> Option<Self> {
        Sort::parse(text).map(Self)
    }
}

impl Serialize for SortView {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.name())
    }
}

impl<'de> Deserialize<'de> for SortView {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(Self::expected()))
    }
}

impl PartialSchema for SortView {
    fn schema() -> RefOr<Schema> {
        let names = Self::names().join("|");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Order of contacts; a leading `-` reverses it. `field.` and a key is the order by a \
                 custom field.",
            ))
            .pattern(Some(format!("^({names}|-?field\\.[a-z][a-z0-9_]{{0,62}})$")))
            .examples(["-created", "last_conversation", "field.tier"])
            .into()
    }
}

impl ToSchema for SortView {
    fn name() -> Cow<'static, str> {
        "Sort".into()
    }
}
