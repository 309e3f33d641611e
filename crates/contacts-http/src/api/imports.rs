//! Imports over HTTP (R30 to R36, R45, R56).

mod cells;
mod dry_run;
mod format;
mod issues;
mod layout;
mod plan;
mod retry;
mod rule;
mod undo;
mod upload;
mod view;
mod warning;

use actix_web::web::Data;
use contacts_core::import::ImportId;

use self::view::ImportView;
pub(crate) use self::view::{PolicyView, SkipCodeView, SummaryView};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::{CanImport, CanRead};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
        .add::<__path_start, _, _>(start);
    let table = retry::routes(undo::routes(dry_run::routes(table)));
    issues::routes(cells::routes(layout::routes(plan::routes(upload::routes(table)))))
}

page_view! {
    /// A page of imports.
    struct ImportsView as Imports {
        /// The imports, newest first.
        items: ImportView,
    }
}

/// List imports
#[utoipa::path(
    get, path = "/v1/imports", tag = "imports", operation_id = "list_imports",
    params(PageParams),
    responses((status = 200, description = "A page, the newest first", body = ImportsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, paging: Paging<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let imports = api.imports.list(caller.org, paging.after, paging.rows())?;
        let page = paging.cut(imports, |import| import.id);
        to_json(&ImportsView::from(page.map(|import| ImportView::new(import, now))))
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

/// Start an import
#[utoipa::path(
    post, path = "/v1/imports/{id}/start", tag = "imports", operation_id = "start_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import, queued", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not ready", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: the mapping lacks something", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn start(CanImport(caller): CanImport, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.start(caller.org, id, caller.actor)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}
