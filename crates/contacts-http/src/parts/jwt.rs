//! JWTs that other services issue (R2).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use contacts_core::key::{Role, Scope};
use contacts_core::{Actor, OrgId};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::parts::caller::{Caller, unauthenticated_problem};
use crate::parts::problem::Problem;

/// Verifies JWTs of one issuer for one audience with a set of public keys.
#[derive(Clone)]
pub struct JwtVerifier(Arc<Parts>);

struct Parts {
    issuer: String,
    audience: String,
    keys: Vec<VerificationKey>,
}

struct VerificationKey {
    id: Option<String>,
    /// The algorithm that the key declares, or all algorithms of its family.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Reason why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeySet {
    /// The text is not a JWK set (RFC 7517).
    #[error("the key set is not a JWK set")]
    Form(#[source] serde_json::Error),
    /// A key of the set cannot be used.
    #[error("a key of the key set cannot be used")]
    Key(#[source] jsonwebtoken::errors::Error),
    /// A key of the set is secret: a service that can verify its tokens could also make them.
    #[error("the key set contains a key that is not public")]
    NotPublic,
    /// The set contains no key.
    #[error("the key set is empty")]
    Empty,
}

/// Tolerated difference between clocks, in seconds.
const LEEWAY: i64 = 30;

#[derive(Deserialize)]
struct Claims {
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    sub: Uuid,
    org: Uuid,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    role: String,
}

impl JwtVerifier {
    /// Creates a verifier of tokens for this issuer and audience. `jwks` is the text of a JWK set.
    ///
    /// # Errors
    ///
    /// [`InvalidKeySet`] when the key set cannot be used.
    pub fn new(issuer: &str, audience: &str, jwks: &str) -> Result<Self, InvalidKeySet> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(InvalidKeySet::Form)?;
        let keys = set.keys.iter().map(VerificationKey::new).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(InvalidKeySet::Empty);
        }
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Ok(Self(Arc::new(Parts { issuer, audience, keys })))
    }

    /// Returns the caller that a token authenticates.
    pub(crate) fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Caller, Problem> {
        let claims = self.claims(token).ok_or_else(unauthenticated_problem)?;
        let now = now.unix_timestamp();
        let is_expired = claims.exp.saturating_add(LEEWAY) <= now;
        let is_early = claims.nbf.is_some_and(|nbf| nbf.saturating_sub(LEEWAY) > now);
        if is_expired || is_early {
            return Err(unauthenticated_problem());
        }
        // The scope `capture` cannot be combined with others (R3), so it is dropped from
        // a user's token.
        let scopes = claims.scope.split_whitespace().filter_map(Scope::parse);
        let mut scopes: BTreeSet<_> = scopes.filter(|scope| *scope != Scope::Capture).collect();
        // An unknown role grants nothing, like an unknown scope.
        let role = Role::parse(&claims.role);
        scopes.extend(role.map(Role::scopes).unwrap_or_default());
        let actor = Actor::User(claims.sub);
        Ok(Caller { org: OrgId(claims.org), actor, name: None, scopes, role, session: None })
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let Parts { issuer, audience, keys } = &*self.0;
        let header = jsonwebtoken::decode_header(token).ok()?;
        // RFC 7515, 4.1.11: a token with a critical extension that the verifier does not support is
        // invalid.
        if header.crit.is_some() {
            return None;
        }
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Check the expiry by the clock port instead of by the library, so that tests can set the
        // time.
        validation.validate_exp = false;
        keys.iter().filter(|key| key.may_verify(&header)).find_map(|key| {
            jsonwebtoken::decode(token, &key.key, &validation).ok().map(|data| data.claims)
        })
    }
}

impl VerificationKey {
    fn new(jwk: &Jwk) -> Result<Self, InvalidKeySet> {
        let key = DecodingKey::from_jwk(jwk).map_err(InvalidKeySet::Key)?;
        let family = key.family();
        if family.algorithms().contains(&Algorithm::HS256) {
            return Err(InvalidKeySet::NotPublic);
        }
        let algorithms = match jwk.common.key_algorithm {
            Some(declared) => vec![Algorithm::try_from(declared).map_err(InvalidKeySet::Key)?],
            None => family.algorithms().to_vec(),
        };
        Ok(Self { id: jwk.common.key_id.clone(), algorithms, key })
    }

    fn may_verify(&self, header: &Header) -> bool {
        self.algorithms.contains(&header.alg)
            && (header.kid.is_none() || self.id.is_none() || self.id == header.kid)
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtVerifier({} for {})", self.0.issuer, self.0.audience)
    }
}

/// Whether a token is accepted, at any time.
#[cfg(feature = "fuzzing")]
pub fn accepts(verifier: &JwtVerifier, token: &str) -> bool {
    verifier.claims(token).is_some()
}

/// Reads claims as if they were signed.
#[cfg(feature = "fuzzing")]
pub fn claims(json: &str) {
    let _ = serde_json::from_str::<Claims>(json);
}
