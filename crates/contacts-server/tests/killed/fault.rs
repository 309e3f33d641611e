//! Dead and frozen workers. The statements, commits and transactions on the connections of a
//! database URL are counted, and at a given count the worker dies or freezes.

use std::collections::BTreeMap;
use std::panic::{self, panic_any};
use std::sync::{Arc, Condvar, Mutex, Once};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// The kind of step at which a worker dies or freezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Dies before its nth statement is sent.
    Statement,
    /// Dies after its nth commit was sent and before the answer arrives.
    Commit,
    /// Freezes before its nth transaction begins.
    Begin,
    /// Freezes inside its nth transaction, before the commit is sent, and keeps all locks.
    BeforeCommit,
}

/// The panic with which a worker dies.
pub(crate) struct Killed;

/// The planned fault of the worker that uses the connections of one URL.
#[derive(Default)]
pub(crate) struct Fault {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    planned: Option<(Moment, u32)>,
    dead: bool,
    frozen: bool,
}

static FAULTS: Mutex<BTreeMap<String, Arc<Fault>>> = Mutex::new(BTreeMap::new());

impl Fault {
    /// Returns the fault of a URL; connections that are opened later are watched.
    pub(crate) fn of(url: &str) -> Arc<Self> {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            set_default_instrumentation(|| Some(Box::new(Watch(None)))).unwrap();
            let reported = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                // A planned death is not reported.
                if !panic.payload().is::<Killed>() {
                    reported(panic);
                }
            }));
        });
        FAULTS.lock().unwrap().entry(url.to_owned()).or_default().clone()
    }

    /// Plans a fault at the nth moment from now, counted from one.
    pub(crate) fn plan(&self, moment: Moment, nth: u32) {
        *self.state.lock().unwrap() =
            State { planned: Some((moment, nth)), dead: false, frozen: false };
    }

    /// Cancels the planned fault and wakes a frozen worker. Returns whether the fault had happened.
    pub(crate) fn clear(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let happened = state.dead || state.frozen;
        *state = State::default();
        self.changed.notify_all();
        happened
    }

    /// Waits until a worker is frozen or `ended` returns true; returns whether one is frozen.
    pub(crate) fn wait_for_frost(&self, ended: impl Fn() -> bool) -> bool {
        let mut state = self.state.lock().unwrap();
        while !state.frozen && !ended() {
            state = self.changed.wait(state).unwrap();
        }
        state.frozen
    }

    /// Makes a waiting call of `wait_for_frost` check again.
    pub(crate) fn look_again(&self) {
        drop(self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn at(&self, moment: Moment) {
        let mut state = self.state.lock().unwrap();
        if state.dead {
            drop(state);
            panic_any(Killed);
        }
        let Some((planned, left)) = &mut state.planned else { return };
        if *planned != moment {
            return;
        }
        *left -= 1;
        if *left > 0 {
            return;
        }
        state.planned = None;
        if matches!(moment, Moment::Begin | Moment::BeforeCommit) {
            state.frozen = true;
            self.changed.notify_all();
            while state.frozen {
                state = self.changed.wait(state).unwrap();
            }
            return;
        }
        state.dead = true;
        drop(state);
        panic_any(Killed);
    }
}

/// Counts the steps on one connection.
struct Watch(Option<Arc<Fault>>);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                let faults = FAULTS.lock().unwrap();
                self.0 = faults.iter().find(|(of, _)| url.starts_with(*of)).map(|(_, f)| f.clone());
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                let Some(fault) = &self.0 else { return };
                let query = query.to_string();
                if query.starts_with("BEGIN") {
                    fault.at(Moment::Begin);
                } else if query.starts_with("COMMIT") {
                    fault.at(Moment::BeforeCommit);
                }
                fault.at(Moment::Statement);
            }
            InstrumentationEvent::FinishQuery { query, error: None, .. } => {
                let Some(fault) = &self.0 else { return };
                if query.to_string().starts_with("COMMIT") {
                    fault.at(Moment::Commit);
                }
            }
            _ => {}
        }
    }
}
