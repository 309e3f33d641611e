//! The system clock: the only code that reads the time. It is used for the skew of the database's
//! clock only, which the use cases follow.

use contacts_core::Clock;
use time::OffsetDateTime;

/// The system clock, in microseconds, which is the precision of Postgres.
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
    fn the_time_has_the_precision_of_postgres() {
        assert_eq!(SystemClock.now().nanosecond() % 1_000, 0);
    }
}
