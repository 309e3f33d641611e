//! Webhooks over HTTP (R42).

mod deliveries;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::page::TimeCursor;
use contacts_core::webhook::{NewWebhook, RawWebhookPatch, Webhook, WebhookId, WebhookSecret};
use contacts_core::{Current, Error};
use serde::Deserialize;
use utoipa::ToSchema;

use self::view::{SecretWebhookView, WebhookView, WebhooksView};
use crate::parts::answer::{Answer, nothing, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::{Body, present};
use crate::parts::caller::CanAdmin;
use crate::parts::etag::{self, IfMatch, Written};
use crate::parts::page::{PageParams, Paging};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_create, _, _>(create)
        .add::<__path_get, _, _>(get)
        .add::<__path_update, _, _>(update)
        .add::<__path_delete, _, _>(delete)
        .add::<__path_rotate, _, _>(rotate);
    deliveries::routes(table)
}

/// A webhook to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewWebhook)]
struct WebhookBody {
    /// The URL that messages are posted to: `https`, without user, password or fragment, and with
    /// port 443, 80 or a port above 1023.
    #[schema(example = "https://crm.example/hooks/contacts")]
    url: String,
    /// The event types to send; all types when absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<crate::api::events::EventTypeView>)]
    types: Vec<String>,
    /// What messages carry beside the ids of their contacts: with `contact`, the contacts as they
    /// are when the message is sent, without their notes. Nothing when absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<crate::api::events::IncludeView>)]
    include: Vec<String>,
}

/// A patch of a webhook; absent members stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = WebhookPatch)]
struct WebhookPatchBody {
    /// The URL that messages are posted to.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    url: Option<String>,
    /// The event types to send; all types when empty.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<crate::api::events::EventTypeView>>, nullable = false)]
    types: Option<Vec<String>>,
    /// What messages carry beside the ids of their contacts; nothing when empty.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<crate::api::events::IncludeView>>, nullable = false)]
    include: Option<Vec<String>>,
    /// Whether the webhook is paused.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    paused: Option<bool>,
}

/// List webhooks
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    params(PageParams),
    responses((status = 200, description = "A page, the oldest first", body = WebhooksView))
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    paging: Paging<TimeCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let page = paging.of_all(api.webhooks.list(caller.org)?, Webhook::cursor);
        to_json(&WebhooksView::from(page.map(|webhook| WebhookView::from(&webhook))))
    });
    Ok(ok(body.await?))
}

/// Create a webhook
///
/// It receives the events from this time on.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks", operation_id = "create_webhook",
    request_body = WebhookBody,
    responses(
        (status = 201, description = "The webhook and, this once, its secret", body = SecretWebhookView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 409, description = "`conflict`: the organisation has 20 webhooks", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<WebhookBody>,
) -> Answer {
    let written_response = blocking(&shared, move |api| {
        let WebhookBody { url, types, include } = &body;
        let new = NewWebhook { url, types, include, random: random()? };
        let (webhook, secret) = api.webhooks.create(caller.org, &new, caller.actor)?;
        with_secret(&webhook, &secret)
    });
    Ok(written_response.await?.answer(StatusCode::CREATED))
}

/// Get a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook", body = WebhookView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<WebhookId>) -> Answer {
    let done = blocking(&shared, move |api| written_response(&api.webhooks.get(caller.org, id)?));
    Ok(done.await?.answer(StatusCode::OK))
}

/// Change, pause or resume a webhook
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "update_webhook",
    params(
        ("id" = Uuid, Path, description = "The webhook"),
        ("If-Match" = Option<String>, Header, description = "Entity tags, one of which it must have"),
    ),
    request_body = WebhookPatchBody,
    responses(
        (status = 200, description = "The webhook. After a pause it receives the events that happened meanwhile", body = WebhookView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
        (status = 412, description = "`stale`: it has changed; `current` is what it is now", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<WebhookId>,
    if_match: IfMatch,
    Body(body): Body<WebhookPatchBody>,
) -> Answer {
    let WebhookPatchBody { url, types, include, paused } = body;
    let patch = RawWebhookPatch { url, types, include, paused };
    let done = blocking(&shared, move |api| {
        let updated = if_match
            .guard(|version| api.webhooks.update(caller.org, id, version, &patch, caller.actor))
            .map_err(with_current)?;
        written_response(&updated)
    });
    Ok(done.await?.answer(StatusCode::OK))
}

/// Delete a webhook and its deliveries
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "delete_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn delete(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<WebhookId>) -> Answer {
    blocking(&shared, move |api| Ok(api.webhooks.delete(caller.org, id, caller.actor)?)).await?;
    Ok(nothing())
}

/// Give a webhook a new secret
///
/// For a day, messages are also signed with the previous secret.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook and, this once, its new secret", body = SecretWebhookView, headers(
            ("etag" = String, description = "Its entity tag"),
        )),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn rotate(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<WebhookId>) -> Answer {
    let written_response = blocking(&shared, move |api| {
        let (webhook, secret) =
            api.webhooks.rotate_secret(caller.org, id, random()?, caller.actor)?;
        with_secret(&webhook, &secret)
    });
    Ok(written_response.await?.answer(StatusCode::OK))
}

fn written_response(webhook: &Webhook) -> Result<Written, Problem> {
    Written::of(webhook.version, &WebhookView::from(webhook))
}

/// Returns the view with the new secret, under the entity tag of the view without it.
fn with_secret(webhook: &Webhook, secret: &WebhookSecret) -> Result<Written, Problem> {
    let body = to_json(&SecretWebhookView::new(webhook, secret))?;
    Ok(Written { body, ..written_response(webhook)? })
}

/// Adds the current state of the webhook to the problem for a failed precondition.
fn with_current(error: Error) -> Problem {
    etag::with_current(error, |current| match current {
        Current::Webhook(webhook) => Some(WebhookView::from(webhook)),
        _ => None,
    })
}

fn random() -> Result<[u8; 32], Problem> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "failed to read random bytes from the system");
        Problem::internal()
    })?;
    Ok(random)
}
