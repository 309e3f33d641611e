//! The campaigns of one contact (R28, R29).

use actix_web::web::Data;
use contacts_core::OrgId;
use contacts_core::campaign::{CampaignId, SubscribeOutcome, SubscribeRefusal};
use contacts_core::contact::ContactId;
use contacts_core::page::TimeCursor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::ContactCampaignsView;
use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::{CanRead, CanWrite};
use crate::parts::enumerated::enumeration;
use crate::parts::page::{PageParams, Paging};
use crate::parts::path::Id;
use crate::parts::problem::{Problem, ProblemView};
use crate::parts::services::Api;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_list, _, _>(list).add::<__path_subscribe, _, _>(subscribe)
}

/// The campaign to add a contact to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewSubscription)]
struct SubscribeBody {
    /// Id of the campaign.
    campaign_id: Uuid,
}

/// The outcome of adding a contact to a campaign.
#[derive(Serialize, ToSchema)]
#[schema(as = Joined)]
struct JoinedView {
    /// `added`; `unchanged` when the contact was already in the campaign; `skipped` when it must
    /// not be added.
    outcome: OutcomeView,
    /// The reason why the contact was skipped.
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

enumeration! {
    /// The reason why a contact is not added to a campaign: the person has unsubscribed, or the
    /// contact has no address.
    ReasonView = SubscribeRefusal as "JoinRefusal" in SubscribeRefusal::ALL
}

impl From<SubscribeOutcome> for JoinedView {
    fn from(joining: SubscribeOutcome) -> Self {
        let (outcome, reason) = match joining {
            SubscribeOutcome::Added => (OutcomeView::Added, None),
            SubscribeOutcome::Unchanged => (OutcomeView::Unchanged, None),
            SubscribeOutcome::Skipped(reason) => (OutcomeView::Skipped, Some(reason.into())),
        };
        Self { outcome, reason }
    }
}

/// List the campaigns of a contact with the status of each
#[utoipa::path(
    get, path = "/v1/contacts/{id}/campaigns", tag = "campaigns", operation_id = "list_contact_campaigns",
    params(("id" = Uuid, Path, description = "The contact"), PageParams),
    responses(
        (status = 200, description = "A page of the campaigns that it is in, the newest first", body = ContactCampaignsView),
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

/// Returns a page of the campaigns of a contact.
pub(in crate::api) fn page(
    api: &Api,
    org: OrgId,
    contact: ContactId,
    paging: &Paging<TimeCursor>,
) -> Result<ContactCampaignsView, Problem> {
    let found = api.campaigns.of_contact(org, contact, paging.after, paging.rows())?;
    Ok(ContactCampaignsView::new(found, paging))
}

/// Add a contact to a campaign, unless the person has unsubscribed
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
