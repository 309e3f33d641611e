//! The generator of ids: the only code that creates them.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use contacts_core::{Clock, Ids};
use uuid::timestamp::context::ContextV7;
use uuid::{Timestamp, Uuid};

use crate::SystemClock;

/// Generates UUIDs of version 7 from a clock. Each sorts after all earlier ones of this generator,
/// also while its clock stands still.
pub struct ClockIds {
    clock: Arc<dyn Clock>,
    context: Mutex<AssertUnwindSafe<ContextV7>>,
}

impl ClockIds {
    /// Returns a generator over a clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, context: Mutex::new(AssertUnwindSafe(ContextV7::new())) }
    }
}

impl Default for ClockIds {
    /// Returns a generator over the system's clock.
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl fmt::Debug for ClockIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockIds").finish_non_exhaustive()
    }
}

impl Ids for ClockIds {
    fn next(&self) -> Uuid {
        let now = self.clock.now();
        let seconds = now.unix_timestamp().unsigned_abs();
        Uuid::new_v7(Timestamp::from_unix(&self.context, seconds, now.nanosecond()))
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> OffsetDateTime {
            NOON
        }
    }

    #[test]
    fn later_ids_sort_later_also_while_the_clock_stands_still() {
        for ids in [ClockIds::default(), ClockIds::new(Arc::new(Stopped))] {
            let ids: Vec<_> = (0..10_000).map(|_| ids.next()).collect();
            assert!(ids.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn an_id_has_the_time_of_the_clock() {
        let id = ClockIds::new(Arc::new(Stopped)).next();
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        assert_eq!(seconds, NOON.unix_timestamp().unsigned_abs());
    }
}
