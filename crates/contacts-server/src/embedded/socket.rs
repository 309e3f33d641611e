//! Where the server's socket is, and how to connect to it.

use std::fmt::Write;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::{EmbeddedError, Result};

/// Only the name of a file here: nothing listens on TCP.
pub(super) const PORT: u16 = 5432;

/// The system takes 107 bytes, and the socket's lock has the longest name in the folder.
const LONGEST: usize = 107 - "/.s.PGSQL.5432.lock".len();

/// The folder for the socket: in the data directory, or a short one when that is too long.
pub(super) fn folder(data_dir: &Path, name: &str, account: &Account) -> Result<PathBuf> {
    let wanted = data_dir.join("socket");
    let dir = if fits(&wanted) {
        wanted
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

/// Whether the system and the settings file both take the path as it is.
fn fits(folder: &Path) -> bool {
    folder.as_os_str().len() <= LONGEST
        && folder.to_str().is_some_and(|path| {
            path.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.+@~ ".contains(c))
        })
}

/// Makes a folder that the server's user alone can enter, or makes sure of it.
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
    fn the_url_carries_the_folder_whole() {
        assert_eq!(
            url(Path::new("/home/ann lee/é/socket")),
            "postgresql:///contacts?host=%2Fhome%2Fann%20lee%2F%C3%A9%2Fsocket&port=5432&user=contacts"
        );
    }

    #[test]
    fn a_long_or_strange_path_gets_a_short_folder() {
        assert!(fits(Path::new("/var/lib/informly-contacts/socket")));
        assert!(!fits(Path::new(&format!("/{}/socket", "x".repeat(90)))));
        assert!(!fits(Path::new("/a,b/socket")), "a comma separates folders");
        assert!(!fits(Path::new("/o'hara/socket")), "a quote ends the setting");
    }
}
