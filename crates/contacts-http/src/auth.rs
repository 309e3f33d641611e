//! Who asks (R1, R2): the organisation and the scopes come from the credential alone.

use std::collections::BTreeSet;
use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};
use contacts_core::key::{ApiKey, Scope, Token, allows};
use contacts_core::session::{Session, SessionId, User, UserId};
use contacts_core::{Actor, OrgId};
use uuid::Uuid;

use crate::blocking::blocking;
use crate::client::client;
use crate::cookie;
use crate::credentials::Credential;
use crate::problem::{Code, Problem};
use crate::shared::Shared;
use crate::site;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) org: OrgId,
    pub(crate) actor: Actor,
    /// What the key or the user is called; a user of another service has no name here.
    pub(crate) name: Option<String>,
    pub(crate) scopes: BTreeSet<Scope>,
    /// The session, of a user who is signed in on the page.
    pub(crate) session: Option<SessionId>,
}

impl Caller {
    /// The key's or the user's id.
    pub(crate) fn credential(&self) -> Uuid {
        self.actor.parts().1.unwrap_or_default()
    }
}

impl From<ApiKey> for Caller {
    fn from(key: ApiKey) -> Self {
        let ApiKey { org, id, name, scopes, .. } = key;
        Self { org, actor: Actor::Key(id), name: Some(name), scopes, session: None }
    }
}

/// Whoever is signed in may do everything but what widgets do.
impl From<(Session, User)> for Caller {
    fn from((session, user): (Session, User)) -> Self {
        Self {
            org: session.org,
            actor: user.actor(),
            name: Some(user.name),
            scopes: [Scope::Read, Scope::Write, Scope::Admin].into(),
            session: Some(session.id),
        }
    }
}

/// Lets a request through when its credential is good and does not ask too often.
pub(crate) async fn authenticate(
    shared: Data<Shared>,
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    let caller = match identify(&shared, &req).await {
        Ok(caller) => caller,
        Err(problem) => return Ok(req.into_response(problem.error_response())),
    };
    let allowed = check_rate(&shared, &caller, &req);
    req.extensions_mut().insert(caller);
    match allowed {
        Ok(()) => next.call(req).await,
        Err(problem) => Ok(req.into_response(problem.error_response())),
    }
}

/// Visitors share their widget's key, so each is held to a rate of their own before they use up
/// the key's.
fn check_rate(shared: &Shared, caller: &Caller, req: &ServiceRequest) -> Result<(), Problem> {
    if caller.scopes.contains(&Scope::Capture) {
        let client = client(req.peer_addr(), req.headers(), shared.api.config.proxies);
        shared.capture_rate.check(client)?;
    }
    shared.rate.check(caller.credential())
}

async fn identify(shared: &Data<Shared>, req: &ServiceRequest) -> Result<Caller, Problem> {
    let (headers, public) = (req.headers(), &shared.api.config.public_url);
    if headers.contains_key(header::AUTHORIZATION) {
        return by_bearer(shared, headers).await;
    }
    let token = cookie::read(headers, public).ok_or_else(missing)?;
    site::check(req.method(), headers, public)?;
    by_session(shared, token).await
}

async fn by_bearer(shared: &Data<Shared>, headers: &HeaderMap) -> Result<Caller, Problem> {
    let credential = bearer(headers).ok_or_else(missing)?;
    if let Some(token) = Token::parse(credential) {
        return by_key(shared, token).await;
    }
    match &shared.api.config.jwt {
        Some(jwt) => jwt.verify(credential, shared.api.clock.now()),
        None => Err(refused()),
    }
}

async fn by_key(shared: &Data<Shared>, token: Token) -> Result<Caller, Problem> {
    let key = match shared.credentials.get(&token) {
        Some(Credential::Key(key)) => key,
        _ => {
            let found = blocking(shared, move |api| Ok(api.keys.find(&token)?)).await?;
            let key = found.ok_or_else(refused)?;
            shared.credentials.put(Credential::Key(key.clone()));
            key
        }
    };
    if key.is_live(shared.api.clock.now()) { Ok(key.into()) } else { Err(refused()) }
}

async fn by_session(shared: &Data<Shared>, token: Token) -> Result<Caller, Problem> {
    let found = match shared.credentials.get(&token) {
        Some(Credential::Session(found)) => found,
        _ => {
            let found = blocking(shared, move |api| Ok(api.sessions.find(&token)?)).await?;
            let found = Box::new(found.ok_or_else(refused)?);
            shared.credentials.put(Credential::Session(found.clone()));
            found
        }
    };
    if found.0.is_live(shared.api.clock.now()) { Ok((*found).into()) } else { Err(refused()) }
}

fn missing() -> Problem {
    Problem::unauthenticated(
        "sign in, or send an API key in a header: Authorization: Bearer ic_...",
    )
}

/// The same for every credential that is not good: why it is not is nobody else's business.
pub(crate) fn refused() -> Problem {
    Problem::unauthenticated("the credential is unknown, revoked or expired")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credential) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}

/// Declares a caller that was let through for one scope. As a handler's first argument it is
/// checked before the body is read.
macro_rules! scoped {
    ($(#[$doc:meta])* $name:ident $scope:ident) => {
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) Caller);

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(caller(req, Scope::$scope).map(Self))
            }
        }
    };
}

scoped! {
    /// A caller that may read.
    CanRead Read
}
scoped! {
    /// A caller that may write.
    CanWrite Write
}
scoped! {
    /// A caller that may send captures.
    CanCapture Capture
}
scoped! {
    /// A caller that may manage keys, fields and settings.
    CanAdmin Admin
}

/// Declares a user who is signed in on the page.
pub(crate) struct SignedIn {
    pub(crate) org: OrgId,
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let signed_in =
            caller(req, Scope::Read).and_then(|caller| match (caller.actor, caller.session) {
                (Actor::User(user), Some(session)) => {
                    Ok(Self { org: caller.org, user: UserId(user), session })
                }
                _ => Err(Problem::new(Code::Forbidden, "only who signed in on the page has this")),
            });
        ready(signed_in)
    }
}

fn caller(req: &HttpRequest, scope: Scope) -> Result<Caller, Problem> {
    let extensions = req.extensions();
    let caller = extensions.get::<Caller>().ok_or_else(refused)?;
    if allows(&caller.scopes, scope) {
        Ok(caller.clone())
    } else {
        Err(Problem::scope_missing(scope))
    }
}
