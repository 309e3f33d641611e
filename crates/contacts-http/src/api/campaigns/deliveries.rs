//! Deliveries of campaigns, as reported by the service that owns the campaigns (R27).

use actix_web::web::Data;
use contacts_core::campaign::{DeliveryOutcome, RawDelivery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::parts::answer::{Answer, ok, to_json};
use crate::parts::blocking::blocking;
use crate::parts::body::Body;
use crate::parts::caller::CanWrite;
use crate::parts::shared::Shared;
use crate::parts::table::Table;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_deliver, _, _>(deliver)
}

/// A batch of deliveries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewDeliveries)]
struct DeliveriesBody {
    /// The deliveries: 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<DeliveryBody>,
}

/// A delivery event of a campaign for one contact. An event that cannot be read gets the outcome
/// `invalid`; the other events of the batch are applied.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewDelivery)]
struct DeliveryBody {
    /// Id of the event, chosen by the sender: 1 to 200 characters. An event that is sent twice
    /// counts once.
    #[schema(required = true, nullable = false, example = "mail/4711/opened")]
    id: Option<String>,
    /// Id of the campaign.
    #[schema(required = true, nullable = false, format = Uuid)]
    campaign_id: Option<String>,
    /// Id of the contact.
    #[schema(required = true, nullable = false, format = Uuid)]
    contact_id: Option<String>,
    /// Kind of the event: `sent`, `bounced`, `opened`, `clicked` or `unsubscribed`.
    #[schema(required = true, nullable = false, example = "opened")]
    kind: Option<String>,
    /// When the event happened; at most one day in the future.
    #[schema(required = true, nullable = false, format = DateTime)]
    at: Option<String>,
}

impl DeliveryBody {
    fn as_raw(&self) -> RawDelivery<'_> {
        RawDelivery {
            id: self.id.as_deref(),
            campaign: self.campaign_id.as_deref(),
            contact: self.contact_id.as_deref(),
            kind: self.kind.as_deref(),
            at: self.at.as_deref(),
        }
    }
}

/// The outcomes of a batch of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryResults)]
struct ResultsView {
    /// One result per event, in the order of the events.
    results: Vec<ResultView>,
}

/// The outcome of one delivery event.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryResult)]
struct ResultView {
    /// Index of the event in the batch, starting at 0.
    index: usize,
    /// `applied`; `duplicate` when an event with this id was applied before, whatever the content
    /// of this one; `unknown_contact`; `unknown_campaign`; `invalid`.
    outcome: OutcomeView,
    /// The reason why the event is invalid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryOutcome)]
enum OutcomeView {
    Applied,
    Duplicate,
    UnknownContact,
    UnknownCampaign,
    Invalid,
}

impl ResultView {
    fn new(index: usize, outcome: DeliveryOutcome) -> Self {
        let (outcome, reason) = match outcome {
            DeliveryOutcome::Applied => (OutcomeView::Applied, None),
            DeliveryOutcome::Duplicate => (OutcomeView::Duplicate, None),
            DeliveryOutcome::UnknownContact => (OutcomeView::UnknownContact, None),
            DeliveryOutcome::UnknownCampaign => (OutcomeView::UnknownCampaign, None),
            DeliveryOutcome::Invalid(reason) => (OutcomeView::Invalid, Some(reason)),
        };
        Self { index, outcome, reason }
    }
}

/// Report deliveries of campaigns
#[utoipa::path(
    post, path = "/v1/deliveries", tag = "campaigns", operation_id = "tell_deliveries",
    request_body = DeliveriesBody,
    responses((status = 200, description = "What became of each, in their order", body = ResultsView))
)]
async fn deliver(
    CanWrite(caller): CanWrite,
    shared: Data<Shared>,
    Body(body): Body<DeliveriesBody>,
) -> Answer {
    let body = blocking(&shared, move |api| {
        let reports: Vec<_> = body.events.iter().map(DeliveryBody::as_raw).collect();
        let outcomes = api.campaigns.deliver(caller.org, &reports, caller.actor)?;
        let results = outcomes.into_iter().enumerate();
        let results = results.map(|(index, outcome)| ResultView::new(index, outcome)).collect();
        to_json(&ResultsView { results })
    });
    Ok(ok(body.await?))
}
