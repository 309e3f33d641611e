//! Deliveries to webhooks over HTTP.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::webhook::{DeliveryId, WebhookId};

use super::view::{DeliveriesView, DeliveryStateView, DeliveryView, RedeliveredView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::caller::CanAdmin;
use crate::parts::enumerated::Enumerated;
use crate::parts::page::{FilteredPaging, PageParams};
use crate::parts::params::query;
use crate::parts::path::{DeliveryPath, Id};
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

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

query! {
    /// Parameters that select deliveries.
    struct DeliveriesQuery {
        /// The state of the deliveries to list. Default: all states.
        #[param(inline)]
        state: Option<DeliveryStateView>,
    }
}

/// List past and pending deliveries to a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(("id" = Uuid, Path, description = "The webhook"), DeliveriesQuery, PageParams),
    responses(
        (status = 200, description = "A page, the newest first. They are kept for 30 days", body = DeliveriesView),
        (status = 404, description = "There is no such webhook", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(
    CanAdmin(caller): CanAdmin,
    shared: Data<Shared>,
    Id(id): Id<WebhookId>,
    FilteredPaging { page, query }: FilteredPaging<DeliveryId, DeliveriesQuery>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let (state, rows) = (query.state.map(Enumerated::value), page.rows());
        let found = api.webhooks.deliveries(caller.org, id, state, page.after, rows)?;
        let page = page.cut(found, |delivery| delivery.id);
        to_json(&DeliveriesView::from(page.map(DeliveryView::from)))
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

/// Send all deliveries again that were given up
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
