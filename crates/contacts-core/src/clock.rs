//! Ports for the time and for new ids.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// Tells the time.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Returns the current time in UTC, in microseconds: the precision of Postgres.
    fn now(&self) -> OffsetDateTime;

    /// Returns how far the system's clock is ahead of this clock. `None` when this clock does not
    /// differ from the system's, or the difference is not known.
    fn skew(&self) -> Option<Duration> {
        None
    }
}

/// Makes ids.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Ids: Send + Sync {
    /// Returns a new UUIDv7, so that later ids sort later.
    fn next(&self) -> Uuid;
}

/// Parses a time in the format of RFC 3339, and converts it to UTC and to microseconds, the
/// precision of Postgres. Returns `None` for another text, and for a time whose year in UTC is not
/// one of 0 to 9999: RFC 3339 cannot express it.
pub fn parse_time(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    (0..=9999).contains(&at.year()).then(|| to_micros(at))
}

/// Converts a time to UTC and to microseconds, the precision of Postgres.
pub(crate) fn to_micros(at: OffsetDateTime) -> OffsetDateTime {
    let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    at.replace_microsecond(at.microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_time_is_converted_to_utc_and_microseconds() {
        let parsed = parse_time("2026-01-01T11:30:00.1234567+02:00");
        assert_eq!(parsed, Some(datetime!(2026-01-01 09:30:00.123456 UTC)));
        assert_eq!(parse_time("9999-12-31T23:59:59Z"), Some(datetime!(9999-12-31 23:59:59 UTC)));
        assert_eq!(parse_time("0000-01-01T00:00:00Z"), Some(datetime!(0000-01-01 0:00 UTC)));
    }

    #[test]
    fn a_time_outside_of_four_digit_years_is_refused() {
        for text in ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01", "2026-01-01", ""] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
