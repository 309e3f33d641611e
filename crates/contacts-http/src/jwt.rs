//! JWTs of other services of the suite (R2).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use contacts_core::key::Scope;
use contacts_core::{Actor, OrgId};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::auth::{Caller, refused};
use crate::problem::Problem;

/// Checks JWTs of one issuer for one audience by a set of public keys.
#[derive(Clone)]
pub struct JwtVerifier(Arc<Parts>);

struct Parts {
    issuer: String,
    audience: String,
    keys: Vec<(Option<String>, AlgorithmFamily, DecodingKey)>,
}

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeySet {
    /// It is not a JWK set (RFC 7517).
    #[error("the key set is no JWK set")]
    Form(#[source] serde_json::Error),
    /// A key of it cannot be used.
    #[error("a key of the key set cannot be used")]
    Key(#[source] jsonwebtoken::errors::Error),
    /// A key of it is secret: whoever can check its tokens could make them.
    #[error("the key set holds a key that is not a public one")]
    NotPublic,
    /// There is no key in it.
    #[error("the key set is empty")]
    Empty,
}

/// How far clocks may differ, in seconds.
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
}

impl JwtVerifier {
    /// Makes a verifier; the key set is the text of a JWK set.
    ///
    /// # Errors
    ///
    /// [`InvalidKeySet`].
    pub fn new(issuer: &str, audience: &str, jwks: &str) -> Result<Self, InvalidKeySet> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(InvalidKeySet::Form)?;
        let keys = set.keys.iter().map(decoding_key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(InvalidKeySet::Empty);
        }
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Ok(Self(Arc::new(Parts { issuer, audience, keys })))
    }

    /// Who a token speaks for.
    pub(crate) fn verify(&self, token: &str, now: OffsetDateTime) -> Result<Caller, Problem> {
        let claims = self.claims(token).ok_or_else(refused)?;
        let now = now.unix_timestamp();
        let is_over = claims.exp.saturating_add(LEEWAY) <= now;
        let is_early = claims.nbf.is_some_and(|nbf| nbf.saturating_sub(LEEWAY) > now);
        if is_over || is_early {
            return Err(refused());
        }
        // A capture credential stands alone (R3), so none comes in a user's token.
        let scopes: BTreeSet<_> =
            claims.scope.split_whitespace().filter_map(Scope::parse).collect();
        let scopes = scopes.into_iter().filter(|scope| *scope != Scope::Capture).collect();
        let actor = Actor::User(claims.sub);
        Ok(Caller { org: OrgId(claims.org), actor, name: None, scopes, session: None })
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let Parts { issuer, audience, keys } = &*self.0;
        let header = jsonwebtoken::decode_header(token).ok()?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The clock is ours, so that tests can stop it.
        validation.validate_exp = false;
        let suits = |kid: &Option<String>, family: AlgorithmFamily| {
            family.algorithms().contains(&header.alg)
                && (header.kid.is_none() || kid.is_none() || *kid == header.kid)
        };
        keys.iter().filter(|(kid, family, _)| suits(kid, *family)).find_map(|(_, _, key)| {
            jsonwebtoken::decode(token, key, &validation).ok().map(|data| data.claims)
        })
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtVerifier({} for {})", self.0.issuer, self.0.audience)
    }
}

fn decoding_key(
    jwk: &Jwk,
) -> Result<(Option<String>, AlgorithmFamily, DecodingKey), InvalidKeySet> {
    let key = DecodingKey::from_jwk(jwk).map_err(InvalidKeySet::Key)?;
    let family = key.family();
    if family.algorithms().contains(&Algorithm::HS256) {
        return Err(InvalidKeySet::NotPublic);
    }
    Ok((jwk.common.key_id.clone(), family, key))
}
