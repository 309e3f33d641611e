//! Notes over HTTP (R40).

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::key::{Scope, allows};
use contacts_core::note::{Editor, Note};
use contacts_core::page::Moment;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, nothing, ok, to_json};
use crate::auth::{Caller, CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::Body;
use crate::contacts::ActorView;
use crate::page::BeforePlace;
use crate::params::Params;
use crate::path::{Id, NotePath};
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete)
}

/// What a note says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NoteText)]
struct NoteBody {
    /// 1 to 10,000 characters after trimming. Line breaks and tabs are kept; other control
    /// characters are refused.
    text: String,
}

/// A note about a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub(crate) struct NoteView {
    /// Its id.
    id: Uuid,
    /// About whom it is.
    contact_id: Uuid,
    /// Who wrote it.
    author: ActorView,
    /// What it says.
    text: String,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When its text last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<&Note> for NoteView {
    fn from(note: &Note) -> Self {
        Self {
            id: note.id.0,
            contact_id: note.contact.0,
            author: note.author.into(),
            text: note.text.as_str().to_owned(),
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
#[schema(as = Notes)]
struct NotesView {
    /// The newest first.
    items: Vec<NoteView>,
    /// What `before` takes to get the next page; null on the last one.
    next: Option<String>,
}

/// Whom a caller may change the notes of.
fn editor(caller: &Caller) -> Editor {
    Editor { actor: caller.actor, is_admin: allows(&caller.scopes, Scope::Admin) }
}

/// List the notes about a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/notes", tag = "notes", operation_id = "list_notes",
    params(("id" = Uuid, Path, description = "The contact"), BeforePlace),
    responses(
        (status = 200, description = "A page, the newest first", body = NotesView),
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
        Moment::decode(text).ok_or("is no place in it: take next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let page = api.notes.list(caller.org, id, before, size)?;
        to_json(&NotesView {
            items: page.items.iter().map(NoteView::from).collect(),
            next: page.next.map(Moment::encode),
        })
    });
    Ok(ok(body.await?))
}

/// Write a note about a contact
#[utoipa::path(
    post, path = "/v1/contacts/{id}/notes", tag = "notes", operation_id = "create_note",
    params(("id" = Uuid, Path, description = "The contact")),
    request_body = NoteBody,
    responses(
        (status = 201, description = "The new note", body = NoteView, headers(
            ("location" = String, description = "Its path"),
        )),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Body(body): Body<NoteBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let note = api.notes.create(caller.org, id, &body.text, caller.actor)?;
        Ok((note.id, to_json(&NoteView::from(&note))?))
    });
    let (note, body) = done.await?;
    let mut response = json(StatusCode::CREATED, body);
    let path = format!("/v1/contacts/{id}/notes/{note}");
    if let Ok(location) = header::HeaderValue::from_str(&path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Get a note
#[utoipa::path(
    get, path = "/v1/contacts/{id}/notes/{note_id}", tag = "notes", operation_id = "get_note",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("note_id" = Uuid, Path, description = "The note"),
    ),
    responses(
        (status = 200, description = "The note", body = NoteView),
        (status = 404, description = "There is no such contact, or it has no such note", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, path: NotePath) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&NoteView::from(&api.notes.get(caller.org, path.contact, path.note)?))
    });
    Ok(ok(body.await?))
}

/// Change what a note says
#[utoipa::path(
    patch, path = "/v1/contacts/{id}/notes/{note_id}", tag = "notes", operation_id = "update_note",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("note_id" = Uuid, Path, description = "The note"),
    ),
    request_body = NoteBody,
    responses(
        (status = 200, description = "The note as it is now", body = NoteView),
        (status = 403, description = "`forbidden`: somebody else wrote it, and this is no admin's credential. `scope_missing`: the credential cannot write", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "There is no such contact, or it has no such note", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    path: NotePath,
    Body(body): Body<NoteBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let NotePath { contact, note } = path;
        let note = api.notes.update(caller.org, contact, note, &body.text, editor(&caller))?;
        to_json(&NoteView::from(&note))
    });
    Ok(ok(body.await?))
}

/// Delete a note
#[utoipa::path(
    delete, path = "/v1/contacts/{id}/notes/{note_id}", tag = "notes", operation_id = "delete_note",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("note_id" = Uuid, Path, description = "The note"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`forbidden`: somebody else wrote it, and this is no admin's credential. `scope_missing`: the credential cannot write", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "There is no such contact, or it has no such note", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(CanWrite(caller): CanWrite, shared: Data<Shared>, path: NotePath) -> Answer {
    let done = blocking(&shared, move |api| {
        Ok(api.notes.delete(caller.org, path.contact, path.note, editor(&caller))?)
    });
    done.await?;
    Ok(nothing())
}
