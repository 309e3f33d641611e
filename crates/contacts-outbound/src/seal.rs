//! Secrets at rest.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use contacts_core::webhook::Sealer;
use contacts_core::{Error, Result};

const NONCE: usize = 24;

/// Seals with XChaCha20-Poly1305 under one key: its nonce is long enough to be drawn by lot.
#[derive(Clone)]
pub struct Seal(XChaCha20Poly1305);

impl Seal {
    /// A seal of a key, which must come from the installation's secret.
    pub fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(key)))
    }
}

impl Sealer for Seal {
    fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| Error::store(error.to_string()))?;
        let payload = Payload { msg: plain, aad: place };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|error| Error::store(error.to_string()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let refused = || Error::store("a secret was sealed with another key, or elsewhere");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let payload = Payload { msg: sealed, aad: place };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_unopened| refused())
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
}
