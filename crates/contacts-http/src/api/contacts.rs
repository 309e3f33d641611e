//! Contacts over HTTP.

mod activity;
mod addresses;
mod batch;
mod body;
mod consent;
mod data;
mod duplicates;
mod expand;
mod export;
mod filter_query;
mod list;
mod merge;
mod sort;
mod view;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use contacts_core::contact::{Contact, ContactId, PageRequest, SourceCursor};
use contacts_core::{Current, Error};

pub(crate) use self::activity::FieldChangeView;
pub(crate) use self::body::CustomValue;
pub(crate) use self::duplicates::{DuplicateReasonView, StrengthView};
pub(crate) use self::export::{FileFormatView, columns_of};
pub(crate) use self::list::CountView;
pub(crate) use self::sort::SortView;
pub(crate) use self::view::{ActorView, ContactView, CustomValueView};

use self::body::{ContactBody, ContactPatchBody, IdsBody, TaggingBody};
use self::expand::{Expand, ExpandedView};
use self::filter_query::FilterQuery;
use self::list::{ContactsView, ListQuery, ListRequest};
use self::view::{FoundView, SourceView, SourcesView, TaggedView};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::etag::{self, IfMatch, IfNoneMatch, Written, etag};
use crate::parts::page::{PageParams, Paging};
use crate::parts::params::QueryParams;
use crate::parts::path::{ExternalIdText, Id};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    // Before the routes with an id, because `by-email` stands where an id may stand.
    let table = batch::routes(addresses::routes(table))
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get_many, _, _>(get_many)
        .add::<__path_get, _, _>(get)
        .add::<__path_of_external_id, _, _>(of_external_id)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete)
        .add::<__path_tag, _, _>(tag)
        .add::<__path_sources, _, _>(sources);
    let table = consent::routes(data::routes(table));
    duplicates::routes(merge::routes(export::routes(activity::routes(table))))
}

/// Returns a contact's view and entity tag.
fn written_response(contact: &Contact) -> Result<Written, Problem> {
    Ok(Written { etag: etag(contact), body: to_json(&ContactView::from(contact))? })
}

/// List, search and filter contacts
#[utoipa::path(
    get, path = "/v1/contacts", tag = "contacts", operation_id = "list_contacts",
    params(FilterQuery, ListQuery, PageParams),
    responses((status = 200, description = "A page of the list", body = ContactsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let (path, query) = (req.path().to_owned(), req.query_string().to_owned());
    let body = blocking(&shared, move |api| {
        let org = caller.org;
        let ListRequest { filter, sort, count, paging } =
            ListRequest::read(&path, &query, org, api)?;
        let page = PageRequest { sort, size: paging.size, after: paging.after.clone() };
        let (listed, count) = api.contacts.list(org, &filter, &page, count)?;
        let last = api.conversations.last_of(org, &listed.items)?;
        to_json(&ContactsView::new(paging.seal(listed), last, count))
    });
    Ok(ok(body.await?))
}

/// Add a contact
#[utoipa::path(
    post, path = "/v1/contacts", tag = "contacts", operation_id = "create_contact",
    request_body = ContactBody,
    responses(
        (status = 201, description = "The new contact", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match"),
            ("location" = String, description = "Its path"),
        )),
        (status = 409, description = "`email_taken` or `external_id_taken`: `contact_id` has the address or the external id", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<ContactBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let contact = api.contacts.create(caller.org, &body.as_new(), caller.actor)?;
        Ok((contact.id, written_response(&contact)?))
    });
    let (id, written) = done.await?;
    Ok(created_response(id, written))
}

