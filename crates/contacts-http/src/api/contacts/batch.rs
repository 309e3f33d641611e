//! Batches and upserts over HTTP (R55).

mod body;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::batch::{ItemOutcome, UpsertKey, Upserted};
use contacts_core::contact::ContactId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::body::{BatchBody, UpsertBody};
use super::view::ContactView;
use super::{created_response, written_response};
use crate::api::imports::SkipCodeView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanWrite;
use crate::parts::etag::Written;
use crate::parts::path::{Email, ExternalIdText};
use crate::parts::problem::{FieldProblemView, Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_apply, _, _>(apply)
        .add::<__path_upsert_by_email, _, _>(upsert_by_email)
        .add::<__path_upsert_by_external_id, _, _>(upsert_by_external_id)
}

/// The outcomes of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchResults)]
struct ResultsView {
    /// One result per item, in the order of the items.
    results: Vec<ResultView>,
}

/// The outcome of one item.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchResult)]
struct ResultView {
    /// Index of the item in the batch, starting at 0.
    index: usize,
    /// `created`, `updated`, `unchanged`, `skipped` or `invalid`.
    status: StatusView,
    /// Id of the contact. A skipped item has it when it means one contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<Uuid>,
    /// The reason why the item was skipped: `not_found` (no contact has the `id`), `ambiguous` (the
    /// keys belong to different contacts), `already_known` or `not_known` (the policy does not
    /// permit it), `no_name_or_email` (a new contact needs one of them), or `too_many_addresses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<SkipCodeView>,
    /// The reason in words, such as which keys belong to different contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
    /// All invalid parts of the item, like the `errors` of a problem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblemView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BatchStatus)]
enum StatusView {
    Created,
    Updated,
    Unchanged,
    Skipped,
    Invalid,
}

impl ResultView {
    fn new(index: usize, outcome: ItemOutcome) -> Self {
        let result = |status| Self {
            index,
            status,
            id: None,
            reason: None,
            detail: None,
            errors: Vec::new(),
        };
        match outcome {
            ItemOutcome::Created(id) => Self { id: Some(id.0), ..result(StatusView::Created) },
            ItemOutcome::Updated(id) => Self { id: Some(id.0), ..result(StatusView::Updated) },
            ItemOutcome::Unchanged(id) => Self { id: Some(id.0), ..result(StatusView::Unchanged) },
            ItemOutcome::Skipped { reason, contact } => Self {
                id: contact.map(|id| id.0),
                reason: Some(reason.code().into()),
                detail: Some(reason.sentence()),
                ..result(StatusView::Skipped)
            },
            ItemOutcome::Invalid(errors) => Self {
                errors: errors.into_iter().map(Into::into).collect(),
                ..result(StatusView::Invalid)
            },
        }
    }
}

/// Add and change up to 1,000 contacts
///
/// All items are applied in one transaction, in their order, and each is decided like a row of an
/// import. Invalid and skipped items do not stop the others.
#[utoipa::path(
    post, path = "/v1/contacts/batch", tag = "contacts", operation_id = "apply_batch",
    request_body = BatchBody,
    responses(
        (status = 200, description = "What became of each item, in their order", body = ResultsView),
    )
)]
async fn apply(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<BatchBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let outcomes = api.batches.apply(caller.org, &body.as_raw(), caller.actor)?;
        let results = outcomes.into_iter().enumerate();
        let results = results.map(|(index, outcome)| ResultView::new(index, outcome)).collect();
        to_json(&ResultsView { results })
    });
    Ok(ok(body.await?))
}

/// Add or change the contact that has an email address
///
/// The address may be the primary one or any other address of the contact; the addresses of an
/// existing contact do not change. Values overwrite, and tags are added.
#[utoipa::path(
    put, path = "/v1/contacts/by-email/{email}", tag = "contacts", operation_id = "upsert_contact_by_email",
    params(("email" = String, Path, description = "The address, percent-encoded")),
    request_body = UpsertBody,
    responses(
        (status = 200, description = "The contact existed; this is how it is now", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match"),
        )),
        (status = 201, description = "The new contact", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match"),
            ("location" = String, description = "Its path"),
        )),
        (status = 404, description = "The address contains the character U+0000", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`external_id_taken`: `contact_id` has the external id", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: a value is not valid, or `email` differs from the one in the path", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn upsert_by_email(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Email(email): Email,
    Body(body): Body<UpsertBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (key, values) = (UpsertKey::Email(&email), body.as_values());
        written(&api.batches.upsert(caller.org, key, &values, caller.actor)?)
    });
    Ok(response(done.await?))
}

/// Add or change the contact that has an external id
///
/// The external id is your own id for the contact. Write it in the path with percent-encoding: a
/// slash is `%2F`. Values overwrite, and tags are added. A new `email` becomes the primary address,
/// and the previous one stays in `other_emails`.
#[utoipa::path(
    put, path = "/v1/contacts/by-external-id/{external_id}", tag = "contacts",
    operation_id = "upsert_contact_by_external_id",
    params(("external_id" = String, Path, description = "The external id, exactly as it is stored")),
    request_body = UpsertBody,
    responses(
        (status = 200, description = "The contact existed; this is how it is now", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match"),
        )),
        (status = 201, description = "The new contact", body = ContactView, headers(
            ("etag" = String, description = "Its entity tag, for If-Match"),
            ("location" = String, description = "Its path"),
        )),
        (status = 404, description = "The external id contains the character U+0000", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`email_taken`: `contact_id` has the address", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: a value is not valid, `external_id` differs from the one in the path, or a new contact has neither a name nor an address", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn upsert_by_external_id(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    ExternalIdText(external_id): ExternalIdText,
    Body(body): Body<UpsertBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (key, values) = (UpsertKey::ExternalId(&external_id), body.as_values());
        written(&api.batches.upsert(caller.org, key, &values, caller.actor)?)
    });
    Ok(response(done.await?))
}

/// Returns the id of a new contact, and the view of the contact.
fn written(upserted: &Upserted) -> Result<(Option<ContactId>, Written), Problem> {
    let Upserted { contact, is_new } = upserted;
    Ok((is_new.then_some(contact.id), written_response(contact)?))
}

fn response((new, written): (Option<ContactId>, Written)) -> HttpResponse {
    match new {
        Some(id) => created_response(id, written),
        None => written.answer(StatusCode::OK),
    }
}
