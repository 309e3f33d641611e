//! Observers of connectors: they stop a call and collect its log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::{Log, SyncObserver, SyncRepository, SyncRun};
use crate::job::Interrupt;
use crate::{Clock, OrgId};

/// Observes a connector until a deadline, and collects its log.
pub(super) struct DeadlineObserver {
    clock: Arc<dyn Clock>,
    end: OffsetDateTime,
    log: Mutex<Log>,
}

impl DeadlineObserver {
    pub(super) fn after(clock: &Arc<dyn Clock>, time: Duration, log: Log) -> Self {
        Self { clock: clock.clone(), end: clock.now() + time, log: Mutex::new(log) }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SyncObserver for DeadlineObserver {
    fn may_continue(&self) -> bool {
        self.clock.now() < self.end
    }

    fn log(&self, line: &str) {
        DeadlineObserver::log(self).add(line);
    }
}

/// Observes a connector in a run, until the worker stops or the run is ended by somebody.
pub(super) struct RunObserver<'a> {
    pub(super) interrupt: &'a dyn Interrupt,
    pub(super) sources: &'a dyn SyncRepository,
    pub(super) clock: &'a dyn Clock,
    pub(super) org: OrgId,
    pub(super) run: &'a SyncRun,
    pub(super) log: Mutex<Log>,
    /// When the run was last checked, and whether it still belonged to the worker.
    pub(super) last_check: Mutex<(OffsetDateTime, bool)>,
}

impl RunObserver<'_> {
    /// How often the run is checked, so that a silent connector can be cancelled.
    const CHECK_INTERVAL: Duration = Duration::from_secs(2);

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run is open and belongs to this worker.
    pub(super) fn is_current(&self) -> bool {
        let now = self.clock.now();
        let mut last_check = self.last_check.lock().unwrap_or_else(PoisonError::into_inner);
        if last_check.1 && now - last_check.0 >= Self::CHECK_INTERVAL {
            let run = self.sources.run(self.org, self.run.id);
            // A store that fails now may answer at the next check.
            let is_current = run.map_or(true, |run| {
                run.is_some_and(|run| run.state.is_open() && run.attempt == self.run.attempt)
            });
            *last_check = (now, is_current);
        }
        last_check.1
    }
}

impl SyncObserver for RunObserver<'_> {
    fn may_continue(&self) -> bool {
        !self.interrupt.must_end() && self.is_current()
    }

    fn log(&self, line: &str) {
        RunObserver::log(self).add(line);
    }
}
