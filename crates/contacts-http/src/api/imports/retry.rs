//! Corrected rows that come back into the import that skipped them (R58).

use std::io::{self, Cursor};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Payload};
use contacts_core::file::FileContent;
use contacts_core::import::ImportId;

use super::upload::receive_whole;
use super::view::ImportView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanImport;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

/// Maximum size of a corrected file in bytes. It has at most 10,000 changed cells.
const MAX_BYTES: u64 = 16 << 20;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_retry, _, _>(retry).add::<__path_upload, _, _>(upload)
}

/// Import the corrected rows of an import
///
/// The skipped rows whose cells were corrected since the import was done are read again. The import
/// keeps its plan, its source and its id, and its summary counts on.
#[utoipa::path(
    post, path = "/v1/imports/{id}/retry", tag = "imports", operation_id = "retry_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The import, queued", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not done, no skipped row was corrected, its file was deleted, or an undo was started", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn retry(CanImport(caller): CanImport, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let import = api.imports.retry(caller.org, id, caller.actor)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// Upload the corrected skipped rows of an import
///
/// The file is the download of the skipped rows, with changed cells: at most 16 MiB and 10,000
/// changed cells. The lines in its first column name the rows. Rows that it does not have stay
/// skipped. The changes become corrections of the import, and its corrected rows are imported.
#[utoipa::path(
    post, path = "/v1/imports/{id}/skipped.csv", tag = "imports", operation_id = "upload_skipped_rows",
    params(("id" = Uuid, Path, description = "The import")),
    request_body(content = String, content_type = "text/csv", description = "The corrected file: text, or an XLSX or ODS workbook."),
    responses(
        (status = 200, description = "The import, queued", body = ImportView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is not done, its file was deleted, or an undo was started", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: the file is not that of the skipped rows of this import, or has no corrections", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn upload(
    CanImport(caller): CanImport,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    req: HttpRequest,
    payload: Payload,
) -> Answer {
    let _slot = shared.uploads.take(caller.org)?;
    let limit = shared.api.config.max_upload.min(MAX_BYTES);
    let file: Arc<[u8]> = receive_whole(&shared, &req, payload, limit).await?.into();
    let body = blocking(&shared, move |api| {
        let open =
            || -> io::Result<Box<dyn FileContent>> { Ok(Box::new(Cursor::new(file.clone()))) };
        let import = api.imports.retry_from_file(caller.org, id, &open, caller.actor)?;
        to_json(&ImportView::new(import, api.clock.now()))
    });
    Ok(ok(body.await?))
}
