//! Erasures of contacts over HTTP (R14).

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::erasure::{Erasure, ErasureId};
use contacts_core::run::Run;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::runs::{RunFactsView, RunStateView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanAdmin;
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_erase, _, _>(erase)
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
}

/// Options of an erasure.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewErasure)]
struct ErasureBody {
    /// Whether to also delete the record that the person unsubscribed. If the address is added
    /// again later, campaigns can then reach it again.
    #[serde(default)]
    forget_unsubscribe: bool,
}

/// The erasure of one contact. It contains no personal data except the contact's former id.
#[derive(Serialize, ToSchema)]
#[schema(as = Erasure)]
struct ErasureView {
    /// Id of the erasure.
    id: Uuid,
    /// The former id of the contact.
    contact_id: Uuid,
    /// Whether the record that the person unsubscribed is deleted as well.
    forget_unsubscribe: bool,
    /// The state of the erasure.
    state: RunStateView,
    /// Ids of the imports that contain, or may contain, a row of the person and that must end
    /// first.
    waits_for: Vec<Uuid>,
    /// Number of import files that were deleted.
    files: u64,
    #[serde(flatten)]
    facts: RunFactsView,
}

impl ErasureView {
    fn new(erasure: Erasure, now: OffsetDateTime) -> Self {
        Self {
            facts: RunFactsView::new(&Run::from(&erasure), now),
            id: erasure.id.0,
            contact_id: erasure.contact.0,
            forget_unsubscribe: erasure.forget_unsubscribe,
            state: erasure.state.into(),
            waits_for: erasure.waits_for.into_iter().map(|import| import.0).collect(),
            files: erasure.files,
        }
    }
}

page_view! {
    /// A page of erasures.
    struct ErasuresView as Erasures {
        /// The erasures, newest first.
        items: ErasureView,
    }
}

/// Erase a contact
///
/// The contact and everything attached to it, including its conversations and notes, are deleted
/// when the response is sent. Import files that contain the person are deleted in the background;
/// the file of an import that has not ended is deleted after the import ends.
#[utoipa::path(
    post, path = "/v1/contacts/{id}/erase", tag = "contacts", operation_id = "erase_contact",
    params(("id" = Uuid, Path, description = "The contact")),
    request_body = ErasureBody,
    responses(
        (status = 202, description = "The erasure", body = ErasureView, headers(
            ("location" = String, description = "Its path"),
        )),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn erase(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Body(body): Body<ErasureBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let erasure = api.erasures.erase(caller.org, id, body.forget_unsubscribe, caller.actor)?;
        Ok((erasure.id, to_json(&ErasureView::new(erasure, api.clock.now()))?))
    });
    let (id, body) = done.await?;
    let mut response = json(StatusCode::ACCEPTED, body);
    if let Ok(location) = header::HeaderValue::from_str(&format!("/v1/erasures/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// List erasures
#[utoipa::path(
    get, path = "/v1/erasures", tag = "contacts", operation_id = "list_erasures",
    params(PageParams),
    responses((status = 200, description = "A page, the newest first", body = ErasuresView))
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    paging: Paging<ErasureId>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let now = api.clock.now();
        let erasures = api.erasures.list(caller.org, paging.after, paging.rows())?;
        let page = paging.cut(erasures, |erasure| erasure.id);
        to_json(&ErasuresView::from(page.map(|erasure| ErasureView::new(erasure, now))))
    });
    Ok(ok(body.await?))
}

/// Get an erasure
#[utoipa::path(
    get, path = "/v1/erasures/{id}", tag = "contacts", operation_id = "get_erasure",
    params(("id" = Uuid, Path, description = "The erasure")),
    responses(
        (status = 200, description = "The erasure", body = ErasureView),
        (status = 404, description = "There is no such erasure", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<ErasureId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&ErasureView::new(api.erasures.get(caller.org, id)?, api.clock.now()))
    });
    Ok(ok(body.await?))
}