/// Returns the response for a new contact, with its path.
fn created_response(id: ContactId, written: Written) -> HttpResponse {
    let mut response = written.answer(StatusCode::CREATED);
    if let Ok(location) = header::HeaderValue::from_str(&format!("/v1/contacts/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Get a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}", tag = "contacts", operation_id = "get_contact",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        Expand,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag of a copy"),
    ),
    responses(
        (status = 200, description = "The contact", body = ExpandedView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match and If-None-Match"),
        )),
        (status = 304, description = "The copy is still good"),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    QueryParams(expand): QueryParams<Expand>,
    copy: IfNoneMatch,
) -> Answer {
    let found = blocking(&shared, move |api| {
        let contact = api.contacts.get(caller.org, id)?;
        if expand.is_empty() {
            return written_response(&contact);
        }
        Written::of(contact.version, &expand.view(api, &contact)?)
    });
    found.await.map(|found| answer_unless_known(found, &copy))
}

/// Answers with a contact, or with 304 when the caller has a copy of it.
fn answer_unless_known(found: Written, copy: &IfNoneMatch) -> HttpResponse {
    if copy.has(&found.etag) {
        return HttpResponse::NotModified().insert_header((header::ETAG, found.etag)).finish();
    }
    found.answer(StatusCode::OK)
}

/// Get a contact by its external id
///
/// The external id is your own id for the contact. Write it in the path with percent-encoding: a
/// slash is `%2F`.
#[utoipa::path(
    get, path = "/v1/contacts/by-external-id/{external_id}", tag = "contacts",
    operation_id = "get_contact_by_external_id",
    params(
        ("external_id" = String, Path, description = "The external id, exactly as it is stored"),
        ("If-None-Match" = Option<String>, Header, description = "The entity tag of a copy"),
    ),
    responses(
        (status = 200, description = "The contact", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match and If-None-Match"),
        )),
        (status = 304, description = "The copy is still good"),
        (status = 404, description = "No contact has the external id", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn of_external_id(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    ExternalIdText(external_id): ExternalIdText,
    copy: IfNoneMatch,
) -> Answer {
    let found = blocking(&shared, move |api| {
        written_response(&api.contacts.of_external_id(caller.org, &external_id)?)
    });
    found.await.map(|found| answer_unless_known(found, &copy))
}

/// Get up to 200 contacts by their ids
///
/// The query parameter `ids` of the list selects by ids, too, within the length of a URL.
#[utoipa::path(
    post, path = "/v1/contacts/get", tag = "contacts", operation_id = "get_contacts",
    request_body = IdsBody,
    responses((status = 200, description = "The contacts that exist, those that were merged, and the other ids", body = FoundView))
)]
async fn get_many(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Body(IdsBody { ids }): Body<IdsBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let wanted = ids.iter().copied().map(ContactId).collect();
        let contacts = api.contacts.get_many(caller.org, &wanted)?;
        to_json(&FoundView::new(&ids, &contacts))
    });
    Ok(ok(body.await?))
}

/// Change a contact's profile and tags by JSON merge patch
#[utoipa::path(
    patch, path = "/v1/contacts/{id}", tag = "contacts", operation_id = "update_contact",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body(
        description = "What changes. Absent members stay; null clears those that may be cleared.",
        content(
            (ContactPatchBody = "application/merge-patch+json"),
            (ContactPatchBody = "application/json"),
        ),
    ),
    responses(
        (status = 200, description = "The contact as it is now", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`email_taken` or `external_id_taken`: `contact_id` has the address or the external id", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    if_match: IfMatch,
    Body(body): Body<ContactPatchBody>,
) -> Answer {
    let written_response = blocking(&shared, move |api| {
        let patch = body.as_patch();
        let updated = if_match
            .guard(|version| api.contacts.update(caller.org, id, version, &patch, caller.actor))
            .map_err(with_current)?;
        written_response(&updated.contact)
    });
    Ok(written_response.await?.answer(StatusCode::OK))
}

/// Delete a contact permanently
#[utoipa::path(
    delete, path = "/v1/contacts/{id}", tag = "contacts", operation_id = "delete_contact",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "`invalid_header`: If-Match cannot be read", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    if_match: IfMatch,
) -> Answer {
    let done = blocking(&shared, move |api| {
        if_match
            .guard(|version| api.contacts.delete(caller.org, id, version, caller.actor))
            .map_err(with_current)
    });
    done.await?;
    Ok(nothing())
}

/// Add tags to a contact and remove tags from it
#[utoipa::path(
    post, path = "/v1/contacts/{id}/tags", tag = "contacts", operation_id = "tag_contact",
    params(("id" = Uuid, Path, description = "The contact")),
    request_body = TaggingBody,
    responses(
        (status = 200, description = "The contact as it is now, and what that changed", body = TaggedView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn tag(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Body(body): Body<TaggingBody>,
) -> Answer {
    let written_response = blocking(&shared, move |api| {
        let (add, remove) = (refs(&body.add), refs(&body.remove));
        let tagged = api.contacts.tag(caller.org, id, &add, &remove, caller.actor)?;
        Ok(Written { etag: etag(&tagged.contact), body: to_json(&TaggedView::from(&tagged))? })
    });
    Ok(written_response.await?.answer(StatusCode::OK))
}

/// Adds the current state of the contact to the problem for a failed precondition.
fn with_current(error: Error) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Contact(contact) => Some(ContactView::from(contact)),
        _ => None,
    })
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// List the sources of a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/sources", tag = "contacts", operation_id = "list_contact_sources",
    params(("id" = Uuid, Path, description = "The contact"), PageParams),
    responses(
        (status = 200, description = "A page, the first source first", body = SourcesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn sources(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    paging: Paging<SourceCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let page = api.contacts.sources(caller.org, id, paging.after.clone(), paging.size)?;
        to_json(&SourcesView::from(paging.seal(page).map(|source| SourceView::from(&source))))
    });
    Ok(ok(body.await?))
}
