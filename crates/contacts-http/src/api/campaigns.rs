//! Campaigns over HTTP (R27).

pub(super) mod contact;
mod deliveries;
mod view;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use contacts_core::campaign::CampaignId;
use contacts_core::page::TimeCursor;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) use self::view::ContactCampaignsView;
pub(crate) use self::view::{CampaignView, DeliveryKindView};

use self::view::{CampaignKindView, CampaignsView, CountedView};
use crate::parts::answer::{Answer, json, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::page::{PageParams, Paging};
use crate::parts::path::Id;
use crate::parts::problem::ProblemView;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(crate) fn routes(table: Table) -> Table {
    let table = table
        .add::<__path_list, _, _>(list)
        .add::<__path_get, _, _>(get)
        .add::<__path_register, _, _>(register);
    contact::routes(deliveries::routes(table))
}

/// A campaign, as the service that owns it registers it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewCampaign)]
struct CampaignBody {
    /// The kind of the campaign. Cannot be changed later.
    kind: CampaignKindView,
    /// The name of the campaign: 1 to 200 characters.
    #[schema(example = "Spring sale")]
    name: String,
}

/// List campaigns with their numbers of contacts
#[utoipa::path(
    get, path = "/v1/campaigns", tag = "campaigns", operation_id = "list_campaigns",
    params(PageParams),
    responses((status = 200, description = "A page of campaigns", body = CampaignsView))
)]
async fn list(
    CanRead(caller): CanRead,
    shared: Data<Shared>,
    paging: Paging<TimeCursor>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let found = api.campaigns.list(caller.org, paging.after, paging.rows())?;
        let page = paging.cut(found, |counted| counted.campaign.cursor());
        to_json(&CampaignsView::from(page.map(|counted| CountedView::from(&counted))))
    });
    Ok(ok(body.await?))
}

/// Get a campaign with its numbers of contacts
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

/// Register a campaign under an id that you choose, or rename it
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
            api.campaigns.register(caller.org, id, body.kind.value(), &body.name)?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, to_json(&CampaignView::from(&campaign))?))
    });
    let (status, body) = done.await?;
    Ok(json(status, body))
}
