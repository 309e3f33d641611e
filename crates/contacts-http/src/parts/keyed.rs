//! Keyed hashes of several parts.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Returns a keyed hash of parts. The parts are framed, so that no two lists of parts have the same
/// input.
pub(crate) fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Returns the authentication code of parts before its end, to compare it in constant time.
pub(crate) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC itself pads a key with zeros to the length of a block.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    framed(parts, |bytes| mac.update(bytes));
    mac
}

/// Passes on parts, each after its length.
pub(crate) fn framed(parts: &[&[u8]], mut update: impl FnMut(&[u8])) {
    for part in parts {
        update(&(part.len() as u64).to_be_bytes());
        update(part);
    }
}
