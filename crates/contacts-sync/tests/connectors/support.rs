//! Running the fake connector, and looking that nothing is left of it.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use contacts_core::sync::{
    Batch, Connector, Connectors, Flow, Mode, Reading, Record, SettingValue, Settings, Spec, State,
    Stream, Trouble, Watch,
};
use contacts_sync::Guard;
use serde_json::json;

const FAKE: &str = env!("CARGO_BIN_EXE_fake-connector");

/// A fake connector; its mark is in its environment and in its settings.
pub(crate) struct Fake {
    protocol: &'static str,
    command: Vec<String>,
    silent_seconds: u64,
    mark: String,
}

/// What came of a reading.
pub(crate) struct Read {
    pub(crate) result: Result<(), Trouble>,
    pub(crate) records: Vec<Record>,
    pub(crate) states: Vec<State>,
    /// How many records had come at each state.
    pub(crate) covered: Vec<usize>,
    pub(crate) batches: usize,
    pub(crate) took: Duration,
}

/// Lets it go on until a moment.
pub(crate) struct Until {
    end: Instant,
    log: Mutex<Vec<String>>,
}

impl Until {
    pub(crate) fn after(time: Duration) -> Self {
        Self { end: Instant::now() + time, log: Mutex::default() }
    }
}

impl Watch for Until {
    fn may_go_on(&self) -> bool {
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

    /// One that does not hear when it is asked to end.
    pub(crate) fn deaf(behaviour: &str) -> Self {
        let script = "trap '' TERM; exec \"$0\" \"$@\"";
        Self::new("airbyte", &["/bin/sh", "-c", script, FAKE, "airbyte", behaviour])
    }

    /// One that runs a script in place of reading.
    pub(crate) fn script(script: &str) -> Self {
        let script = format!("case \"$*\" in *--catalog*) {script};; *) exec \"$0\" \"$@\";; esac");
        Self::new("airbyte", &["/bin/sh", "-c", &script, FAKE, "airbyte", "well"])
    }

    /// One that is a script.
    pub(crate) fn script_of(protocol: &'static str, script: &str) -> Self {
        Self::new(protocol, &["/bin/sh", "-c", script])
    }

    pub(crate) fn program(path: &str) -> Self {
        Self::new("airbyte", &[path])
    }

    /// One that may not be silent for long.
    pub(crate) fn hasty(self) -> Self {
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

    pub(crate) fn spec(&self) -> Result<Spec, Trouble> {
        self.with(|connector, _| connector.spec(&Until::after(Duration::from_secs(60))))
    }

    pub(crate) fn check(&self) -> Result<(), Trouble> {
        let until = Until::after(Duration::from_secs(60));
        self.with(|connector, settings| connector.check(settings, &until))
    }

    pub(crate) fn discover(&self) -> Result<Vec<Stream>, Trouble> {
        let until = Until::after(Duration::from_secs(60));
        self.with(|connector, settings| connector.discover(settings, &until))
    }

    pub(crate) fn read(&self, mode: &Mode, state: Option<&State>) -> Read {
        self.read_until(mode, state, &Until::after(Duration::from_secs(120)), usize::MAX)
    }

    pub(crate) fn read_stream(&self, stream: &str) -> Read {
        let until = Until::after(Duration::from_secs(120));
        self.read_all(stream, &Mode::Full, None, &until, usize::MAX)
    }

    /// Reads until it may not go on, or so many batches came.
    pub(crate) fn read_until(
        &self,
        mode: &Mode,
        state: Option<&State>,
        until: &Until,
        batches: usize,
    ) -> Read {
        self.read_all("people", mode, state, until, batches)
    }

    fn read_all(
        &self,
        stream: &str,
        mode: &Mode,
        state: Option<&State>,
        until: &Until,
        most: usize,
    ) -> Read {
        let begun = Instant::now();
        let came = RefCell::new((Vec::new(), Vec::new(), Vec::new(), 0));
        let mut take = |batch: Batch| {
            let (records, states, covered, batches) = &mut *came.borrow_mut();
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
        let (records, states, covered, batches) = came.into_inner();
        Read { result, records, states, covered, batches, took: begun.elapsed() }
    }

    /// The processes that are left.
    fn processes(&self) -> Vec<String> {
        let all = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let is_left = |path: &PathBuf| {
            let environment = fs::read(path.join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&self.mark)
        };
        all.filter(is_left).map(|path| path.display().to_string()).collect()
    }

    /// The files that are left.
    fn files(&self) -> Vec<String> {
        let all = fs::read_dir(env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
        let is_left = |path: &PathBuf| {
            fs::read_to_string(path.join("config.json")).is_ok_and(|text| text.contains(&self.mark))
        };
        all.filter(is_left).map(|path| path.display().to_string()).collect()
    }
}
