//! Requests to stop: by SIGTERM, by Ctrl-C, or by the program itself.

use std::io;
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Whether the process was asked to stop. All clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<Option<StopCause>>, Condvar)>);

/// Why the process stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// SIGTERM, from a service manager or an orchestrator, which restarts or moves the service.
    Terminate,
    /// Ctrl-C, from a person who waits for the end; or the program itself.
    Interrupt,
}

/// The exit status that shells report for a program that SIGINT ended.
pub const INTERRUPTED: u8 = 130;

impl Stop {
    /// Listens to SIGINT and SIGTERM from now on.
    ///
    /// The first signal asks to stop. The second ends the process at once, with the exit status
    /// 128 + its number; an embedded database keeps running then, and the next start uses it.
    ///
    /// # Errors
    ///
    /// The operating system's, when it has no more threads or file descriptors.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let requested = stop.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                if requested.is_asked() {
                    process::exit(128 + signal);
                }
                requested.ask_because(match signal {
                    SIGTERM => StopCause::Terminate,
                    _ => StopCause::Interrupt,
                });
            }
        })?;
        Ok(stop)
    }

    /// Asks to stop, unless that was asked already.
    pub fn ask(&self) {
        self.ask_because(StopCause::Interrupt);
    }

    fn ask_because(&self, cause: StopCause) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
        self.0.1.notify_all();
    }

    /// Whether the process was asked to stop.
    pub fn is_asked(&self) -> bool {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Blocks until the process is asked to stop.
    pub fn wait(&self) -> StopCause {
        let mut requested = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(cause) = *requested {
                return cause;
            }
            requested = self.0.1.wait(requested).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks until the process is asked to stop, or a time is over. Returns whether it was asked.
    pub fn wait_for(&self, time: Duration) -> bool {
        let requested = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(requested, time, |requested| requested.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.is_some()
    }
}

/// The limit of an orderly stop. Dropping it lifts the limit.
///
/// Threads that wait for a database which does not answer cannot be interrupted, and the runtime
/// waits for them. So a thread of its own ends the process when the time is over.
#[derive(Debug)]
pub struct StopDeadline {
    _lifted: Sender<()>,
}

impl StopDeadline {
    /// Ends the process with the exit status 1 when it still runs some time after it was asked to
    /// stop. `limit` gives that time.
    ///
    /// # Errors
    ///
    /// The operating system's, when it has no more threads.
    pub fn new(
        stop: &Stop,
        limit: impl Fn(StopCause) -> Duration + Send + 'static,
    ) -> io::Result<Self> {
        let (lifted, is_lifted) = mpsc::channel::<()>();
        let stop = stop.clone();
        thread::Builder::new().name("stop-deadline".to_owned()).spawn(move || {
            let limit = limit(stop.wait());
            if is_lifted.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                tracing::error!(
                    seconds = limit.as_secs(),
                    "stopping took too long: the process ends now; another worker takes its jobs \
                     over when their leases expire"
                );
                process::exit(1);
            }
        })?;
        Ok(Self { _lifted: lifted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_stays() {
        let stop = Stop::default();
        assert!(!stop.is_asked() && !stop.wait_for(Duration::ZERO));
        stop.ask_because(StopCause::Terminate);
        stop.ask();
        assert!(stop.wait_for(Duration::ZERO));
        assert_eq!(stop.wait(), StopCause::Terminate);
    }
}
