//! Undo of merges over HTTP (R53).

use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::undo::UndoSubject;

use crate::api::undos::{self, KeptPageView, KeptPaging, UndoView};
use crate::parts::answer::Answer;
use crate::parts::caller::{CanMerge, CanRead};
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

/// Undo the merge of a contact, except what has changed since
///
/// The contact exists again under its old id, for 30 days after the merge. Both contacts get back
/// what nobody has changed since. Neither is subscribed again.
#[utoipa::path(
    post, path = "/v1/merges/{id}/undo", tag = "contacts", operation_id = "undo_merge",
    params(("id" = Uuid, Path, description = "The contact that was merged into another one")),
    responses(
        (status = 202, description = "It is being undone", body = UndoView),
        (status = 404, description = "The contact is not merged, or the surviving contact was deleted", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is being undone, the surviving contact was merged since, or more than 30 days have passed", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn begin(CanMerge(caller): CanMerge, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    undos::begin(&shared, caller, UndoSubject::Merge(id)).await
}

/// Get the undo of a merge
#[utoipa::path(
    get, path = "/v1/merges/{id}/undo", tag = "contacts", operation_id = "get_merge_undo",
    params(("id" = Uuid, Path, description = "The contact that was merged into another one")),
    responses(
        (status = 200, description = "The undo", body = UndoView),
        (status = 404, description = "Nobody asked to undo such a merge", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    undos::get(&shared, caller, UndoSubject::Merge(id)).await
}

/// List what the undo of a merge kept
#[utoipa::path(
    get, path = "/v1/merges/{id}/undo/kept", tag = "contacts", operation_id = "list_merge_kept",
    params(
        ("id" = Uuid, Path, description = "The contact that was merged into another one"),
        PageParams,
    ),
    responses(
        (status = 200, description = "A page, by contact and field", body = KeptPageView),
        (status = 404, description = "Nobody asked to undo such a merge", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn kept(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    paging: KeptPaging,
) -> Answer {
    undos::kept(&shared, caller, UndoSubject::Merge(id), paging).await
}
