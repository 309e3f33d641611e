//! Undo of bulk actions over HTTP (R53).

use actix_web::web::Data;
use contacts_core::action::ActionId;
use contacts_core::run::RunKind;
use contacts_core::undo::UndoSubject;

use crate::api::undos::{self, KeptPageView, KeptPaging, UndoView};
use crate::parts::answer::Answer;
use crate::parts::blocking::blocking;
use crate::parts::caller::{CanRead, CanUndo};
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

/// Undo a bulk action, except where contacts have changed since
///
/// Actions that add or remove tags, add contacts to a campaign or remove them from it, set a field,
/// or merge pairs can be undone for 30 days. Undoing merges needs the scope `merge`, undoing others
/// `write`.
#[utoipa::path(
    post, path = "/v1/actions/{id}/undo", tag = "actions", operation_id = "undo_action",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 202, description = "It is being undone", body = UndoView),
        (status = 404, description = "There is no such action", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it has not ended, it is or was undone, its type cannot be undone, or more than 30 days have passed", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn begin(CanUndo(caller): CanUndo, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    let caller = blocking(&shared, move |api| {
        let action = api.actions.get(caller.org, id)?;
        caller.check(RunKind::from(&action.kind).scope())?;
        Ok(caller)
    });
    let caller = caller.await?;
    undos::begin(&shared, caller, UndoSubject::Action(id)).await
}

/// Get the undo of a bulk action
#[utoipa::path(
    get, path = "/v1/actions/{id}/undo", tag = "actions", operation_id = "get_action_undo",
    params(("id" = Uuid, Path, description = "The action")),
    responses(
        (status = 200, description = "The undo", body = UndoView),
        (status = 404, description = "There is no such action, or nobody asked to undo it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ActionId>) -> Answer {
    undos::get(&shared, caller, UndoSubject::Action(id)).await
}

/// List what the undo of a bulk action kept
#[utoipa::path(
    get, path = "/v1/actions/{id}/undo/kept", tag = "actions", operation_id = "list_action_kept",
    params(("id" = Uuid, Path, description = "The action"), PageParams),
    responses(
        (status = 200, description = "A page, by contact and field", body = KeptPageView),
        (status = 404, description = "There is no such action, or nobody asked to undo it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn kept(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ActionId>,
    paging: KeptPaging,
) -> Answer {
    undos::kept(&shared, caller, UndoSubject::Action(id), paging).await
}
