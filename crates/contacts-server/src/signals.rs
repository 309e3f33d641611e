//! Ctrl-C: the first asks to stop, the second ends at once.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Whether somebody asked to stop. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

/// What a shell says of a program that SIGINT has ended.
pub const INTERRUPTED: u8 = 130;

impl Stop {
    /// Listens to SIGINT and SIGTERM from now on. A second one ends the process at once; an
    /// embedded database goes on then, and the next start takes it up.
    ///
    /// # Errors
    ///
    /// The operating system's, when it does not let us listen.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let asked = stop.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for _signal in signals.forever() {
                if asked.is_asked() {
                    std::process::exit(i32::from(INTERRUPTED));
                }
                asked.ask();
            }
        })?;
        Ok(stop)
    }

    /// Asks to stop.
    pub fn ask(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until somebody asks.
    pub fn wait(&self) {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_while(asked, |asked| !*asked);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until somebody asks, or a time is over; says whether somebody asked.
    pub fn wait_for(&self, time: Duration) -> bool {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(asked, time, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
