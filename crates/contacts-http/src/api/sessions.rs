//! Sign-in on the page, and sessions, over HTTP (R2).

mod agent;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use contacts_core::key::{Scope, Token};
use contacts_core::session::{self as core, Session, SessionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::keys::random;
use crate::api::me::{MeView, me};
use crate::edge::client::client;
use crate::edge::gate::Gate;
use crate::edge::{cookie, site};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{Caller, Requires, SignedIn};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::{Code, Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// Adds the sign-in route, which takes no credential.
pub(crate) fn open_routes(table: Table) -> Table {
    table.add_beside::<__path_sign_in, _, _>(sign_in)
}

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_sign_out, _, _>(sign_out)
        .add::<__path_list, _, _>(list)
        .add::<__path_revoke, _, _>(revoke)
}

/// The token of a sign-in link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = SignIn)]
struct SignInBody {
    /// The part of the link after the `#`.
    token: String,
}

/// A visitor of the service's own page who has not exceeded the rate limit for sign-ins.
pub(crate) struct Visitor {
    pub(crate) agent: String,
}

impl Requires for Visitor {
    const SCOPES: &'static [Scope] = &[];
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visitor(req))
    }
}

pub(crate) fn visitor(req: &HttpRequest) -> Result<Visitor, Problem> {
    let shared = req.app_data::<Data<Shared>>().ok_or_else(Problem::internal)?;
    let gate = req.app_data::<Data<Gate>>().ok_or_else(Problem::internal)?;
    let config = &shared.api.config;
    site::check(req.method(), req.headers(), &config.public_url)?;
    let client = client(req.peer_addr(), req.headers(), config.proxies);
    gate.sign_in_rate.check(client).map_err(|(problem, _)| problem)?;
    let agent = req.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Ok(Visitor { agent: agent::label(agent.unwrap_or("an unknown browser")) })
}

/// A session of the user.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionView {
    /// Id of the session. Not secret.
    id: Uuid,
    /// The browser and system of the session, such as `Firefox on Linux`.
    agent: String,
    /// Whether this session makes the request.
    current: bool,
    /// When the session was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the session was last used, accurate to the hour.
    #[serde(with = "time::serde::rfc3339")]
    last_seen_at: OffsetDateTime,
    /// When the session expires. It expires earlier after a week without a request.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl SessionView {
    fn of(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.0,
            current: session.id == current,
            agent: session.agent,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
        }
    }
}

page_view! {
    /// A page of the active sessions of the user.
    struct SessionsView as Sessions {
        /// The active sessions, newest first.
        items: SessionView,
    }
}

/// Sign in with a one-time link
///
/// Accepted from the web page only. The response sets a session cookie that scripts cannot read.
#[utoipa::path(
    post, path = "/v1/session", tag = "sessions", operation_id = "sign_in", security(()),
    request_body = SignInBody,
    responses(
        (status = 200, description = "Who is signed in now", body = MeView,
            headers(("set-cookie" = String, description = "The session, for 30 days at most"))),
        (status = 401, description = "`link_refused`: the link was used, is older than an hour, or is unknown", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "`cross_site`: it does not come from the page", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "The organisation is gone", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn sign_in(
    Visitor { agent }: Visitor,
    shared: Data<Shared>,
    Body(body): Body<SignInBody>,
) -> Answer {
    let (token, body) = blocking(&shared, move |api| {
        let link = Token::parse(body.token.trim()).ok_or_else(link_refused)?;
        let signed_in = api.sessions.sign_in(&link, &agent, random()?)?;
        let signed_in = signed_in.ok_or_else(link_refused)?;
        entered(api, signed_in)
    })
    .await?;
    with_session(&shared, &token, body)
}

/// Returns the token of a session that was just opened, and the body of the answer.
pub(crate) fn entered(api: &Api, signed_in: core::SignedIn) -> Result<(Token, Vec<u8>), Problem> {
    let caller = Caller::from((signed_in.session, signed_in.user));
    Ok((signed_in.token, to_json(&me(api, caller)?)?))
}

/// Answers with the body, and sets the cookie of a session.
pub(crate) fn with_session(shared: &Data<Shared>, token: &Token, body: Vec<u8>) -> Answer {
    let mut answer = ok(body);
    set_cookie(&mut answer, &cookie::session_cookie(token, &shared.api.config.public_url))?;
    Ok(answer)
}

/// Returns the same problem for every invalid link, so that callers cannot learn why a link is
/// invalid.
fn link_refused() -> Problem {
    Problem::new(
        Code::LinkRefused,
        "the link was used, is older than an hour, or is unknown: ask for a new one",
    )
}

/// Sign out
#[utoipa::path(
    delete, path = "/v1/session", tag = "sessions", operation_id = "sign_out",
    responses((status = 204, description = "The session has ended; within seconds no server takes its cookie any more",
        headers(("set-cookie" = String, description = "Makes the browser forget the session"))))
)]
async fn sign_out(signed_in: SignedIn, shared: Data<Shared>, gate: Data<Gate>) -> Answer {
    end(&shared, &gate, &signed_in, signed_in.session).await?;
    let mut answer = nothing();
    set_cookie(&mut answer, &cookie::clear(&shared.api.config.public_url))?;
    Ok(answer)
}

/// List your sessions
#[utoipa::path(
    get, path = "/v1/sessions", tag = "sessions", operation_id = "list_sessions",
    params(PageParams),
    responses((status = 200, description = "A page of the caller's sessions, the newest first", body = SessionsView))
)]
async fn list(signed_in: SignedIn, shared: Data<Shared>, paging: Paging<SessionId>) -> Answer {
    let SignedIn { org, user, session } = signed_in;
    let body = blocking(&shared, move |api| {
        let sessions = api.sessions.list(org, user, paging.after, paging.rows())?;
        let page = paging.cut(sessions, |one| one.id);
        to_json(&SessionsView::from(page.map(|one| SessionView::of(one, session))))
    });
    Ok(ok(body.await?))
}

/// End one of your sessions
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", tag = "sessions", operation_id = "revoke_session",
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "It has ended; within seconds no server takes its cookie any more"),
        (status = 404, description = "The user has no such session", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn revoke(
    signed_in: SignedIn,
    shared: Data<Shared>,
    gate: Data<Gate>,
    Id(id): Id<SessionId>,
) -> Answer {
    end(&shared, &gate, &signed_in, id).await?;
    Ok(nothing())
}

async fn end(
    shared: &Data<Shared>,
    gate: &Gate,
    signed_in: &SignedIn,
    session: SessionId,
) -> Result<(), Problem> {
    let (org, user) = (signed_in.org, signed_in.user);
    blocking(shared, move |api| Ok(api.sessions.revoke(org, user, session)?)).await?;
    gate.credentials.forget(org, session.0);
    Ok(())
}

/// Adds a cookie to an answer.
pub(crate) fn set_cookie(answer: &mut HttpResponse, cookie: &str) -> Result<(), Problem> {
    let value = header::HeaderValue::from_str(cookie).map_err(|_invalid| Problem::internal())?;
    answer.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}
