//! Runs the fake connector, and checks that no process and no file of it remains.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use contacts_core::sync::{
    Batch, Connector, ConnectorError, Connectors, Flow, Mode, Reading, Record, SettingValue,
    Settings, Spec, State, Stream, SyncObserver,
};
use contacts_sync::Guard;
use serde_json::json;

const FAKE: &str = env!("CARGO_BIN_EXE_fake-connector");

/// A fake connector. Its mark is in its environment and in its settings, to find what remains.
pub(crate) struct Fake {
    protocol: &'static str,
    command: Vec<String>,
    silent_seconds: u64,
    mark: String,
}

/// The outcome of a run.
pub(crate) struct Read {
    pub(crate) result: Result<(), ConnectorError>,
    pub(crate) records: Vec<Record>,
    pub(crate) states: Vec<State>,
    /// Number of records before each state.
    pub(crate) covered: Vec<usize>,
    pub(crate) batches: usize,
    pub(crate) took: Duration,
}

/// Stops a run at a deadline.
pub(crate) struct DeadlineObserver {
    end: Instant,
    log: Mutex<Vec<String>>,
}

impl DeadlineObserver {
    pub(crate) fn after(time: Duration) -> Self {
        Self { end: Instant::now() + time, log: Mutex::default() }
    }
}

impl SyncObserver for DeadlineObserver {
    fn may_continue(&self) -> bool {
        Instant::now() < self.end
    }

    fn log(&self, line: &str) {
        self.log.lock().unwrap().push(line.to_owned());
    }
}

impl Fake {
    fn new(protocol: &'static str, command: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("mark-{}-{count}-", process::id());
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        Self { protocol, command, silent_seconds: 60, mark }
    }

    pub(crate) fn airbyte(behaviour: &str) -> Self {
        Self::new("airbyte", &[FAKE, "airbyte", behaviour])
    }

    pub(crate) fn singer(behaviour: &str) -> Self {
        Self::new("singer", &[FAKE, "singer", behaviour])
    }

    /// A connector that ignores SIGTERM.
    pub(crate) fn ignoring_sigterm(behaviour: &str) -> Self {
        let script = "trap '' TERM; exec \"$0\" \"$@\"";
        Self::new("airbyte", &["/bin/sh", "-c", script, FAKE, "airbyte", behaviour])
    }

    /// A connector that runs a script instead of reading.
    pub(crate) fn script(script: &str) -> Self {
        let script = format!("case \"$*\" in *--catalog*) {script};; *) exec \"$0\" \"$@\";; esac");
        Self::new("airbyte", &["/bin/sh", "-c", &script, FAKE, "airbyte", "well"])
    }

    /// A connector that is a script.
    pub(crate) fn script_of(protocol: &'static str, script: &str) -> Self {
        Self::new(protocol, &["/bin/sh", "-c", script])
    }

    pub(crate) fn program(path: &str) -> Self {
        Self::new("airbyte", &[path])
    }

    /// Limits the time without output to three seconds.
    pub(crate) fn with_short_silence(self) -> Self {
        Self { silent_seconds: 3, ..self }
    }

    fn connectors(&self) -> Connectors {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connectors.json");
        let limits = json!({
            "seconds": 60, "silent_seconds": self.silent_seconds, "memory_mib": 64, "line_mib": 1,
            "output_mib": 2, "messages_mib": 1,
        });
        let entry = json!({
            "name": "fake", "protocol": self.protocol, "command": self.command,
            "environment": ["MARK", "UNSET"], "limits": limits,
        });
        fs::write(&file, json!({"connectors": [entry]}).to_string()).unwrap();
        let environment = |name: &str| match name {
            "MARK" => Some(OsString::from(&self.mark)),
            "PATH" => env::var_os("PATH"),
            _ => None,
        };
        contacts_sync::connectors(&file, &environment, Guard::default()).unwrap()
    }

    fn settings(&self) -> Settings {
        let text = |text: &str| SettingValue::Text(text.to_owned());
        let settings = [("mark", text(&self.mark)), ("token", text("s3cret"))];
        Settings(settings.map(|(path, value)| (path.to_owned(), value)).into())
    }

    fn with<T>(&self, then: impl FnOnce(&dyn Connector, &Settings) -> T) -> T {
        let connectors = self.connectors();
        let done = then(connectors.get("fake").unwrap(), &self.settings());
        assert_eq!(self.processes(), Vec::<String>::new());
        assert_eq!(self.files(), Vec::<String>::new());
        done
    }

    pub(crate) fn spec(&self) -> Result<Spec, ConnectorError> {
        self.with(|connector, _| connector.spec(&DeadlineObserver::after(Duration::from_secs(60))))
    }

    pub(crate) fn check(&self) -> Result<(), ConnectorError> {
        let until = DeadlineObserver::after(Duration::from_secs(60));
        self.with(|connector, settings| connector.check(settings, &until))
    }

    pub(crate) fn discover(&self) -> Result<Vec<Stream>, ConnectorError> {
        let until = DeadlineObserver::after(Duration::from_secs(60));
        self.with(|connector, settings| connector.discover(settings, &until))
    }

    pub(crate) fn read(&self, mode: &Mode, state: Option<&State>) -> Read {
        self.read_until(mode, state, &DeadlineObserver::after(Duration::from_secs(120)), usize::MAX)
    }

    pub(crate) fn read_stream(&self, stream: &str) -> Read {
        let until = DeadlineObserver::after(Duration::from_secs(120));
        self.read_all(stream, &Mode::Full, None, &until, usize::MAX)
    }

    /// Reads until the deadline, or until a number of batches was received.
    pub(crate) fn read_until(
        &self,
        mode: &Mode,
        state: Option<&State>,
        until: &DeadlineObserver,
        batches: usize,
    ) -> Read {
        self.read_all("people", mode, state, until, batches)
    }

    fn read_all(
        &self,
        stream: &str,
        mode: &Mode,
        state: Option<&State>,
        until: &DeadlineObserver,
        most: usize,
    ) -> Read {
        let start = Instant::now();
        let received = RefCell::new((Vec::new(), Vec::new(), Vec::new(), 0));
        let mut take = |batch: Batch| {
            let (records, states, covered, batches) = &mut *received.borrow_mut();
            records.extend(batch.records);
            if let Some(state) = batch.state {
                states.push(state);
                covered.push(records.len());
            }
            *batches += 1;
            if *batches < most { Flow::Next } else { Flow::Stop }
        };
        let result = self.with(|connector, settings| {
            let reading = Reading { settings, stream, mode, state };
            connector.read(&reading, until, &mut take)
        });
        let (records, states, covered, batches) = received.into_inner();
        Read { result, records, states, covered, batches, took: start.elapsed() }
    }

    /// The processes that remain.
    fn processes(&self) -> Vec<String> {
        let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let remains = |path: &PathBuf| {
            let environment = fs::read(path.join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&self.mark)
        };
        all.filter(remains).map(|path| path.display().to_string()).collect()
    }

    /// The files that remain.
    fn files(&self) -> Vec<String> {
        let all = fs::read_dir(env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
        let remains = |path: &PathBuf| {
            fs::read_to_string(path.join("config.json")).is_ok_and(|text| text.contains(&self.mark))
        };
        all.filter(remains).map(|path| path.display().to_string()).collect()
    }
}
