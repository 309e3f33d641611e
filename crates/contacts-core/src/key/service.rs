//! Use cases of API keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::OffsetDateTime;

use super::{ApiKey, KeyId, KeyRepository, Scope, Token};
use crate::{Actor, Clock, Error, Ids, OrgId, Ports, Result};

/// A key to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey<'a> {
    /// The name that people see.
    pub name: &'a str,
    /// The scopes.
    pub scopes: BTreeSet<Scope>,
    /// When the key expires.
    pub expires_at: Option<OffsetDateTime>,
    /// The secret: 32 bytes from the system's random source.
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
    pub(crate) fn over(ports: &Ports) -> Self {
        Self { keys: ports.keys.clone(), clock: ports.clock.clone(), ids: ports.ids.clone() }
    }

    /// Issues a key. Its token is returned only here and is not stored (R2).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`, `scopes` or `expires_at`.
    pub fn issue(&self, org: OrgId, new: &NewKey<'_>, actor: Actor) -> Result<(ApiKey, Token)> {
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
        self.keys.insert(&key, actor)?;
        Ok((key, token))
    }

    /// Finds the key that a token belongs to, revoked and expired ones too.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn find(&self, token: &Token) -> Result<Option<ApiKey>> {
        self.keys.find(token.org(), token.hash())
    }

    /// Returns up to `limit` keys after a key, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(&self, org: OrgId, after: Option<KeyId>, limit: usize) -> Result<Vec<ApiKey>> {
        self.keys.list(org, after, limit)
    }

    /// Revokes a key permanently.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn revoke(&self, org: OrgId, key: KeyId, actor: Actor) -> Result<ApiKey> {
        self.keys.revoke(org, key, actor, self.clock.now())?.ok_or(Error::NotFound("key"))
    }
}
