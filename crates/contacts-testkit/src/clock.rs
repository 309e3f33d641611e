//! The clock and the ids of the world: both do only what they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use contacts_core::{Clock, Ids};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// A clock that stands still until it is moved. Clones are one clock.
#[derive(Clone, Debug)]
pub struct StoppedClock {
    micros: Arc<AtomicI64>,
}

impl StoppedClock {
    /// What a new clock shows.
    pub const START: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

    /// A clock that shows a time, to the microsecond.
    pub fn at(time: OffsetDateTime) -> Self {
        let micros = time.unix_timestamp_nanos() / 1_000;
        Self { micros: Arc::new(AtomicI64::new(i64::try_from(micros).unwrap())) }
    }

    /// Moves it forward; returns the new time.
    pub fn advance(&self, by: Duration) -> OffsetDateTime {
        self.micros.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
        self.now()
    }

    /// Moves it forward by a second; returns the new time.
    pub fn tick(&self) -> OffsetDateTime {
        self.advance(Duration::from_secs(1))
    }
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

/// Counts ids up from one: each has the form of a UUID of version 7, and sorts after those
/// before it. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct CountedIds {
    given: Arc<AtomicU64>,
}

impl CountedIds {
    /// The id of a number: `019b78ff-f900-7000-8000-` and the number.
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
