//! Webhooks over HTTP (R42).

mod deliveries;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::webhook::{NewWebhook, WebhookId, WebhookPatch};
use serde::Deserialize;
use utoipa::ToSchema;

use self::view::{SecretWebhookView, WebhookView, WebhooksView};
use crate::answer::{Answer, json, nothing, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::body::{Body, present};
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
        .add::<__path_rotate, _, _>(rotate);
    deliveries::routes(table)
}

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewWebhook)]
struct WebhookBody {
    /// Where messages are to go: `https`, without user, password or fragment, at the port 443,
    /// 80, or one above 1023.
    #[schema(example = "https://crm.example/hooks/contacts")]
    url: String,
    /// Of what it is to hear; of everything, when absent or empty.
    #[serde(default)]
    #[schema(value_type = Vec<crate::events::EventTypeView>)]
    types: Vec<String>,
}

/// A change of a webhook. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = WebhookPatch)]
struct WebhookPatchBody {
    /// Where messages are to go.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    url: Option<String>,
    /// Of what it is to hear; of everything, when empty.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<crate::events::EventTypeView>>, nullable = false)]
    types: Option<Vec<String>>,
    /// Whether nothing is to be sent to it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    paused: Option<bool>,
}

/// List webhooks
#[utoipa::path(
    get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    responses((status = 200, description = "All webhooks, the oldest first", body = WebhooksView))
)]
async fn list(CanAdmin(caller): CanAdmin, shared: Data<Shared>) -> Answer {
    let body = blocking(&shared, move |api| {
        let webhooks = api.webhooks.list(caller.org)?;
        to_json(&WebhooksView { items: webhooks.iter().map(WebhookView::from).collect() })
    });
    Ok(ok(body.await?))
}

/// Make a webhook
///
/// It hears of what happens from now on.
#[utoipa::path(
    post, path = "/v1/webhooks", tag = "webhooks", operation_id = "create_webhook",
    request_body = WebhookBody,
    responses(
        (status = 201, description = "The webhook and, this once, its secret", body = SecretWebhookView),
        (status = 409, description = "`conflict`: there are too many", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn create(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Body(body): Body<WebhookBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let new = NewWebhook { url: &body.url, types: &body.types, random: random()? };
        let (webhook, secret) = api.webhooks.create(caller.org, &new)?;
        to_json(&SecretWebhookView::new(&webhook, &secret))
    });
    Ok(json(StatusCode::CREATED, body.await?))
}

/// Get a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook", body = WebhookView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<WebhookId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&WebhookView::from(&api.webhooks.get(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// Change a webhook, pause it, or go on with it
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "update_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    request_body = WebhookPatchBody,
    responses(
        (status = 200, description = "The webhook. One that goes on is sent what happened meanwhile", body = WebhookView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn update(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<WebhookId>,
    Body(body): Body<WebhookPatchBody>,
) -> Answer {
    let patch = WebhookPatch { url: body.url, types: body.types, paused: body.paused };
    let body = blocking(&shared, move |api| {
        to_json(&WebhookView::from(&api.webhooks.update(caller.org, id, &patch)?))
    });
    Ok(ok(body.await?))
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
    blocking(&shared, move |api| Ok(api.webhooks.delete(caller.org, id)?)).await?;
    Ok(nothing())
}

/// Give a webhook a new secret
///
/// For a day, messages are signed with the secret before, too.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 200, description = "The webhook and, this once, its new secret", body = SecretWebhookView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn rotate(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<WebhookId>) -> Answer {
    let body = blocking(&shared, move |api| {
        let (webhook, secret) = api.webhooks.rotate(caller.org, id, random()?)?;
        to_json(&SecretWebhookView::new(&webhook, &secret))
    });
    Ok(ok(body.await?))
}

fn random() -> Result<[u8; 32], Problem> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Problem::internal()
    })?;
    Ok(random)
}
