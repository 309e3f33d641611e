//! Erasing people, over HTTP (R14).

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use contacts_core::contact::ContactId;
use contacts_core::erasure::{Erasure, ErasureId, ErasureState};
use contacts_core::page::Page;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::answer::{Answer, json, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::body::Body;
use crate::contacts::ActorView;
use crate::page::BeforeId;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    table
        .add::<__path_erase, _, _>(erase)
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
}

/// How to erase a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewErasure)]
struct ErasureBody {
    /// Whether to forget, too, that they unsubscribed: then adding the address again could mail
    /// them again.
    #[serde(default)]
    forget_unsubscribe: bool,
}

/// The erasure of one person. It holds nothing of them but the id that they had.
#[derive(Serialize, ToSchema)]
#[schema(as = Erasure)]
struct ErasureView {
    /// Its id.
    id: Uuid,
    /// The id that the person had.
    contact_id: Uuid,
    /// Whether it is forgotten, too, that they unsubscribed.
    forget_unsubscribe: bool,
    /// How far it is.
    state: ErasureStateView,
    /// Imports that hold the person's row, or may, and that must come to an end first.
    waits_for: Vec<Uuid>,
    /// How many files of imports were deleted.
    files: u64,
    /// Who asked for it.
    actor: ActorView,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When nothing was left.
    #[serde(with = "time::serde::rfc3339::option")]
    finished_at: Option<OffsetDateTime>,
}

/// How far an erasure is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ErasureState)]
enum ErasureStateView {
    /// The contact is gone; files are being looked through.
    Running,
    /// It goes on when the imports it waits for are at an end.
    Waiting,
    /// Nothing is left.
    Done,
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id.0,
            contact_id: erasure.contact.0,
            forget_unsubscribe: erasure.forget_unsubscribe,
            state: match erasure.state {
                ErasureState::Running => ErasureStateView::Running,
                ErasureState::Waiting => ErasureStateView::Waiting,
                ErasureState::Done => ErasureStateView::Done,
            },
            waits_for: erasure.waits_for.into_iter().map(|import| import.0).collect(),
            files: erasure.files,
            actor: erasure.actor.into(),
            created_at: erasure.created_at,
            finished_at: erasure.finished_at,
        }
    }
}

/// A page of erasures.
#[derive(Serialize, ToSchema)]
#[schema(as = Erasures)]
struct ErasuresView {
    /// The newest first.
    items: Vec<ErasureView>,
    /// What `before` takes to get the next page; null on the last one.
    next: Option<Uuid>,
}

/// Erase a person
///
/// The contact and all that hangs on it, its conversations and notes too, are gone when this
/// answers. In the background the files of imports in which the person stands are deleted; one of
/// an import that is not at its end is waited for.
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
        Ok((erasure.id, to_json(&ErasureView::from(erasure))?))
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
    params(BeforeId),
    responses((status = 200, description = "A page, the newest first", body = ErasuresView))
)]
async fn list(CanAdmin(caller): CanAdmin, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let before = params.parsed("before", |text| {
        Uuid::try_parse(text).map(ErasureId).map_err(|_error| "must be an erasure's id")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let erasures = api.erasures.list(caller.org, before, size.get() + 1)?;
        let page = Page::cut(erasures, size, |erasure| erasure.id.0);
        let items = page.items.into_iter().map(ErasureView::from).collect();
        to_json(&ErasuresView { items, next: page.next })
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
        to_json(&ErasureView::from(api.erasures.get(caller.org, id)?))
    });
    Ok(ok(body.await?))
}
