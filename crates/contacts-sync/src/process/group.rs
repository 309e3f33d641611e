//! All processes that a connector has started.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long killed processes are waited for. One that the kernel holds back is left to it.
const PATIENCE: Duration = Duration::from_secs(5);

/// One process.
struct Process {
    id: Pid,
    group: Option<Pid>,
    /// It has ended, and its parent has not asked for it yet.
    is_dead: bool,
    /// Bytes of memory.
    resident: u64,
}

/// How many bytes of memory the processes of a group hold together.
pub(super) fn resident(group: Pid) -> u64 {
    let all = all().filter(|process| process.group == Some(group));
    all.map(|process| process.resident).sum()
}

/// Whether a process of the group is alive.
pub(super) fn is_alive(group: Pid) -> bool {
    all().any(|process| process.group == Some(group) && !process.is_dead)
}

/// Kills the processes of a group, and those that have left it but were started in a folder.
pub(super) fn kill_all_of(group: Option<Pid>, folder: &Path) {
    let started = Instant::now();
    loop {
        // Again and again: one may start others while it is looked at.
        let theirs = |process: &Process| {
            let is_member = group.is_some() && process.group == group;
            !process.is_dead && (is_member || was_started_in(process.id, folder))
        };
        let mut found = false;
        for process in all().filter(theirs) {
            found = true;
            // It may have ended meanwhile.
            let _ = kill_process(process.id, Signal::KILL);
        }
        if !found || started.elapsed() > PATIENCE {
            return;
        }
        sleep(Duration::from_millis(5));
    }
}

/// Whether a process was given the folder as its home: its children are given it, too, also those
/// that leave the group and the session.
fn was_started_in(id: Pid, folder: &Path) -> bool {
    let environment = fs::read(format!("/proc/{}/environ", id.as_raw_nonzero()));
    let folder = folder.as_os_str().as_encoded_bytes();
    environment.is_ok_and(|all| all.windows(folder.len()).any(|part| part == folder))
}

fn all() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        process(Pid::from_raw(id)?, &stat)
    })
}

/// Reads `/proc/…/stat`, see proc(5).
fn process(id: Pid, stat: &str) -> Option<Process> {
    // The name before may hold anything.
    let (_, stat) = stat.rsplit_once(')')?;
    let fields: Vec<_> = stat.split_ascii_whitespace().collect();
    let pages: u64 = fields.get(21)?.parse().ok()?;
    Some(Process {
        id,
        group: Pid::from_raw(fields.get(2)?.parse().ok()?),
        is_dead: matches!(*fields.first()?, "Z" | "X"),
        resident: pages * rustix::param::page_size() as u64,
    })
}
