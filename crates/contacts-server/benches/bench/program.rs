//! Runs the program as its users do.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Result;
use crate::base::World;
use crate::http::Client;

/// Time and memory of a process that has ended.
pub(crate) struct Ran {
    /// Time from start to end.
    pub(crate) wall: Duration,
    /// Peak resident memory, in KiB.
    pub(crate) peak: u64,
}

/// Returns the command of the program with a database, without environment variables that would
/// change its behaviour.
pub(crate) fn contacts(world: &World, database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contacts"));
    command.current_dir(world.postgres.folder());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CONTACTS_")) {
            command.env_remove(name);
        }
    }
    command.env("DATABASE_URL", world.postgres.url(database)).stdin(Stdio::null());
    command.env("CONTACTS_SECRET", "a secret that only benchmarks may ever know");
    command
}

/// Imports a file into the large organisation.
pub(crate) fn import(world: &World, database: &str, file: &Path) -> Result<Ran> {
    let mut command = contacts(world, database);
    command.arg("import").arg(file).args(["--yes", "--json", "--org", &World::org().to_string()]);
    run(command)
}

/// Exports the large organisation to a file.
pub(crate) fn export(world: &World, database: &str, file: &Path) -> Result<Ran> {
    let mut command = contacts(world, database);
    command.arg("export").arg("--output").arg(file).args(["--org", &World::org().to_string()]);
    run(command)
}

/// Returns a sign-in link for the page of a running server.
pub(crate) fn sign_in_link(world: &World, database: &str, address: &str) -> Result<String> {
    let mut command = contacts(world, database);
    command.args(["sign-in-link", "--org", &World::org().to_string()]);
    let output = command.env("CONTACTS_PUBLIC_URL", format!("http://{address}")).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let link = said.split_whitespace().find(|word| word.contains("/sign-in#"));
    link.map(str::to_owned).ok_or_else(|| format!("no link: {said}").into())
}

/// Runs a command to its end. Its output is shown when it fails.
pub(crate) fn run(mut command: Command) -> Result<Ran> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let said = [drain(child.stdout.take()), drain(child.stderr.take())];
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory(child.id(), "VmHWM:"));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let wall = began.elapsed();
    if !status.success() {
        let said: String = said.into_iter().filter_map(|output| output.join().ok()).collect();
        return Err(format!("{command:?} ended with {status}\n{said}").into());
    }
    Ok(Ran { wall, peak })
}

fn drain(output: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        // Unreadable output is not shown.
        let _ = output.map(|mut output| output.read_to_string(&mut text));
        text
    })
}

/// Returns a value of the process's memory status in KiB, or 0 when the process has ended.
fn memory(pid: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    found.and_then(|kib| kib.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A running `contacts serve`, which is stopped when this value is dropped.
pub(crate) struct Served {
    child: Child,
    /// Address on which it listens.
    pub(crate) address: String,
    /// Time from the start until it is ready.
    pub(crate) ready_after: Duration,
}

impl Served {
    /// Starts the server and waits until it is ready.
    pub(crate) fn start(world: &World, database: &str) -> Result<Self> {
        let address = free_address()?;
        let mut command = contacts(world, database);
        command.args(["serve", "--listen", &address]);
        // Rate limits per client are not part of the measurement.
        command.args(["--rate-per-second", "1000000", "--rate-burst", "1000000"]);
        command.args(["--captures-per-minute", "100000000"]);
        // No proxy needs time to notice that the server stops.
        command.args(["--drain-seconds", "0"]);
        // Log warnings only: the log of a million requests is not part of the measurement either.
        command.args(["--log", "warn"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command.spawn()?;
        let log = child.stderr.take();
        thread::spawn(move || {
            for line in log.into_iter().flat_map(|log| BufReader::new(log).lines()) {
                eprintln!("contacts serve: {}", line.unwrap_or_default());
            }
        });
        let mut served = Self { child, address, ready_after: Duration::ZERO };
        while !served.is_ready() {
            world.postgres.uninterrupted()?;
            if let Some(status) = served.child.try_wait()? {
                return Err(format!("contacts serve ended with {status}").into());
            }
            if began.elapsed() > Duration::from_secs(60) {
                return Err("contacts serve was not ready after a minute".into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        served.ready_after = began.elapsed();
        Ok(served)
    }

    fn is_ready(&self) -> bool {
        Client::open(&self.address, "").is_ok_and(|mut client| client.get("/readyz").is_ok())
    }

    /// Returns the current resident memory, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        memory(self.child.id(), "VmRSS:")
    }

    /// Returns the peak resident memory, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        memory(self.child.id(), "VmHWM:")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id())
            && let Some(pid) = Pid::from_raw(pid)
        {
            // Ignore a process that has already ended.
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn free_address() -> Result<String> {
    // The port is free now, and no other program looks for ports during the benchmarks.
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
