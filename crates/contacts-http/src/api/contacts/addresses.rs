//! Email addresses of a contact over HTTP (R48).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::contact::{AddressSource, ContactAddress, ContactId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::ContactView;
use super::{with_current, written_response};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::etag::IfMatch;
use crate::parts::path::{AddressPath, Email, Id};
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_find, _, _>(find)
        .add::<__path_list, _, _>(list)
        .add::<__path_add, _, _>(add)
        .add::<__path_remove, _, _>(remove)
}

enumeration! {
    /// How an address was added to its contact.
    ///
    /// - `manual`: by a user or an API key.
    /// - `csv_import`: by an imported file.
    /// - `chat`: by a visitor of a chat widget.
    /// - `connected`: by a connected source.
    /// - `merge`: by a merge with a contact that had the address.
    AddressSourceView = AddressSource as "AddressSource" in AddressSource::ALL
}

/// An email address of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactAddress)]
struct AddressView {
    /// The address as it was entered.
    email: String,
    /// Whether campaigns use this address.
    is_primary: bool,
    /// When the address was added to the contact.
    #[serde(with = "time::serde::rfc3339")]
    added_at: OffsetDateTime,
    /// How the address was added to the contact.
    source: AddressSourceView,
}

impl From<ContactAddress> for AddressView {
    fn from(address: ContactAddress) -> Self {
        Self {
            email: address.email.to_string(),
            is_primary: address.is_primary,
            added_at: address.added_at,
            source: Enumerated(address.source),
        }
    }
}

/// The email addresses of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactAddresses)]
struct AddressesView {
    /// At most 20 addresses: the primary one first, then the others in alphabetical order.
    addresses: Vec<AddressView>,
}

/// An email address to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewAddress)]
struct AddressBody {
    /// The address. No other contact may have it.
    #[schema(example = "ann@work.example")]
    email: String,
}

/// Find a contact by an email address
///
/// The address may be the primary one or any other address of the contact. Letter case does not
/// matter.
#[utoipa::path(
    get, path = "/v1/contacts/by-email/{email}", tag = "contacts", operation_id = "find_contact_by_email",
    params(("email" = String, Path, description = "The address, percent-encoded")),
    responses(
        (status = 200, description = "The contact", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match"),
        )),
        (status = 404, description = "No contact has this address", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: it is not an address", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn find(CanRead(caller): CanRead, shared: Data<Shared>, Email(email): Email) -> Answer {
    let found = blocking(&shared, move |api| {
        written_response(&api.contacts.find_by_email(caller.org, &email)?)
    });
    Ok(found.await?.answer(StatusCode::OK))
}

/// List the email addresses of a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/addresses", tag = "contacts", operation_id = "list_contact_addresses",
    params(("id" = Uuid, Path, description = "The contact")),
    responses(
        (status = 200, description = "All addresses of the contact", body = AddressesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let addresses = api.contacts.addresses(caller.org, id)?;
        to_json(&AddressesView { addresses: addresses.into_iter().map(Into::into).collect() })
    });
    Ok(ok(body.await?))
}

/// Add an email address to a contact
///
/// The first address of a contact becomes its primary address. To make another address primary, set
/// `email` of the contact: the previous one stays in `other_emails`.
#[utoipa::path(
    post, path = "/v1/contacts/{id}/addresses", tag = "contacts", operation_id = "add_contact_address",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = AddressBody,
    responses(
        (status = 200, description = "The contact already had the address", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 201, description = "The contact as it is now", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`email_taken`: `contact_id` has the address", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: it is not an address, or the contact already has 20", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn add(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    if_match: IfMatch,
    Body(body): Body<AddressBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (org, email, actor) = (caller.org, &body.email, caller.actor);
        let updated = if_match
            .guard(|version| api.contacts.add_address(org, id, version, email, actor))
            .map_err(with_current)?;
        Ok((updated.changes.is_empty(), written_response(&updated.contact)?))
    });
    let (is_known, written) = done.await?;
    Ok(written.answer(if is_known { StatusCode::OK } else { StatusCode::CREATED }))
}

/// Remove an email address from a contact
#[utoipa::path(
    delete, path = "/v1/contacts/{id}/addresses/{email}", tag = "contacts", operation_id = "remove_contact_address",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("email" = String, Path, description = "The address, percent-encoded"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such contact, or it lacks the address", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is the primary address; make another one primary first", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn remove(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    path: AddressPath,
    if_match: IfMatch,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (org, AddressPath { contact, email }) = (caller.org, &path);
        let remove =
            |version| api.contacts.remove_address(org, *contact, version, email, caller.actor);
        if_match.guard(remove).map_err(with_current)
    });
    done.await?;
    Ok(nothing())
}
