//! Undo of imports (R37).

use actix_web::web::Data;
use contacts_core::import::ImportId;
use contacts_core::undo::UndoSubject;

use crate::api::undos::{self, KeptPageView, KeptPaging, UndoView};
use crate::parts::answer::Answer;
use crate::parts::caller::{CanImport, CanRead};
use crate::parts::page::PageParams;
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_begin, _, _>(begin)
        .add::<__path_get, _, _>(get)
        .add::<__path_kept, _, _>(kept)
}

/// Undo the changes of an import, except where contacts have changed since
#[utoipa::path(
    post, path = "/v1/imports/{id}/undo", tag = "imports", operation_id = "undo_import",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 202, description = "It is being undone", body = UndoView),
        (status = 404, description = "There is no such import", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: its rows were not taken, it is or was undone, or it ran before what imports do was kept", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn begin(CanImport(caller): CanImport, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    undos::begin(&shared, caller, UndoSubject::Import(id)).await
}

/// Get the undo of an import
#[utoipa::path(
    get, path = "/v1/imports/{id}/undo", tag = "imports", operation_id = "get_import_undo",
    params(("id" = Uuid, Path, description = "The import")),
    responses(
        (status = 200, description = "The undo", body = UndoView),
        (status = 404, description = "There is no such import, or nobody asked to undo it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    undos::get(&shared, caller, UndoSubject::Import(id)).await
}

/// List contacts and fields that the undo of an import kept
#[utoipa::path(
    get, path = "/v1/imports/{id}/undo/kept", tag = "imports", operation_id = "list_import_kept",
    params(("id" = Uuid, Path, description = "The import"), PageParams),
    responses(
        (status = 200, description = "A page, by contact and field", body = KeptPageView),
        (status = 404, description = "There is no such import, or nobody asked to undo it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn kept(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    paging: KeptPaging,
) -> Answer {
    undos::kept(&shared, caller, UndoSubject::Import(id), paging).await
}
