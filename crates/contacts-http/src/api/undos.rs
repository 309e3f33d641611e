//! Undos over HTTP, which imports, bulk actions and merges share (R37, R53).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::run::Run;
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoSubject, UndoTally};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::Caller;
use crate::parts::enumerated::enumeration;
use crate::parts::page::{Paging, page_view};
use crate::parts::shared::Shared;

/// Answers a request to undo something.
pub(crate) async fn begin(shared: &Data<Shared>, caller: Caller, subject: UndoSubject) -> Answer {
    let body = blocking(shared, move |api| {
        let undo = api.undos.begin(caller.org, subject, caller.actor)?;
        to_json(&UndoView::new(&undo, api.clock.now()))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Answers a request for an undo.
pub(crate) async fn get(shared: &Data<Shared>, caller: Caller, subject: UndoSubject) -> Answer {
    let body = blocking(shared, move |api| {
        let undo = api.undos.get(caller.org, subject)?;
        to_json(&UndoView::new(&undo, api.clock.now()))
    });
    Ok(ok(body.await?))
}

/// The paging of what an undo kept, by contact and field.
pub(crate) type KeptPaging = Paging<(ContactId, Option<String>)>;

/// Answers a request for a page of what an undo kept.
pub(crate) async fn kept(
    shared: &Data<Shared>,
    caller: Caller,
    subject: UndoSubject,
    paging: KeptPaging,
) -> Answer {
    let body = blocking(shared, move |api| {
        let kept = api.undos.kept(caller.org, subject, paging.after.clone(), paging.rows())?;
        to_json(&KeptPageView::from(paging.cut(kept, KeptItem::position).map(KeptView::from)))
    });
    Ok(ok(body.await?))
}

/// The undo of an import, of a bulk action or of a merge.
#[derive(Serialize, ToSchema)]
#[schema(as = Undo)]
pub(crate) struct UndoView {
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
    /// Number of contacts that the import had added and that were removed; 0 for an action and a
    /// merge.
    removed: u64,
    /// Number of contacts that the import or the action had changed and that were restored; 1 when
    /// a merge is undone as a whole.
    restored: u64,
    /// Number of contacts that were kept, entirely or in part, because they changed since:
    /// `GET .../undo/kept` lists them.
    kept: u64,
    /// Number of contacts with nothing to restore: the import had matched them without changing
    /// them, or they are already as they were before the action.
    unchanged: u64,
    /// Number of contacts that were deleted before the undo. The undo of an action lists them with
    /// what was kept.
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
    /// The field: `name`, `email`, `addresses`, `phone`, `external_id`, or `custom.` followed by the
    /// key of a custom field; `tags` or `campaign` for an action; also `consent` for a merge; null
    /// for the whole contact.
    field: Option<String>,
    /// The reason why it was kept.
    reason: KeptReasonView,
}

enumeration! {
    /// A reason why a contact or a field was kept.
    ///
    /// - `edited`: the contact was edited since.
    /// - `taken`: another contact has the old address or the old external id now.
    /// - `tagged`: tags were added or removed since.
    /// - `noted`: the contact has a note.
    /// - `conversation`: the contact has a conversation.
    /// - `subscribed`: the contact was added to a campaign or removed from it since, or unsubscribed.
    /// - `came_again`: the contact was also added from another source.
    /// - `merged`: the contact was merged with another contact.
    /// - `delivered`: the campaign has reached the contact.
    /// - `unsubscribed`: the contact has unsubscribed.
    /// - `unreachable`: the contact has no address any more.
    /// - `deleted`: the contact was deleted.
    KeptReasonView = KeptReason as "KeptReason" in KeptReason::ALL
}

impl From<KeptItem> for KeptView {
    fn from(kept: KeptItem) -> Self {
        Self { contact_id: kept.contact.0, field: kept.field, reason: kept.reason.into() }
    }
}

page_view! {
    /// A page of contacts and fields that an undo kept.
    pub(crate) struct KeptPageView as KeptPage {
        /// The kept items, ordered by contact and field.
        items: KeptView,
    }
}
