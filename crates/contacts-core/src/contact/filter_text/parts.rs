//! Access to the parts of a filter by name.

use time::OffsetDateTime;

use crate::Invalid;
use crate::clock::parse_time;
use crate::contact::TimeRange;

/// The parts that were not read yet, and the errors of those that were.
pub(super) struct Parts<'a> {
    left: Vec<(&'a str, &'a str)>,
    errors: Vec<Invalid>,
}

/// Which bound of a range a part gives.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    First,
    Last,
}

impl<'a> Parts<'a> {
    pub(super) fn of(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { left: parts.into_iter().collect(), errors: Vec::new() }
    }

    fn all(&mut self, name: &str) -> Vec<&'a str> {
        let mut values = Vec::new();
        self.left.retain(|(key, value)| {
            let is_match = *key == name;
            if is_match {
                values.push(*value);
            }
            !is_match
        });
        values
    }

    /// Takes the values of a part that may occur up to `most` times.
    pub(super) fn several(&mut self, name: &str, most: usize) -> Vec<&'a str> {
        let values = self.all(name);
        if values.len() > most {
            self.add_error(name, format!("is given more than {most} times"));
            return Vec::new();
        }
        values
    }

    /// Takes the value of a part that may occur once.
    pub(super) fn one(&mut self, name: &str) -> Option<&'a str> {
        let mut values = self.all(name);
        if values.len() > 1 {
            self.add_error(name, "is given more than once");
        }
        values.pop()
    }

    /// Takes and parses the value of a part that may occur once.
    pub(super) fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.one(name)?;
        parse(value).map_err(|reason| self.add_error(name, reason)).ok()
    }

    /// Takes the value of a part that is a time, or a day of the time zone. A range includes the
    /// days that bound it.
    pub(super) fn moment(
        &mut self,
        name: &str,
        bound: Bound,
        zone: &str,
    ) -> Option<OffsetDateTime> {
        self.parsed(name, |value| {
            let day = TimeRange::day(value, zone).and_then(|day| match bound {
                Bound::First => day.from,
                Bound::Last => day.until,
            });
            day.or_else(|| parse_time(value))
                .ok_or("must be a day such as 2026-11-23, or a time such as 2026-11-23T09:00:00Z")
        })
    }

    /// Takes every part whose name starts with the prefix, without the prefix.
    pub(super) fn beginning(&mut self, prefix: &str) -> Vec<(&'a str, &'a str)> {
        let (found, left) = self.left.iter().copied().partition(|(key, _)| key.starts_with(prefix));
        self.left = left;
        let found: Vec<(&str, &str)> = found;
        found.into_iter().map(|(key, value)| (&key[prefix.len()..], value)).collect()
    }

    /// Records that a part is wrong.
    pub(super) fn add_error(&mut self, name: &str, reason: impl ToString) {
        self.errors.push(Invalid::new(shortened(name), reason));
    }

    /// Returns the errors so far.
    pub(super) fn into_errors(self) -> Vec<Invalid> {
        self.errors
    }

    /// Returns the errors: parts that were wrong and parts with unknown names.
    pub(super) fn finish(mut self) -> Result<(), Vec<Invalid>> {
        for (name, _) in std::mem::take(&mut self.left) {
            self.add_error(name, "is not a filter");
        }
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

/// Limits the length of a name, since it comes from a request.
fn shortened(name: &str) -> String {
    name.chars().take(100).collect()
}
