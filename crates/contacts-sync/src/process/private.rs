//! Folders that only this user can read, gone when they are not needed any more, also when the
//! service was killed meanwhile.

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

/// A folder of one process and its descendants.
pub(super) struct Private {
    folder: TempDir,
    /// Held as long as the folder is needed: whoever gets the lock may remove it.
    _lock: File,
}

impl Private {
    /// Makes one, after those were removed that a killed service has left behind.
    pub(super) fn create() -> io::Result<Self> {
        remove_left_behind(&env::temp_dir());
        loop {
            let mode = fs::Permissions::from_mode(0o700);
            let folder = tempfile::Builder::new().prefix(PREFIX).permissions(mode).tempdir()?;
            let lock = File::open(folder.path())?;
            // Somebody who cleans up may have been quicker, and may have removed it.
            let is_ours = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
            if is_ours && folder.path().exists() {
                return Ok(Self { folder, _lock: lock });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder in it.
    pub(super) fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(path)
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str, contents: &[u8]) -> io::Result<OsString> {
        let path = self.path().join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(contents)?;
        Ok(path.into_os_string())
    }
}

/// Ends what still runs of services that were killed, and removes their folders.
fn remove_left_behind(within: &Path) {
    let entries = fs::read_dir(within).into_iter().flatten().flatten();
    for entry in
        entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()))
    {
        // Nobody else's can be opened.
        let Ok(lock) = File::open(entry.path()) else { continue };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            group::kill_all_of(None, &entry.path());
            // Another may be removing it as well.
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
    fn what_a_killed_service_has_left_behind_is_ended_and_removed() {
        let within = tempfile::tempdir().unwrap();
        let (left, held, other) = (
            within.path().join("contacts-sync-a"),
            within.path().join("contacts-sync-b"),
            within.path().join("else"),
        );
        for folder in [&left, &held, &other] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("config.json"), "secret").unwrap();
        }
        let lock = File::open(&held).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        let sleeping = |folder: &Path| {
            Command::new("sleep").arg("1000").env("HOME", folder).process_group(0).spawn().unwrap()
        };
        let (mut orphan, mut theirs) = (sleeping(&left), sleeping(&held));
        remove_left_behind(within.path());
        assert!(!left.exists());
        assert!(held.join("config.json").exists() && other.join("config.json").exists());
        assert!(orphan.try_wait().unwrap().is_some());
        assert!(theirs.try_wait().unwrap().is_none());
        theirs.kill().unwrap();
        theirs.wait().unwrap();
    }

    #[test]
    fn a_folder_is_private_and_goes_with_its_owner() {
        let private = Private::create().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let path = private.path().to_owned();
        let file = private.file("config.json", b"secret").unwrap();
        assert_eq!((mode(&path), mode(Path::new(&file))), (0o700, 0o600));
        // Another that begins does not take it away.
        drop(Private::create().unwrap());
        assert!(path.exists());
        drop(private);
        assert!(!path.exists());
    }
}
