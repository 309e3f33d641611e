//! The one place that reads the time.

use contacts_core::Clock;
use time::OffsetDateTime;

/// The system's clock, to the microsecond: what Postgres keeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port over the system's time")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_no_more_digits_than_postgres_keeps() {
        assert_eq!(SystemClock.now().nanosecond() % 1_000, 0);
    }
}
