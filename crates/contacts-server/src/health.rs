//! Whether the database answers: asked by a thread of its own, so that nobody who wants to know
//! waits for a database that is silent.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use contacts_core::Result;

/// The time between two checks.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long after its last answer a silent database is taken for one that answers: the interval,
/// and a second for the check.
const GRACE: Duration = Duration::from_secs(2);

/// The result of the last check.
pub(crate) struct HealthCheck {
    last: Mutex<Last>,
}

struct Last {
    ended_at: Instant,
    failed: bool,
}

impl HealthCheck {
    /// Starts the thread, which ends when the check is dropped. The database has just answered.
    ///
    /// # Errors
    ///
    /// When the system refuses a thread.
    pub(crate) fn start(
        check: impl FnMut() -> Result<()> + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let last = Last { ended_at: Instant::now(), failed: false };
        let health = Arc::new(Self { last: Mutex::new(last) });
        let reported = Arc::downgrade(&health);
        thread::Builder::new().name("health".to_owned()).spawn(move || run(&reported, check))?;
        Ok(health)
    }

    /// Whether the database answers, as of now. It returns at once.
    ///
    /// # Errors
    ///
    /// A sentence when the last check failed, or the next one has no answer yet.
    pub(crate) fn status(&self) -> Result<(), String> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.failed || last.ended_at.elapsed() > GRACE {
            return Err("the database does not answer".to_owned());
        }
        Ok(())
    }

    fn report(&self, failed: bool) {
        let last = Last { ended_at: Instant::now(), failed };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

fn run(health: &Weak<HealthCheck>, mut check: impl FnMut() -> Result<()>) {
    loop {
        let result = check();
        let Some(health) = health.upgrade() else { return };
        if let Err(error) = &result {
            tracing::debug!(%error, "the database does not answer");
        }
        health.report(result.is_err());
        drop(health);
        thread::sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use contacts_core::Error;

    use super::*;

    #[test]
    fn a_check_that_fails_is_reported() {
        let (checked, wait) = mpsc::channel();
        let check = move || {
            // The second call begins after the first was reported.
            let _ = checked.send(());
            Err(Error::Busy)
        };
        let health = HealthCheck::start(check).unwrap();
        wait.recv().unwrap();
        wait.recv().unwrap();
        assert_eq!(health.status(), Err("the database does not answer".to_owned()));
    }

    #[test]
    fn a_check_that_never_ends_is_reported_without_waiting() {
        let (_never, silent) = mpsc::channel::<()>();
        let check = move || silent.recv().map_err(|_closed| Error::Busy);
        let health = HealthCheck::start(check).unwrap();
        assert_eq!(health.status(), Ok(()));
        let long_ago = Instant::now().checked_sub(GRACE * 2).unwrap();
        health.last.lock().unwrap().ended_at = long_ago;
        assert!(health.status().is_err());
    }
}
