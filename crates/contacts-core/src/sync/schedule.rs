//! Schedules of connected sources.

use std::fmt;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use time::OffsetDateTime;

/// The times at which a source runs automatically.
///
/// ```
/// use contacts_core::sync::Schedule;
/// use time::macros::datetime;
///
/// let nightly = Schedule::cron("30 2 * * *", "Europe/Berlin").unwrap();
/// // The clock jumps from two to three that night: the run comes an hour later, not never.
/// let next = nightly.next_after(datetime!(2026-03-28 12:00 UTC));
/// assert_eq!(next, Some(datetime!(2026-03-29 01:30 UTC)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Times);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Times {
    Every(Duration),
    Cron { expression: String, zone: String },
}

/// The reason why a schedule is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// The interval is too short or too long.
    #[error("must be from 60 seconds to 366 days")]
    Every,
    /// The cron expression is invalid, or matches no time.
    #[error("must be a cron expression with five parts, such as 30 2 * * *")]
    Cron,
    /// The time zone is unknown.
    #[error("must be a time zone such as Europe/Berlin")]
    Zone,
}

impl Schedule {
    /// The shortest interval.
    pub const MIN_INTERVAL: Duration = Duration::from_secs(60);
    /// The longest interval.
    pub const MAX_INTERVAL: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    /// Creates a schedule with an interval between the starts of runs.
    ///
    /// # Errors
    ///
    /// [`InvalidSchedule::Every`] when it is shorter than a minute or longer than a year.
    pub fn every(interval: Duration) -> Result<Self, InvalidSchedule> {
        let is_in_range = (Self::MIN_INTERVAL..=Self::MAX_INTERVAL).contains(&interval);
        if is_in_range { Ok(Self(Times::Every(interval))) } else { Err(InvalidSchedule::Every) }
    }

    /// Creates a schedule from a cron expression of five fields, in the local time of a time zone.
    ///
    /// # Errors
    ///
    /// [`InvalidSchedule`].
    pub fn cron(expression: &str, zone: &str) -> Result<Self, InvalidSchedule> {
        let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
        if expression.len() > 200 || expression.starts_with('@') {
            return Err(InvalidSchedule::Cron);
        }
        if zone.len() > 100 || zone.is_empty() || TimeZone::get(zone).is_err() {
            return Err(InvalidSchedule::Zone);
        }
        let schedule = Self(Times::Cron { expression, zone: zone.to_owned() });
        // A schedule such as 30 February matches no time and is invalid.
        let comes = schedule.next_after(OffsetDateTime::UNIX_EPOCH).is_some();
        if comes { Ok(schedule) } else { Err(InvalidSchedule::Cron) }
    }

    /// Returns the interval; `None` for a cron expression.
    pub fn interval(&self) -> Option<Duration> {
        match self.0 {
            Times::Every(interval) => Some(interval),
            Times::Cron { .. } => None,
        }
    }

    /// Returns the cron expression and the time zone; `None` for an interval.
    pub fn expression(&self) -> Option<(&str, &str)> {
        match &self.0 {
            Times::Every(_) => None,
            Times::Cron { expression, zone } => Some((expression, zone)),
        }
    }

    /// Returns the first time for a source that is created now. With an interval, that is now.
    pub fn first(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.0 {
            Times::Every(_) => Some(now),
            Times::Cron { .. } => self.next_after(now),
        }
    }

    /// Returns the next time after a moment. Times that have passed meanwhile are not made up for.
    ///
    /// Each local time occurs once: a time that is skipped when the clocks go forward is later by
    /// the length of the gap, and a time that occurs twice when they go back counts the first time.
    pub fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let (expression, zone) = match &self.0 {
            Times::Every(interval) => return Some(now + *interval),
            Times::Cron { expression, zone } => (expression, zone),
        };
        let cron = parse(expression)?;
        let zone = TimeZone::get(zone).ok()?;
        let now = Timestamp::from_nanosecond(now.unix_timestamp_nanos()).ok()?;
        let mut local: DateTime = now.to_zoned(zone.clone()).datetime();
        // Skips the second occurrence of a repeated hour, minute by minute at most.
        for _ in 0..24 * 60 {
            local = cron.find_next_occurrence(&local, false).ok()?;
            let at = zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp();
            if at > now {
                return OffsetDateTime::from_unix_timestamp_nanos(at.as_nanosecond()).ok();
            }
        }
        None
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Times::Every(interval) => match interval.as_secs() {
                seconds if seconds.is_multiple_of(60) => write!(f, "every {} min", seconds / 60),
                seconds => write!(f, "every {seconds} s"),
            },
            Times::Cron { expression, zone } => write!(f, "{expression} ({zone})"),
        }
    }
}

fn parse(expression: &str) -> Option<Cron> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(expression).ok()
}

