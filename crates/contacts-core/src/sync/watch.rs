//! Following a connector while it works.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::{Log, SyncRepository, SyncRun, Watch};
use crate::import::Turn;
use crate::{Clock, OrgId};

/// Follows a connector until a moment, and keeps what it says.
pub(super) struct Until {
    clock: Arc<dyn Clock>,
    end: OffsetDateTime,
    log: Mutex<Log>,
}

impl Until {
    pub(super) fn after(clock: &Arc<dyn Clock>, time: Duration, log: Log) -> Self {
        Self { clock: clock.clone(), end: clock.now() + time, log: Mutex::new(log) }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Until {
    fn may_go_on(&self) -> bool {
        self.clock.now() < self.end
    }

    fn log(&self, line: &str) {
        Until::log(self).add(line);
    }
}

/// Follows a connector in a run: until the worker stops, or somebody has ended the run.
pub(super) struct InRun<'a> {
    pub(super) turn: &'a dyn Turn,
    pub(super) sources: &'a dyn SyncRepository,
    pub(super) clock: &'a dyn Clock,
    pub(super) org: OrgId,
    pub(super) run: &'a SyncRun,
    pub(super) log: Mutex<Log>,
    /// When the run was last looked at, and whether it was still the worker's.
    pub(super) looked: Mutex<(OffsetDateTime, bool)>,
}

impl InRun<'_> {
    /// How often a run is looked at, so that a connector that is silent can be cancelled.
    const LOOK: Duration = Duration::from_secs(2);

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run is still open, and this worker's.
    pub(super) fn is_ours(&self) -> bool {
        let now = self.clock.now();
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.1 && now - looked.0 >= Self::LOOK {
            let run = self.sources.run(self.org, self.run.id);
            // A store that does not answer may answer the next time.
            let is_ours = run.map_or(true, |run| {
                run.is_some_and(|run| run.state.is_open() && run.attempt == self.run.attempt)
            });
            *looked = (now, is_ours);
        }
        looked.1
    }
}

impl Watch for InRun<'_> {
    fn may_go_on(&self) -> bool {
        !self.turn.must_end() && self.is_ours()
    }

    fn log(&self, line: &str) {
        InRun::log(self).add(line);
    }
}
