//! Merging two contacts over HTTP (R13).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::contact::{ContactId, Merged};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Written;
use super::activity::FieldChangeView;
use super::view::ContactView;
use crate::answer::{Answer, to_json};
use crate::auth::CanWrite;
use crate::blocking::blocking;
use crate::body::Body;
use crate::etag::{IfMatch, etag};
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_merge, _, _>(merge)
}

/// Which contact to fold into this one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Merge)]
struct MergeBody {
    /// The contact that goes. Its id leads to the survivor from then on.
    other_id: Uuid,
}

/// A contact after another was folded into it.
#[derive(Serialize, ToSchema)]
#[schema(as = MergedContact)]
struct MergedView {
    /// The survivor as it is now.
    contact: ContactView,
    /// What its profile took from the other.
    changes: Vec<FieldChangeView>,
    /// Tags that it had not carried.
    tags: Vec<String>,
}

impl From<Merged> for MergedView {
    fn from(merged: Merged) -> Self {
        Self {
            contact: (&merged.contact).into(),
            changes: merged.changes.into_iter().map(Into::into).collect(),
            tags: merged.tags.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Merge another contact into this one
///
/// This one keeps its values; what it lacks is filled from the other. Tags and sources are
/// united, and notes, conversations and subscriptions move. The other is gone, and its id leads
/// here. Asked for again, it changes nothing.
#[utoipa::path(
    post, path = "/v1/contacts/{id}/merge", tag = "contacts", operation_id = "merge_contact",
    params(
        ("id" = Uuid, Path, description = "The contact that stays"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = MergeBody,
    responses(
        (status = 200, description = "The survivor, and what it took", body = MergedView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "One of them is not there", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn merge(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    if_match: IfMatch,
    Body(body): Body<MergeBody>,
) -> Answer {
    let written = blocking(&shared, move |api| {
        let other = ContactId(body.other_id);
        let merged = if_match
            .guard(|version| api.contacts.merge(caller.org, id, other, version, caller.actor))?;
        Ok(Written { etag: etag(&merged.contact), body: to_json(&MergedView::from(merged))? })
    });
    Ok(written.await?.answer(StatusCode::OK))
}
