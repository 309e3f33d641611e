//! Use cases of signing in at issuers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::{
    ATTEMPT_LIFE, Attempt, AuthorizationRequest, Claims, Identity, IdentityRepository,
    IdentitySignIn, IssuerError, OrganisationRule, Provider, Providers, Refusal, ReturnPath,
    SignInOutcome,
};
use crate::key::{Token, hex};
use crate::org::OrganisationRepository;
use crate::session::{NewSession, SessionId, SignedIn, User, UserId, agent};
use crate::trail::{TrailEvent, TrailRepository};
use crate::{Actor, Clock, Error, Ids, OrgId, Ports, Result};

/// The use cases of signing in at issuers.
#[derive(Clone)]
pub struct SignInService {
    providers: Providers,
    identities: Arc<dyn IdentityRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    trail: Arc<dyn TrailRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// A sign-in that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedSignIn {
    /// The address at which the person signs in.
    pub url: String,
    /// What the browser keeps until it comes back.
    pub attempt: Attempt,
}

impl SignInService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            providers: ports.providers.clone(),
            identities: ports.identities.clone(),
            organisations: ports.organisations.clone(),
            trail: ports.trail.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
        }
    }

    /// The configured issuers, in the order of their buttons.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Starts a sign-in at a provider, and waits for its issuer. Each item of `random` is 32 bytes
    /// from the system's random source. With `connects`, the identity is bound to this user.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Unavailable`] when the metadata of the issuer cannot be fetched.
    pub fn start(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        return_to: ReturnPath,
        connects: Option<(OrgId, UserId)>,
        random: [[u8; 32]; 3],
    ) -> Result<StartedSignIn, IssuerError> {
        let [state, nonce, verifier] = random.map(|bytes| hex(&bytes));
        let attempt = Attempt {
            provider: provider.id.clone(),
            state,
            nonce,
            verifier,
            return_to,
            connects,
            expires_at: self.clock.now() + ATTEMPT_LIFE,
        };
        let request = request(&attempt, redirect_uri);
        let url = provider.issuer.authorization_url(&request)?;
        Ok(StartedSignIn { url, attempt })
    }

    /// Whether an answer that came at a provider's address belongs to an attempt.
    pub fn matches(&self, attempt: &Attempt, provider: &Provider, state: &str) -> bool {
        attempt.matches(&provider.id, state, self.clock.now())
    }

    /// Redeems the code of an attempt, and waits for the issuer.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Unavailable`] when the issuer does not answer; [`IssuerError::Refused`] when it
    /// refuses the code, or its ID token is not valid.
    pub fn identify(
        &self,
        provider: &Provider,
        redirect_uri: &str,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Claims, IssuerError> {
        let request = request(attempt, redirect_uri);
        let claims = provider.issuer.redeem(code, &request, self.clock.now())?;
        if claims.identity.issuer() != provider.issuer.url() {
            return Err(IssuerError::Refused("the identity is of another issuer".to_owned()));
        }
        Ok(claims)
    }

    /// Opens a session for the person that a provider has identified. A refusal is recorded in the
    /// audit trail of the organisation, without the person (R61). `random` is the session's
    /// secret: 32 bytes from the system's random source.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when the organisation cannot be determined; [`Error::Store`] when the store
    /// fails.
    pub fn sign_in(
        &self,
        provider: &Provider,
        claims: Claims,
        agent_text: &str,
        random: [u8; 32],
    ) -> Result<Result<SignedIn, Refusal>> {
        let Some(org) = self.organisation(provider, &claims)? else {
            return Ok(Err(Refusal::AccessDenied));
        };
        let Some(access) = provider.rules.decide(&claims) else {
            return self.refuse(org, provider, Refusal::AccessDenied);
        };
        let token = Token::new(org, random);
        let session = NewSession {
            id: SessionId(self.ids.next()),
            hash: token.hash(),
            agent: agent(agent_text),
            at: self.clock.now(),
        };
        let attempt = IdentitySignIn {
            name: name(&claims),
            identity: claims.identity,
            provider: provider.name.clone(),
            email: claims.email,
            access,
            new_user: UserId(self.ids.next()),
        };
        match self.identities.sign_in(org, &attempt, &session)? {
            SignInOutcome::SignedIn(opened) => {
                let (session, user) = *opened;
                Ok(Ok(SignedIn { user, session, token }))
            }
            SignInOutcome::Refused(refusal) => self.refuse(org, provider, refusal),
        }
    }

    /// Binds the identity of a person to a user who is signed in. The access rules and the
    /// organisation of the issuer apply, as when the person signs in.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such active user; [`Error::Conflict`] when the
    /// organisation cannot be determined; [`Error::Store`] when the store fails.
    pub fn connect(
        &self,
        provider: &Provider,
        claims: &Claims,
        (org, user): (OrgId, UserId),
    ) -> Result<Result<(), Refusal>> {
        let is_same = self.organisation(provider, claims)? == Some(org);
        if !is_same || provider.rules.decide(claims).is_none() {
            return self.refuse(org, provider, Refusal::AccessDenied);
        }
        let now = self.clock.now();
        if self.identities.connect(org, user, &claims.identity, &provider.name, now)? {
            return Ok(Ok(()));
        }
        self.refuse(org, provider, Refusal::IdentityTaken)
    }

    /// Removes the identities of a user, who signs in by links from now on. Open sessions stay.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the user has none.
    pub fn disconnect(&self, org: OrgId, user: UserId, actor: Actor) -> Result<()> {
        if self.identities.disconnect(org, user, actor, self.clock.now())? {
            return Ok(());
        }
        Err(Error::NotFound("identity"))
    }

    fn refuse<T>(
        &self,
        org: OrgId,
        provider: &Provider,
        refusal: Refusal,
    ) -> Result<Result<T, Refusal>> {
        let event = TrailEvent::sign_in_refused(&provider.name, refusal);
        self.trail.record(org, &event, Actor::System, self.clock.now())?;
        Ok(Err(refusal))
    }

    /// Returns the names of the issuers at which each of these users signs in, without users who
    /// use none. An issuer that is no longer configured is named by its URL.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] when the identities cannot be read.
    pub fn names(&self, org: OrgId, users: &[User]) -> Result<BTreeMap<UserId, BTreeSet<String>>> {
        let users: Vec<_> = users.iter().map(|user| user.id).collect();
        let identities = self.identities.of_users(org, &users)?;
        let named = |identity: Identity| {
            let mut providers = self.providers.iter();
            let provider = providers.find(|provider| provider.issuer.url() == identity.issuer());
            provider.map_or(identity.issuer().to_owned(), |provider| provider.name.clone())
        };
        let named = |(user, all): (UserId, BTreeSet<Identity>)| {
            (user, all.into_iter().map(named).collect())
        };
        Ok(identities.into_iter().map(named).collect())
    }

    /// Returns the organisation of a sign-in; `None` when the claims name none that exists.
    fn organisation(&self, provider: &Provider, claims: &Claims) -> Result<Option<OrgId>> {
        match &provider.organisation {
            OrganisationRule::Fixed(org) => Ok(Some(*org)),
            OrganisationRule::Only => match &self.organisations.list()?[..] {
                [only] => Ok(Some(only.id)),
                _ => Err(Error::Conflict(
                    "the issuer must name its organisation, because there is not exactly one"
                        .to_owned(),
                )),
            },
            OrganisationRule::Claim(claim) => {
                let mut values = claims.values.get(claim).into_iter().flatten();
                let (Some(value), None) = (values.next(), values.next()) else { return Ok(None) };
                let Ok(id) = Uuid::try_parse(value) else { return Ok(None) };
                Ok(self.organisations.get(OrgId(id))?.map(|found| found.id))
            }
        }
    }
}

fn request<'a>(attempt: &'a Attempt, redirect_uri: &'a str) -> AuthorizationRequest<'a> {
    let Attempt { state, nonce, verifier, .. } = attempt;
    AuthorizationRequest { redirect_uri, state, nonce, verifier }
}

/// Returns the name of a new user: that of the claims, or else the address.
fn name(claims: &Claims) -> String {
    let valid = |name: &str| User::parse_name(name).ok();
    let of_claims = claims.name.as_deref().and_then(valid);
    let of_address = || claims.email.as_ref().and_then(|email| valid(email.as_str()));
    of_claims.or_else(of_address).unwrap_or_else(|| "New user".to_owned())
}
