//! When a connected source runs by itself.

use std::fmt;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use time::OffsetDateTime;

/// When a source runs by itself.
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

/// Why a text is no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// Too often, or too seldom.
    #[error("must be from 60 seconds to 366 days")]
    Every,
    /// No cron expression, or one whose time never comes.
    #[error("must be a cron expression of five fields whose time comes, such as 30 2 * * *")]
    Cron,
    /// No time zone.
    #[error("must be a time zone such as Europe/Berlin")]
    Zone,
}

impl Schedule {
    /// The shortest interval.
    pub const SHORTEST: Duration = Duration::from_secs(60);
    /// The longest interval.
    pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

    /// A run some time after the last one began.
    ///
    /// # Errors
    ///
    /// [`InvalidSchedule::Every`] when it is shorter than a minute or longer than a year.
    pub fn every(interval: Duration) -> Result<Self, InvalidSchedule> {
        let is_fit = (Self::SHORTEST..=Self::LONGEST).contains(&interval);
        if is_fit { Ok(Self(Times::Every(interval))) } else { Err(InvalidSchedule::Every) }
    }

    /// A run at each time that a cron expression of five fields means on the clocks of a place.
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
        // One for the thirtieth of February is no schedule.
        let comes = schedule.next_after(OffsetDateTime::UNIX_EPOCH).is_some();
        if comes { Ok(schedule) } else { Err(InvalidSchedule::Cron) }
    }

    /// The interval, if it is one.
    pub fn interval(&self) -> Option<Duration> {
        match self.0 {
            Times::Every(interval) => Some(interval),
            Times::Cron { .. } => None,
        }
    }

    /// The cron expression and the time zone, if it is one.
    pub fn expression(&self) -> Option<(&str, &str)> {
        match &self.0 {
            Times::Every(_) => None,
            Times::Cron { expression, zone } => Some((expression, zone)),
        }
    }

    /// The first time for a source that is made now: an interval begins with a run.
    pub fn first(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.0 {
            Times::Every(_) => Some(now),
            Times::Cron { .. } => self.next_after(now),
        }
    }

    /// The next time after a moment. However many times went by before it, they are missed.
    ///
    /// Each time on the clock comes once: one that is skipped when clocks are put forward comes as
    /// much later as they were put, and one that clocks show twice comes the first time.
    pub fn next_after(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let (expression, zone) = match &self.0 {
            Times::Every(interval) => return Some(now + *interval),
            Times::Cron { expression, zone } => (expression, zone),
        };
        let cron = parse(expression)?;
        let zone = TimeZone::get(zone).ok()?;
        let now = Timestamp::from_nanosecond(now.unix_timestamp_nanos()).ok()?;
        let mut local: DateTime = now.to_zoned(zone.clone()).datetime();
        // An hour that comes twice is passed over the second time, minute by minute at most.
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

/// How long a source is left alone after so many runs in a row that failed.
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
    // Clocks in Berlin go from 02:00 to 03:00 on 29 March 2026: 02:30 comes at 03:30.
    #[case("30 2 * * *", datetime!(2026-03-28 00:00 UTC), &["3-28 01:30", "3-29 01:30", "3-30 00:30"])]
    // They go from 03:00 back to 02:00 on 25 October: 02:30 comes once, the first time.
    #[case("30 2 * * *", datetime!(2026-10-24 00:00 UTC), &["10-24 00:30", "10-25 00:30", "10-26 01:30"])]
    #[case("0 * * * *", datetime!(2026-10-24 23:30 UTC), &["10-25 00:00", "10-25 02:00", "10-25 03:00"])]
    #[case("0 * * * *", datetime!(2026-03-28 23:30 UTC), &["3-29 00:00", "3-29 01:00", "3-29 02:00"])]
    #[case("0 9 * * MON-FRI", datetime!(2026-11-20 12:00 UTC), &["11-23 08:00", "11-24 08:00", "11-25 08:00"])]
    fn each_time_on_the_clock_comes_once(
        #[case] expression: &str,
        #[case] from: OffsetDateTime,
        #[case] expected: &[&str],
    ) {
        assert_eq!(times(expression, "Europe/Berlin", from, 3), expected);
    }

    #[test]
    fn a_time_that_clocks_show_twice_is_not_run_again_in_the_second_hour() {
        let schedule = Schedule::cron("30 2 * * *", "Europe/Berlin").unwrap();
        // A quarter past two, for the second time.
        let next = schedule.next_after(datetime!(2026-10-25 01:15 UTC));
        assert_eq!(next, Some(datetime!(2026-10-26 01:30 UTC)));
    }

    #[test]
    fn what_was_missed_is_missed_once() {
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
    fn what_is_no_schedule_is_refused(
        #[case] expression: &str,
        #[case] zone: &str,
        #[case] why: InvalidSchedule,
    ) {
        assert_eq!(Schedule::cron(expression, zone), Err(why));
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
        fn the_next_time_is_later_and_comes_whatever_the_clocks_do(
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
            // A day has 25 hours at most.
            prop_assert!(next - now <= time::Duration::hours(26));
            prop_assert!(schedule.next_after(next).unwrap() - next >= time::Duration::hours(22));
        }
    }
}
