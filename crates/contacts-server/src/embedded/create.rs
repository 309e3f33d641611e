//! Making a new cluster.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::account::Account;
use super::binaries::Binaries;
use super::{EmbeddedError, Result, cluster, settings};

/// Makes the cluster with its database `contacts`.
///
/// It is made under another name and moved into place at the end, so that a start that was cut
/// short, by a full disk or a kill, leaves nothing that looks like a cluster.
pub(super) fn create(data_dir: &Path, account: &Account, binaries: &Binaries) -> Result<()> {
    let new = data_dir.join("cluster.new");
    let done = fill(&new, account, binaries);
    if let Err(error) = done {
        // What is left is removed at the next try, too.
        let _ = fs::remove_dir_all(&new);
        return Err(if is_disk_full(data_dir, &error.to_string()) {
            EmbeddedError::DiskFull { dir: data_dir.to_path_buf() }
        } else {
            error
        });
    }
    let cluster = data_dir.join(cluster::FOLDER);
    fs::rename(&new, &cluster)
        .and_then(|()| File::open(data_dir)?.sync_all())
        .map_err(|e| EmbeddedError::file(&cluster, e))
}

/// Whether the server's words or the file system say that there is no room.
///
/// With a full disk the words may be missing, because there was no room for them either.
pub(super) fn is_disk_full(data_dir: &Path, words: &str) -> bool {
    const ROOM: u64 = 1 << 20;
    words.contains("No space left on device")
        || words.contains("Disk quota exceeded")
        || rustix::fs::statvfs(data_dir)
            .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM)
}

fn fill(new: &Path, account: &Account, binaries: &Binaries) -> Result<()> {
    let refused = |e| EmbeddedError::file(new, e);
    if new.exists() {
        fs::remove_dir_all(new).map_err(refused)?;
    }
    DirBuilder::new().mode(0o700).create(new).map_err(refused)?;
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
        // One that has ended without reading says why in its output.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let said = words.lines().find(|line| line.contains("FATAL:") || line.contains("error:"));
    let reason = said.or_else(|| words.lines().last()).map(str::to_owned).unwrap_or_else(|| {
        let name = program.file_name().unwrap_or(OsStr::new("initdb")).display();
        format!("{name} ended with {}", output.status)
    });
    Err(EmbeddedError::NotCreated { reason })
}
