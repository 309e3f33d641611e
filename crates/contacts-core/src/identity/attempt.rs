//! An attempt to sign in: what is kept between the redirect to the issuer and the way back.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

use crate::OrgId;
use crate::session::UserId;

/// How long a person may take at the issuer.
pub const ATTEMPT_LIFE: Duration = Duration::minutes(10);

/// An attempt to sign in at an issuer. The browser that started it keeps it, sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Id of the provider.
    pub provider: String,
    /// The secret that the issuer sends back.
    pub state: String,
    /// The secret that the ID token must contain.
    pub nonce: String,
    /// The secret whose hash the issuer has (PKCE, RFC 7636).
    pub verifier: String,
    /// The page that is shown after the sign-in.
    pub return_to: ReturnPath,
    /// The user who connects the issuer. `None` when somebody signs in.
    pub connects: Option<(OrgId, UserId)>,
    /// When the attempt expires.
    pub expires_at: OffsetDateTime,
}

impl Attempt {
    /// Whether an answer that came at a provider's address belongs to this attempt. The time that
    /// it takes does not depend on the state.
    pub fn matches(&self, provider: &str, state: &str, now: OffsetDateTime) -> bool {
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let is_same = digest(&self.state).ct_eq(&digest(state));
        bool::from(is_same) && self.provider == provider && now < self.expires_at
    }
}

/// Omits the secrets.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt(… at {})", self.provider)
    }
}

/// A path of the page, with its query. It cannot lead to another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

impl ReturnPath {
    const MAX_BYTES: usize = 1_000;

    /// Reads a path. Anything else becomes `/`, because a person who has signed in must arrive
    /// somewhere: a URL of another site, also one that browsers would read as such (`//`, `/\`, or
    /// with control characters in between), and a longer text.
    pub fn parse(text: &str) -> Self {
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_valid = is_path && is_plain && text.len() <= Self::MAX_BYTES;
        Self(if is_valid { text } else { "/" }.to_owned())
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_belongs_to_the_attempt_of_its_provider_and_state_for_ten_minutes() {
        let at = OffsetDateTime::UNIX_EPOCH;
        let attempt = Attempt {
            provider: "example".to_owned(),
            state: "s1".to_owned(),
            nonce: "n1".to_owned(),
            verifier: "v1".to_owned(),
            return_to: ReturnPath::parse("/"),
            connects: None,
            expires_at: at + ATTEMPT_LIFE,
        };
        assert!(attempt.matches("example", "s1", at));
        assert!(!attempt.matches("other", "s1", at));
        assert!(!attempt.matches("example", "s2", at));
        assert!(!attempt.matches("example", "", at));
        assert!(!attempt.matches("example", "s1", at + ATTEMPT_LIFE));
        assert!(!format!("{attempt:?}").contains("s1"));
    }

    #[test]
    fn a_return_path_stays_on_the_site() {
        for path in ["/", "/contacts/1", "/?q=a%20b&sort=name", "/settings/users"] {
            assert_eq!(ReturnPath::parse(path).as_str(), path);
        }
        let elsewhere = [
            "",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\/evil.example",
            "https://evil.example",
            "evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: a=b",
            "/é",
            " /",
        ];
        for path in elsewhere {
            assert_eq!(ReturnPath::parse(path).as_str(), "/", "{path:?}");
        }
        assert_eq!(ReturnPath::parse(&format!("/{}", "a".repeat(1_000))).as_str(), "/");
    }
}
