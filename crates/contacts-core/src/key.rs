//! API keys, with which programs authenticate (R2, R3).

mod role;
mod scope;
mod service;

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::role::Role;
pub use self::scope::{Scope, allows};
pub use self::service::{KeyService, NewKey};
use crate::org::id;
use crate::{Actor, Invalid, OrgId, Result, text};

id! {
    /// An API key's id. Not secret.
    KeyId
}

/// The secret text of a key, a session or a sign-in link: `ic_<organisation>_<secret>`. It carries
/// the organisation, so that checking it reads the rows of one organisation only.
///
/// ```
/// use contacts_core::OrgId;
/// use contacts_core::key::Token;
/// use uuid::Uuid;
///
/// let token = Token::new(OrgId(Uuid::from_u128(7)), [9; 32]);
/// let read = Token::parse(&token.reveal()).unwrap();
/// assert_eq!(read.org(), token.org());
/// assert_eq!(read.hash(), token.hash());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    org: OrgId,
    secret: String,
}

impl Token {
    /// Makes a token of 32 random bytes.
    pub fn new(org: OrgId, random: [u8; 32]) -> Self {
        Self { org, secret: hex(&random) }
    }

    /// Parses a token; `None` when the text is invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let (org, secret) = text.strip_prefix("ic_")?.split_once('_')?;
        let org = OrgId(Uuid::try_parse(org).ok()?);
        let is_secret = secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit());
        is_secret.then(|| Self { org, secret: secret.to_owned() })
    }

    /// The organisation that the token claims to belong to.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// The whole token. It is returned once and stored nowhere.
    pub fn reveal(&self) -> String {
        format!("ic_{}_{}", self.org.0.simple(), self.secret)
    }

    /// Returns the hash that is stored. The secret has 256 random bits, so a plain hash cannot be
    /// reversed.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.secret.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(ic_{}_…)", self.org.0.simple())
    }
}

/// The hash of a token, by which its key is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash(pub [u8; 32]);

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Id of the key.
    pub id: KeyId,
    /// Organisation of the key.
    pub org: OrgId,
    /// The name that people see.
    pub name: String,
    /// The scopes.
    pub scopes: BTreeSet<Scope>,
    /// The hash of the token.
    pub hash: KeyHash,
    /// When the key was created.
    pub created_at: OffsetDateTime,
    /// When the key expires.
    pub expires_at: Option<OffsetDateTime>,
    /// When the key was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

impl ApiKey {
    /// Checks a new key, and returns its normalised name.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `name`, `scopes` or `expires_at`. A capture key
    /// takes no other scope, because visitors can read it (R3).
    pub fn check(
        name: &str,
        scopes: &BTreeSet<Scope>,
        expires_at: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<String> {
        let name = text::collapse(text::trim(name));
        let mut errors = Vec::new();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            errors.push(Invalid::new("name", "must have 1 to 100 characters"));
        }
        if scopes.is_empty() {
            errors.push(Invalid::new(
                "scopes",
                format!("must name at least one of {}", Scope::NAMES),
            ));
        }
        if scopes.contains(&Scope::Capture) && scopes.len() > 1 {
            errors.push(Invalid::new(
                "scopes",
                "cannot join capture with another: visitors can read such a key",
            ));
        }
        if expires_at.is_some_and(|at| at <= now) {
            errors.push(Invalid::new("expires_at", "must be in the future"));
        }
        if errors.is_empty() { Ok(name) } else { Err(errors.into()) }
    }

    /// Whether the key is neither revoked nor expired.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether one of the key's scopes covers this one; see [`allows`].
    pub fn allows(&self, scope: Scope) -> bool {
        allows(&self.scopes, scope)
    }
}

/// Stores API keys.
///
/// Every implementation passes `contacts_testkit::key_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait KeyRepository: Send + Sync {
    /// Adds a key, and records it in the audit trail (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn insert(&self, key: &ApiKey, actor: Actor) -> Result<()>;

    /// Finds the key with a hash, revoked and expired ones too.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<ApiKey>>;

    /// Returns up to `limit` keys of an organisation after a key, in descending order of their ids,
    /// which is the newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, after: Option<KeyId>, limit: usize) -> Result<Vec<ApiKey>>;

    /// Revokes a key, records it in the audit trail (R61), and returns it; `None` when there is
    /// none. A key that is revoked already keeps its time of revocation, and is not recorded again.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn revoke(
        &self,
        org: OrgId,
        key: KeyId,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<ApiKey>>;
}

/// Returns bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_parsed_again_and_its_debug_hides_the_secret() {
        let token = Token::new(OrgId(Uuid::from_u128(7)), [9; 32]);
        assert_eq!(Token::parse(&token.reveal()), Some(token.clone()));
        assert!(!format!("{token:?}").contains("0909"));
        assert_eq!(Token::parse("ic_nonsense"), None);
    }

    #[test]
    fn a_capture_key_takes_no_other_scope() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let both = BTreeSet::from([Scope::Capture, Scope::Read]);
        assert!(ApiKey::check("widget", &both, None, now).is_err());
        assert!(ApiKey::check("widget", &BTreeSet::from([Scope::Capture]), None, now).is_ok());
    }
}
