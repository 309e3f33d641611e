//! The campaigns of one contact (R28, R29).

use actix_web::web::Data;
use contacts_core::campaign::{CampaignId, Joining, Refusal};
use contacts_core::contact::ContactId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ContactCampaignsView;
use crate::answer::{Answer, ok, to_json};
use crate::auth::{CanRead, CanWrite};
use crate::blocking::blocking;
use crate::body::Body;
use crate::path::Id;
use crate::problem::ProblemView;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_subscribe, _, _>(subscribe)
}

/// A campaign to put a contact into.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSubscription)]
struct SubscribeBody {
    /// The campaign.
    campaign_id: Uuid,
}

/// What came of putting a contact into a campaign.
#[derive(Serialize, ToSchema)]
#[schema(as = Joined)]
struct JoinedView {
    /// `added`; `unchanged` when it was in it; `skipped` when it may not be.
    outcome: OutcomeView,
    /// Why it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<ReasonView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JoinOutcome)]
enum OutcomeView {
    Added,
    Unchanged,
    Skipped,
}

/// Why a contact is not put into a campaign: the person has unsubscribed, or has no address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JoinRefusal)]
enum ReasonView {
    Unsubscribed,
    Unreachable,
}

impl From<Joining> for JoinedView {
    fn from(joining: Joining) -> Self {
        let (outcome, reason) = match joining {
            Joining::Added => (OutcomeView::Added, None),
            Joining::Unchanged => (OutcomeView::Unchanged, None),
            Joining::Skipped(Refusal::Unsubscribed) => {
                (OutcomeView::Skipped, Some(ReasonView::Unsubscribed))
            }
            Joining::Skipped(Refusal::Unreachable) => {
                (OutcomeView::Skipped, Some(ReasonView::Unreachable))
            }
        };
        Self { outcome, reason }
    }
}

/// List the campaigns that a contact is in, and how far each got
#[utoipa::path(
    get, path = "/v1/contacts/{id}/campaigns", tag = "campaigns", operation_id = "list_contact_campaigns",
    params(("id" = Uuid, Path, description = "The contact")),
    responses(
        (status = 200, description = "Every campaign it is in, the newest first", body = ContactCampaignsView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn list(CanRead(caller): CanRead, shared: Data<Shared>, Id(id): Id<ContactId>) -> Answer {
    let body = blocking(&shared, move |api| {
        to_json(&ContactCampaignsView::from(&api.campaigns.of_contact(caller.org, id)?))
    });
    Ok(ok(body.await?))
}

/// Put a contact into a campaign, unless the person has unsubscribed
#[utoipa::path(
    post, path = "/v1/contacts/{id}/campaigns", tag = "campaigns", operation_id = "subscribe_contact",
    params(("id" = Uuid, Path, description = "The contact")),
    request_body = SubscribeBody,
    responses(
        (status = 200, description = "What came of it", body = JoinedView),
        (status = 404, description = "There is no such contact", body = ProblemView, content_type = "application/problem+json"),
    )
)]
async fn subscribe(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Id(id): Id<ContactId>,
    Body(body): Body<SubscribeBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let campaign = CampaignId(body.campaign_id);
        let joining = api.campaigns.subscribe(caller.org, campaign, id, caller.actor)?;
        to_json(&JoinedView::from(joining))
    });
    Ok(ok(body.await?))
}
