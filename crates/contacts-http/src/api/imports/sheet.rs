//! The choice of a sheet of a workbook (R56).

use actix_web::web::Data;
use contacts_core::import::ImportId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ImportView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanImport;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_choose, _, _>(choose)
}

/// The choice of a sheet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = SheetChoice)]
struct SheetBody {
    /// Name of the sheet, as listed in the import's analysis.
    #[schema(example = "People")]
    name: String,
}

/// Choose the sheet to import
///
/// The sheet is analysed in the background: follow the import until it is `ready` again. Its plan
/// is the suggested one for the new sheet.
#[utoipa::path(
    put, path = "/v1/imports/{id}/sheet", tag = "imports", operation_id = "choose_sheet",
    params(("id" = Uuid, Path, description = "The import")),
    request_body = SheetBody,
    responses(
        (status = 200, description = "The import; the sheet is being analysed, unless it was chosen before", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not ready", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: there is no such sheet, or it cannot be imported", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn choose(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    Body(body): Body<SheetBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.choose_sheet(caller.org, id, &body.name)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}
