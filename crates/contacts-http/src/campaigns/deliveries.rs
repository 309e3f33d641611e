//! What campaigns did to people, as their owner service tells it (R27).

use actix_web::web::Data;
use contacts_core::campaign::{DeliveryOutcome, RawDelivery};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer::{Answer, ok, to_json};
use crate::auth::CanWrite;
use crate::blocking::blocking;
use crate::body::Body;
use crate::routes::Table;
use crate::shared::Shared;

pub(super) fn routes(table: Table) -> Table {
    table.add::<__path_deliver, _, _>(deliver)
}

/// A batch of deliveries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewDeliveries)]
struct DeliveriesBody {
    /// 1 to 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<DeliveryBody>,
}

/// Something that a campaign did to a contact. One that cannot be read is answered as invalid,
/// and the others are taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewDelivery)]
struct DeliveryBody {
    /// 1 to 200 characters of the sender's choice. Sent again, it counts once.
    #[schema(required = true, nullable = false, example = "mail/4711/opened")]
    id: Option<String>,
    /// The campaign.
    #[schema(required = true, nullable = false, format = Uuid)]
    campaign_id: Option<String>,
    /// The contact.
    #[schema(required = true, nullable = false, format = Uuid)]
    contact_id: Option<String>,
    /// `sent`, `bounced`, `opened`, `clicked` or `unsubscribed`.
    #[schema(required = true, nullable = false, example = "opened")]
    kind: Option<String>,
    /// When it happened; at most a day ahead.
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

/// What became of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryResults)]
struct ResultsView {
    /// One for each event, in their order.
    results: Vec<ResultView>,
}

/// What became of one delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryResult)]
struct ResultView {
    /// Which event it is about, counted from 0.
    index: usize,
    /// `applied`; `duplicate` when one of this id was taken before, whatever this one says;
    /// `unknown_contact`; `unknown_campaign`; `invalid`.
    outcome: OutcomeView,
    /// Why it is invalid.
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

/// Tell what campaigns did to people
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
        let told: Vec<_> = body.events.iter().map(DeliveryBody::as_raw).collect();
        let outcomes = api.campaigns.deliver(caller.org, &told, caller.actor)?;
        let results = outcomes.into_iter().enumerate();
        let results = results.map(|(index, outcome)| ResultView::new(index, outcome)).collect();
        to_json(&ResultsView { results })
    });
    Ok(ok(body.await?))
}
