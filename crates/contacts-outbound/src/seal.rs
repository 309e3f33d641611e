//! Seals secrets at rest: encrypts and authenticates them.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use contacts_core::seal::Sealer;
use contacts_core::{Error, Result};

const NONCE_BYTES: usize = 24;

/// Seals with XChaCha20-Poly1305 under one key. Its nonce is long enough to be random.
///
/// Data that was sealed with an older key can be opened while that key is given to
/// [`Seal::with_old_key`].
#[derive(Clone)]
pub struct Seal {
    key: XChaCha20Poly1305,
    old: Vec<XChaCha20Poly1305>,
}

impl Seal {
    /// Creates a seal with a key, which must be derived from the installation's secret.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key: XChaCha20Poly1305::new(&Key::from(key)), old: Vec::new() }
    }

    /// Adds an older key, with which sealed data can be opened too.
    pub fn with_old_key(mut self, old: [u8; 32]) -> Self {
        self.old.push(XChaCha20Poly1305::new(&Key::from(old)));
        self
    }
}

impl Sealer for Seal {
    fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| Error::store(error.to_string()))?;
        let payload = Payload { msg: plaintext, aad: context };
        let sealed = self.key.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|error| Error::store(error.to_string()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let open_error =
            || Error::store("a secret was sealed with another key, or for another place");
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(open_error)?;
        let open = |key: &XChaCha20Poly1305| {
            key.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
        };
        [&self.key].into_iter().chain(&self.old).find_map(open).ok_or_else(open_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_data_opens_with_its_key_in_its_place_only() {
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
    fn a_new_key_opens_what_the_old_one_sealed_but_not_the_reverse() {
        let old = Seal::new([7; 32]);
        let new = Seal::new([8; 32]).with_old_key([7; 32]);
        let sealed = old.seal(b"here", b"secret").unwrap();
        assert_eq!(new.open(b"here", &sealed).unwrap(), b"secret");
        assert!(new.open(b"there", &sealed).is_err());
        assert!(old.open(b"here", &new.seal(b"here", b"secret").unwrap()).is_err());
    }
}
