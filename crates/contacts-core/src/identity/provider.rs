//! The issuers that an operator has configured.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use time::OffsetDateTime;

use super::{AccessRules, Claims};
use crate::OrgId;

/// An issuer at which people sign in, as the operator configured it.
#[derive(Clone)]
pub struct Provider {
    /// The id in URLs: lower-case letters, digits and hyphens.
    pub id: String,
    /// The name on the button.
    pub name: String,
    /// The organisation that people sign in to.
    pub organisation: OrganisationRule,
    /// Which people may sign in at the issuer, and which role they get.
    pub rules: AccessRules,
    /// The issuer itself.
    pub issuer: Arc<dyn Issuer>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.id)
    }
}

/// How the organisation of a sign-in is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganisationRule {
    /// It is the only organisation of the installation.
    Only,
    /// It is this one.
    Fixed(OrgId),
    /// Its id is the only value of this claim.
    Claim(String),
}

/// The configured issuers, in the order of their buttons.
#[derive(Clone, Debug, Default)]
pub struct Providers(Arc<[Provider]>);

impl Providers {
    /// Returns the provider with an id.
    pub fn find(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.id == id)
    }
}

impl Deref for Providers {
    type Target = [Provider];

    fn deref(&self) -> &[Provider] {
        &self.0
    }
}

impl FromIterator<Provider> for Providers {
    fn from_iter<T: IntoIterator<Item = Provider>>(providers: T) -> Self {
        Self(providers.into_iter().collect())
    }
}

/// What is sent to the issuer, and what its answer must fit.
#[derive(Clone, Copy)]
pub struct AuthorizationRequest<'a> {
    /// The address to which the issuer sends the browser back.
    pub redirect_uri: &'a str,
    /// The secret that the issuer sends back.
    pub state: &'a str,
    /// The secret that the ID token must contain.
    pub nonce: &'a str,
    /// The secret whose hash is sent, and which redeems the code (PKCE, RFC 7636).
    pub verifier: &'a str,
}

/// The reason why an issuer does not identify a person, as a fragment for the operator's log. It
/// contains no secret and nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The issuer cannot be reached, or does not answer as it should.
    #[error("{0}")]
    Unavailable(String),
    /// The code or the ID token is not valid.
    #[error("{0}")]
    Refused(String),
}

/// An issuer of OpenID Connect, which identifies people by the authorization code flow with PKCE.
/// Calls wait for the issuer, within a time limit of some seconds.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Issuer: Send + Sync {
    /// The URL of the issuer, as in [`super::Identity::issuer`].
    fn url(&self) -> &str;

    /// Returns the URL at which a person signs in.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Unavailable`].
    fn authorization_url<'a>(
        &self,
        request: &AuthorizationRequest<'a>,
    ) -> Result<String, IssuerError>;

    /// Redeems a code, and returns what the issuer states about the person. The ID token has a
    /// signature by a current key of the issuer, is issued by it for this client and with the nonce
    /// of the request, and has not expired at `now`.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Unavailable`]; [`IssuerError::Refused`] when the code or the ID token is not
    /// valid.
    fn redeem<'a>(
        &self,
        code: &str,
        request: &AuthorizationRequest<'a>,
        now: OffsetDateTime,
    ) -> Result<Claims, IssuerError>;
}
