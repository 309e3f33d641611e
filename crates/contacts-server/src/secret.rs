//! The secret of the installation, from which every other key comes.

use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use contacts_core::campaign::AddressKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::report::{Done, Failure};

/// The secret of the installation. Whoever loses it loses what was hashed and encrypted with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// What a key is for. Keys of different purposes have nothing in common, so that one that is
/// found out opens nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Hashing the addresses of those who unsubscribed.
    Addresses,
    /// The secrets of webhooks.
    Webhooks,
    /// Answers that are kept for requests that are sent again.
    Answers,
    /// Telling whether a database was made with this secret.
    Fingerprint,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Webhooks => "webhooks",
            Self::Answers => "answers",
            Self::Fingerprint => "fingerprint",
        }
    }
}

/// Its file in the data directory.
const FILE: &str = "secret";

impl Secret {
    /// The one that is configured, or that of the data directory, which is made when there is
    /// none yet.
    ///
    /// # Errors
    ///
    /// A sentence when it cannot be used, read or made.
    pub fn find(
        given: Option<&str>,
        data_dir: impl FnOnce() -> Done<std::path::PathBuf>,
    ) -> Done<Self> {
        match given {
            Some(text) => Self::parse(text).ok_or_else(|| {
                Failure::usage(
                    "CONTACTS_SECRET is too short: give it 64 hexadecimal digits, or any 32 \
                     characters or more",
                )
            }),
            None => Self::of_folder(&data_dir()?),
        }
    }

    /// Reads 64 hexadecimal digits, or any text of at least 32 characters.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().count() < 32 {
            return None;
        }
        Some(hexadecimal(text).map_or_else(|| Self(Sha256::digest(text).into()), Self))
    }

    fn of_folder(folder: &Path) -> Done<Self> {
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
        Self::parse(&text).ok_or_else(|| {
            Failure::new(format!(
                "{} holds no secret: restore it from a backup, or set CONTACTS_SECRET",
                file.display()
            ))
        })
    }

    /// The key of a purpose.
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        // HMAC fills a short key up with zeros itself; filled up, no length can be wrong.
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut derived = Hmac::<Sha256>::new(&key.into());
        derived.update(b"informly contacts ");
        derived.update(purpose.label().as_bytes());
        derived.finalize().into_bytes().into()
    }

    /// The key of addresses.
    pub fn addresses(&self) -> AddressKey {
        AddressKey::new(self.derive(Purpose::Addresses))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Writes it whole before it has its name, so that of two who start at once one finds the other's.
fn make(folder: &Path, file: &Path) -> io::Result<()> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_none| io::Error::other("no random numbers"))?;
    let mut text = String::with_capacity(65);
    for byte in random {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    let new = folder.join(format!("{FILE}.{}", std::process::id()));
    let _ = fs::remove_file(&new);
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let done = written.write_all(text.as_bytes()).and_then(|()| written.sync_all());
    let named = done.and_then(|()| fs::hard_link(&new, file));
    fs::remove_file(&new)?;
    match named {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named.and_then(|()| fs::File::open(folder)?.sync_all()),
    }
}

fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn given(text: &str) -> Done<Secret> {
        Secret::find(Some(text), || panic!("the folder is not asked for"))
    }

    #[test]
    fn digits_are_the_secret_and_a_sentence_will_do() {
        let digits = "0F".repeat(32);
        assert_eq!(given(&format!(" {digits}\n")).unwrap(), Secret([15; 32]));
        assert_eq!(given(&digits.to_lowercase()).unwrap(), Secret([15; 32]));
        let sentence = "correct horse battery staple and more";
        assert_eq!(given(sentence).unwrap(), given(sentence).unwrap());
        assert_eq!(given("too short").unwrap_err().status(), 2);
    }

    #[test]
    fn keys_of_different_purposes_differ() {
        let secret = Secret([1; 32]);
        let purposes =
            [Purpose::Addresses, Purpose::Webhooks, Purpose::Answers, Purpose::Fingerprint];
        let keys: std::collections::BTreeSet<_> =
            purposes.iter().map(|purpose| secret.derive(*purpose)).collect();
        assert_eq!(keys.len(), purposes.len());
        assert_ne!(secret.derive(Purpose::Webhooks), Secret([2; 32]).derive(Purpose::Webhooks));
    }

    #[test]
    fn the_first_start_makes_a_file_that_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let find = || Secret::find(None, || Ok(folder.path().to_owned()));
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
        let failure = Secret::find(None, || Ok(folder.path().to_owned())).unwrap_err();
        assert!(failure.to_string().contains("holds no secret"), "{failure}");
    }
}
