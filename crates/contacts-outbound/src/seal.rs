//! Secrets at rest.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use contacts_core::webhook::Sealer;
use contacts_core::{Error, Result};

const NONCE: usize = 24;

/// Seals with XChaCha20-Poly1305 under one key: its nonce is long enough to be drawn by lot.
/// What was sealed with a key before can be opened, too, while that is given.
#[derive(Clone)]
pub struct Seal {
    key: XChaCha20Poly1305,
    old: Vec<XChaCha20Poly1305>,
}

impl Seal {
    /// A seal of a key, which must come from the installation's secret.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: XChaCha20Poly1305::new(&Key::from(key)), old: Vec::new() }
    }

    /// The same, that opens with an older key, too.
    pub fn after(mut self, old: [u8; 32]) -> Self {
        self.old.push(XChaCha20Poly1305::new(&Key::from(old)));
        self
    }
}

impl Sealer for Seal {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| Error::store(error.to_string()))?;
        let payload = Payload { msg: plain, aad: place };
        let sealed = self.key.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|error| Error::store(error.to_string()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let refused = || Error::store("a secret was sealed with another key, or elsewhere");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let open = |key: &XChaCha20Poly1305| {
            key.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place }).ok()
        };
        [&self.key].into_iter().chain(&self.old).find_map(open).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_only() {
        let seal = Seal::new([7; 32]);
        let sealed = seal.seal(b"here", b"secret").unwrap();
        assert_eq!(seal.open(b"here", &sealed).unwrap(), b"secret");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_ne!(seal.seal(b"here", b"secret").unwrap(), sealed);
        assert!(seal.open(b"there", &sealed).is_err());
        assert!(Seal::new([8; 32]).open(b"here", &sealed).is_err());
        assert!(seal.open(b"here", &sealed[..20]).is_err());
    }

    #[test]
    fn a_new_key_opens_what_the_old_one_sealed_and_not_the_other_way_round() {
        let old = Seal::new([7; 32]);
        let new = Seal::new([8; 32]).after([7; 32]);
        let sealed = old.seal(b"here", b"secret").unwrap();
        assert_eq!(new.open(b"here", &sealed).unwrap(), b"secret");
        assert!(new.open(b"there", &sealed).is_err());
        assert!(old.open(b"here", &new.seal(b"here", b"secret").unwrap()).is_err());
    }
}
