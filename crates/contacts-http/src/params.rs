//! Query parameters: each is known and right, or the request is refused naming it (R20).

use actix_web::web::Query;
use contacts_core::Invalid;
use contacts_core::contact::FilterText;
use contacts_core::page::PageSize;

use crate::problem::{Code, Problem};

/// The parameters of a request that were not taken yet, and what was wrong with those that were.
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    wrong: Vec<Invalid>,
}

impl Params {
    pub(crate) fn read(query: &str) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query).map_err(|_error| {
            Problem::new(Code::InvalidRequest, "the query parameters cannot be read")
        })?;
        Ok(Self { pairs: pairs.into_inner(), wrong: Vec::new() })
    }

    /// Every value of a parameter that may be repeated.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        self.pairs.retain_mut(|(key, value)| {
            let is_it = key == name;
            if is_it {
                values.push(std::mem::take(value));
            }
            !is_it
        });
        values
    }

    /// The value of a parameter.
    pub(crate) fn one(&mut self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        if values.len() > 1 {
            self.refuse(name, "is given more than once");
        }
        values.pop()
    }

    /// The value of a parameter, read.
    pub(crate) fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.one(name)?;
        parse(&value).map_err(|why| self.refuse(name, why)).ok()
    }

    /// The value of a parameter that is a whole number within bounds.
    pub(crate) fn number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        self.parsed(name, |value| {
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("must be a number from {least} to {most}"))
        })
    }

    /// The parameter `limit`.
    pub(crate) fn limit(&mut self) -> PageSize {
        let limit = self.number("limit", 1, PageSize::MAX.into());
        limit.and_then(|n| PageSize::new(u16::try_from(n).ok()?)).unwrap_or_default()
    }

    /// The parameters that make a filter.
    pub(crate) fn filter(&mut self) -> FilterText {
        let (found, rest) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition::<Vec<_>, _>(|(key, _)| FilterText::is_name(key));
        self.pairs = rest;
        FilterText::new(found)
    }

    /// Notes that a parameter is wrong.
    pub(crate) fn refuse(&mut self, name: &str, why: impl ToString) {
        self.wrong.push(Invalid::new(name, why));
    }

    /// Notes that parameters are wrong.
    pub(crate) fn refuse_all(&mut self, wrong: Vec<Invalid>) {
        self.wrong.extend(wrong);
    }

    /// Refuses the request when a parameter was wrong or is not known.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Self { pairs, mut wrong } = self;
        wrong.extend(pairs.into_iter().map(|(key, _)| {
            let name: String = key.chars().take(100).collect();
            Invalid::new(name, "is no parameter of this list")
        }));
        if wrong.is_empty() { Ok(()) } else { Err(Problem::invalid(wrong)) }
    }
}
