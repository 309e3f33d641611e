//! The activity of a contact (R41).

use actix_web::web::Data;
use contacts_core::consent::ConsentChange;
use contacts_core::contact::{Activity, ActivityCursor, ActivityKind, ContactId, FieldChange};
use contacts_core::note::NoteChange;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::consent::{ConsentReasonView, ConsentStateView};
use super::view::{ActorView, SourceDetailView};
use crate::api::campaigns::{CampaignView, DeliveryKindView};
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanRead;
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list)
}

/// An entry in the activity of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
struct ActivityView {
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Who did it.
    actor: ActorView,
    /// What happened.
    #[serde(flatten)]
    what: ActivityKindView,
}

/// The kind of an activity entry.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = ActivityKind)]
enum ActivityKindView {
    /// The contact was created.
    Created,
    /// The profile of the contact was edited.
    Edited {
        /// The changed fields with their old and new values.
        changes: Vec<FieldChangeView>,
    },
    /// Tags were added and removed.
    Tagged {
        /// Names of the tags that were added.
        added: Vec<String>,
        /// Names of the tags that were removed.
        removed: Vec<String>,
    },
    /// The contact was added again from another source.
    SourceAdded {
        /// The source.
        source: SourceDetailView,
    },
    /// An import matched the contact and changed it.
    Imported {
        /// The import, and the first row that matched the contact.
        source: SourceDetailView,
        /// The changes to the profile, over all rows of the import.
        changes: Vec<FieldChangeView>,
        /// Tags that the import added, by their current names.
        tags: Vec<String>,
    },
    /// A capture from a chat widget filled blank fields.
    Captured {
        /// The filled fields with their new values.
        changes: Vec<FieldChangeView>,
    },
    /// Another contact was merged into this one.
    Merged {
        /// The former id of the other contact.
        other_id: Uuid,
        /// The name of the other contact, or its address or phone number when it had no name.
        called: Option<String>,
        /// Values that the profile took over from the other contact.
        changes: Vec<FieldChangeView>,
        /// Tags that were taken over from the other contact.
        tags: Vec<String>,
    },
    /// The merge of this contact and another one was undone. Both have this entry.
    MergeUndone {
        /// Id of the other contact, which exists again or has survived.
        other_id: Uuid,
        /// The name of the other contact, or its address or phone number when it had no name.
        called: Option<String>,
    },
    /// A note was added, edited or deleted.
    Noted {
        /// Id of the note, which may have been deleted since.
        note_id: Uuid,
        /// The change to the note.
        change: NoteChangeView,
    },
    /// The consent was changed by hand, by a program or by a bulk action.
    ConsentChanged {
        /// The new state.
        state: ConsentStateView,
        /// Why the contact was unsubscribed.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        reason: Option<ConsentReasonView>,
        /// Free text; for `subscribed`, how the person agreed.
        note: Option<String>,
    },
    /// The contact was added to a campaign.
    Subscribed {
        /// The campaign.
        campaign: CampaignView,
    },
    /// The contact was removed from a campaign.
    RemovedFromCampaign {
        /// The campaign.
        campaign: CampaignView,
    },
    /// A delivery of a campaign was reported for the contact.
    Delivered {
        /// The campaign.
        campaign: CampaignView,
        /// The kind of the delivery event.
        delivery: DeliveryKindView,
    },
}

enumeration! {
    /// A change to a note.
    NoteChangeView = NoteChange as "NoteChange" in NoteChange::ALL
}

/// The change of one field.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub(crate) struct FieldChangeView {
    /// The field: `external_id`, `name`, `email`, `phone`, or `custom.` followed by the key of a custom field.
    field: String,
    /// The old value; null when the field was blank.
    from: Option<String>,
    /// The new value; null when the field was cleared.
    to: Option<String>,
}

impl From<FieldChange> for FieldChangeView {
    fn from(FieldChange { field, from, to }: FieldChange) -> Self {
        Self { field, from, to }
    }
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        let what = match activity.what {
            ActivityKind::Created => ActivityKindView::Created,
            ActivityKind::Edited(changes) => {
                ActivityKindView::Edited { changes: changes.into_iter().map(Into::into).collect() }
            }
            ActivityKind::Captured(changes) => ActivityKindView::Captured {
                changes: changes.into_iter().map(Into::into).collect(),
            },
            ActivityKind::Tagged { added, removed } => ActivityKindView::Tagged { added, removed },
            ActivityKind::SourceAdded(detail) => {
                ActivityKindView::SourceAdded { source: (&detail).into() }
            }
            ActivityKind::Imported { detail, changes, tags } => ActivityKindView::Imported {
                source: (&detail).into(),
                changes: changes.into_iter().map(Into::into).collect(),
                tags,
            },
            ActivityKind::Merged { other, called, changes, tags } => ActivityKindView::Merged {
                other_id: other.0,
                called,
                changes: changes.into_iter().map(Into::into).collect(),
                tags,
            },
            ActivityKind::MergeUndone { other, called } => {
                ActivityKindView::MergeUndone { other_id: other.0, called }
            }
            ActivityKind::Noted { note, change } => {
                ActivityKindView::Noted { note_id: note.0, change: change.into() }
            }
            ActivityKind::ConsentChanged(change) => consent_changed(&change),
            ActivityKind::RemovedFromCampaign(campaign) => {
                ActivityKindView::RemovedFromCampaign { campaign: (&campaign).into() }
            }
            ActivityKind::Subscribed(campaign) => {
                ActivityKindView::Subscribed { campaign: (&campaign).into() }
            }
            ActivityKind::Delivered { campaign, kind } => {
                ActivityKindView::Delivered { campaign: (&campaign).into(), delivery: kind.into() }
            }
        };
        Self { at: activity.at, actor: activity.actor.into(), what }
    }
}

fn consent_changed(change: &ConsentChange) -> ActivityKindView {
    let (state, reason, note) = match change {
        ConsentChange::Lower { reason, note } => {
            (ConsentStateView::Unsubscribed, Some((*reason).into()), note.as_ref())
        }
        ConsentChange::Raise { note } => (ConsentStateView::Subscribed, None, Some(note)),
    };
    let note = note.map(|note| note.as_str().to_owned());
    ActivityKindView::ConsentChanged { state, reason, note }
}

page_view! {
    /// A page of activity entries.
    struct ActivitiesView as Activities {
        /// The entries, newest first.
        items: ActivityView,
    }
}

/// List the activity of a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/activity", tag = "contacts", operation_id = "list_contact_activity",
    params(("id" = Uuid, Path, description = "The contact"), PageParams),
    responses(
        (status = 200, description = "A page, the newest first", body = ActivitiesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    paging: Paging<ActivityCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let page = api.contacts.activity(caller.org, id, paging.after.clone(), paging.size)?;
        to_json(&ActivitiesView::from(paging.seal(page).map(ActivityView::from)))
    });
    Ok(ok(body.await?))
}
