//! Possible duplicates of a contact over HTTP (R17, R20).

use actix_web::HttpRequest;
use actix_web::web::Data;
use contacts_core::contact::{ContactId, Duplicate, DuplicateReason};
use contacts_core::page::Page;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ContactView;
use crate::answer::{Answer, nothing, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::page::AfterId;
use crate::params::Params;
use crate::path::{Id, Other};
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_dismiss, _, _>(dismiss)
}

/// A contact that may be the same person.
#[derive(Serialize, ToSchema)]
#[schema(as = Duplicate)]
struct DuplicateView {
    /// The other.
    contact: ContactView,
    /// Why: one reason at least.
    reasons: Vec<DuplicateReasonView>,
}

/// Why two contacts may be one person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DuplicateReason)]
enum DuplicateReasonView {
    /// A visitor of a widget left what belongs to both.
    Captured,
    /// They have the same phone number.
    Phone,
    /// They have the same name, and one of them has no address.
    Name,
}

impl From<Duplicate> for DuplicateView {
    fn from(duplicate: Duplicate) -> Self {
        let reason = |reason| match reason {
            DuplicateReason::Captured => DuplicateReasonView::Captured,
            DuplicateReason::Phone => DuplicateReasonView::Phone,
            DuplicateReason::Name => DuplicateReasonView::Name,
        };
        Self {
            contact: (&duplicate.contact).into(),
            reasons: duplicate.reasons.into_iter().map(reason).collect(),
        }
    }
}

/// A page of possible duplicates.
#[derive(Serialize, ToSchema)]
#[schema(as = Duplicates)]
struct DuplicatesView {
    /// In the order of their ids.
    items: Vec<DuplicateView>,
    /// What `after` takes to get the next page; null on the last one.
    next: Option<Uuid>,
}

/// List the contacts that may be the same person
#[utoipa::path(
    get, path = "/v1/contacts/{id}/duplicates", tag = "contacts", operation_id = "list_contact_duplicates",
    params(("id" = Uuid, Path, description = "The contact"), AfterId),
    responses(
        (status = 200, description = "A page of them, with the reasons", body = DuplicatesView),
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
    let after = params.parsed("after", |text| {
        Uuid::try_parse(text).map(ContactId).map_err(|_error| "must be an id: take next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let found = api.duplicates.list(caller.org, id, after, size.get() + 1)?;
        let page = Page::cut(found, size, |duplicate| duplicate.contact.id);
        to_json(&DuplicatesView {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.map(|id| id.0),
        })
    });
    Ok(ok(body.await?))
}

/// Say that two contacts are two people
///
/// Neither is offered as the other again, whatever they have in common.
#[utoipa::path(
    delete, path = "/v1/contacts/{id}/duplicates/{other}", tag = "contacts", operation_id = "dismiss_contact_duplicate",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("other" = Uuid, Path, description = "The one that is somebody else"),
    ),
    responses(
        (status = 204, description = "They are two people"),
        (status = 404, description = "One of them is not there", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: they are one contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn dismiss(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Other(other): Other,
) -> Answer {
    blocking(&shared, move |api| Ok(api.duplicates.dismiss(caller.org, id, other)?)).await?;
    Ok(nothing())
}
