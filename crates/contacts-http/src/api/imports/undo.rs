//! Undo of imports (R37).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::import::ImportId;
use contacts_core::undo::{KeptItem, UndoSubject};

use crate::api::undos::{KeptPageView, UndoView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::page::{PageParams, Paging};
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
async fn begin(CanWrite(caller): CanWrite, shared: Data<Shared>, Id(id): Id<ImportId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let undo = api.undos.begin(caller.org, UndoSubject::Import(id), caller.actor)?;
        to_json(&UndoView::new(&undo, api.clock.now()))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
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
    let body = blocking(&shared, move |api| {
        let undo = api.undos.get(caller.org, UndoSubject::Import(id))?;
        to_json(&UndoView::new(&undo, api.clock.now()))
    });
    Ok(ok(body.await?))
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
    paging: Paging<(ContactId, Option<String>)>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let (import, after) = (UndoSubject::Import(id), paging.after.clone());
        let kept = api.undos.kept(caller.org, import, after, paging.rows())?;
        to_json(&KeptPageView::of(paging.cut(kept, KeptItem::position)))
    });
    Ok(ok(body.await?))
}
