//! What happened to a contact (R41).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::contact::{Activity, ActivityKind, ActivityPlace, ContactId, FieldChange};
use contacts_core::note::NoteChange;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{ActorView, OriginView};
use crate::answer::{Answer, ok, to_json};
use crate::auth::CanRead;
use crate::blocking::blocking;
use crate::campaigns::{CampaignView, DeliveryKindView};
use crate::page::BeforePlace;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list)
}

/// Something that happened to a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
struct ActivityView {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Who did it.
    actor: ActorView,
    /// What.
    #[serde(flatten)]
    what: ActivityKindView,
}

/// What happened.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = ActivityKind)]
enum ActivityKindView {
    /// It was made.
    Created,
    /// Its profile was edited.
    Edited {
        /// Which fields, from what to what.
        changes: Vec<FieldChangeView>,
    },
    /// Tags were put on and taken off.
    Tagged {
        /// Those put on.
        added: Vec<String>,
        /// Those taken off.
        removed: Vec<String>,
    },
    /// It came once more.
    Arrived {
        /// The way.
        origin: OriginView,
    },
    /// It came once more, by an import that changed it.
    Imported {
        /// The import, and the first row that was about it.
        origin: OriginView,
        /// What the import changed of its profile, all its rows together.
        changes: Vec<FieldChangeView>,
        /// Tags that the import put on, by the names they have now.
        tags: Vec<String>,
    },
    /// A chat's capture filled what was blank.
    Captured {
        /// Which fields, and with what.
        changes: Vec<FieldChangeView>,
    },
    /// Another contact was folded into it.
    Merged {
        /// The other's old id.
        other_id: Uuid,
        /// What the other was called: its name, or else its address or number.
        called: Option<String>,
        /// What the profile took from it.
        changes: Vec<FieldChangeView>,
        /// Tags that came from it.
        tags: Vec<String>,
    },
    /// A note was made, edited or deleted.
    Noted {
        /// The note, which may be gone.
        note_id: Uuid,
        /// What was done with it.
        change: NoteChangeView,
    },
    /// It was put into a campaign.
    Subscribed {
        /// The campaign.
        campaign: CampaignView,
    },
    /// A campaign did something to it.
    Delivered {
        /// The campaign.
        campaign: CampaignView,
        /// What it did.
        delivery: DeliveryKindView,
    },
}

/// What was done with a note.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoteChange)]
enum NoteChangeView {
    /// It was written.
    Added,
    /// Its text was changed.
    Edited,
    /// It was deleted.
    Deleted,
}

impl From<NoteChange> for NoteChangeView {
    fn from(change: NoteChange) -> Self {
        match change {
            NoteChange::Added => Self::Added,
            NoteChange::Edited => Self::Edited,
            NoteChange::Deleted => Self::Deleted,
        }
    }
}

/// What changed of one field.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldChange)]
pub(crate) struct FieldChangeView {
    /// The field: `name`, `email`, `phone`, or `custom.` and a key.
    field: String,
    /// What it was.
    from: Option<String>,
    /// What it is.
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
            ActivityKind::Arrived(origin) => ActivityKindView::Arrived { origin: (&origin).into() },
            ActivityKind::Imported { origin, changes, tags } => ActivityKindView::Imported {
                origin: (&origin).into(),
                changes: changes.into_iter().map(Into::into).collect(),
                tags,
            },
            ActivityKind::Merged { other, called, changes, tags } => ActivityKindView::Merged {
                other_id: other.0,
                called,
                changes: changes.into_iter().map(Into::into).collect(),
                tags,
            },
            ActivityKind::Noted { note, change } => {
                ActivityKindView::Noted { note_id: note.0, change: change.into() }
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

/// A page of what happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Activities)]
struct ActivitiesView {
    /// The newest first.
    items: Vec<ActivityView>,
    /// What `before` takes to get the next page; null on the last one.
    next: Option<String>,
}

/// List what happened to a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/activity", tag = "contacts", operation_id = "list_contact_activity",
    params(("id" = Uuid, Path, description = "The contact"), BeforePlace),
    responses(
        (status = 200, description = "A page, the newest first", body = ActivitiesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let before = params.parsed("before", |text| {
        ActivityPlace::decode(text).ok_or("is no place in it: take next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let page = api.contacts.activity(caller.org, id, before, size)?;
        to_json(&ActivitiesView {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.as_ref().map(ActivityPlace::encode),
        })
    });
    Ok(ok(body.await?))
}
