//! Finds the secret of the installation: in a setting, or in a file of the data directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use contacts_embed::Secret;

use crate::report::{Done, Failure};

/// The name of the secret's file in the data directory.
const FILE: &str = "secret";

/// Returns the configured secret, or else the one of the data directory, which is created when
/// there is none.
///
/// # Errors
///
/// A sentence when the secret cannot be used, read or created.
pub fn find(configured: Option<&str>, data_dir: impl FnOnce() -> Done<PathBuf>) -> Done<Secret> {
    match configured {
        Some(text) => Secret::parse(text).ok_or_else(|| {
            Failure::usage(
                "CONTACTS_SECRET is too short: set it to 64 hexadecimal digits, or to 32 or more other \
                 characters",
            )
        }),
        None => of_folder(&data_dir()?),
    }
}

fn of_folder(folder: &Path) -> Done<Secret> {
    let file = folder.join(FILE);
    let unwritable = |_: io::Error| {
        Failure::new(format!(
            "{} cannot be read or written: give this user the right to, or set \
                 CONTACTS_SECRET",
            file.display()
        ))
    };
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(folder, &file).map_err(unwritable)?;
            fs::read_to_string(&file).map_err(unwritable)?
        }
        read => read.map_err(unwritable)?,
    };
    Secret::parse(&text).ok_or_else(|| {
        Failure::new(format!(
            "{} does not contain a secret: restore it from a backup, or set CONTACTS_SECRET",
            file.display()
        ))
    })
}

/// Writes the secret to a temporary file and links it to its name, so that of two processes that
/// start at once one uses the secret of the other.
fn create(folder: &Path, file: &Path) -> io::Result<()> {
    let text = random_hex()? + "\n";
    let new = folder.join(format!("{FILE}.{}", &random_hex()?[..16]));
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let done = written.write_all(text.as_bytes()).and_then(|()| written.sync_all());
    let named = done.and_then(|()| fs::hard_link(&new, file));
    fs::remove_file(&new)?;
    match named {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named.and_then(|()| fs::File::open(folder)?.sync_all()),
    }
}

/// 32 random bytes.
fn random_hex() -> io::Result<String> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_none| io::Error::other("no random numbers"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_configured_secret_needs_no_file() {
        let configured = |text| find(Some(text), || panic!("the data directory is not needed"));
        let sentence = "correct horse battery staple and more";
        assert_eq!(configured(sentence).unwrap(), configured(sentence).unwrap());
        assert_eq!(configured("too short").unwrap_err().status(), 2);
    }

    #[test]
    fn the_first_start_creates_a_file_that_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let find = || super::find(None, || Ok(folder.path().to_owned()));
        let made = std::thread::scope(|scope| {
            let made: Vec<_> = (0..4).map(|_| scope.spawn(find)).collect();
            made.into_iter().map(|made| made.join().unwrap().unwrap()).collect::<Vec<_>>()
        });
        assert!(made.iter().all(|secret| *secret == made[0] && *secret == find().unwrap()));
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "abc").unwrap();
        let failure = find(None, || Ok(folder.path().to_owned())).unwrap_err();
        assert!(failure.to_string().contains("does not contain a secret"), "{failure}");
    }
}
