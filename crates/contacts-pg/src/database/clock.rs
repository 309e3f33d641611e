//! A clock that follows the database's clock (R63).

use std::error::Error;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use std::{io, thread};

use contacts_core::Clock;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sql_types::Timestamptz;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use time::{Duration, OffsetDateTime};

use super::Database;

/// The time between two readings of the database's clock.
const INTERVAL: std::time::Duration = std::time::Duration::from_secs(5);

/// Largest backward correction that is hidden: meanwhile, the clock stands still. A greater one is
/// a database whose clock was set back, which the clock follows.
const MAX_HIDDEN_STEP: Duration = Duration::seconds(1);

/// Skew from which a warning is logged.
const MAX_SILENT_SKEW: Duration = Duration::seconds(5);

/// A clock that tells the database's time.
///
/// Leases, schedules and expiries are compared with times that other processes wrote, so all
/// processes need one clock. This one adds the time that has passed, by the monotonic clock, to the
/// last reading of the database's clock. So neither a system clock that is set nor one that is wrong
/// matters. Half of the round trip of a reading is its error. Until the first reading, it tells the
/// system's time.
pub struct DatabaseClock {
    /// The system's clock, to report its skew.
    system: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Ends the thread when it is dropped.
    until: OnceLock<Sender<()>>,
}

struct State {
    reading: Option<Reading>,
    /// The latest time that was returned.
    latest: Option<OffsetDateTime>,
    warned: bool,
}

/// The database's time at an instant of the monotonic clock.
#[derive(Clone, Copy)]
struct Reading {
    time: OffsetDateTime,
    at: Instant,
}

impl Reading {
    fn now(self) -> OffsetDateTime {
        self.time + self.at.elapsed()
    }
}

#[derive(QueryableByName)]
struct TimeRow {
    #[diesel(sql_type = Timestamptz)]
    time: OffsetDateTime,
}

impl DatabaseClock {
    /// Returns a clock that has not read the database's time yet.
    pub fn new(system: Arc<dyn Clock>) -> Arc<Self> {
        let state = State { reading: None, latest: None, warned: false };
        Arc::new(Self { system, state: Mutex::new(state), until: OnceLock::new() })
    }

    /// Reads the database's clock now, and again every few seconds on a thread of its own, until
    /// this clock is dropped. The thread borrows a connection of the pool for each reading.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread.
    pub fn follow_database(self: &Arc<Self>, database: &Database) -> io::Result<()> {
        // The ids of the database may own this clock, so the thread must not own the database.
        let pool = database.pool.clone();
        self.read(&pool);
        let (until, ended) = mpsc::channel();
        let _ = self.until.set(until);
        let clock = Arc::downgrade(self);
        let follow_database = move || {
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let Some(clock) = clock.upgrade() else { return };
                clock.read(&pool);
            }
        };
        thread::Builder::new().name("clock".to_owned()).spawn(follow_database).map(drop)
    }

    /// Reads the database's clock once. When that fails, the clock goes on without a reading.
    fn read(&self, pool: &Pool<ConnectionManager<PgConnection>>) {
        match reading(pool) {
            Ok((reading, error)) => self.apply_reading(reading, error),
            Err(error) => tracing::debug!(%error, "failed to read the clock of the database"),
        }
    }

    /// Takes a reading whose error is at most `error`. A reading that confirms the clock changes
    /// nothing, so that the clock does not waver by the length of round trips.
    fn apply_reading(&self, reading: Reading, error: Duration) {
        let mut state = self.state();
        let is_confirmed =
            state.reading.is_some_and(|last| (last.now() - reading.now()).abs() <= error);
        if !is_confirmed {
            state.reading = Some(reading);
        }
        let skew = self.system.now() - reading.now();
        let is_large = skew.abs() > MAX_SILENT_SKEW;
        if is_large && !state.warned {
            tracing::warn!(
                skew_seconds = skew.as_seconds_f64(),
                "the system's clock differs from the database's, which is used: correct it"
            );
        }
        state.warned = is_large;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> OffsetDateTime {
        let mut state = self.state();
        let Some(reading) = state.reading else { return self.system.now() };
        let now = to_micros(reading.now());
        let now = match state.latest {
            Some(latest) if now < latest && latest - now <= MAX_HIDDEN_STEP => latest,
            _ => now,
        };
        state.latest = Some(now);
        now
    }

    fn skew(&self) -> Option<Duration> {
        let reading = self.state().reading?;
        Some(self.system.now() - reading.now())
    }
}

/// Removes what is more precise than Postgres.
fn to_micros(time: OffsetDateTime) -> OffsetDateTime {
    time.replace_nanosecond(time.nanosecond() / 1_000 * 1_000).unwrap_or(time)
}

/// Reads the database's clock. Also returns the largest error of the reading.
fn reading(
    pool: &Pool<ConnectionManager<PgConnection>>,
) -> Result<(Reading, Duration), Box<dyn Error>> {
    let mut db = pool.get()?;
    let query = sql_query("SELECT clock_timestamp() AS time");
    let sent = Instant::now();
    let row: TimeRow = RunQueryDsl::get_result(query, &mut *db)?;
    let half = sent.elapsed() / 2;
    Ok((Reading { time: row.time, at: sent + half }, half.try_into()?))
}

#[cfg(test)]
mod tests {
    use contacts_testkit::StoppedClock;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);

    fn system_at(time: OffsetDateTime) -> Arc<dyn Clock> {
        Arc::new(StoppedClock::at(time))
    }

    fn read(clock: &DatabaseClock, time: OffsetDateTime) {
        clock.apply_reading(Reading { time, at: Instant::now() }, Duration::ZERO);
    }

    fn is_close(time: OffsetDateTime, expected: OffsetDateTime) -> bool {
        time >= expected && time - expected < Duration::seconds(30)
    }

    #[test]
    fn it_tells_the_databases_time_whatever_the_systems_is() {
        let clock = DatabaseClock::new(system_at(NOON - Duration::DAY));
        assert_eq!((clock.now(), clock.skew()), (NOON - Duration::DAY, None));
        read(&clock, NOON);
        assert!(is_close(clock.now(), NOON), "{}", clock.now());
        let skew = clock.skew().unwrap_or_default();
        assert!((skew + Duration::DAY).abs() < Duration::seconds(30), "{skew}");
    }

    #[test]
    fn a_small_correction_does_not_step_back() {
        let clock = DatabaseClock::new(system_at(NOON));
        read(&clock, NOON + Duration::milliseconds(900));
        let before = clock.now();
        read(&clock, NOON);
        assert!(clock.now() >= before);
    }

    #[test]
    fn it_follows_a_database_whose_clock_was_set_back() {
        let clock = DatabaseClock::new(system_at(NOON));
        read(&clock, NOON + Duration::DAY);
        assert!(is_close(clock.now(), NOON + Duration::DAY));
        read(&clock, NOON);
        assert!(is_close(clock.now(), NOON), "{}", clock.now());
    }

    #[test]
    fn a_reading_that_is_less_precise_than_the_clock_changes_nothing() {
        let clock = DatabaseClock::new(system_at(NOON));
        read(&clock, NOON);
        let vague = Reading { time: NOON + Duration::seconds(20), at: Instant::now() };
        clock.apply_reading(vague, Duration::MINUTE);
        assert!(clock.now() < NOON + Duration::seconds(20));
    }
}
