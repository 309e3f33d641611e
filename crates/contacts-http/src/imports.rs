//! Imports over HTTP (R30 to R36, R45).

mod dry_run;
mod events;
mod issues;
mod plan;
mod undo;
mod upload;
mod view;

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::import::ImportId;
use contacts_core::page::Page;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::view::ImportView;
pub(crate) use self::view::SummaryView;
use crate::answer::{Answer, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::page::BeforeId;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
        .add::<__path_start, _, _>(start)
        .add::<__path_cancel, _, _>(cancel);
    let table = undo::routes(dry_run::routes(table));
    events::routes(issues::routes(plan::routes(upload::routes(table))))
}

/// A page of imports.
#[derive(Serialize, ToSchema)]
#[schema(as = Imports)]
struct ImportsView {
    /// The imports, the newest first.
    items: Vec<ImportView>,
    /// What `before` takes to get the next page; null on the last one.
    next: Option<Uuid>,
}

/// List imports
#[utoipa::path(
    get, path = "/v1/imports", tag = "imports", operation_id = "list_imports",
    params(BeforeId),
    responses((status = 200, description = "A page, the newest first", body = ImportsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let before = params.parsed("before", |text| {
        Uuid::try_parse(text).map(ImportId).map_err(|_error| "must be next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let imports = api.imports.list(caller.org, before, size.get() + 1)?;
        let page = Page::cut(imports, size, |import| import.id.0);
        let items = page.items.into_iter().map(|import| ImportView::new(import, now));
        to_json(&ImportsView { items: items.collect(), next: page.next })
    });
    Ok(ok(body.await?))
}

/// Get an import
#[utoipa::path(
    get, path = "/v1/imports/{id}", tag = "imports", operation_id = "get_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.get(caller.org, id)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Start taking the rows of an import
#[utoipa::path(
    post, path = "/v1/imports/{id}/start", tag = "imports", operation_id = "start_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import, running", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not ready", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: the mapping lacks something", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn start(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.start(caller.org, id)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Stop an import; what was taken stays
#[utoipa::path(
    post, path = "/v1/imports/{id}/cancel", tag = "imports", operation_id = "cancel_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import, cancelled, with a true summary", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is at an end", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn cancel(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.cancel(caller.org, id)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}
