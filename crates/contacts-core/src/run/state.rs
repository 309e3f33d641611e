//! States of runs.

use time::OffsetDateTime;

/// State of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// No worker has begun the run yet.
    Queued,
    /// A worker is on the run, or the run has given way and continues later.
    Running,
    /// The run waits for something else: an erasure for other runs, an import for its review.
    Waiting,
    /// All work is done. Final.
    Done,
    /// The run could not continue. What was done stays. Final.
    Failed,
    /// The run was cancelled. What was done stays. Final.
    Cancelled,
}

impl RunState {
    /// All states of runs.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Done, Self::Failed, Self::Cancelled];

    /// Returns the name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Parses the name of a state.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Returns whether the run has not ended.
    pub fn is_open(self) -> bool {
        !self.next().is_empty()
    }

    /// Returns the states that may follow this one. The end of a run is final: what is requested
    /// again is another run.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Queued => {
                &[Self::Running, Self::Waiting, Self::Done, Self::Failed, Self::Cancelled]
            }
            Self::Running => &[Self::Waiting, Self::Done, Self::Failed, Self::Cancelled],
            Self::Waiting => {
                &[Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            }
            Self::Done | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Returns whether a run in this state may change to another one.
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// Returns the state of a run that is stored as this one. Stores write that a run is running
    /// when it is requested; until a worker begins it, it is queued.
    #[must_use]
    pub fn since(self, started_at: Option<OffsetDateTime>) -> Self {
        if self == Self::Running && started_at.is_none() { Self::Queued } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::RunState::{self, Cancelled, Done, Failed, Queued, Running, Waiting};

    #[test]
    fn the_transitions_are_those_of_this_table() {
        // Rows are the states before, columns the states after, both in the order of `ALL`.
        let table = [
            (Queued, [false, true, true, true, true, true]),
            (Running, [false, false, true, true, true, true]),
            (Waiting, [true, true, false, true, true, true]),
            (Done, [false; 6]),
            (Failed, [false; 6]),
            (Cancelled, [false; 6]),
        ];
        assert_eq!(table.map(|(before, _)| before), RunState::ALL);
        for (before, allowed) in table {
            for (after, allowed) in RunState::ALL.into_iter().zip(allowed) {
                assert_eq!(before.may_become(after), allowed, "{before:?} to {after:?}");
            }
        }
    }

    #[test]
    fn a_run_is_open_until_nothing_can_follow() {
        let open: Vec<_> = RunState::ALL.into_iter().filter(|state| state.is_open()).collect();
        assert_eq!(open, [Queued, Running, Waiting]);
        for state in open {
            assert!([Done, Failed, Cancelled].into_iter().all(|end| state.may_become(end)));
        }
    }

    #[test]
    fn a_run_that_no_worker_has_begun_is_queued() {
        let now = time::OffsetDateTime::UNIX_EPOCH;
        assert_eq!((Running.since(None), Running.since(Some(now))), (Queued, Running));
        assert_eq!((Waiting.since(None), Done.since(None)), (Waiting, Done));
    }

    #[test]
    fn every_name_is_the_name_of_one_state() {
        for state in RunState::ALL {
            assert_eq!(RunState::parse(state.as_str()), Some(state));
        }
        assert_eq!(RunState::parse("paused"), None);
    }
}
