//! Undoing an import (R37).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::import::{ImportId, Kept, KeptReason, Undo, UndoState, UndoTally};
use contacts_core::page::Page;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::contacts::ActorView;
use crate::page::AfterPlace;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_begin, _, _>(begin)
        .add::<__path_get, _, _>(get)
        .add::<__path_kept, _, _>(kept)
}

/// The undoing of an import.
#[derive(Serialize, ToSchema)]
#[schema(as = Undo)]
struct UndoView {
    /// Who asked for it.
    actor: ActorView,
    /// How far it is.
    state: UndoStateView,
    /// Why it failed, and what to do.
    problem: Option<String>,
    /// How much of it is done: pieces of some thousand rows, the last one first.
    progress: UndoProgressView,
    /// What came of the people so far, each counted once.
    summary: UndoSummaryView,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    asked_at: OffsetDateTime,
    /// When it came to an end.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// How far an undo is. `done` and `failed` are ends; one that failed can be asked for again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UndoState)]
enum UndoStateView {
    /// It goes on, or waits to.
    Running,
    /// Everything was put back that could be.
    Done,
    /// It could not go on. What was put back is.
    Failed,
}

/// How much of an undo is done.
#[derive(Serialize, ToSchema)]
#[schema(as = UndoProgress)]
struct UndoProgressView {
    /// Pieces that are undone.
    done: u64,
    /// Pieces in all.
    total: u64,
}

/// What came of people.
#[derive(Serialize, ToSchema)]
#[schema(as = UndoSummary)]
struct UndoSummaryView {
    /// Whom the import added, and who is gone.
    removed: u64,
    /// Whom it changed, and who is as before.
    restored: u64,
    /// Who stays, or a part of whom does, because of what happened since: `GET .../undo/kept`
    /// lists them.
    kept: u64,
    /// Whom it only met.
    unchanged: u64,
    /// Who was not there any more.
    gone: u64,
}

impl From<Undo> for UndoView {
    fn from(undo: Undo) -> Self {
        let UndoTally { removed, restored, kept, unchanged, gone } = undo.tally;
        Self {
            actor: undo.actor.into(),
            state: match undo.state {
                UndoState::Running => UndoStateView::Running,
                UndoState::Done => UndoStateView::Done,
                UndoState::Failed => UndoStateView::Failed,
            },
            problem: undo.problem,
            progress: UndoProgressView { done: undo.pieces_done, total: undo.pieces },
            summary: UndoSummaryView { removed, restored, kept, unchanged, gone },
            asked_at: undo.asked_at,
            finished_at: undo.finished_at,
        }
    }
}

/// What an undo left as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Kept)]
struct KeptView {
    /// Whose.
    contact_id: Uuid,
    /// Which field: `name`, `phone`, or `custom.` and a key; null for the whole contact.
    field: Option<String>,
    /// Why.
    reason: KeptReasonView,
}

/// Why something is left as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeptReason)]
enum KeptReasonView {
    /// It was edited since.
    Edited,
    /// Tags were put on or taken off since.
    Tagged,
    /// A note was written.
    Noted,
    /// There is a conversation.
    Conversation,
    /// It was put into a campaign, or unsubscribed.
    Subscribed,
    /// It came another way, too.
    CameAgain,
    /// It was merged with another contact.
    Merged,
}

impl From<Kept> for KeptView {
    fn from(kept: Kept) -> Self {
        let reason = match kept.reason {
            KeptReason::Edited => KeptReasonView::Edited,
            KeptReason::Tagged => KeptReasonView::Tagged,
            KeptReason::Noted => KeptReasonView::Noted,
            KeptReason::Conversation => KeptReasonView::Conversation,
            KeptReason::Subscribed => KeptReasonView::Subscribed,
            KeptReason::CameAgain => KeptReasonView::CameAgain,
            KeptReason::Merged => KeptReasonView::Merged,
        };
        Self { contact_id: kept.contact.0, field: kept.field, reason }
    }
}

/// A page of what an undo left as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptPage)]
struct KeptPageView {
    /// By contact and field.
    items: Vec<KeptView>,
    /// What `after` takes to get the next page; null on the last one.
    next: Option<String>,
}

/// Undo an import, as far as nobody has changed anything since
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
        to_json(&UndoView::from(api.imports.undo(caller.org, id, caller.actor)?))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Get how far the undo of an import is
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
        to_json(&UndoView::from(api.imports.undo_of(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// List what the undo of an import left as it is
#[utoipa::path(
    get, path = "/v1/imports/{id}/undo/kept", tag = "imports", operation_id = "list_import_kept",
    params(("id" = Uuid, Path, description = "The import"), AfterPlace),
    responses(
        (status = 200, description = "A page, by contact and field", body = KeptPageView),
        (status = 404, description = "There is no such import, or nobody asked to undo it", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn kept(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ImportId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.parsed("after", |text| read_place(text).ok_or("must be next of a page"));
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let kept = api.imports.kept(caller.org, id, after, size.get() + 1)?;
        let page = Page::cut(kept, size, write_place);
        let items = page.items.into_iter().map(KeptView::from).collect();
        to_json(&KeptPageView { items, next: page.next })
    });
    Ok(ok(body.await?))
}

fn write_place(kept: &Kept) -> String {
    format!("{}{}", kept.contact.0.simple(), kept.field.as_deref().unwrap_or_default())
}

fn read_place(text: &str) -> Option<(ContactId, Option<String>)> {
    let (contact, field) = text.split_at_checked(32)?;
    let contact = ContactId(Uuid::try_parse(contact).ok()?);
    let field = Some(field.to_owned()).filter(|field| !field.is_empty());
    // A store may not be able to ask for it.
    (!text.contains('\0')).then_some((contact, field))
}
