//! Creating a new cluster.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::account::Account;
use super::binaries::Binaries;
use super::{EmbeddedError, Result, cluster, settings};

/// How the folder of an unfinished cluster begins. The rest is random.
const UNFINISHED: &str = "cluster.new";

/// Creates the cluster with its database `contacts`.
///
/// It is filled in a folder of its own and moved into place at the end. So a start that is cut
/// short, by a full disk or a kill, leaves nothing that looks like a cluster; and an `initdb` that
/// outlives a killed start writes where no later start looks.
pub(super) fn create(data_dir: &Path, account: &Account, binaries: &Binaries) -> Result<()> {
    let new = tempfile::Builder::new().prefix(&format!("{UNFINISHED}.")).tempdir_in(data_dir);
    let new = new.map_err(|e| EmbeddedError::file(data_dir, e))?;
    fill(new.path(), account, binaries).map_err(|error| {
        if is_disk_full(data_dir, &error.to_string()) {
            EmbeddedError::DiskFull { dir: data_dir.to_path_buf() }
        } else {
            error
        }
    })?;
    let cluster = data_dir.join(cluster::FOLDER);
    fs::rename(new.keep(), &cluster)
        .and_then(|()| File::open(data_dir)?.sync_all())
        .map_err(|e| EmbeddedError::file(&cluster, e))
}

/// Removes what starts that were cut short left behind. An `initdb` that outlived such a start may
/// still write there; what remains then is removed at the next start.
///
/// Call it with the start lock held, or it removes a cluster that another process is creating.
pub(super) fn remove_unfinished(data_dir: &Path) {
    let entries = fs::read_dir(data_dir).into_iter().flatten().flatten();
    let is_unfinished = |name: &OsStr| name.to_str().is_some_and(|n| n.starts_with(UNFINISHED));
    for entry in entries.filter(|entry| is_unfinished(&entry.file_name())) {
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::debug!(%error, "failed to remove an incomplete cluster");
        }
    }
}

/// Whether the server's message or the file system says that the disk is full.
///
/// With a full disk the message may be missing, because there was no room for it either.
pub(super) fn is_disk_full(data_dir: &Path, message: &str) -> bool {
    const MIN_FREE_BYTES: u64 = 1 << 20;
    message.contains("No space left on device")
        || message.contains("Disk quota exceeded")
        || rustix::fs::statvfs(data_dir)
            .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE_BYTES)
}

fn fill(new: &Path, account: &Account, binaries: &Binaries) -> Result<()> {
    account.own(new)?;
    account.must_reach(new)?;

    let initdb = binaries.program("initdb");
    let mut command = account.command(&initdb);
    command.arg("-D").arg(new).args([
        "--username=contacts",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    ]);
    run(command, &initdb, "")?;

    let conf = new.join("postgresql.conf");
    OpenOptions::new()
        .append(true)
        .open(&conf)
        .and_then(|mut file| {
            let file_name = settings::FILE;
            writeln!(file, "\n# Settings below this line win.\ninclude_if_exists = '{file_name}'")
        })
        .map_err(|e| EmbeddedError::file(&conf, e))?;

    let postgres = binaries.program("postgres");
    let mut command = account.command(&postgres);
    command.arg("--single").arg("-D").arg(new).args(["-c", "exit_on_error=on", "postgres"]);
    run(command, &postgres, "CREATE DATABASE contacts;\n")
}

fn run(mut command: Command, program: &Path, input: &str) -> Result<()> {
    let failed = |e| EmbeddedError::run(program, e);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that has ended without reading gives the reason in its output.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let cause = words.lines().find(|line| line.contains("FATAL:") || line.contains("error:"));
    let reason = cause.or_else(|| words.lines().last()).map(str::to_owned).unwrap_or_else(|| {
        let name = program.file_name().unwrap_or(OsStr::new("initdb")).display();
        format!("{name} ended with {}", output.status)
    });
    Err(EmbeddedError::NotCreated { reason })
}
