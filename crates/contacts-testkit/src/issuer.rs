//! An issuer that sends no requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use contacts_core::OrgId;
use contacts_core::contact::EmailAddress;
use contacts_core::identity::{
    AccessRules, AuthorizationRequest, Claims, Identity, Issuer, IssuerError, OrganisationRule,
    Provider,
};
use contacts_core::key::Role;
use time::OffsetDateTime;

/// An issuer that identifies people as a test prepares it. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct FakeIssuer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_down: bool,
    /// What each code that was not redeemed yet is worth.
    codes: BTreeMap<String, Claims>,
}

impl FakeIssuer {
    /// The URL of the issuer.
    pub const URL: &str = "https://login.example.org";

    /// Returns the issuer as the provider `example` of an organisation. It makes an editor of
    /// everybody who has an address of `example.org`.
    pub fn provider(&self, org: OrgId) -> Provider {
        let rules = AccessRules {
            required: BTreeMap::new(),
            roles: None,
            domains: ["example.org".to_owned()].into(),
            default_role: Role::Editor,
        };
        Provider {
            id: "example".to_owned(),
            name: "Example Ltd".to_owned(),
            organisation: OrganisationRule::Fixed(org),
            rules,
            issuer: Arc::new(self.clone()),
        }
    }

    /// Prepares a code for a person with a verified address.
    pub fn code(&self, code: &str, subject: &str, name: &str, email: &str) {
        let claims = Claims {
            identity: Identity::new(Self::URL, subject).unwrap(),
            name: Some(name.to_owned()),
            email: Some(EmailAddress::parse(email).unwrap()),
            values: BTreeMap::new(),
        };
        self.with(|state| state.codes.insert(code.to_owned(), claims));
    }

    /// Makes the issuer unavailable, or available again.
    pub fn set_down(&self, is_down: bool) {
        self.with(|state| state.is_down = is_down);
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn check(state: &State) -> Result<(), IssuerError> {
        let down = || IssuerError::Unavailable("a test wants it".to_owned());
        if state.is_down { Err(down()) } else { Ok(()) }
    }
}

impl Issuer for FakeIssuer {
    fn url(&self) -> &str {
        Self::URL
    }

    fn authorization_url<'a>(
        &self,
        request: &AuthorizationRequest<'a>,
    ) -> Result<String, IssuerError> {
        self.with(|state| Self::check(state))?;
        let AuthorizationRequest { redirect_uri, state, nonce, .. } = request;
        let url = Self::URL;
        Ok(format!("{url}/authorize?redirect_uri={redirect_uri}&nonce={nonce}&state={state}"))
    }

    fn redeem<'a>(
        &self,
        code: &str,
        _: &AuthorizationRequest<'a>,
        _: OffsetDateTime,
    ) -> Result<Claims, IssuerError> {
        self.with(|state| {
            Self::check(state)?;
            let refused = || IssuerError::Refused("the code was used".to_owned());
            state.codes.remove(code).ok_or_else(refused)
        })
    }
}
