//! Invitations over HTTP (R60).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::invitation::{Invitation, InvitationId, Invited};
use contacts_core::key::Token;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::ActorView;
use crate::api::keys::random;
use crate::api::me::MeView;
use crate::api::sessions::{Visitor, entered, with_session};
use crate::api::users::RoleView;
use crate::parts::answer::{Answer, json, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanAdmin;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::{Code, Problem, ProblemView};
use crate::parts::public_url::PublicUrl;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// Adds the route that uses an invitation, which takes no credential.
pub(crate) fn open_routes(table: Table) -> Table {
    table.add::<__path_join, _, _>(join)
}

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_invite, _, _>(invite)
        .add::<__path_revoke, _, _>(revoke)
}

/// A person to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewInvitation)]
struct InvitationBody {
    /// The address of the person. No user of the organisation has it.
    email: String,
    /// What the person may do as a user.
    role: RoleView,
}

/// A use of an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Join)]
struct JoinBody {
    /// The part of the link after the `#`.
    token: String,
    /// The name of the new user: 1 to 100 characters, unique in the organisation.
    name: String,
}

/// An invitation that was not used yet.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationView {
    /// Id of the invitation. Not secret.
    id: Uuid,
    /// The address of the invited person.
    email: String,
    /// What the person may do as a user.
    role: RoleView,
    /// The user or the key that invited.
    by: ActorView,
    /// When the person was invited.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the link expires.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            email: invitation.email.to_string(),
            role: invitation.role.into(),
            by: invitation.actor.into(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// A new invitation and, this once, its link.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedInvitation)]
struct IssuedInvitationView {
    /// The invitation.
    #[serde(flatten)]
    invitation: InvitationView,
    /// The link for the person. It is shown only once and not stored. No mail is sent.
    link: String,
}

impl IssuedInvitationView {
    fn of(invited: Invited, public_url: &PublicUrl) -> Self {
        // Browsers do not send the part after the `#` to servers, so no log contains the token.
        let link = format!("{public_url}/join#{}", invited.token.reveal());
        Self { invitation: invited.invitation.into(), link }
    }
}

page_view! {
    /// A page of invitations.
    struct InvitationsView as Invitations {
        /// The invitations that were not used, newest first, including expired ones.
        items: InvitationView,
    }
}

/// List invitations
#[utoipa::path(
    get, path = "/v1/invitations", tag = "sessions", operation_id = "list_invitations",
    params(PageParams),
    responses((status = 200, description = "A page of those that were not used, the newest first", body = InvitationsView))
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    paging: Paging<InvitationId>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let invitations = api.invitations.list(caller.org, paging.after, paging.rows())?;
        let page = paging.cut(invitations, |one| one.id).map(InvitationView::from);
        to_json(&InvitationsView::from(page))
    });
    Ok(ok(body.await?))
}

/// Invite a person to become a user
///
/// No mail is sent: pass the link on. It makes one user within a week. An earlier invitation for
/// the address is replaced, and its link no longer works.
#[utoipa::path(
    post, path = "/v1/invitations", tag = "sessions", operation_id = "invite_user",
    request_body = InvitationBody,
    responses(
        (status = 201, description = "The invitation and, this once, its link", body = IssuedInvitationView),
        (status = 409, description = "`conflict`: a user has the address, or there are 1,000 invitations", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn invite(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<InvitationBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let role = body.role.value();
        let invited =
            api.invitations.invite(caller.org, &body.email, role, caller.actor, random()?)?;
        to_json(&IssuedInvitationView::of(invited, &api.config.public_url))
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Revoke an invitation
#[utoipa::path(
    delete, path = "/v1/invitations/{id}", tag = "sessions", operation_id = "revoke_invitation",
    params(("id" = Uuid, Path, description = "The invitation")),
    responses(
        (status = 204, description = "Its link no longer works"),
        (status = 404, description = "There is no such invitation, or it was used", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn revoke(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<InvitationId>,
) -> Answer {
    blocking(&shared, move |api| Ok(api.invitations.revoke(caller.org, id, caller.actor)?)).await?;
    Ok(nothing())
}

/// Become a user by an invitation, and sign in
///
/// Accepted from the web page only. The response sets a session cookie that scripts cannot read.
#[utoipa::path(
    post, path = "/v1/join", tag = "sessions", operation_id = "join", security(()),
    request_body = JoinBody,
    responses(
        (status = 200, description = "Who is signed in now", body = MeView,
            headers(("set-cookie" = String, description = "The session, for 30 days at most"))),
        (status = 401, description = "`link_refused`: the invitation was used, revoked or replaced, is older than a week, or is unknown", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "`cross_site`: it does not come from the page", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "The organisation is gone", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`taken`: another user has the name; `conflict`: another has the address", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn join(
    Visitor { agent }: Visitor,
    shared: Data<Shared>,
    Body(body): Body<JoinBody>,
) -> Answer {
    let (token, body) = blocking(&shared, move |api| {
        let link = Token::parse(body.token.trim()).ok_or_else(refused)?;
        let signed_in = api.invitations.accept(&link, &body.name, &agent, random()?)?;
        entered(api, signed_in.ok_or_else(refused)?)
    })
    .await?;
    with_session(&shared, &token, body)
}

/// Returns the same problem for every invalid link, so that callers cannot learn why it is invalid.
fn refused() -> Problem {
    Problem::new(
        Code::LinkRefused,
        "the invitation was used, revoked or replaced, is older than a week, or is unknown: ask \
         for a new one",
    )
}
