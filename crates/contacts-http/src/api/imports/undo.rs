//! Undo of imports (R37).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::import::{ImportId, KeptItem, KeptReason, Undo, UndoTally};
use contacts_core::run::Run;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging, page_view};
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

/// The undo of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = Undo)]
struct UndoView {
    /// Id of the undo, as a run. An undo that is requested again has a new one.
    id: Uuid,
    /// The state of the undo. An undo that failed or was cancelled can be requested again.
    state: RunStateView,
    /// Outcomes so far; each contact is counted once.
    summary: UndoSummaryView,
    #[serde(flatten)]
    facts: RunFactsView,
}

/// The number of contacts by outcome.
#[derive(Serialize, ToSchema)]
#[schema(as = UndoSummary)]
struct UndoSummaryView {
    /// Number of contacts that the import had added and that were removed.
    removed: u64,
    /// Number of contacts that the import had changed and that were restored.
    restored: u64,
    /// Number of contacts that were kept, entirely or in part, because they changed after the
    /// import: `GET .../undo/kept` lists them.
    kept: u64,
    /// Number of contacts that the import had matched without changing them.
    unchanged: u64,
    /// Number of contacts that no longer existed.
    gone: u64,
}

impl UndoView {
    fn new(undo: &Undo, now: OffsetDateTime) -> Self {
        let UndoTally { removed, restored, kept, unchanged, gone } = undo.tally;
        Self {
            id: undo.id.0,
            state: undo.state.into(),
            summary: UndoSummaryView { removed, restored, kept, unchanged, gone },
            facts: RunFactsView::new(&Run::from(undo), now),
        }
    }
}

/// A contact or a field that the undo kept as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptItem)]
struct KeptView {
    /// Id of the contact.
    contact_id: Uuid,
    /// The field: `name`, `phone`, or `custom.` followed by the key of a custom field; null for the
    /// whole contact.
    field: Option<String>,
    /// The reason why it was kept.
    reason: KeptReasonView,
}

enumeration! {
    /// A reason why a contact or a field was kept.
    ///
    /// - `edited`: the contact was edited after the import.
    /// - `tagged`: tags were added or removed after the import.
    /// - `noted`: the contact has a note.
    /// - `conversation`: the contact has a conversation.
    /// - `subscribed`: the contact was added to a campaign or unsubscribed.
    /// - `came_again`: the contact was also added from another source.
    /// - `merged`: the contact was merged with another contact.
    KeptReasonView = KeptReason as "KeptReason" in KeptReason::ALL
}

impl From<KeptItem> for KeptView {
    fn from(kept: KeptItem) -> Self {
        Self { contact_id: kept.contact.0, field: kept.field, reason: kept.reason.into() }
    }
}

page_view! {
    /// A page of contacts and fields that an undo kept.
    struct KeptPageView as KeptPage {
        /// The kept items, ordered by contact and field.
        items: KeptView,
    }
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
        let undo = api.imports.undo(caller.org, id, caller.actor)?;
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
        to_json(&UndoView::new(&api.imports.undo_of(caller.org, id)?, api.clock.now()))
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
        let kept = api.imports.kept(caller.org, id, paging.after.clone(), paging.rows())?;
        let page = paging.cut(kept, KeptItem::position);
        to_json(&KeptPageView::from(page.map(KeptView::from)))
    });
    Ok(ok(body.await?))
}
