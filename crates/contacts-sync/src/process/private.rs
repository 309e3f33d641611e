//! Folders that only this user can read. They are removed after use, and by a later run when the
//! service was killed.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{env, fs};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::group;

const PREFIX: &str = "contacts-sync-";

/// A folder of one process and its descendants, removed when it is dropped.
pub(super) struct PrivateFolder {
    folder: TempDir,
    /// Locked as long as the folder is needed: a process that can lock it may remove it.
    _lock: File,
}

impl PrivateFolder {
    /// Creates a folder, and removes those that a killed service has left behind.
    pub(super) fn create() -> io::Result<Self> {
        remove_left_behind(&env::temp_dir());
        loop {
            let mode = fs::Permissions::from_mode(0o700);
            let folder = tempfile::Builder::new().prefix(PREFIX).permissions(mode).tempdir()?;
            let lock = File::open(folder.path())?;
            // Another process may have removed the folder before it was locked.
            let is_ours = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
            if is_ours && folder.path().exists() {
                return Ok(Self { folder, _lock: lock });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Creates a folder in it.
    pub(super) fn subfolder(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(path)
    }

    /// Creates a file in it, and returns its path.
    pub(super) fn file(&self, name: &str, contents: &[u8]) -> io::Result<OsString> {
        let path = self.path().join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(contents)?;
        Ok(path.into_os_string())
    }
}

/// Kills the connectors of services that were killed, and removes their folders.
fn remove_left_behind(within: &Path) {
    let entries = fs::read_dir(within).into_iter().flatten().flatten();
    for entry in
        entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()))
    {
        // Folders of other users cannot be opened.
        let Ok(lock) = File::open(entry.path()) else { continue };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            group::kill_all_of(None, &entry.path());
            // Another process may be removing it as well.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn processes_and_files_of_a_killed_service_are_removed() {
        let within = tempfile::tempdir().unwrap();
        let (abandoned, locked, other) = (
            within.path().join("contacts-sync-a"),
            within.path().join("contacts-sync-b"),
            within.path().join("else"),
        );
        for folder in [&abandoned, &locked, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("config.json"), "secret").unwrap();
        }
        let lock = File::open(&locked).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        let sleeping = |folder: &Path| {
            Command::new("sleep").arg("1000").env("HOME", folder).process_group(0).spawn().unwrap()
        };
        let (mut orphan, mut other_process) = (sleeping(&abandoned), sleeping(&locked));
        remove_left_behind(within.path());
        assert!(!abandoned.exists());
        assert!(locked.join("config.json").exists() && other.join("config.json").exists());
        assert!(orphan.try_wait().unwrap().is_some());
        assert!(other_process.try_wait().unwrap().is_none());
        other_process.kill().unwrap();
        other_process.wait().unwrap();
    }

    #[test]
    fn a_folder_is_private_and_removed_after_use() {
        let private = PrivateFolder::create().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = private.path().to_owned();
        let file = private.file("config.json", b"secret").unwrap();
        assert_eq!((mode(&path), mode(Path::new(&file))), (0o700, 0o600));
        // Creating another one does not remove it.
        drop(PrivateFolder::create().unwrap());
        assert!(path.exists());
        drop(private);
        assert!(!path.exists());
    }
}
