//! Where the time and new ids come from.

use time::OffsetDateTime;
use uuid::Uuid;

/// Tells the time.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time now, in UTC, to the microsecond: what Postgres keeps.
    fn now(&self) -> OffsetDateTime;
}

/// Makes ids.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Ids: Send + Sync {
    /// An id that was never given before: a UUID of version 7, so later ids sort later.
    fn next(&self) -> Uuid;
}

/// A time in UTC and to the microsecond, which is what Postgres keeps.
pub(crate) fn to_micros(at: OffsetDateTime) -> OffsetDateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
    at.replace_microsecond(at.microsecond()).unwrap_or(at)
}
