//! Connected sources over HTTP (R38, R39).

mod ask;
mod body;
mod runs;
mod settings;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::sync::SourceId;

use self::body::{SourceBody, SourcePatchBody};
pub use self::settings::settings_of;
use self::view::{SourceView, SourcesView};
use crate::answer::{Answer, json, nothing, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::body::Body;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete);
    runs::routes(ask::routes(table))
}

/// List connected sources
#[utoipa::path(
    get, path = "/v1/sources", tag = "sources", operation_id = "list_sources",
    responses((status = 200, description = "All sources, the oldest first, each with its last run", body = SourcesView))
)]
async fn list(CanAdmin(caller): CanAdmin, shared: Data<Shared>) -> Answer {
    let body = blocking(&shared, move |api| {
        let sources = api.sources.list(caller.org)?.into_iter();
        let items = sources.map(|(source, run)| SourceView::new(source, run)).collect();
        to_json(&SourcesView { items })
    });
    Ok(ok(body.await?))
}

/// Make a connected source
#[utoipa::path(
    post, path = "/v1/sources", tag = "sources", operation_id = "create_source",
    request_body = SourceBody,
    responses(
        (status = 201, description = "The source, without its secrets", body = SourceView),
        (status = 409, description = "`taken`: another has the name; `conflict`: there are too many, or the connector does not answer", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<SourceBody>,
) -> Answer {
    let definition = body.read()?;
    let body = blocking(&shared, move |api| {
        to_json(&SourceView::new(api.sources.create(caller.org, definition)?, None))
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Get a connected source
#[utoipa::path(
    get, path = "/v1/sources/{id}", tag = "sources", operation_id = "get_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "The source, with its last run", body = SourceView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<SourceId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let last = api.sources.runs(caller.org, id, None, 1)?.pop();
        to_json(&SourceView::new(api.sources.get(caller.org, id)?, last))
    });
    Ok(ok(body.await?))
}

/// Change a connected source, pause it, or go on with it
///
/// Secret settings that are not named stay as they are.
#[utoipa::path(
    patch, path = "/v1/sources/{id}", tag = "sources", operation_id = "update_source",
    params(("id" = Uuid, Path, description = "The source")),
    request_body = SourcePatchBody,
    responses(
        (status = 200, description = "The source", body = SourceView),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`taken`: another has the name; `conflict`: it is running, so it cannot read something else", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<SourceId>,
    Body(body): Body<SourcePatchBody>,
) -> Answer {
    let patch = body.read()?;
    let body = blocking(&shared, move |api| {
        let source = api.sources.update(caller.org, id, patch)?;
        let last = api.sources.runs(caller.org, id, None, 1)?.pop();
        to_json(&SourceView::new(source, last))
    });
    Ok(ok(body.await?))
}

/// Delete a connected source and its runs. Its contacts stay
#[utoipa::path(
    delete, path = "/v1/sources/{id}", tag = "sources", operation_id = "delete_source",
    params(("id" = Uuid, Path, description = "The source")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such source", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<SourceId>) -> Answer {
    blocking(&shared, move |api| Ok(api.sources.delete(caller.org, id)?)).await?;
    Ok(nothing())
}
