//! What is sent to a webhook, over HTTP.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::page::Page;
use contacts_core::webhook::{DeliveryId, DeliveryState, WebhookId};
use utoipa::IntoParams;
use uuid::Uuid;

use super::view::{DeliveriesView, DeliveryView, RedeliveredView};
use crate::answer::{Answer, json, ok, to_json};
use crate::auth::CanAdmin;
use crate::blocking::blocking;
use crate::params::Params;
use crate::path::{DeliveryPath, Id};
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table
        .add::<__path_test, _, _>(test)
        .add::<__path_list, _, _>(list)
        .add::<__path_redeliver, _, _>(redeliver)
        .add::<__path_redeliver_dead, _, _>(redeliver_dead)
}

/// Send a test message
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 202, description = "The delivery, which is about to be sent: look at it among the deliveries", body = DeliveryView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is paused", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn test(CanAdmin(caller): CanAdmin, shared: Data<Shared>, Id(id): Id<WebhookId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&DeliveryView::from(api.webhooks.test(caller.org, id)?))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what list reads")]
struct DeliveriesQuery {
    /// `pending`, `delivered` or `dead`.
    state: Option<String>,
    /// `next` of the page before.
    before: Option<Uuid>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
}

/// List what was and will be sent to a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(("id" = Uuid, Path, description = "The webhook"), DeliveriesQuery),
    responses(
        (status = 200, description = "A page, the newest first. They are kept for 30 days", body = DeliveriesView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<WebhookId>,
    req: HttpRequest,
) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let state = params.parsed("state", |text| {
        DeliveryState::parse(text).ok_or("must be pending, delivered or dead")
    });
    let before = params.parsed("before", |text| {
        Uuid::try_parse(text).map(DeliveryId).map_err(|_error| "must be next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let webhooks = &api.webhooks;
        let found = webhooks.deliveries(caller.org, id, state, before, size.get() + 1)?;
        let page = Page::cut(found, size, |delivery| delivery.id.0);
        let items = page.items.into_iter().map(DeliveryView::from).collect();
        to_json(&DeliveriesView { items, next: page.next })
    });
    Ok(ok(body.await?))
}

/// Send a delivery again
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/deliveries/{delivery_id}/redeliver", tag = "webhooks",
    operation_id = "redeliver_webhook_delivery",
    params(
        ("id" = Uuid, Path, description = "The webhook"),
        ("delivery_id" = Uuid, Path, description = "The delivery"),
    ),
    responses(
        (status = 202, description = "The delivery, which is about to be sent as if for the first time", body = DeliveryView),
        (status = 404, description = "There is no such delivery", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn redeliver(CanAdmin(caller): CanAdmin, shared: Data<Shared>, path: DeliveryPath) -> Answer {
    let body = blocking(&shared, move |api| {
        let again = api.webhooks.redeliver(caller.org, path.webhook, path.delivery)?;
        to_json(&DeliveryView::from(again))
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}

/// Send everything again that was given up
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/redeliver-dead", tag = "webhooks", operation_id = "redeliver_dead_webhook_deliveries",
    params(("id" = Uuid, Path, description = "The webhook")),
    responses(
        (status = 202, description = "How many are about to be sent", body = RedeliveredView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn redeliver_dead(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<WebhookId>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&RedeliveredView { redelivered: api.webhooks.redeliver_dead(caller.org, id)? })
    });
    Ok(json(StatusCode::ACCEPTED, body.await?))
}
