//! Campaigns over HTTP (R27).

mod contact;
mod deliveries;
mod view;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::campaign::{CampaignCursor, CampaignId};
use contacts_core::page::Page;
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) use self::view::{CampaignView, DeliveryKindView};

use self::view::{CampaignKindView, CampaignsView, CountedView};
use crate::answer::{Answer, json, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::Body;
use crate::page::AfterCursor;
use crate::params::Params;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
        .add::<__path_register, _, _>(register);
    contact::routes(deliveries::routes(table))
}

/// What a campaign's owner service says of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewCampaign)]
struct CampaignBody {
    /// What it is. Never changes.
    kind: CampaignKindView,
    /// 1 to 200 characters.
    #[schema(example = "Spring sale")]
    name: String,
}

/// List campaigns, and how many people are in each
#[utoipa::path(
    get, path = "/v1/campaigns", tag = "campaigns", operation_id = "list_campaigns",
    params(AfterCursor),
    responses((status = 200, description = "A page of campaigns", body = CampaignsView))
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, req: HttpRequest) -> Answer {
    let mut params = Params::read(req.query_string())?;
    let after = params.parsed("cursor", |text| {
        CampaignCursor::decode(text).ok_or("is no cursor: take next of a page")
    });
    let size = params.limit();
    params.finish()?;
    let body = blocking(&shared, move |api| {
        let found = api.campaigns.list(caller.org, after, size.get() + 1)?;
        let page = Page::cut(found, size, |counted| counted.campaign.cursor());
        to_json(&CampaignsView {
            items: page.items.iter().map(CountedView::from).collect(),
            next: page.next.map(CampaignCursor::encode),
        })
    });
    Ok(ok(body.await?))
}

/// Get a campaign, and how many people are in it
#[utoipa::path(
    get, path = "/v1/campaigns/{id}", tag = "campaigns", operation_id = "get_campaign",
    params(("id" = Uuid, Path, description = "The campaign")),
    responses(
        (status = 200, description = "The campaign", body = CountedView),
        (status = 404, description = "There is no such campaign", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn get(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<CampaignId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&CountedView::from(&api.campaigns.get(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// Register a campaign under an id of your own, or rename it
#[utoipa::path(
    put, path = "/v1/campaigns/{id}", tag = "campaigns", operation_id = "register_campaign",
    params(("id" = Uuid, Path, description = "The id that its owner service chose: a UUID")),
    request_body = CampaignBody,
    responses(
        (status = 200, description = "It was registered before; this is it now", body = CampaignView),
        (status = 201, description = "The new campaign", body = CampaignView),
        (status = 404, description = "What stands in the path is no UUID", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it is registered with another kind", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn register(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<CampaignId>,
    Body(body): Body<CampaignBody>,
) -> Answer {
    let done = blocking(&shared, move |api| {
        let (campaign, is_new) =
            api.campaigns.register(caller.org, id, body.kind.into(), &body.name)?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, to_json(&CampaignView::from(&campaign))?))
    });
    let (status, body) = done.await?;
    Ok(json(status, body))
}
