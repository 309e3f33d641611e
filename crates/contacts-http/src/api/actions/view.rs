//! Views of bulk actions.

use std::collections::BTreeMap;

use contacts_core::action::{Action, ActionKind, SetValue, SkipReason, Tally};
use contacts_core::run::{Run, RunState};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::CustomValueView;
use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::enumerated::enumeration;

/// A bulk action.
#[derive(Serialize, ToSchema)]
#[schema(as = Action)]
pub(crate) struct ActionView {
    /// Id of the action.
    id: Uuid,
    /// The kind of the action and its parameters.
    action: ActionKindView,
    /// The selection that the action applies to. It may have expired by the time the action ends.
    selection_id: Uuid,
    /// The state of the action.
    state: RunStateView,
    /// Outcomes of the processed contacts: changed + unchanged + skipped = done.
    summary: ActionSummaryView,
    /// The state of the undo; null until somebody requests one.
    undo: Option<RunStateView>,
    /// For an export: the state of its file; null for other actions.
    file: Option<ActionFileView>,
    #[serde(flatten)]
    facts: RunFactsView,
}

impl ActionView {
    pub(super) fn new(action: Action, now: OffsetDateTime) -> Self {
        Self {
            facts: RunFactsView::new(&Run::from(&action), now),
            file: ActionFileView::of(&action),
            id: action.id.0,
            action: action.kind.into(),
            selection_id: action.selection.0,
            state: action.state.into(),
            undo: action.undo.map(RunStateView::from),
            summary: action.tally.into(),
        }
    }
}

/// The kind of a bulk action and its parameters.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ActionKind)]
enum ActionKindView {
    /// Adds tags.
    AddTags {
        /// Names of the tags.
        tags: Vec<String>,
    },
    /// Removes tags.
    RemoveTags {
        /// Names of the tags.
        tags: Vec<String>,
    },
    /// Adds to a campaign each contact that is reachable and has not unsubscribed.
    AddToCampaign {
        /// The campaign.
        campaign_id: Uuid,
    },
    /// Removes from a campaign each contact that it has not reached yet.
    RemoveFromCampaign {
        /// The campaign.
        campaign_id: Uuid,
    },
    /// Unsubscribes the contacts, with the reason `asked`.
    Unsubscribe,
    /// Sets or clears one field.
    SetField {
        /// The field: `phone`, or `custom.` followed by the key of a custom field.
        field: String,
        /// The value that each contact gets; null when the field is cleared.
        value: Option<CustomValueView>,
        /// Whether contacts that have a value keep it.
        only_blanks: bool,
    },
    /// Writes a CSV file.
    Export {
        /// Columns of the file, in order.
        columns: Vec<String>,
        /// Whether the file starts with a byte order mark.
        bom: bool,
    },
    /// Deletes the contacts permanently.
    Delete,
    /// Merges pairs of contacts, each contact of the selection into another.
    Merge,
}

impl From<ActionKind> for ActionKindView {
    fn from(kind: ActionKind) -> Self {
        match kind {
            ActionKind::AddTags(tags) => {
                Self::AddTags { tags: tags.iter().map(ToString::to_string).collect() }
            }
            ActionKind::RemoveTags(tags) => {
                Self::RemoveTags { tags: tags.iter().map(ToString::to_string).collect() }
            }
            ActionKind::AddToCampaign(id) => Self::AddToCampaign { campaign_id: id.0 },
            ActionKind::RemoveFromCampaign(id) => Self::RemoveFromCampaign { campaign_id: id.0 },
            ActionKind::Unsubscribe => Self::Unsubscribe,
            ActionKind::SetField(setting) => Self::SetField {
                field: setting.field(),
                value: match &setting.value {
                    SetValue::Phone(phone) => {
                        phone.as_ref().map(|phone| CustomValueView::Text(phone.as_str().to_owned()))
                    }
                    SetValue::Custom(_, value) => value.as_ref().map(CustomValueView::from),
                },
                only_blanks: setting.only_blanks,
            },
            ActionKind::Export(format) => Self::Export {
                columns: format.columns.unwrap_or_default(),
                bom: format.byte_order_mark,
            },
            ActionKind::Delete => Self::Delete,
            ActionKind::Merge(_) => Self::Merge,
        }
    }
}

/// The state of the file of an export.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActionFile)]
enum ActionFileView {
    /// The file is being written.
    Pending,
    /// The file can be downloaded with `GET /v1/actions/{id}/file`.
    Ready,
    /// The file has been deleted: 24 hours after the export was done, or as soon as the export was
    /// cancelled or failed.
    Erased,
}

impl ActionFileView {
    fn of(action: &Action) -> Option<Self> {
        if !matches!(action.kind, ActionKind::Export(_)) {
            return None;
        }
        Some(match (action.state, action.file) {
            (state, _) if state.is_open() => Self::Pending,
            (RunState::Done, Some(_)) => Self::Ready,
            _ => Self::Erased,
        })
    }
}

/// The number of contacts by outcome.
#[derive(Serialize, ToSchema)]
#[schema(as = ActionSummary)]
struct ActionSummaryView {
    /// Number of contacts that the action changed.
    changed: u64,
    /// Number of contacts that needed no change. For an export: number of contacts in the file.
    unchanged: u64,
    /// Number of contacts that were skipped.
    skipped: u64,
    /// Number of skipped contacts by reason.
    skipped_by_reason: BTreeMap<SkipReasonView, u64>,
}

enumeration! {
    /// The reason why an action skipped a contact. `changed`: the contact no longer matches the
    /// filter. `delivered`: the campaign has reached the contact, so it is not removed from it.
    SkipReasonView = SkipReason as "SkipReason" in SkipReason::ALL
}

impl From<Tally> for ActionSummaryView {
    fn from(tally: Tally) -> Self {
        Self {
            changed: tally.changed,
            unchanged: tally.unchanged,
            skipped: tally.skips(),
            skipped_by_reason: tally.skipped.into_iter().map(|(r, n)| (r.into(), n)).collect(),
        }
    }
}
