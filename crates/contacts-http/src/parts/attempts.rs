//! Encryption of attempts to sign in, which browsers keep in a cookie until they come back from the
//! issuer.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use contacts_core::OrgId;
use contacts_core::identity::{Attempt, ReturnPath};
use contacts_core::session::UserId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::parts::problem::Problem;

const NONCE: usize = 12;

/// Binds what is sealed to its purpose.
const PURPOSE: &[u8] = b"attempt to sign in";

/// Encrypts and decrypts attempts to sign in.
#[derive(Clone)]
pub struct Attempts {
    secret: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Stored {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    return_to: String,
    expires_at: i64,
    /// The ids of the organisation and of the user who connects the issuer; none at a sign-in.
    #[serde(default)]
    connects: Option<(Uuid, Uuid)>,
}

impl Attempts {
    /// Creates a sealer. All servers of an installation must share the secret: a server with
    /// another secret refuses the attempts.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// Encrypts an attempt, as the value of a cookie.
    pub(crate) fn seal(&self, attempt: &Attempt) -> Result<String, Problem> {
        let stored = Stored {
            provider: attempt.provider.clone(),
            state: attempt.state.clone(),
            nonce: attempt.nonce.clone(),
            verifier: attempt.verifier.clone(),
            return_to: attempt.return_to.as_str().to_owned(),
            expires_at: attempt.expires_at.unix_timestamp(),
            connects: attempt.connects.map(|(org, user)| (org.0, user.0)),
        };
        let failed = |error: &dyn fmt::Display| {
            tracing::error!(%error, "failed to encrypt an attempt to sign in");
            Problem::internal()
        };
        let bytes = serde_json::to_vec(&stored).map_err(|error| failed(&error))?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| failed(&error))?;
        let payload = Payload { msg: &bytes, aad: PURPOSE };
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|error| failed(&error))?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Decrypts the value of a cookie; `None` when it was not sealed here.
    pub(crate) fn open(&self, cookie: &str) -> Option<Attempt> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: PURPOSE };
        let opened = self.cipher().decrypt(&Nonce::from(*nonce), payload).ok()?;
        let stored: Stored = serde_json::from_slice(&opened).ok()?;
        Some(Attempt {
            provider: stored.provider,
            state: stored.state,
            nonce: stored.nonce,
            verifier: stored.verifier,
            return_to: ReturnPath::parse(&stored.return_to),
            expires_at: OffsetDateTime::from_unix_timestamp(stored.expires_at).ok()?,
            connects: stored.connects.map(|(org, user)| (OrgId(org), UserId(user))),
        })
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.secret.into())
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_opens_with_its_secret_alone_and_shows_nothing() {
        let attempt = Attempt {
            provider: "example".to_owned(),
            state: "s".repeat(64),
            nonce: "n".repeat(64),
            verifier: "v".repeat(64),
            return_to: ReturnPath::parse(&format!("/{}", "a".repeat(999))),
            expires_at: OffsetDateTime::UNIX_EPOCH,
            connects: Some((OrgId(Uuid::max()), UserId(Uuid::nil()))),
        };
        let attempts = Attempts::new([7; 32]);
        let sealed = attempts.seal(&attempt).unwrap();
        assert_eq!(attempts.open(&sealed), Some(attempt.clone()));
        assert!(sealed.len() < 3_000, "browsers keep cookies of 4,096 bytes: {}", sealed.len());
        assert_ne!(attempts.seal(&attempt).unwrap(), sealed);
        assert_eq!(Attempts::new([8; 32]).open(&sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_ne!(attempts.open(&String::from_utf8(changed).unwrap()), Some(attempt.clone()));
        }
        for other in ["", "AAAA", "é", &sealed[..40]] {
            assert_eq!(attempts.open(other), None, "{other}");
        }
    }
}
