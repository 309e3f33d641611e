//! The user of the server processes. Postgres refuses to run as root, so root switches to another.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{EmbeddedError, Result, cluster};

/// The user the server processes run as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    switches: bool,
}

impl Account {
    /// The user of this process; for root, the owner of the cluster, or `postgres`.
    pub(super) fn of(data_dir: &Path) -> Result<Account> {
        let uid = rustix::process::geteuid();
        if !uid.is_root() {
            let gid = rustix::process::getegid().as_raw();
            return Ok(Account { uid: uid.as_raw(), gid, switches: false });
        }
        if let Ok(folder) = fs::metadata(data_dir.join(cluster::FOLDER))
            && folder.uid() != 0
        {
            return Ok(Account { uid: folder.uid(), gid: folder.gid(), switches: true });
        }
        let id = |flag| {
            let output = Command::new("id").args([flag, "postgres"]).stderr(Stdio::null()).output();
            output.ok().and_then(|o| String::from_utf8_lossy(&o.stdout).trim().parse().ok())
        };
        let (Some(uid), Some(gid)) = (id("-u"), id("-g")) else {
            return Err(EmbeddedError::NoServerUser);
        };
        Ok(Account { uid, gid, switches: true })
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// A command that runs as this user, in `/`, with messages in English.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = if self.switches {
            let mut setpriv = Command::new("setpriv");
            setpriv.arg(format!("--reuid={}", self.uid)).arg(format!("--regid={}", self.gid));
            setpriv.args(["--clear-groups", "--"]).arg(program);
            setpriv
        } else {
            Command::new(program)
        };
        // That user may not be able to enter the current folder.
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Gives a file or folder to this user.
    pub(super) fn own(&self, path: &Path) -> Result<()> {
        if !self.switches {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(|e| EmbeddedError::file(path, e))
    }

    /// Refuses a folder in which this user cannot write.
    pub(super) fn must_reach(&self, dir: &Path) -> Result<()> {
        if !self.switches {
            return Ok(());
        }
        let program = Path::new("test");
        let status = self.command(program).arg("-w").arg(dir).status();
        if status.map_err(|e| EmbeddedError::run(Path::new("setpriv"), e))?.success() {
            Ok(())
        } else {
            Err(EmbeddedError::OutOfReach { dir: dir.to_path_buf(), uid: self.uid })
        }
    }
}
