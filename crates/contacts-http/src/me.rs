//! Who the caller is.

use actix_web::web::Data;
use contacts_core::Error;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Api;
use crate::answer::{Answer, ok, to_json};
use crate::auth::{Caller, CanRead};
use crate::blocking::blocking;
use crate::contacts::ActorView;
use crate::keys::ScopeView;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table.add::<__path_get, _, _>(get)
}

/// Who the caller is.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    /// Whom the credential speaks for.
    organisation: OrganisationView,
    /// The key or the user.
    actor: ActorView,
    /// What the key or the user is called; nothing for a user of another service.
    name: Option<String>,
    /// What the credential may do.
    scopes: Vec<ScopeView>,
}

/// An organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Organisation)]
struct OrganisationView {
    /// Its id.
    id: Uuid,
    /// What people call it.
    name: String,
    /// The region in which its phone numbers are read, as a code such as `DE`.
    region: Option<String>,
}

/// Who the caller is
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

/// Says who a caller is.
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
        scopes: caller.scopes.into_iter().map(ScopeView::from).collect(),
    })
}
