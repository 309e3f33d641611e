//! The caller's own identity.

use actix_web::web::Data;
use contacts_core::Error;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::ActorView;
use crate::api::keys::ScopeView;
use crate::api::users::RoleView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::{Caller, CanRead};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_get, _, _>(get)
}

/// The caller's identity.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    /// The organisation of the credential.
    organisation: OrganisationView,
    /// The key or the user that makes the request.
    actor: ActorView,
    /// The name of the key or the user; null for a user of another service.
    name: Option<String>,
    /// The role of the user; null for a key, and for a user of another service without a role.
    role: Option<RoleView>,
    /// The scopes of the credential.
    scopes: Vec<ScopeView>,
}

/// An organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Organisation)]
struct OrganisationView {
    /// Id of the organisation.
    id: Uuid,
    /// The name of the organisation.
    name: String,
    /// The default region for reading phone numbers, as a code such as `DE`.
    region: Option<String>,
}

/// Get the caller's identity
#[utoipa::path(
    get, path = "/v1/me", tag = "keys", operation_id = "get_me",
    responses(
        (status = 200, description = "The organisation and the credential", body = MeView),
        (status = 404, description = "The organisation is gone", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>) -> Answer {
    Ok(ok(blocking(&shared, move |api| to_json(&me(api, caller)?)).await?))
}

/// Returns the view of a caller's identity.
pub(crate) fn me(api: &Api, caller: Caller) -> Result<MeView, Problem> {
    let organisation = api.organisations.get(caller.org)?.ok_or(Error::NotFound("organisation"))?;
    Ok(MeView {
        organisation: OrganisationView {
            id: organisation.id.0,
            name: organisation.name,
            region: organisation.region.map(|region| region.to_string()),
        },
        actor: caller.actor.into(),
        name: caller.name,
        role: caller.role.map(RoleView::from),
        scopes: caller.scopes.into_iter().map(ScopeView::from).collect(),
    })
}
