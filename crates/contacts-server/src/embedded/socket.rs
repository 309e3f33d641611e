//! The Unix socket of the server, and the connection string for it.

use std::fmt::Write;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::{EmbeddedError, Result};

/// Part of the name of the socket's file. No TCP port is opened.
pub(super) const PORT: u16 = 5432;

/// The longest path of the folder, in bytes: the system allows 107 for the path of a socket, and the
/// socket's lock file has the longest name.
const MAX_PATH_BYTES: usize = 107 - "/.s.PGSQL.5432.lock".len();

/// The folder for the socket: in the data directory, or in `/tmp` when its path is too long.
pub(super) fn folder(data_dir: &Path, name: &str, account: &Account) -> Result<PathBuf> {
    let preferred = data_dir.join("socket");
    let dir = if fits(&preferred) {
        preferred
    } else {
        Path::new("/tmp").join(format!("{name}-{}", account.uid()))
    };
    make_private(&dir, account)?;
    Ok(dir)
}

/// The connection string of the database `contacts`.
pub(super) fn url(folder: &Path) -> String {
    let mut host = String::new();
    for byte in folder.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            host.push(char::from(*byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(host, "%{byte:02X}");
        }
    }
    format!("postgresql:///contacts?host={host}&port={PORT}&user=contacts")
}

/// Whether the path is short enough for the system and needs no escapes in the settings file.
fn fits(folder: &Path) -> bool {
    folder.as_os_str().len() <= MAX_PATH_BYTES
        && folder.to_str().is_some_and(|path| {
            path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.+@~ ".contains(c))
        })
}

/// Creates a folder that only the server's user can enter, or checks that it is one.
fn make_private(dir: &Path, account: &Account) -> Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => account.own(dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(dir).map_err(|e| EmbeddedError::file(dir, e))?;
            let private = found.permissions().mode() & 0o077 == 0;
            if found.is_dir() && found.uid() == account.uid() && private {
                Ok(())
            } else {
                Err(EmbeddedError::SocketFolder { dir: dir.to_path_buf() })
            }
        }
        Err(error) => Err(EmbeddedError::file(dir, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_contains_the_whole_folder() {
        assert_eq!(
            url(Path::new("/home/ann lee/é/socket")),
            "postgresql:///contacts?host=%2Fhome%2Fann%20lee%2F%C3%A9%2Fsocket&port=5432&user=contacts"
        );
    }

    #[test]
    fn a_long_or_unusual_path_gets_a_short_folder() {
        assert!(fits(Path::new("/var/lib/informly-contacts/socket")));
        assert!(!fits(Path::new(&format!("/{}/socket", "x".repeat(90)))));
        assert!(!fits(Path::new("/a,b/socket")), "a comma separates folders");
        assert!(!fits(Path::new("/o'hara/socket")), "a quote ends the setting");
    }
}