/// Returns the pause of a source after a number of consecutive failed runs.
pub fn pause_after(failures: u32) -> Duration {
    const MINUTES: [u64; 8] = [1, 2, 5, 15, 30, 60, 180, 360];
    let at = failures.saturating_sub(1).min(7) as usize;
    Duration::from_secs(60 * MINUTES[at])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use time::macros::datetime;

    use super::*;

    fn times(expression: &str, zone: &str, from: OffsetDateTime, count: usize) -> Vec<String> {
        let schedule = Schedule::cron(expression, zone).unwrap();
        let mut at = from;
        let next = || {
            at = schedule.next_after(at)?;
            let (_, month, day) = at.to_calendar_date();
            let (hour, minute, second) = at.to_hms();
            assert_eq!(second, 0);
            Some(format!("{}-{day} {hour:02}:{minute:02}", u8::from(month)))
        };
        std::iter::from_fn(next).take(count).collect()
    }

    #[rstest]
    // In Berlin, clocks go from 02:00 to 03:00 on 29 March 2026: 02:30 becomes 03:30.
    #[case("30 2 * * *", datetime!(2026-03-28 00:00 UTC), &["3-28 01:30", "3-29 01:30", "3-30 00:30"])]
    // They go from 03:00 back to 02:00 on 25 October: 02:30 occurs once, the first time.
    #[case("30 2 * * *", datetime!(2026-10-24 00:00 UTC), &["10-24 00:30", "10-25 00:30", "10-26 01:30"])]
    #[case("0 * * * *", datetime!(2026-10-24 23:30 UTC), &["10-25 00:00", "10-25 02:00", "10-25 03:00"])]
    #[case("0 * * * *", datetime!(2026-03-28 23:30 UTC), &["3-29 00:00", "3-29 01:00", "3-29 02:00"])]
    #[case("0 9 * * MON-FRI", datetime!(2026-11-20 12:00 UTC), &["11-23 08:00", "11-24 08:00", "11-25 08:00"])]
    fn each_scheduled_time_occurs_once(
        #[case] expression: &str,
        #[case] from: OffsetDateTime,
        #[case] expected: &[&str],
    ) {
        assert_eq!(times(expression, "Europe/Berlin", from, 3), expected);
    }

    #[test]
    fn a_time_that_clocks_show_twice_is_not_run_again_in_the_second_hour() {
        let schedule = Schedule::cron("30 2 * * *", "Europe/Berlin").unwrap();
        // The second 02:15 of that night.
        let next = schedule.next_after(datetime!(2026-10-25 01:15 UTC));
        assert_eq!(next, Some(datetime!(2026-10-26 01:30 UTC)));
    }

    #[test]
    fn a_missed_identifier_is_recorded_once() {
        let schedule = Schedule::every(Duration::from_secs(3600)).unwrap();
        let now = datetime!(2026-11-23 12:00 UTC);
        assert_eq!(schedule.next_after(now), Some(datetime!(2026-11-23 13:00 UTC)));
        assert_eq!(schedule.first(now), Some(now));
    }

    #[rstest]
    #[case("30 2 * *", "UTC", InvalidSchedule::Cron)]
    #[case("0 30 2 * * *", "UTC", InvalidSchedule::Cron)]
    #[case("@daily", "UTC", InvalidSchedule::Cron)]
    #[case("0 0 30 2 *", "UTC", InvalidSchedule::Cron)]
    #[case("", "UTC", InvalidSchedule::Cron)]
    #[case("30 2 * * *", "Berlin", InvalidSchedule::Zone)]
    #[case("30 2 * * *", "", InvalidSchedule::Zone)]
    fn an_invalid_schedule_is_refused(
        #[case] expression: &str,
        #[case] zone: &str,
        #[case] reason: InvalidSchedule,
    ) {
        assert_eq!(Schedule::cron(expression, zone), Err(reason));
    }

    #[test]
    fn an_interval_is_a_minute_to_a_year() {
        assert!(Schedule::every(Duration::from_secs(59)).is_err());
        assert!(Schedule::every(Duration::from_secs(60)).is_ok());
        assert!(Schedule::every(Duration::from_secs(367 * 24 * 60 * 60)).is_err());
    }

    #[test]
    fn pauses_grow_to_six_hours() {
        let pauses: Vec<_> = (1..20).map(pause_after).collect();
        assert!(pauses.is_sorted());
        assert_eq!(pauses[0], Duration::from_secs(60));
        assert_eq!(pauses[18], Duration::from_secs(6 * 60 * 60));
    }

    proptest! {
        #[test]
        fn the_next_scheduled_time_is_later_across_clock_changes(
            second in 1_700_000_000_i64..1_900_000_000,
            minute in 0..60,
            hour in 0..24,
            zone in prop::sample::select(&["Europe/Berlin", "America/New_York",
                "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC"][..]),
        ) {
            let schedule = Schedule::cron(&format!("{minute} {hour} * * *"), zone).unwrap();
            let now = OffsetDateTime::from_unix_timestamp(second).unwrap();
            let next = schedule.next_after(now).unwrap();
            prop_assert!(next > now);
            // A day has at most 25 hours.
            prop_assert!(next - now <= time::Duration::hours(26));
            prop_assert!(schedule.next_after(next).unwrap() - next >= time::Duration::hours(22));
        }
    }
}
