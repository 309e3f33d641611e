//! The secret of the installation, from which every other key comes.

use std::fmt;

use contacts_core::campaign::AddressKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The secret of the installation: one for every program over one database. Whoever loses it
/// loses what was hashed and encrypted with it.
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
    /// The secret settings of connected sources.
    Sources,
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
            Self::Sources => "sources",
            Self::Answers => "answers",
            Self::Fingerprint => "fingerprint",
        }
    }
}

impl Secret {
    /// Reads 64 hexadecimal digits, or any text of at least 32 characters, as `CONTACTS_SECRET`
    /// holds them; nothing when it is shorter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().count() < 32 {
            return None;
        }
        Some(hexadecimal(text).map_or_else(|| Self(Sha256::digest(text).into()), Self))
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
    fn digits_are_the_secret_and_a_sentence_will_do() {
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
        let purposes =
            [Purpose::Addresses, Purpose::Webhooks, Purpose::Answers, Purpose::Fingerprint];
        let keys: std::collections::BTreeSet<_> =
            purposes.iter().map(|purpose| secret.derive(*purpose)).collect();
        assert_eq!(keys.len(), purposes.len());
        assert_ne!(secret.derive(Purpose::Webhooks), Secret([2; 32]).derive(Purpose::Webhooks));
    }
}
