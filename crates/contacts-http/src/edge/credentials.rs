//! Cache of recently found credentials.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contacts_core::OrgId;
use contacts_core::key::{ApiKey, KeyHash, Token};
use contacts_core::session::{Session, User};
use uuid::Uuid;

/// The key or the session that a token authenticates.
#[derive(Clone)]
pub(crate) enum Credential {
    /// An API key of a program.
    Key(ApiKey),
    /// A session of a user.
    Session(Box<(Session, User)>),
}

impl Credential {
    fn slot(&self) -> (OrgId, KeyHash) {
        match self {
            Self::Key(key) => (key.org, key.hash),
            Self::Session(found) => (found.0.org, found.0.hash),
        }
    }

    /// Whether it is the key, the session, or a session of the user, with this id.
    fn belongs_to(&self, org: OrgId, id: Uuid) -> bool {
        match self {
            Self::Key(key) => (key.org, key.id.0) == (org, id),
            Self::Session(found) => {
                let (session, user) = &**found;
                session.org == org && [session.id.0, user.id.0].contains(&id)
            }
        }
    }
}

/// A cache of recently found credentials, so that not every request queries the store. A credential
/// that another server revokes stays valid here until its entry expires.
pub(crate) struct Credentials {
    life: Duration,
    found: Mutex<Found>,
}

/// Credentials by organisation and token hash, each with the time at which it was found.
type Found = HashMap<(OrgId, [u8; 32]), (Instant, Credential)>;

impl Credentials {
    const MAX: usize = 10_000;

    pub(crate) fn new(life: Duration) -> Self {
        Self { life, found: Mutex::default() }
    }

    pub(crate) fn get(&self, token: &Token) -> Option<Credential> {
        let found = self.lock();
        let (since, credential) = found.get(&(token.org(), token.hash().0))?;
        (since.elapsed() < self.life).then(|| credential.clone())
    }

    pub(crate) fn put(&self, credential: Credential) {
        let mut found = self.lock();
        if found.len() >= Self::MAX {
            found.clear();
        }
        let (org, hash) = credential.slot();
        found.insert((org, hash.0), (Instant::now(), credential));
    }

    /// Removes the key or the session with this id, or the sessions of the user with this id, from
    /// the cache.
    pub(crate) fn forget(&self, org: OrgId, id: Uuid) {
        self.lock().retain(|_, (_, credential)| !credential.belongs_to(org, id));
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
