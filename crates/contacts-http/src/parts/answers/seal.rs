//! Encryption of stored responses. Decryption needs both the installation's secret and the
//! idempotency key.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use contacts_core::answer::{AnswerKey, Fingerprint};
use contacts_core::{Actor, OrgId};
use sha2::{Digest, Sha256};

use super::erased;
use super::stored::Stored;
use crate::parts::keyed::{framed, keyed};
use crate::parts::problem::Problem;

const NONCE: usize = 12;

/// Keys that are derived from an idempotency key.
#[derive(Clone)]
pub(super) struct Keys {
    /// The key under which the response is stored. It differs between credentials that use the same
    /// idempotency key.
    pub(super) look_up: AnswerKey,
    fingerprints: [u8; 32],
    answers: [u8; 32],
}

impl Keys {
    pub(super) fn derive(secret: &[u8; 32], org: OrgId, actor: Actor, key: &[u8]) -> Self {
        let (kind, id) = actor.parts();
        let id = id.unwrap_or_default();
        let whose = [org.0.as_bytes(), kind.as_bytes(), id.as_bytes(), key];
        let mut look_up = Sha256::new();
        framed(&whose, |bytes| look_up.update(bytes));
        let under = |label: &[u8]| {
            let [org, kind, id, key] = whose;
            keyed(secret, &[label, org, kind, id, key])
        };
        Self {
            look_up: AnswerKey(look_up.finalize().into()),
            fingerprints: under(b"fingerprint of a request"),
            answers: under(b"answer to a request"),
        }
    }

    /// Returns the fingerprint of a request's parts. It is keyed, so that the content of a request
    /// cannot be guessed from it.
    pub(super) fn fingerprint(&self, parts: &[&[u8]]) -> Fingerprint {
        Fingerprint(keyed(&self.fingerprints, parts))
    }

    pub(super) fn seal(&self, answer: &Stored) -> Result<Vec<u8>, Problem> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| {
            tracing::error!(%error, "failed to read random bytes from the system");
            Problem::internal()
        })?;
        let bytes = answer.to_bytes();
        let payload = Payload { msg: &bytes, aad: &self.look_up.0 };
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), payload).map_err(|error| {
            tracing::error!(%error, "failed to encrypt a response");
            Problem::internal()
        })?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts a response. A response that was encrypted with another secret counts as erased.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<Stored, Problem> {
        let opened = sealed.split_first_chunk::<NONCE>().and_then(|(nonce, sealed)| {
            let payload = Payload { msg: sealed, aad: &self.look_up.0 };
            self.cipher().decrypt(&Nonce::from(*nonce), payload).ok()
        });
        opened.as_deref().and_then(Stored::from_bytes).ok_or_else(|| {
            tracing::warn!("failed to decrypt a stored response: the secret may have changed");
            erased(None)
        })
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.answers.into())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;
    use actix_web::web::Bytes;
    use contacts_core::key::KeyId;
    use uuid::Uuid;

    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn actor(id: u128) -> Actor {
        Actor::Key(KeyId(Uuid::from_u128(id)))
    }

    fn keys(secret: &[u8; 32], org: u128, id: u128, key: &[u8]) -> Keys {
        Keys::derive(secret, OrgId(Uuid::from_u128(org)), actor(id), key)
    }

    #[test]
    fn an_answer_opens_with_the_same_secret_and_key_alone() {
        let own_keys = keys(&SECRET, 1, 1, b"a");
        let answer =
            Stored::new(&HttpResponse::Ok().finish().drop_body(), Bytes::from_static(b"token"));
        let sealed = own_keys.seal(&answer).unwrap();
        assert!(!sealed.windows(5).any(|bytes| bytes == b"token"));
        assert_eq!(own_keys.open(&sealed).unwrap(), answer);
        let other_keys = [
            keys(&[8; 32], 1, 1, b"a"),
            keys(&SECRET, 2, 1, b"a"),
            keys(&SECRET, 1, 2, b"a"),
            keys(&SECRET, 1, 1, b"b"),
        ];
        for other in other_keys {
            assert!(other.open(&sealed).is_err());
        }
        let mut torn = sealed.clone();
        torn[20] ^= 1;
        assert!(own_keys.open(&torn).is_err() && own_keys.open(&sealed[..8]).is_err());
        assert_ne!(own_keys.seal(&answer).unwrap(), sealed);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let keys = keys(&SECRET, 1, 1, b"a");
        assert_ne!(keys.fingerprint(&[b"ab", b"c"]), keys.fingerprint(&[b"a", b"bc"]));
        assert_eq!(keys.fingerprint(&[b"ab", b"c"]), keys.fingerprint(&[b"ab", b"c"]));
    }

    #[test]
    fn a_user_and_a_key_of_one_id_have_their_own_answers() {
        let (org, id) = (OrgId(Uuid::from_u128(1)), Uuid::from_u128(2));
        let user = Keys::derive(&SECRET, org, Actor::User(id), b"a");
        assert_ne!(user.look_up, Keys::derive(&SECRET, org, Actor::Key(KeyId(id)), b"a").look_up);
    }
}
