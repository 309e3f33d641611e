//! Dead and frozen workers: what happens on each connection of a database's URL is counted, and
//! at a given count its user dies or freezes.

use std::collections::BTreeMap;
use std::panic::{self, panic_any};
use std::sync::{Arc, Condvar, Mutex, Once};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// When something happens to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It dies before its nth statement is sent.
    Statement,
    /// It dies after its nth commit was sent and before it hears of it.
    Commit,
    /// It freezes before its nth transaction begins.
    Begin,
}

/// The panic of a worker that dies.
pub(crate) struct Killed;

/// What is to happen to whoever uses the connections of one URL.
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
    /// The fault of a URL, whose connections are all made after this.
    pub(crate) fn of(url: &str) -> Arc<Self> {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            set_default_instrumentation(|| Some(Box::new(Watch(None)))).unwrap();
            let told = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                // Whoever dies as planned need not be reported.
                if !panic.payload().is::<Killed>() {
                    told(panic);
                }
            }));
        });
        FAULTS.lock().unwrap().entry(url.to_owned()).or_default().clone()
    }

    /// Plans what happens at the nth moment from now, counted from one.
    pub(crate) fn plan(&self, moment: Moment, nth: u32) {
        *self.state.lock().unwrap() =
            State { planned: Some((moment, nth)), dead: false, frozen: false };
    }

    /// Nothing is to happen any more; whoever is frozen wakes up. Says whether it had happened.
    pub(crate) fn clear(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let happened = state.dead || state.frozen;
        *state = State::default();
        self.changed.notify_all();
        happened
    }

    /// Waits until somebody is frozen; says whether that is so, or `ended` came first.
    pub(crate) fn wait_for_frost(&self, ended: impl Fn() -> bool) -> bool {
        let mut state = self.state.lock().unwrap();
        while !state.frozen && !ended() {
            state = self.changed.wait(state).unwrap();
        }
        state.frozen
    }

    /// Lets whoever waits for frost look again.
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
        if moment == Moment::Begin {
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

/// Watches one connection.
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
                if query.to_string().starts_with("BEGIN") {
                    fault.at(Moment::Begin);
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
