//! Keyed hash of an address, under which an unsubscribe outlives its contact (R14).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::OrgId;
use crate::contact::EmailAddress;

/// The key for hashing addresses. Without it, nobody can test which addresses the hashes belong to.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressKey([u8; 32]);

impl AddressKey {
    /// Makes a key of 32 bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Returns the hash of an address: the same for all its spellings, different in each
    /// organisation.
    pub fn hash(&self, org: OrgId, email: &EmailAddress) -> [u8; 32] {
        // HMAC pads a short key with zeros; padding it here makes every length valid.
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.0);
        let mut hash = Hmac::<Sha256>::new(&key.into());
        hash.update(org.0.as_bytes());
        hash.update(email.key().as_bytes());
        hash.finalize().into_bytes().into()
    }
}

/// Hides the key: debug output ends up in logs.
impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn all_spellings_have_one_hash_and_every_key_and_organisation_another() {
        let (key, org) = (AddressKey::new([1; 32]), OrgId(Uuid::from_u128(1)));
        let hash =
            |key: &AddressKey, org, text: &str| key.hash(org, &EmailAddress::parse(text).unwrap());
        let ann = hash(&key, org, "ann@bücher.example");
        assert_eq!(ann, hash(&key, org, " ANN@xn--bcher-kva.example"));
        assert_ne!(ann, hash(&key, org, "a.nn@bücher.example"));
        assert_ne!(ann, hash(&key, OrgId(Uuid::from_u128(2)), "ann@bücher.example"));
        assert_ne!(ann, hash(&AddressKey::new([2; 32]), org, "ann@bücher.example"));
    }

    /// Every later version must find the stored hashes.
    #[test]
    fn the_hash_stays_what_it_is() {
        let hash = AddressKey::new([0; 32])
            .hash(OrgId(Uuid::nil()), &EmailAddress::parse("ann@example.org").unwrap());
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ef52c542925d5f82e53af31fae8ab8f1dd50b960712c1fcac55d94fc432885ab");
    }

    #[test]
    fn debug_does_not_show_the_key() {
        assert_eq!(format!("{:?}", AddressKey::new([1; 32])), "AddressKey(…)");
    }
}
