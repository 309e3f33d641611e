//! Times in bodies.

use std::fmt;

use contacts_core::parse_time;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use time::OffsetDateTime;

/// Deserialises a time, in UTC and with the precision of the store.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<OffsetDateTime, D::Error> {
    Time::deserialize(from).map(|time| time.0)
}

/// Deserialises a time that may be null; see [`time`].
pub(crate) fn optional_time<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<OffsetDateTime>, D::Error> {
    Option::<Time>::deserialize(from).map(|time| time.map(|time| time.0))
}

struct Time(OffsetDateTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-11-23T09:00:00Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        let time = parse_time(text).map(Time);
        time.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}
