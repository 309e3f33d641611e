//! Merging two contacts over HTTP (R13, R54).

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::Error;
use contacts_core::contact::{ContactId, MergeFields, MergeRequest, MergeSide, Merged};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::activity::FieldChangeView;
use super::view::ContactView;
use super::with_current;
use crate::parts::answer::{Answer, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanMerge;
use crate::parts::enumerated::enumeration;
use crate::parts::etag::{IfMatch, Written, etag};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_merge, _, _>(merge)
}

/// The contact to merge into this one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = Merge)]
struct MergeBody {
    /// Id of the contact to merge. After the merge, this id redirects to the surviving contact.
    other_id: Uuid,
    /// The contact whose value is kept, by field: `external_id`, `name`, `email`, `phone`, or
    /// `custom.` and a key. Default: the surviving contact. An empty value never replaces another.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, MergeSideView>)]
    values: BTreeMap<String, MergeSideView>,
}

enumeration! {
    /// The contact whose value is kept.
    ///
    /// - `survivor`: the contact that stays.
    /// - `other`: the contact that is merged into it.
    MergeSideView = MergeSide as "MergeSide" in MergeSide::ALL
}

impl MergeBody {
    fn request(&self, survivor: ContactId) -> Result<MergeRequest, Problem> {
        let choices = self.values.iter().map(|(field, side)| (field.clone(), side.value()));
        let from_other = MergeFields::read(&choices.collect()).map_err(Error::from)?;
        Ok(MergeRequest { survivor, other: ContactId(self.other_id), from_other, if_version: None })
    }
}

/// The outcome of a merge.
#[derive(Serialize, ToSchema)]
#[schema(as = MergedContact)]
struct MergedView {
    /// The surviving contact after the merge.
    contact: ContactView,
    /// Values that the profile took over from the other contact.
    changes: Vec<FieldChangeView>,
    /// Tags that were taken over from the other contact.
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
/// This contact keeps its values, except those that `values` takes from the other contact; blank
/// fields are filled from the other contact. Tags, email addresses and sources are combined, and
/// notes, conversations and subscriptions move to this contact. The other contact
/// is removed, and its id redirects to this one. Repeating the request changes nothing.
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
        (status = 409, description = "`conflict`: together they have more than 20 email addresses", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn merge(
    CanMerge(caller): CanMerge,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    if_match: IfMatch,
    Body(body): Body<MergeBody>,
) -> Answer {
    let written_response = blocking(&shared, move |api| {
        let request = body.request(id)?;
        let merged = if_match
            .guard(|if_version| {
                let request = MergeRequest { if_version, ..request.clone() };
                api.contacts.merge_contacts(caller.org, &request, caller.actor)
            })
            .map_err(with_current)?;
        Ok(Written { etag: etag(&merged.contact), body: to_json(&MergedView::from(merged))? })
    });
    Ok(written_response.await?.answer(StatusCode::OK))
}
