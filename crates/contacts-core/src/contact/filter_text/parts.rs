//! Taking the parts of a filter by name.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::Invalid;

/// The parts that were not taken yet, and what was wrong with those that were.
pub(super) struct Parts<'a> {
    left: Vec<(&'a str, &'a str)>,
    wrong: Vec<Invalid>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(parts: &'a [(String, String)]) -> Self {
        let left = parts.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self { left: left.collect(), wrong: Vec::new() }
    }

    fn all(&mut self, name: &str) -> Vec<&'a str> {
        let mut values = Vec::new();
        self.left.retain(|(key, value)| {
            let is_it = *key == name;
            if is_it {
                values.push(*value);
            }
            !is_it
        });
        values
    }

    /// The values of a part that may be given so many times.
    pub(super) fn several(&mut self, name: &str, most: usize) -> Vec<&'a str> {
        let values = self.all(name);
        if values.len() > most {
            self.refuse(name, format!("is given more than {most} times"));
            return Vec::new();
        }
        values
    }

    /// The value of a part.
    pub(super) fn one(&mut self, name: &str) -> Option<&'a str> {
        let mut values = self.all(name);
        if values.len() > 1 {
            self.refuse(name, "is given more than once");
        }
        values.pop()
    }

    /// The value of a part, read.
    pub(super) fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.one(name)?;
        parse(value).map_err(|why| self.refuse(name, why)).ok()
    }

    /// The value of a part that is a moment.
    pub(super) fn moment(&mut self, name: &str) -> Option<OffsetDateTime> {
        self.parsed(name, |value| {
            OffsetDateTime::parse(value, &Rfc3339)
                .map(|at| at.to_offset(UtcOffset::UTC))
                .map_err(|_error| "must be a time such as 2026-11-23T09:00:00Z")
        })
    }

    /// Every part whose name begins so, without that beginning.
    pub(super) fn beginning(&mut self, prefix: &str) -> Vec<(&'a str, &'a str)> {
        let (found, left) = self.left.iter().copied().partition(|(key, _)| key.starts_with(prefix));
        self.left = left;
        let found: Vec<(&str, &str)> = found;
        found.into_iter().map(|(key, value)| (&key[prefix.len()..], value)).collect()
    }

    /// Notes that a part is wrong.
    pub(super) fn refuse(&mut self, name: &str, why: impl ToString) {
        self.wrong.push(Invalid::new(shortened(name), why));
    }

    /// Refuses the filter when a part was wrong or is not known.
    pub(super) fn finish(mut self) -> Result<(), Vec<Invalid>> {
        for (name, _) in std::mem::take(&mut self.left) {
            self.refuse(name, "is no part of a filter");
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }
}

/// Names come from outside and may be of any length.
fn shortened(name: &str) -> String {
    name.chars().take(100).collect()
}
