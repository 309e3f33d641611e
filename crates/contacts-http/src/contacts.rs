//! Contacts over HTTP.

mod activity;
mod body;
mod data;
mod duplicates;
mod export;
mod list;
mod merge;
mod view;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use contacts_core::contact::{Contact, ContactId};

pub(crate) use self::activity::FieldChangeView;
pub(crate) use self::view::{ActorView, ContactView};

use self::body::{ContactBody, ContactPatchBody, TaggingBody};
use self::list::{ContactsView, FilterQuery, ListRequest, PageQuery};
use self::view::{SourcesView, TaggedView};
use crate::answer::{Answer, nothing, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::Body;
use crate::etag::{IfMatch, IfNoneMatch, etag};
use crate::path::Id;
use crate::problem::{Problem, ProblemView};
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete)
        .add::<__path_tag, _, _>(tag)
        .add::<__path_sources, _, _>(sources);
    let table = data::routes(table);
    duplicates::routes(merge::routes(export::routes(activity::routes(table))))
}

/// A contact that is written already, and its entity tag.
struct Written {
    etag: String,
    body: Vec<u8>,
}

impl Written {
    fn of(contact: &Contact) -> Result<Self, Problem> {
        Ok(Self { etag: etag(contact), body: to_json(&ContactView::from(contact))? })
    }

    fn answer(self, status: StatusCode) -> HttpResponse {
        HttpResponse::build(status)
            .content_type("application/json")
            .insert_header((header::ETAG, self.etag))
            .body(self.body)
    }
}

/// List contacts, search and filter them
#[utoipa::path(
    get, path = "/v1/contacts", tag = "contacts", operation_id = "list_contacts",
    params(FilterQuery, PageQuery),
    responses((status = 200, description = "A page of the list", body = ContactsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let query = req.query_string().to_owned();
    let body = blocking(&shared, move |api| {
        let ListRequest { filter, page, count } = ListRequest::read(&query, caller.org, api)?;
        let (listed, count) = api.contacts.list(caller.org, &filter, &page, count)?;
        let last = api.conversations.last_of(caller.org, &listed.items)?;
        to_json(&ContactsView::new(&listed, last, count))
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
        (status = 409, description = "`email_taken`: `contact_id` has the address", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<ContactBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let contact = api.contacts.create(caller.org, &body.as_new(), caller.actor)?;
        Ok((contact.id, Written::of(&contact)?))
    });
    let (id, written) = done.await?;
    let mut response = written.answer(StatusCode::CREATED);
    if let Ok(location) = header::HeaderValue::from_str(&format!("/v1/contacts/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Get a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}", tag = "contacts", operation_id = "get_contact",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("If-None-Match" = Option<String>, Header, description = "The entity tag of a copy"),
    ),
    responses(
        (status = 200, description = "The contact", body = ContactView, headers(
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
    copy: IfNoneMatch,
) -> Answer {
    let found =
        blocking(&shared, move |api| Written::of(&api.contacts.get(caller.org, id)?)).await?;
    if copy.has(&found.etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, found.etag)).finish());
    }
    Ok(found.answer(StatusCode::OK))
}

/// Change a contact's profile, by JSON merge patch
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
        (status = 409, description = "`email_taken`: `contact_id` has the address", body = ProblemView, content_type = "application/problem+json"),
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
    let written = blocking(&shared, move |api| {
        let patch = body.as_patch()?;
        let updated = if_match
            .guard(|version| api.contacts.update(caller.org, id, version, &patch, caller.actor))?;
        Written::of(&updated.contact)
    });
    Ok(written.await?.answer(StatusCode::OK))
}

/// Delete a contact for ever
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
        Ok(if_match.guard(|version| api.contacts.delete(caller.org, id, version, caller.actor))?)
    });
    done.await?;
    Ok(nothing())
}

/// Put tags on a contact and take others off
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
    let written = blocking(&shared, move |api| {
        let (add, remove) = (refs(&body.add), refs(&body.remove));
        let tagged = api.contacts.tag(caller.org, id, &add, &remove, caller.actor)?;
        Ok(Written { etag: etag(&tagged.contact), body: to_json(&TaggedView::from(&tagged))? })
    });
    Ok(written.await?.answer(StatusCode::OK))
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// List every way a contact came
#[utoipa::path(
    get, path = "/v1/contacts/{id}/sources", tag = "contacts", operation_id = "list_contact_sources",
    params(("id" = Uuid, Path, description = "The contact")),
    responses(
        (status = 200, description = "Every way it came, the first one first", body = SourcesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn sources(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let arrivals = api.contacts.arrivals(caller.org, id)?;
        to_json(&SourcesView { items: arrivals.iter().map(Into::into).collect() })
    });
    Ok(ok(body.await?))
}
