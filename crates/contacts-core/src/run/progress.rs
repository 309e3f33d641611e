//! Progress of runs.

use time::Duration;

/// How much of a run is done. The unit is that of the kind: rows of imports and dry runs, chunks of
/// undos, contacts of actions, files of erasures, records of sync runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of units that are done.
    pub done: u64,
    /// Number of all units; `None` when it is not known.
    pub total: Option<u64>,
    /// Number of units in `done` that an earlier run of the same work has done.
    pub done_before: u64,
}

/// Speed of a run, as an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Average number of units per second; `None` unless the run has made progress.
    pub per_second: Option<f64>,
    /// Number of seconds until the run ends; `None` when that is not known.
    pub seconds_left: Option<u64>,
}

impl Progress {
    /// Returns the pace of a run that has made this progress in a time.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is an estimate, and never negative"
    )]
    pub fn pace(self, took: Duration) -> Pace {
        let seconds = took.as_seconds_f64();
        let done = self.done.saturating_sub(self.done_before);
        if done == 0 || seconds <= 0.0 {
            return Pace::default();
        }
        let per_second = done as f64 / seconds;
        let left = self.total.map(|total| total.saturating_sub(self.done));
        let seconds_left = left.map(|left| (left as f64 / per_second).ceil() as u64);
        Pace { per_second: Some(per_second), seconds_left }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::{Pace, Progress};

    #[test]
    fn the_pace_is_an_average_and_the_rest_is_rounded_up() {
        let progress = Progress { done: 100, total: Some(351), done_before: 0 };
        let pace = progress.pace(Duration::seconds(4));
        assert_eq!(pace, Pace { per_second: Some(25.0), seconds_left: Some(11) });
    }

    #[test]
    fn what_an_earlier_run_has_done_is_not_in_the_pace() {
        let progress = Progress { done: 100, total: Some(130), done_before: 80 };
        let pace = progress.pace(Duration::seconds(4));
        assert_eq!(pace, Pace { per_second: Some(5.0), seconds_left: Some(6) });
        let none = Progress { done: 80, total: Some(130), done_before: 80 };
        assert_eq!(none.pace(Duration::seconds(4)), Pace::default());
    }

    #[test]
    fn without_a_total_only_the_rate_is_known() {
        let pace = Progress { done: 100, ..Progress::default() }.pace(Duration::seconds(4));
        assert_eq!(pace, Pace { per_second: Some(25.0), seconds_left: None });
    }

    #[test]
    fn without_progress_or_time_there_is_no_pace() {
        let none = Progress { done: 0, total: Some(9), done_before: 0 };
        assert_eq!(none.pace(Duration::seconds(4)), Pace::default());
        let some = Progress { done: 9, total: Some(9), done_before: 0 };
        assert_eq!(some.pace(Duration::ZERO), Pace::default());
        assert_eq!(some.pace(Duration::seconds(-1)), Pace::default());
    }

    #[test]
    fn more_than_the_total_leaves_nothing() {
        let pace = Progress { done: 12, total: Some(9), done_before: 0 }.pace(Duration::seconds(4));
        assert_eq!(pace.seconds_left, Some(0));
    }
}
