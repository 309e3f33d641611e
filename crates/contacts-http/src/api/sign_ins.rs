//! Signing in at issuers of OpenID Connect, over HTTP (R60).
//!
//! Two of the routes are for browsers, and not part of the API: they answer with redirects, also when
//! something is wrong. The page `/sign-in` then shows a sentence for the code in its parameter
//! `problem`.

mod connections;

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use contacts_core::OrgId;
use contacts_core::identity::{
    Attempt, Claims, IssuerError, Provider, Refusal, ReturnPath, SignInService,
};
use contacts_core::session::{SignedIn, UserId};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::api::keys::random;
use crate::api::sessions::{set_cookie, visitor};
use crate::edge::cookie;
use crate::edge::gate::Gate;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::own_thread::ask_issuer;
use crate::parts::problem::{Code, Problem, ProblemView};
use crate::parts::public_url::PublicUrl;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// Adds the routes that take the session of a user.
pub(crate) fn routes(table: Table) -> Table {
    connections::routes(table)
}

/// Adds the routes, none of which takes a credential.
pub(crate) fn open_routes(table: Table) -> Table {
    table
        .add::<__path_issuers, _, _>(issuers)
        .add_for_browsers("/v1/session/oidc/{issuer}", start)
        .add_for_browsers("/v1/session/oidc/{issuer}/callback", finish)
}

/// An issuer at which users can sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = Issuer)]
struct IssuerView {
    /// The id of the issuer in paths.
    id: String,
    /// The name for people.
    name: String,
}

/// The issuers at which users can sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = Issuers)]
struct IssuersView {
    /// The issuers, in the order that the operator chose.
    issuers: Vec<IssuerView>,
}

/// List the issuers at which users can sign in
///
/// Users sign in with them in a browser, at `/v1/session/oidc/{issuer}`.
#[utoipa::path(
    get, path = "/v1/session/issuers", tag = "sessions", operation_id = "list_issuers",
    security(()),
    responses(
        (status = 200, description = "The configured issuers of OpenID Connect", body = IssuersView),
        (status = 422, description = "`invalid`: there are no parameters", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn issuers(shared: Data<Shared>) -> Answer {
    let providers = shared.api.sign_ins.providers();
    let view =
        |provider: &Provider| IssuerView { id: provider.id.clone(), name: provider.name.clone() };
    Ok(ok(to_json(&IssuersView { issuers: providers.iter().map(view).collect() })?))
}

/// A browser, with the description that its session gets, unless its attempts to sign in exceed the
/// rate or it comes from the page of another site.
struct Browser(Result<String, Problem>);

impl FromRequest for Browser {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(visitor(req).map(|visitor| visitor.agent))))
    }
}

/// Why a person is not signed in, as a code for the page.
#[derive(Clone, Copy)]
enum Reason {
    /// The person did not complete the sign-in at the issuer.
    Cancelled,
    /// The answer belongs to no attempt of this browser, or the attempt has expired.
    Expired,
    /// The issuer cannot be reached.
    Unavailable,
    /// The issuer's answer is not valid.
    Invalid,
    /// There are too many attempts.
    Busy,
    /// The store failed.
    Failed,
    /// The person is identified, and is refused.
    Refused(Refusal),
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Refused(refusal) => refusal.as_str(),
        }
    }

    /// Logs the reason why an issuer identifies nobody.
    fn of_issuer(provider: &str, error: IssuerError) -> Self {
        let (reason, error) = match error {
            IssuerError::Unavailable(error) => (Self::Unavailable, error),
            IssuerError::Refused(error) => (Self::Invalid, error),
        };
        tracing::warn!(issuer = provider, error, "a sign-in at an issuer failed");
        reason
    }
}

impl From<Problem> for Reason {
    fn from(problem: Problem) -> Self {
        match problem.code() {
            Code::RateLimited | Code::Busy => Self::Busy,
            Code::CrossSite => Self::Expired,
            _ => Self::Failed,
        }
    }
}

/// Starts a sign-in: redirects to the issuer, and sets a cookie that is needed on the way back. The
/// parameter `to` is the path of the page to show afterwards.
async fn start(
    Browser(agent): Browser,
    shared: Data<Shared>,
    path: Path<String>,
    req: HttpRequest,
) -> Answer {
    let to = ReturnPath::parse(&parameter(&req, "to").unwrap_or_default());
    let started = match agent {
        Ok(_) => begin(&shared, path.into_inner(), to, None).await,
        Err(problem) => Err(problem.into()),
    };
    match started {
        Ok((url, sealed)) => {
            let mut answer = redirect(&url);
            set_cookie(&mut answer, &cookie::attempt_cookie(&sealed, public_url(&shared)))?;
            Ok(answer)
        }
        Err(reason) => Ok(to_sign_in(reason)),
    }
}

/// Returns the address of the issuer and the sealed attempt.
async fn begin(
    shared: &Data<Shared>,
    id: String,
    to: ReturnPath,
    connects: Option<(OrgId, UserId)>,
) -> Result<(String, String), Reason> {
    let redirect_uri = redirect_uri(shared, &id);
    let secrets = [random()?, random()?, random()?];
    let started = ask_issuer(shared, move |api| {
        let sign_ins: &SignInService = &api.sign_ins;
        let provider = sign_ins.providers().find(&id).ok_or(Reason::Expired)?;
        let started = sign_ins.start(provider, &redirect_uri, to, connects, secrets);
        started.map_err(|error| Reason::of_issuer(&id, error))
    });
    let started = started.await??;
    Ok((started.url, shared.api.attempts.seal(&started.attempt)?))
}

