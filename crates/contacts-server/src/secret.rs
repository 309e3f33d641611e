//! Where the secret of the installation is: in a setting, or in a file of the data directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use contacts_embed::Secret;

use crate::report::{Done, Failure};

/// Its file in the data directory.
const FILE: &str = "secret";

/// The one that is configured, or that of the data directory, which is made when there is
/// none yet.
///
/// # Errors
///
/// A sentence when it cannot be used, read or made.
pub fn find(given: Option<&str>, data_dir: impl FnOnce() -> Done<PathBuf>) -> Done<Secret> {
    match given {
        Some(text) => Secret::parse(text).ok_or_else(|| {
            Failure::usage(
                "CONTACTS_SECRET is too short: give it 64 hexadecimal digits, or any 32 \
                     characters or more",
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
            make(folder, &file).map_err(unwritable)?;
            fs::read_to_string(&file).map_err(unwritable)?
        }
        read => read.map_err(unwritable)?,
    };
    Secret::parse(&text).ok_or_else(|| {
        Failure::new(format!(
            "{} holds no secret: restore it from a backup, or set CONTACTS_SECRET",
            file.display()
        ))
    })
}

/// Writes it whole before it has its name, so that of two who start at once one finds the other's.
fn make(folder: &Path, file: &Path) -> io::Result<()> {
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
    fn a_secret_that_is_given_needs_no_file() {
        let given = |text| find(Some(text), || panic!("the folder is not asked for"));
        let sentence = "correct horse battery staple and more";
        assert_eq!(given(sentence).unwrap(), given(sentence).unwrap());
        assert_eq!(given("too short").unwrap_err().status(), 2);
    }

    #[test]
    fn the_first_start_makes_a_file_that_only_its_owner_can_read() {
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
    fn a_file_that_was_cut_short_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "abc").unwrap();
        let failure = find(None, || Ok(folder.path().to_owned())).unwrap_err();
        assert!(failure.to_string().contains("holds no secret"), "{failure}");
    }
}
