//! API keys: how programs prove who they are (R2, R3).

mod service;

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::service::{KeyService, NewKey};
use crate::org::id;
use crate::{Invalid, OrgId, Result, text};

id! {
    /// An API key's id. Not secret.
    KeyId
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read contacts and everything about them.
    Read,
    /// Change them.
    Write,
    /// Send captures, and nothing else (R3).
    Capture,
    /// Manage keys, fields and settings.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Capture, Self::Admin];

    /// The scope's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Capture => "capture",
            Self::Admin => "admin",
        }
    }

    /// The scope of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A key as it is shown, once: `ic_<organisation>_<secret>`. It carries its
/// organisation so that checking it asks for one organisation's rows only.
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

    /// Reads a token; nothing when the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (org, secret) = text.strip_prefix("ic_")?.split_once('_')?;
        let org = OrgId(Uuid::try_parse(org).ok()?);
        let is_secret = secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit());
        is_secret.then(|| Self { org, secret: secret.to_owned() })
    }

    /// The organisation that the token claims to speak for.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// The whole token. Shown once, kept nowhere.
    pub fn reveal(&self) -> String {
        format!("ic_{}_{}", self.org.0.simple(), self.secret)
    }

    /// What is kept of it. The secret has 256 random bits, so a plain hash cannot be guessed back.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.secret.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(ic_{}_…)", self.org.0.simple())
    }
}

/// A token's hash, by which its key is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash(pub [u8; 32]);

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Whom it speaks for.
    pub org: OrgId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// What is kept of its token.
    pub hash: KeyHash,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    pub revoked_at: Option<OffsetDateTime>,
}

impl ApiKey {
    /// Checks what a new key is to be.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `name`, `scopes` or `expires_at`. A capture key
    /// takes no other scope: visitors can read it (R3).
    pub fn check(
        name: &str,
        scopes: &BTreeSet<Scope>,
        expires_at: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<String> {
        let name = text::collapse(text::trim(name));
        let mut wrong = Vec::new();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            wrong.push(Invalid::new("name", "must have 1 to 100 characters"));
        }
        if scopes.is_empty() {
            wrong.push(Invalid::new("scopes", "must name one of read, write, capture, admin"));
        }
        if scopes.contains(&Scope::Capture) && scopes.len() > 1 {
            wrong.push(Invalid::new(
                "scopes",
                "cannot join capture with another: visitors can read such a key",
            ));
        }
        if expires_at.is_some_and(|at| at <= now) {
            wrong.push(Invalid::new("expires_at", "must be in the future"));
        }
        if wrong.is_empty() { Ok(name) } else { Err(wrong.into()) }
    }

    /// Whether the key may be used.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether the key may do what the scope covers. `admin` covers `read` and `write`.
    pub fn allows(&self, scope: Scope) -> bool {
        allows(&self.scopes, scope)
    }
}

/// Whether the scopes cover one. `write` covers `read`, `admin` covers both.
pub fn allows(scopes: &BTreeSet<Scope>, scope: Scope) -> bool {
    let covering: &[Scope] = match scope {
        Scope::Read => &[Scope::Read, Scope::Write, Scope::Admin],
        Scope::Write => &[Scope::Write, Scope::Admin],
        Scope::Capture => &[Scope::Capture],
        Scope::Admin => &[Scope::Admin],
    };
    covering.iter().any(|scope| scopes.contains(scope))
}

/// Keeps the keys.
///
/// Every implementation passes `contacts_testkit::key_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait KeyRepository: Send + Sync {
    /// Adds a key.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn insert(&self, key: &ApiKey) -> Result<()>;

    /// Finds the key of a hash, dead or alive.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn find(&self, org: OrgId, hash: KeyHash) -> Result<Option<ApiKey>>;

    /// All keys of an organisation, newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<ApiKey>>;

    /// Revokes a key and returns it; a revoked one stays revoked since when it was.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn revoke(&self, org: OrgId, key: KeyId, now: OffsetDateTime) -> Result<Option<ApiKey>>;
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_its_debug_hides_the_secret() {
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

    #[test]
    fn a_capture_scope_allows_captures_only() {
        let scopes = BTreeSet::from([Scope::Capture]);
        assert!(allows(&scopes, Scope::Capture));
        assert!(!allows(&scopes, Scope::Read) && !allows(&scopes, Scope::Admin));
    }
}
