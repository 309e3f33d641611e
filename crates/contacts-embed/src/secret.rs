//! The secret of the installation, from which every other key is derived.

use std::fmt;

use contacts_core::campaign::AddressKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The secret of the installation, shared by every program on one database. Without it, hashed and
/// encrypted values of the database cannot be used.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// The purpose of a key. Keys of different purposes are independent: a leaked key decrypts nothing
/// that belongs to another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Hashes the addresses of unsubscribed contacts.
    Addresses,
    /// Encrypts the secrets of webhooks.
    Webhooks,
    /// Encrypts the secret settings of connected sources.
    Sources,
    /// Encrypts stored answers to requests with an idempotency key.
    Answers,
    /// Signs the cursors of lists.
    Cursors,
    /// Encrypts what browsers keep during a sign-in at an issuer.
    SignIns,
    /// Verifies that a database was made with this secret.
    Fingerprint,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Webhooks => "webhooks",
            Self::Sources => "sources",
            Self::Answers => "answers",
            Self::Cursors => "cursors",
            Self::SignIns => "sign-ins",
            Self::Fingerprint => "fingerprint",
        }
    }
}

impl Secret {
    /// Parses 64 hexadecimal digits or any other text of at least 32 characters, as
    /// `CONTACTS_SECRET` contains it. Returns `None` for a shorter text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().count() < 32 {
            return None;
        }
        Some(hexadecimal(text).map_or_else(|| Self(Sha256::digest(text).into()), Self))
    }

    /// Derives the key of a purpose.
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        // HMAC pads a short key with zeros. A buffer of the block size does the same, and its
        // length is always valid.
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut derived = Hmac::<Sha256>::new(&key.into());
        derived.update(b"informly contacts ");
        derived.update(purpose.label().as_bytes());
        derived.finalize().into_bytes().into()
    }

    /// Derives the key that hashes addresses.
    pub fn addresses(&self) -> AddressKey {
        AddressKey::new(self.derive(Purpose::Addresses))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
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
    use super::*;

    #[test]
    fn digits_and_long_texts_are_secrets() {
        let digits = "0F".repeat(32);
        assert_eq!(Secret::parse(&format!(" {digits}\n")), Some(Secret([15; 32])));
        assert_eq!(Secret::parse(&digits.to_lowercase()), Some(Secret([15; 32])));
        let sentence = "correct horse battery staple and more";
        assert_eq!(Secret::parse(sentence), Secret::parse(sentence));
        assert_eq!(Secret::parse("too short"), None);
    }

    #[test]
    fn keys_of_different_purposes_differ() {
        let secret = Secret([1; 32]);
        let purposes = [
            Purpose::Addresses,
            Purpose::Webhooks,
            Purpose::Answers,
            Purpose::Cursors,
            Purpose::Fingerprint,
        ];
        let keys: std::collections::BTreeSet<_> =
            purposes.iter().map(|purpose| secret.derive(*purpose)).collect();
        assert_eq!(keys.len(), purposes.len());
        assert_ne!(secret.derive(Purpose::Webhooks), Secret([2; 32]).derive(Purpose::Webhooks));
    }
}
