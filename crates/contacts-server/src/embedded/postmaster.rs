//! Finds the processes of a server.
//!
//! They are recognised by their command line, which every user may read. The id in a stale
//! `postmaster.pid` is not enough: it may belong to an unrelated process by now, or to a zombie, and
//! Postgres itself would believe that either is a running server.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The main process of a server, as its file `postmaster.pid` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    /// The process id.
    pub(super) pid: Pid,
    /// The folder of the socket.
    pub(super) socket: PathBuf,
    /// The state of the server.
    pub(super) state: State,
}

/// The state of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It starts or recovers.
    Starting,
    /// It accepts connections.
    Ready,
    /// It was asked to end.
    Stopping,
    /// It runs without a readable pid file: it has just started, is about to end, or the disk is
    /// full.
    Unlisted,
}

impl Postmaster {
    /// The server that runs on a cluster: the one that its pid file names, or else the one among
    /// the processes of the machine.
    pub(super) fn of(cluster: &Path) -> Option<Postmaster> {
        Postmaster::listed(cluster).or_else(|| {
            let pid = processes().find(|pid| runs(*pid, cluster))?;
            Some(Postmaster { pid, socket: PathBuf::new(), state: State::Unlisted })
        })
    }

    /// The server that the pid file of a cluster names, when it runs.
    pub(super) fn listed(cluster: &Path) -> Option<Postmaster> {
        let file = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        parse(&file).filter(|listed| runs(listed.pid, cluster))
    }

    /// Asks the server to end: by `INT` in order, by `QUIT` without a checkpoint.
    pub(super) fn signal(&self, signal: Signal) {
        // An error means that the process has ended already.
        let _ = kill_process(self.pid, signal);
    }
}

/// Ends the processes of a server whose main process was killed.
///
/// Most end by themselves. A process in a long statement does not, and no new server starts before it
/// has ended.
pub(super) fn end_orphans(cluster_name: &str) {
    for (signal, patience) in [(Signal::QUIT, 2), (Signal::KILL, 5)] {
        let started = Instant::now();
        let mut signalled = false;
        while started.elapsed() < Duration::from_secs(patience) {
            let orphans = processes_of(cluster_name);
            if orphans.is_empty() {
                return;
            }
            if !signalled {
                for pid in orphans {
                    // An error means that the process has ended by itself.
                    let _ = kill_process(pid, signal);
                }
                signalled = true;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The processes with the name of the cluster in their title.
fn processes_of(cluster_name: &str) -> Vec<Pid> {
    let title = format!("postgres: {cluster_name}: ");
    processes()
        .filter(|pid| command_line(*pid).is_some_and(|line| line.starts_with(title.as_bytes())))
        .collect()
}

/// All processes of the machine.
fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
}

fn command_line(pid: Pid) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()
}

fn runs(pid: Pid, cluster: &Path) -> bool {
    command_line(pid).is_some_and(|line| serves(&line, cluster))
}

fn serves(command_line: &[u8], cluster: &Path) -> bool {
    let mut arguments = command_line.split(|byte| *byte == 0);
    let program = arguments.next().map(|name| Path::new(OsStr::from_bytes(name)));
    program.is_some_and(|p| p.ends_with("postgres"))
        && arguments.any(|argument| argument == cluster.as_os_str().as_bytes())
}

/// Parses `postmaster.pid`. Its lines are: process id, data folder, start time, port, socket folder,
/// addresses, shared memory, state.
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
    fn the_pid_file_is_parsed() {
        let file = "812\n/d/cluster\n1790000000\n5432\n/d/socket\n\n 1 2\nready   \n";
        let postmaster = parse(file).unwrap();
        assert_eq!(postmaster.pid.as_raw_nonzero().get(), 812);
        assert_eq!(postmaster.socket, Path::new("/d/socket"));
        assert_eq!(postmaster.state, State::Ready);
    }

    #[test]
    fn an_incomplete_pid_file_is_a_server_that_starts() {
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
        assert!(!serves(b"", cluster), "a zombie");
    }
}
