//! Possible duplicates of a contact over HTTP (R17, R20, R54).

use actix_web::web::Data;
use contacts_core::contact::{ContactId, Duplicate, DuplicateCursor, DuplicateReason, Strength};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::ContactView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanRead;
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list)
}

/// A contact that may be the same person.
#[derive(Serialize, ToSchema)]
#[schema(as = Duplicate)]
struct DuplicateView {
    /// The other contact.
    contact: ContactView,
    /// How likely the two contacts are the same person: the strength of the strongest reason.
    strength: StrengthView,
    /// Why the two contacts may be the same person: at least one reason, strongest first.
    reasons: Vec<DuplicateReasonView>,
}

enumeration! {
    /// How likely two contacts are the same person.
    ///
    /// - `strong`: reason `captured` or `phone`.
    /// - `medium`: reason `name_and_domain`.
    /// - `weak`: reason `name` or `similar_name`.
    pub(crate) StrengthView = Strength as "DuplicateStrength" in Strength::ALL
}

enumeration! {
    /// A reason why two contacts may be the same person. A phone number or a name that more than
    /// five contacts have is no reason.
    ///
    /// - `captured`: one visitor of a widget entered details that match both contacts.
    /// - `phone`: both contacts have the same phone number.
    /// - `name_and_domain`: both contacts have the same name, and addresses of one domain.
    /// - `name`: both contacts have the same name, and one of them has no address.
    /// - `similar_name`: the names are alike, such as Anna Schmidt and Anna Schmitt.
    pub(crate) DuplicateReasonView = DuplicateReason as "DuplicateReason" in DuplicateReason::ALL
}

impl From<Duplicate> for DuplicateView {
    fn from(duplicate: Duplicate) -> Self {
        Self {
            strength: duplicate.strength().into(),
            contact: (&duplicate.contact).into(),
            reasons: duplicate.reasons.into_iter().map(Enumerated).collect(),
        }
    }
}

page_view! {
    /// A page of possible duplicates.
    struct DuplicatesView as Duplicates {
        /// The possible duplicates, strongest first, and then by contact id.
        items: DuplicateView,
    }
}

/// List possible duplicates of a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/duplicates", tag = "contacts", operation_id = "list_contact_duplicates",
    params(("id" = Uuid, Path, description = "The contact"), PageParams),
    responses(
        (status = 200, description = "A page, strongest first", body = DuplicatesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    paging: Paging<DuplicateCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let found = api.duplicates.list(caller.org, id, paging.after, paging.rows())?;
        let page = paging.cut(found, Duplicate::cursor);
        to_json(&DuplicatesView::from(page.map(DuplicateView::from)))
    });
    Ok(ok(body.await?))
}
