//! Values of closed sets, such as the states of a run. They are written and read by name, and the
//! API description lists the names.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::parts::params::ParamValue;

/// A value of a closed set, in bodies, views and query parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Enumerated<T>(pub(crate) T);

/// A closed set of values, each of which has a name. [`enumeration!`] declares one.
pub(crate) trait Enumeration: Sized {
    /// Name of the schema.
    const SCHEMA: &'static str;
    /// Lines of the description.
    const DESCRIPTION: &'static [&'static str];

    /// Returns every value with its name.
    fn values() -> Vec<(&'static str, Self)>;
}

/// A value that knows its name. Sets that are only read do without.
pub(crate) trait Named {
    fn name(&self) -> &'static str;
}

/// Declares the set of all values of a type that has `as_str`, or of the listed ones, and an alias
/// of [`Enumerated`] for the macros of utoipa, which would put the arguments of a generic type into
/// the name of its schema.
macro_rules! enumeration {
    ($(#[doc = $line:literal])+
     $visibility:vis $view:ident = $type:ty as $name:literal in $values:expr) => {
        $crate::parts::enumerated::enumeration! {
            $(#[doc = $line])+
            $visibility $view = $type as $name of
            $values.into_iter().map(|value: $type| (value.as_str(), value)).collect()
        }

        impl $crate::parts::enumerated::Named for $type {
            fn name(&self) -> &'static str {
                self.as_str()
            }
        }
    };
    ($(#[doc = $line:literal])+
     $visibility:vis $view:ident = $type:ty as $name:literal {
         $($text:literal => $value:expr,)+
     }) => {
        $crate::parts::enumerated::enumeration! {
            $(#[doc = $line])+
            $visibility $view = $type as $name of vec![$(($text, $value)),+]
        }
    };
    ($(#[doc = $line:literal])+
     $visibility:vis $view:ident = $type:ty as $name:literal of $pairs:expr) => {
        $(#[doc = $line])+
        $visibility type $view = $crate::parts::enumerated::Enumerated<$type>;

        impl $crate::parts::enumerated::Enumeration for $type {
            const SCHEMA: &'static str = $name;
            const DESCRIPTION: &'static [&'static str] = &[$($line),+];

            fn values() -> Vec<(&'static str, Self)> {
                $pairs
            }
        }
    };
}

pub(crate) use enumeration;

impl<T> Enumerated<T> {
    pub(crate) fn value(self) -> T {
        self.0
    }
}

impl<T> From<T> for Enumerated<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Enumeration> ParamValue for Enumerated<T> {
    fn expected() -> String {
        let names: Vec<_> = T::values().into_iter().map(|(name, _)| name).collect();
        match names.split_last() {
            Some((last, [])) => format!("must be {last}"),
            Some((last, others)) => format!("must be {} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        T::values().into_iter().find_map(|(name, value)| (name == text).then_some(Self(value)))
    }
}

impl<T: Named> Serialize for Enumerated<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.name())
    }
}

impl<'de, T: Enumeration> Deserialize<'de> for Enumerated<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(Self::expected()))
    }
}

impl<T: Enumeration> PartialSchema for Enumerated<T> {
    fn schema() -> RefOr<Schema> {
        let lines: Vec<_> = T::DESCRIPTION.iter().map(|line| line.trim()).collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(lines.join("\n")))
            .enum_values(Some(T::values().into_iter().map(|(name, _)| name)))
            .into()
    }
}

impl<T: Enumeration> ToSchema for Enumerated<T> {
    fn name() -> Cow<'static, str> {
        T::SCHEMA.into()
    }
}
