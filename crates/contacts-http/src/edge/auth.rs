//! Authentication (R2): finds the caller by the bearer token or the session cookie, and applies
//! the rate limits (R43).

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, ResponseError};
use contacts_core::key::{Scope, Token};

use crate::edge::client::client;
use crate::edge::credentials::Credential;
use crate::edge::gate::Gate;
use crate::edge::rate::Remaining;
use crate::edge::{cookie, site};
use crate::parts::blocking::blocking;
use crate::parts::caller::{Caller, unauthenticated_problem};
use crate::parts::problem::Problem;
use crate::parts::shared::Shared;

/// Lets a request through when its credential is valid and its quota is not used up. The headers of
/// the response state the remaining quota.
pub(crate) async fn authenticate(
    shared: Data<Shared>,
    gate: Data<Gate>,
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    let caller = match identify(&shared, &gate, &req).await {
        Ok(caller) => caller,
        Err(problem) => return Ok(req.into_response(problem.error_response())),
    };
    let checked = check_rate(&shared, &gate, &caller, &req);
    req.extensions_mut().insert(caller);
    let (mut response, remaining) = match checked {
        Ok(remaining) => (next.call(req).await?, remaining),
        Err((problem, remaining)) => (req.into_response(problem.error_response()), remaining),
    };
    remaining.write(response.headers_mut());
    Ok(response)
}

/// Takes the request from the credential's quota. The visitors of a widget share its key, so each
/// client address also has a quota of its own, which is checked first so that one visitor cannot
/// use up the key's quota.
fn check_rate(
    shared: &Shared,
    gate: &Gate,
    caller: &Caller,
    req: &ServiceRequest,
) -> Result<Remaining, (Problem, Remaining)> {
    let visitor = if caller.scopes.contains(&Scope::Capture) {
        let client = client(req.peer_addr(), req.headers(), shared.api.config.proxies);
        Some(gate.capture_rate.check(client)?)
    } else {
        None
    };
    let credential = gate.rate.check(caller.credential())?;
    Ok(visitor.unwrap_or(credential))
}

async fn identify(
    shared: &Data<Shared>,
    gate: &Gate,
    req: &ServiceRequest,
) -> Result<Caller, Problem> {
    let (headers, public) = (req.headers(), &shared.api.config.public_url);
    if headers.contains_key(header::AUTHORIZATION) {
        return by_bearer(shared, gate, headers).await;
    }
    let token = cookie::read(headers, public).ok_or_else(missing)?;
    site::check(req.method(), headers, public)?;
    by_session(shared, gate, token).await
}

async fn by_bearer(
    shared: &Data<Shared>,
    gate: &Gate,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let credential = bearer(headers).ok_or_else(missing)?;
    if let Some(token) = Token::parse(credential) {
        return by_key(shared, gate, token).await;
    }
    match &shared.api.config.jwt {
        Some(jwt) => jwt.verify(credential, shared.api.clock.now()),
        None => Err(unauthenticated_problem()),
    }
}

async fn by_key(shared: &Data<Shared>, gate: &Gate, token: Token) -> Result<Caller, Problem> {
    let key = match gate.credentials.get(&token) {
        Some(Credential::Key(key)) => key,
        _ => {
            let found = blocking(shared, move |api| Ok(api.keys.find(&token)?)).await?;
            let key = found.ok_or_else(unauthenticated_problem)?;
            gate.credentials.put(Credential::Key(key.clone()));
            key
        }
    };
    if key.is_live(shared.api.clock.now()) {
        Ok(key.into())
    } else {
        Err(unauthenticated_problem())
    }
}

async fn by_session(shared: &Data<Shared>, gate: &Gate, token: Token) -> Result<Caller, Problem> {
    let found = match gate.credentials.get(&token) {
        Some(Credential::Session(found)) => found,
        _ => {
            let found = blocking(shared, move |api| Ok(api.sessions.find(&token)?)).await?;
            let found = Box::new(found.ok_or_else(unauthenticated_problem)?);
            gate.credentials.put(Credential::Session(found.clone()));
            found
        }
    };
    if found.0.is_live(shared.api.clock.now()) {
        Ok((*found).into())
    } else {
        Err(unauthenticated_problem())
    }
}

fn missing() -> Problem {
    Problem::unauthenticated(
        "sign in, or send an API key in a header: Authorization: Bearer ic_...",
    )
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, credential) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}
