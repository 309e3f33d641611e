//! The server's processes, as the system shows them.
//!
//! They are recognised by their command line, which everybody may read, and not by a signal that
//! arrives: the number in a stale `postmaster.pid` may belong to a stranger by now, or to a dead
//! process that nobody has buried, and Postgres itself would take either for a running server.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The server's first process, as it describes itself in `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    /// Its process.
    pub(super) pid: Pid,
    /// The folder of its socket.
    pub(super) socket: PathBuf,
    /// How far it has come.
    pub(super) state: State,
}

/// How far a server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It recovers, or has not said anything yet.
    Starting,
    /// It takes connections.
    Ready,
    /// It has been told to end.
    Stopping,
}

impl Postmaster {
    /// The server that runs on a cluster.
    pub(super) fn of(cluster: &Path) -> Option<Postmaster> {
        let file = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let postmaster = parse(&file)?;
        serves(&command_line(postmaster.pid)?, cluster).then_some(postmaster)
    }

    /// Asks it to end: `INT` at once but in order, `QUIT` without a goodbye.
    pub(super) fn signal(&self, signal: Signal) {
        // One that is gone already has done what it was asked.
        let _ = kill_process(self.pid, signal);
    }
}

/// Ends the processes of a server whose first process was killed.
///
/// Most notice by themselves; one in the middle of a long statement does not, and no new server
/// starts beside it.
pub(super) fn end_orphans(cluster_name: &str) {
    for (signal, patience) in [(Signal::QUIT, 2), (Signal::KILL, 5)] {
        let began = Instant::now();
        let mut signalled = false;
        while began.elapsed() < Duration::from_secs(patience) {
            let orphans = named(cluster_name);
            if orphans.is_empty() {
                return;
            }
            if !signalled {
                for pid in orphans {
                    // One that has ended by itself meanwhile is what we want.
                    let _ = kill_process(pid, signal);
                }
                signalled = true;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The processes that carry the cluster's name in their title.
fn named(cluster_name: &str) -> Vec<Pid> {
    let title = format!("postgres: {cluster_name}: ");
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
        .filter(|pid| command_line(*pid).is_some_and(|line| line.starts_with(title.as_bytes())))
        .collect()
}

fn command_line(pid: Pid) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()
}

fn serves(command_line: &[u8], cluster: &Path) -> bool {
    let mut arguments = command_line.split(|byte| *byte == 0);
    let program = arguments.next().map(|name| Path::new(OsStr::from_bytes(name)));
    program.is_some_and(|p| p.ends_with("postgres"))
        && arguments.any(|argument| argument == cluster.as_os_str().as_bytes())
}

/// Reads `postmaster.pid`: process, data, start, port, socket folder, addresses, memory, state.
fn parse(file: &str) -> Option<Postmaster> {
    let mut lines = file.lines().map(str::trim_end);
    let pid = Pid::from_raw(lines.next()?.parse().ok()?)?;
    let socket = PathBuf::from(lines.nth(3).unwrap_or_default());
    let state = match lines.nth(2) {
        Some("ready") => State::Ready,
        Some("stopping") => State::Stopping,
        _ => State::Starting,
    };
    Some(Postmaster { pid, socket, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_where_and_how_far() {
        let file = "812\n/d/cluster\n1790000000\n5432\n/d/socket\n\n 1 2\nready   \n";
        let postmaster = parse(file).unwrap();
        assert_eq!(postmaster.pid.as_raw_nonzero().get(), 812);
        assert_eq!(postmaster.socket, Path::new("/d/socket"));
        assert_eq!(postmaster.state, State::Ready);
    }

    #[test]
    fn a_file_still_being_written_is_a_server_that_starts() {
        assert_eq!(parse("812\n/d/cluster\n").unwrap().state, State::Starting);
        assert_eq!(parse(""), None);
        assert_eq!(parse("0\n"), None);
    }

    #[test]
    fn only_the_servers_own_command_line_counts() {
        let cluster = Path::new("/d/cluster");
        assert!(serves(b"/usr/lib/postgresql/15/bin/postgres\0-D\0/d/cluster\0", cluster));
        assert!(!serves(b"/usr/lib/postgresql/15/bin/postgres\0-D\0/d/cluster2\0", cluster));
        assert!(!serves(b"ls\0/d/cluster\0", cluster));
        assert!(!serves(b"", cluster), "a dead process that nobody has buried");
    }
}
