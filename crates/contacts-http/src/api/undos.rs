//! Views of undos, which imports and bulk actions share (R37, R53).

use contacts_core::page::Page;
use contacts_core::run::Run;
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoTally};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::enumerated::enumeration;
use crate::parts::page::page_view;

/// The undo of an import or of a bulk action.
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
    /// Number of contacts that the import had added and that were removed; 0 for an action.
    removed: u64,
    /// Number of contacts that the import or the action had changed and that were restored.
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
    pub(crate) fn new(undo: &Undo, now: OffsetDateTime) -> Self {
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
    /// The field: `name`, `phone`, or `custom.` followed by the key of a custom field; `tags` or
    /// `campaign` for an action; null for the whole contact.
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

impl KeptPageView {
    pub(crate) fn of(page: Page<KeptItem, String>) -> Self {
        Self::from(page.map(KeptView::from))
    }
}
