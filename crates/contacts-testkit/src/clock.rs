//! The clock and the ids of the test world, which a test controls.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use contacts_core::{Clock, Ids};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// A clock that stands still until a test moves it. Clones share one time.
#[derive(Clone, Debug)]
pub struct StoppedClock {
    micros: Arc<AtomicI64>,
}

impl StoppedClock {
    /// The time of a new clock.
    pub const START: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

    /// Returns a clock that shows a time, truncated to the microsecond.
    pub fn at(time: OffsetDateTime) -> Self {
        Self { micros: Arc::new(AtomicI64::new(micros(time))) }
    }

    /// Sets the clock to a time, truncated to the microsecond. Years of up to four digits are
    /// supported.
    pub fn set(&self, time: OffsetDateTime) {
        self.micros.store(micros(time), Ordering::SeqCst);
    }

    /// Moves the clock forward and returns the new time.
    pub fn advance(&self, by: Duration) -> OffsetDateTime {
        self.micros.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
        self.now()
    }

    /// Moves the clock forward by a second and returns the new time.
    pub fn tick(&self) -> OffsetDateTime {
        self.advance(Duration::from_secs(1))
    }
}

fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap()
}

impl Default for StoppedClock {
    fn default() -> Self {
        Self::at(Self::START)
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> OffsetDateTime {
        let nanos = i128::from(self.micros.load(Ordering::SeqCst)) * 1_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap()
    }
}

/// An id generator that counts up from one. Each id has the form of a UUID of version 7 and sorts
/// after all earlier ids. Clones share one counter.
#[derive(Clone, Debug, Default)]
pub struct CountedIds {
    given: Arc<AtomicU64>,
}

impl CountedIds {
    /// Restarts the counter at one.
    pub(crate) fn restart(&self) {
        self.given.store(0, Ordering::SeqCst);
    }

    /// Returns a counter whose first id is the one after a number. Tests that share a database need
    /// ids that differ.
    pub fn after(number: u64) -> Self {
        Self { given: Arc::new(AtomicU64::new(number)) }
    }

    /// Returns the id of a number: `019b78ff-f900-7000-8000-` followed by the number.
    pub fn nth(number: u64) -> Uuid {
        let millis = StoppedClock::START.unix_timestamp_nanos() / 1_000_000;
        let head = u128::try_from(millis).unwrap() << 80;
        Uuid::from_u128(head | 0x7 << 76 | 0b10 << 62 | u128::from(number))
    }
}

impl Ids for CountedIds {
    fn next(&self) -> Uuid {
        Self::nth(self.given.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
