//! Issuing and checking keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;

use super::{ApiKey, KeyId, KeyRepository, Scope, Token};
use crate::{Clock, Error, Ids, OrgId, Result};

/// A key to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey<'a> {
    /// What people call it.
    pub name: &'a str,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// 32 bytes that nobody can guess, from the system's random source.
    pub random: [u8; 32],
}

/// The use cases of keys.
#[derive(Clone)]
pub struct KeyService {
    keys: Arc<dyn KeyRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl KeyService {
    /// Makes the service.
    pub fn new(keys: Arc<dyn KeyRepository>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { keys, clock, ids }
    }

    /// Issues a key. Its token is returned this once and kept nowhere (R2).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`, `scopes` or `expires_at`.
    pub fn issue(&self, org: OrgId, new: &NewKey<'_>) -> Result<(ApiKey, Token)> {
        let now = self.clock.now();
        let name = ApiKey::check(new.name, &new.scopes, new.expires_at, now)?;
        let token = Token::new(org, new.random);
        let key = ApiKey {
            id: KeyId(self.ids.next()),
            org,
            name,
            scopes: new.scopes.clone(),
            hash: token.hash(),
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
        };
        self.keys.insert(&key)?;
        Ok((key, token))
    }

    /// The key of a token, dead or alive.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn find(&self, token: &Token) -> Result<Option<ApiKey>> {
        self.keys.find(token.org(), token.hash())
    }

    /// All keys, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId) -> Result<Vec<ApiKey>> {
        self.keys.list(org)
    }

    /// Revokes a key for ever.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn revoke(&self, org: OrgId, key: KeyId) -> Result<ApiKey> {
        self.keys.revoke(org, key, self.clock.now())?.ok_or(Error::NotFound("key"))
    }
}
