//! Binding an identity at an issuer to a user who is signed in (R60).
//!
//! The start is a request of the page, which a page of another site cannot send. The issuer sends the
//! browser back to the same address as after a sign-in; the user must still be signed in there.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use contacts_core::identity::{Attempt, ReturnPath};
use contacts_core::session::UserId;
use contacts_core::{Error, OrgId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Reason, begin, public_url, redeem, redirect};
use crate::api::sessions::set_cookie;
use crate::edge::cookie;
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanAdmin, SignedIn};
use crate::parts::path::Id;
use crate::parts::problem::{Code, Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_connect, _, _>(connect).add::<__path_disconnect, _, _>(disconnect)
}

/// The issuer to connect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewConnection)]
struct ConnectionBody {
    /// The id of the issuer.
    issuer: String,
    /// The path of the page to show afterwards.
    to: String,
}

/// A connection that was started.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedConnection)]
struct StartedConnectionView {
    /// The address at which the user signs in at the issuer.
    url: String,
}

/// Start to connect an issuer with the user
///
/// Accepted from the web page only. Send the browser to `url`. The issuer sends it back, and from then
/// on the user can sign in there. The page of `to` gets the parameter `connected`, or `problem` with the
/// reason.
#[utoipa::path(
    post, path = "/v1/session/connections", tag = "sessions", operation_id = "connect_issuer",
    request_body = ConnectionBody,
    responses(
        (status = 200, description = "Where the user signs in", body = StartedConnectionView,
            headers(("set-cookie" = String, description = "The attempt, for ten minutes"))),
        (status = 404, description = "There is no such issuer", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn connect(
    signed_in: SignedIn,
    shared: Data<Shared>,
    Body(ConnectionBody { issuer, to }): Body<ConnectionBody>,
) -> Answer {
    if shared.api.sign_ins.providers().find(&issuer).is_none() {
        return Err(Error::NotFound("issuer").into());
    }
    let connects = Some((signed_in.org, signed_in.user));
    let started = begin(&shared, issuer, ReturnPath::parse(&to), connects).await;
    let (url, sealed) = started.map_err(|reason| match reason {
        Reason::Busy => Problem::busy(),
        Reason::Unavailable => Problem::new(Code::Busy, "the issuer cannot be reached: try again"),
        _ => Problem::internal(),
    })?;
    let mut answer = ok(to_json(&StartedConnectionView { url })?);
    set_cookie(&mut answer, &cookie::attempt_cookie(&sealed, public_url(&shared)))?;
    Ok(answer)
}

/// Finishes a connection when the issuer sends the browser back.
pub(super) async fn finish(
    shared: &Data<Shared>,
    attempt: Attempt,
    who: (OrgId, UserId),
    req: &HttpRequest,
) -> HttpResponse {
    let to = attempt.return_to.as_str().to_owned();
    let separator = if to.contains('?') { '&' } else { '?' };
    let result = match bind(shared, attempt, who, req).await {
        Ok(()) => "connected=true".to_owned(),
        Err(reason) => format!("problem={}", reason.as_str()),
    };
    redirect(&format!("{to}{separator}{result}"))
}

async fn bind(
    shared: &Data<Shared>,
    attempt: Attempt,
    who: (OrgId, UserId),
    req: &HttpRequest,
) -> Result<(), Reason> {
    // Another user may have signed in with this browser meanwhile.
    let token = cookie::read(req.headers(), public_url(shared)).ok_or(Reason::Expired)?;
    let found = blocking(shared, move |api| Ok(api.sessions.find(&token)?)).await?;
    let (session, user) = found.ok_or(Reason::Expired)?;
    if (session.org, user.id) != who || !session.is_live(shared.api.clock.now()) {
        return Err(Reason::Expired);
    }
    let id = attempt.provider.clone();
    let claims = redeem(shared, attempt, req).await?;
    let connected = blocking(shared, move |api| {
        let provider = api.sign_ins.providers().find(&id).ok_or_else(Problem::internal)?;
        Ok(api.sign_ins.connect(provider, &claims, who)?)
    });
    connected.await?.map_err(Reason::Refused)
}

/// Remove the identities of a user at issuers
///
/// The user signs in by links from then on. Open sessions stay.
#[utoipa::path(
    delete, path = "/v1/users/{id}/identities", tag = "sessions", operation_id = "remove_identities_of_user",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "They are removed"),
        (status = 404, description = "There is no such user, or the user has none", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn disconnect(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<UserId>,
) -> Answer {
    blocking(&shared, move |api| Ok(api.sign_ins.disconnect(caller.org, id, caller.actor)?))
        .await?;
    Ok(nothing())
}
