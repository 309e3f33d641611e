//! Finds and kills the processes that a connector has started.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Time limit for killing. A process in an uninterruptible state is left to the kernel.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// A process.
struct Process {
    id: Pid,
    group: Option<Pid>,
    /// Whether it has exited, but was not reaped by its parent.
    is_dead: bool,
    /// Resident memory in bytes.
    resident: u64,
}

/// Resident memory of the processes of a group together, in bytes.
pub(super) fn resident(group: Pid) -> u64 {
    let all = all().filter(|process| process.group == Some(group));
    all.map(|process| process.resident).sum()
}

/// Whether a process of the group is alive.
pub(super) fn is_alive(group: Pid) -> bool {
    all().any(|process| process.group == Some(group) && !process.is_dead)
}

/// Kills the processes of a group, and those that have left it but have the folder in their
/// environment.
pub(super) fn kill_all_of(group: Option<Pid>, folder: &Path) {
    let started = Instant::now();
    loop {
        // Repeat until none is found: a process may start others in the meantime.
        let is_in_group = |process: &Process| {
            let is_member = group.is_some() && process.group == group;
            !process.is_dead && (is_member || was_started_in(process.id, folder))
        };
        let mut found = false;
        for process in all().filter(is_in_group) {
            found = true;
            // It may have exited meanwhile.
            let _ = kill_process(process.id, Signal::KILL);
        }
        if !found || started.elapsed() > KILL_TIMEOUT {
            return;
        }
        sleep(Duration::from_millis(5));
    }
}

/// Whether a process has the folder in its environment, as its home. Its children inherit that,
/// also those that leave the group and the session.
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
    // The name before the bracket may contain any character.
    let (_, stat) = stat.rsplit_once(')')?;
    let fields: Vec<_> = stat.split_ascii_whitespace().collect();
    let pages: u64 = fields.get(21)?.parse().ok()?;
    // The group of an exiting process is -1.
    let group = fields.get(2)?.parse().ok().filter(|group| *group > 0);
    Some(Process {
        id,
        group: group.and_then(Pid::from_raw),
        is_dead: matches!(*fields.first()?, "Z" | "X"),
        resident: pages * rustix::param::page_size() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stat: &str) -> Process {
        process(Pid::INIT, stat).unwrap()
    }

    #[test]
    fn the_status_of_a_process_is_read() {
        let rest = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 3 0";
        let alive = read(&format!("7 (a) Z (b) S 1 42 {rest}"));
        assert_eq!((alive.group, alive.is_dead), (Pid::from_raw(42), false));
        assert_eq!(alive.resident, 3 * rustix::param::page_size() as u64);
        let stat_line = read(&format!("7 (a) Z 1 -1 {rest}"));
        assert_eq!((stat_line.group, stat_line.is_dead), (None, true));
        assert!(process(Pid::INIT, "7 (a) S 1").is_none());
    }
}
