//! Notes over HTTP (R40).

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::key::Scope;
use contacts_core::note::{Editor, Note};
use contacts_core::page::TimeCursor;
use contacts_core::{Current, Error, OrgId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::contacts::ActorView;
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{Caller, CanRead, CanWrite};
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::page::{PageParams, Paging, page_view};
use crate::parts::path::{Id, NotePath};
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete)
}

/// The content of a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NoteText)]
struct NoteBody {
    /// The text: 1 to 10,000 characters after trimming. Line breaks and tabs are kept; other
    /// control characters are refused.
    text: String,
}

/// A note about a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub(crate) struct NoteView {
    /// Id of the note.
    id: Uuid,
    /// Id of the contact that the note is about.
    contact_id: Uuid,
    /// Who wrote the note.
    author: ActorView,
    /// The text of the note.
    text: String,
    /// When the note was written.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the text was last changed.
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    /// Version of the note. It increases by one with each new text.
    version: u64,
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
            version: note.version,
        }
    }
}

fn written_response(note: &Note) -> Result<Written, Problem> {
    Written::of(note.version, &NoteView::from(note))
}

/// Adds the current state of the note to the problem for a failed precondition.
fn with_current(error: Error) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Note(note) => Some(NoteView::from(note)),
        _ => None,
    })
}

page_view! {
    /// A page of notes.
    pub(super) struct NotesView as Notes {
        /// The notes, newest first.
        items: NoteView,
    }
}

/// Returns the caller as an editor of notes: authors may edit their own, admins all.
fn editor(caller: &Caller) -> Editor {
    Editor { actor: caller.actor, is_admin: caller.may(Scope::Admin) }
}

/// List the notes about a contact
#[utoipa::path(
    get, path = "/v1/contacts/{id}/notes", tag = "notes", operation_id = "list_notes",
    params(("id" = Uuid, Path, description = "The contact"), PageParams),
    responses(
        (status = 200, description = "A page, the newest first", body = NotesView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    paging: Paging<TimeCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| to_json(&page(api, caller.org, id, &paging)?));
    Ok(ok(body.await?))
}

/// Returns a page of the notes about a contact.
pub(super) fn page(
    api: &Api,
    org: OrgId,
    contact: ContactId,
    paging: &Paging<TimeCursor>,
) -> Result<NotesView, Problem> {
    let page = api.notes.list(org, contact, paging.after, paging.size)?;
    Ok(paging.seal(page).map(|note| NoteView::from(&note)).into())
}

/// Add a note about a contact
#[utoipa::path(
    post, path = "/v1/contacts/{id}/notes", tag = "notes", operation_id = "create_note",
    params(("id" = Uuid, Path, description = "The contact")),
    request_body = NoteBody,
    responses(
        (status = 201, description = "The new note", body = NoteView, headers(
            ("location" = String, description = "Its path"),
            ("etag" = String, description = "Its entity tag"),
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
        Ok((note.id, written_response(&note)?))
    });
    let (note, written_response) = done.await?;
    let mut response = written_response.answer(StatusCode::CREATED);
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
        (status = 200, description = "The note", body = NoteView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such contact, or it has no such note", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, path: NotePath) -> Answer {
    let done = blocking(&shared, move |api| {
        written_response(&api.notes.get(caller.org, path.contact, path.note)?)
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Change the text of a note
#[utoipa::path(
    patch, path = "/v1/contacts/{id}/notes/{note_id}", tag = "notes", operation_id = "update_note",
    params(
        ("id" = Uuid, Path, description = "The contact"),
        ("note_id" = Uuid, Path, description = "The note"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = NoteBody,
    responses(
        (status = 200, description = "The note as it is now", body = NoteView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: somebody else wrote it, and this is no admin's credential. `scope_missing`: the credential cannot write", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "There is no such contact, or it has no such note", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    path: NotePath,
    if_match: IfMatch,
    Body(body): Body<NoteBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (NotePath { contact, note }, editor) = (path, editor(&caller));
        let edited = if_match.guard(|version| {
            api.notes.update(caller.org, contact, note, &body.text, version, editor)
        });
        written_response(&edited.map_err(with_current)?)
    });
    Ok(done.await?.answer(StatusCode::OK))
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
