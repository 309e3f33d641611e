//! Query parameters. A parameter that is unknown or invalid is named in the problem that refuses
//! the request (R20).
//!
//! A struct declared by [`query!`] lists the parameters of an operation. The same declaration reads
//! and describes them, so a parameter that is not described is refused.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use contacts_core::page::PageSize;
use contacts_core::{Invalid, parse_time};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::parts::body::HAS_NUL;
use crate::parts::problem::{Code, Problem};

/// Declares the query parameters of an operation, with the code that reads and describes them.
macro_rules! query {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident {
        $($(#[$of_field:meta])* $field:ident: $type:ty,)+
    }) => {
        $(#[$attribute])*
        #[derive(utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        $visibility struct $name {
            $($(#[$of_field])* $visibility $field: $type,)+
        }

        impl $crate::parts::params::FromParams for $name
        {
            fn from_params(params: &mut $crate::parts::params::Params) -> Self {
                Self {
                    $($field: $crate::parts::params::Param::take(params, stringify!($field)),)+
                }
            }
        }
    };
}

pub(crate) use query;

/// The query parameters of a request, all of them known and valid.
pub(crate) struct QueryParams<T>(pub(crate) T);

impl<T: FromParams> FromRequest for QueryParams<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let mut params = Params::read(req.query_string())?;
            let value = T::from_params(&mut params);
            params.finish()?;
            Ok(Self(value))
        };
        ready(read())
    }
}

/// A value that is read from several query parameters.
pub(crate) trait FromParams: Sized {
    /// Takes the parameters. Invalid ones are recorded in `params`, and their returned values are
    /// arbitrary.
    fn from_params(params: &mut Params) -> Self;
}

/// A type that determines how often a query parameter may be given.
pub(crate) trait Param: Sized {
    fn take(params: &mut Params, name: &str) -> Self;
}

/// The value of a query parameter.
pub(crate) trait ParamValue: Sized {
    /// Returns the expected form of a value, worded to follow the parameter's name.
    fn expected() -> String;

    fn parse(text: &str) -> Option<Self>;
}

impl<T: ParamValue> Param for Option<T> {
    fn take(params: &mut Params, name: &str) -> Self {
        params.parsed(name, |text| T::parse(text).ok_or_else(T::expected))
    }
}

impl Param for String {
    fn take(params: &mut Params, name: &str) -> Self {
        let text = params.one(name);
        if text.is_none() {
            params.refuse(name, "is required");
        }
        text.unwrap_or_default()
    }
}

impl Param for Vec<String> {
    fn take(params: &mut Params, name: &str) -> Self {
        params.all(name)
    }
}

impl Param for PageSize {
    fn take(params: &mut Params, name: &str) -> Self {
        let limit = params.number(name, 1, PageSize::MAX.into());
        limit.and_then(|n| PageSize::new(u16::try_from(n).ok()?)).unwrap_or_default()
    }
}

impl ParamValue for String {
    fn expected() -> String {
        "must be a text".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl ParamValue for u64 {
    fn expected() -> String {
        "must be a number from 0".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl ParamValue for bool {
    fn expected() -> String {
        "must be true or false".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl ParamValue for Uuid {
    fn expected() -> String {
        "must be a UUID".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::try_parse(text).ok()
    }
}

impl ParamValue for OffsetDateTime {
    fn expected() -> String {
        "must be a time such as 2026-11-23T09:00:00Z".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        parse_time(text)
    }
}

/// The parameters of a request that have not been taken yet, and the errors in those that have.
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<Invalid>,
}

impl Params {
    pub(crate) fn read(query: &str) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query).map_err(|_error| {
            Problem::new(Code::InvalidRequest, "the query parameters cannot be read")
        })?;
        let pairs = pairs.into_inner();
        let has_nul =
            |(name, value): &&(String, String)| name.contains('\0') || value.contains('\0');
        let errors: Vec<_> = pairs
            .iter()
            .filter(has_nul)
            .map(|(name, _)| Invalid::new(quoted_name(name), HAS_NUL))
            .collect();
        if errors.is_empty() { Ok(Self { pairs, errors }) } else { Err(Problem::invalid(errors)) }
    }

    /// Returns the parameters that have not been taken yet.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Takes all values of a parameter that may be repeated.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        self.pairs.retain_mut(|(key, value)| {
            let is_match = key == name;
            if is_match {
                values.push(std::mem::take(value));
            }
            !is_match
        });
        values
    }

    /// Takes the value of a parameter that may be given once.
    pub(crate) fn one(&mut self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        if values.len() > 1 {
            self.refuse(name, "is given more than once");
        }
        values.pop()
    }

    /// Takes the value of a parameter and parses it.
    pub(crate) fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.one(name)?;
        parse(&value).map_err(|reason| self.refuse(name, reason)).ok()
    }

    /// Takes the value of a parameter that is an integer within bounds.
    fn number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        self.parsed(name, |value| {
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("must be a number from {least} to {most}"))
        })
    }

    /// Takes all parameters whose name begins with a prefix.
    pub(crate) fn prefixed(&mut self, prefix: &str) -> Vec<(String, String)> {
        let is_match = |(key, _): &(String, String)| key.starts_with(prefix);
        let (found, rest) = std::mem::take(&mut self.pairs).into_iter().partition(is_match);
        self.pairs = rest;
        found
    }

    /// Records that a parameter is invalid.
    pub(crate) fn refuse(&mut self, name: &str, reason: impl ToString) {
        self.errors.push(Invalid::new(name, reason));
    }

    /// Records that parameters are invalid.
    pub(crate) fn refuse_all(&mut self, errors: Vec<Invalid>) {
        self.errors.extend(errors);
    }

    /// Refuses the request when a parameter is invalid or unknown.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Self { pairs, mut errors } = self;
        errors.extend(pairs.into_iter().map(|(key, _)| {
            Invalid::new(quoted_name(&key), "is not a parameter of this operation")
        }));
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

/// Returns the beginning of a parameter's name, which may be of any length.
fn quoted_name(name: &str) -> String {
    name.chars().filter(|c| *c != '\0').take(100).collect()
}