/// Finishes a sign-in when the issuer sends the browser back: sets the cookie of a session, and
/// redirects to the page that the start named. Unknown parameters are ignored, because issuers add
/// their own.
async fn finish(
    Browser(agent): Browser,
    shared: Data<Shared>,
    gate: Data<Gate>,
    path: Path<String>,
    req: HttpRequest,
) -> Answer {
    let public = public_url(&shared);
    let attempt = match agent {
        Ok(agent) => attempt(&shared, &path, &req).map(|attempt| (agent, attempt)),
        Err(problem) => Err(problem.into()),
    };
    // An answer that belongs to no attempt leaves the cookie: a page of another site can send a
    // browser here, and must not end an attempt in progress.
    let (agent, attempt) = match attempt {
        Ok(found) => found,
        Err(reason) => return Ok(to_sign_in(reason)),
    };
    if let Some(who) = attempt.connects {
        let mut answer = connections::finish(&shared, attempt, who, &req).await;
        set_cookie(&mut answer, &cookie::clear_attempt(public))?;
        return Ok(answer);
    }
    let return_to = attempt.return_to.clone();
    let mut answer = match complete(&shared, attempt, &req, agent).await {
        Ok(signed_in) => {
            // The issuer may have given the user another role.
            gate.credentials.forget(signed_in.user.org, signed_in.user.id.0);
            let mut answer = redirect(return_to.as_str());
            set_cookie(&mut answer, &cookie::session_cookie(&signed_in.token, public))?;
            answer
        }
        Err(reason) => to_sign_in(reason),
    };
    set_cookie(&mut answer, &cookie::clear_attempt(public))?;
    Ok(answer)
}

/// Returns the attempt of this browser that an answer belongs to.
fn attempt(shared: &Shared, id: &str, req: &HttpRequest) -> Result<Attempt, Reason> {
    let sign_ins: &SignInService = &shared.api.sign_ins;
    let provider = sign_ins.providers().find(id).ok_or(Reason::Expired)?;
    let sealed = cookie::attempt(req.headers(), public_url(shared)).ok_or(Reason::Expired)?;
    let attempt = shared.api.attempts.open(sealed).ok_or(Reason::Expired)?;
    let state = parameter(req, "state").unwrap_or_default();
    if sign_ins.matches(&attempt, provider, &state) { Ok(attempt) } else { Err(Reason::Expired) }
}

/// Redeems the code of an answer, and signs the person in.
async fn complete(
    shared: &Data<Shared>,
    attempt: Attempt,
    req: &HttpRequest,
    agent: String,
) -> Result<SignedIn, Reason> {
    let id = attempt.provider.clone();
    let claims = redeem(shared, attempt, req).await?;
    enter(shared, id, claims, agent).await
}

/// Redeems the code of an answer, and returns what the issuer states about the person.
async fn redeem(
    shared: &Data<Shared>,
    attempt: Attempt,
    req: &HttpRequest,
) -> Result<Claims, Reason> {
    match parameter(req, "error").as_deref() {
        None => {}
        Some("access_denied") => return Err(Reason::Cancelled),
        Some(_) => {
            tracing::warn!(issuer = %attempt.provider, "an issuer answered with an error");
            return Err(Reason::Invalid);
        }
    }
    let code = parameter(req, "code").ok_or(Reason::Invalid)?;
    let sender = parameter(req, "iss");
    let redirect_uri = redirect_uri(shared, &attempt.provider);
    let claims = ask_issuer(shared, move |api| {
        let provider = api.sign_ins.providers().find(&attempt.provider).ok_or(Reason::Expired)?;
        if sender.is_some_and(|sender| sender != provider.issuer.url()) {
            return Err(Reason::Invalid);
        }
        let claims = api.sign_ins.identify(provider, &redirect_uri, &attempt, &code);
        claims.map_err(|error| Reason::of_issuer(&attempt.provider, error))
    });
    claims.await?
}

/// Opens a session for the person that an issuer has identified.
async fn enter(
    shared: &Data<Shared>,
    id: String,
    claims: Claims,
    agent: String,
) -> Result<SignedIn, Reason> {
    let entered = blocking(shared, move |api| {
        let provider = api.sign_ins.providers().find(&id).ok_or_else(Problem::internal)?;
        let entered = api.sign_ins.sign_in(provider, claims, &agent, random()?);
        let entered = entered.inspect_err(|error| {
            tracing::warn!(issuer = %id, %error, "a person who was identified is not signed in");
        })?;
        if let Err(refusal) = entered {
            let refusal = Reason::Refused(refusal).as_str();
            tracing::info!(issuer = %id, refusal, "a person was refused");
        }
        Ok(entered)
    });
    entered.await?.map_err(Reason::Refused)
}

fn public_url(shared: &Shared) -> &PublicUrl {
    &shared.api.config.public_url
}

/// The address that the operator registers at the issuer.
fn redirect_uri(shared: &Shared, id: &str) -> String {
    format!("{}/v1/session/oidc/{id}/callback", public_url(shared))
}

/// Returns the value of a parameter that occurs exactly once.
fn parameter(req: &HttpRequest, name: &str) -> Option<String> {
    let all = form_urlencoded::parse(req.query_string().as_bytes());
    let mut values = all.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn to_sign_in(reason: Reason) -> HttpResponse {
    redirect(&format!("/sign-in?problem={}", reason.as_str()))
}

fn redirect(location: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((header::LOCATION, location)).finish()
}
