//! Webhooks as the API shows them.

use contacts_core::webhook::{Delivery, DeliveryState, Paused, Webhook, WebhookSecret};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// All webhooks of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhooks)]
pub(super) struct WebhooksView {
    /// The webhooks, the oldest first.
    pub(super) items: Vec<WebhookView>,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    /// Its id.
    id: Uuid,
    /// Where messages go.
    url: String,
    /// Of what it hears; of everything, when empty.
    types: Vec<&'static str>,
    /// Whether nothing is sent to it.
    paused: bool,
    /// Why not: `by_hand`, or `gone` when it answered with 410.
    paused_because: Option<&'static str>,
    /// The number of the last event of which deliveries were made.
    last_number: u64,
    /// How many messages in a row it did not take.
    failures: u32,
    /// Until when it is left alone after that.
    #[serde(with = "time::serde::rfc3339::option")]
    rests_until: Option<OffsetDateTime>,
    /// When it missed events, because it was paused or out of reach for longer than they are
    /// kept: read the whole list of contacts again.
    #[serde(with = "time::serde::rfc3339::option")]
    missed_at: Option<OffsetDateTime>,
    /// Until when messages are signed with the secret before, too.
    #[serde(with = "time::serde::rfc3339::option")]
    old_secret_until: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<&Webhook> for WebhookView {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.0,
            url: webhook.url.as_str().to_owned(),
            types: webhook.types.iter().map(|kind| kind.as_str()).collect(),
            paused: webhook.paused.is_some(),
            paused_because: webhook.paused.map(Paused::as_str),
            last_number: webhook.cursor,
            failures: webhook.failures,
            rests_until: webhook.rests_until,
            missed_at: webhook.missed_at,
            old_secret_until: webhook.old_secret.as_ref().map(|(_, until)| *until),
            created_at: webhook.created_at,
        }
    }
}

/// A webhook with a secret that is new.
#[derive(Serialize, ToSchema)]
#[schema(as = SecretWebhook)]
pub(super) struct SecretWebhookView {
    /// The webhook.
    #[serde(flatten)]
    webhook: WebhookView,
    /// What messages are signed with. It is shown this once.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: String,
}

impl SecretWebhookView {
    pub(super) fn new(webhook: &Webhook, secret: &WebhookSecret) -> Self {
        Self { webhook: webhook.into(), secret: secret.reveal() }
    }
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = Deliveries)]
pub(super) struct DeliveriesView {
    /// The deliveries, the newest first.
    pub(super) items: Vec<DeliveryView>,
    /// What `before` takes to get the next page; null on the last one.
    pub(super) next: Option<Uuid>,
}

/// One message to a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryView {
    /// Its id; `webhook-id` is `msg_` and this id without dashes.
    pub(super) id: Uuid,
    /// What it tells of; `webhook.test` tells of nothing.
    #[schema(example = "contacts.updated")]
    r#type: &'static str,
    /// The event's number; a test has none.
    number: Option<u64>,
    /// How far it is.
    state: DeliveryStateView,
    /// How often it was sent.
    attempts: u32,
    /// When it is to be sent, while it is pending.
    #[serde(with = "time::serde::rfc3339::option")]
    due_at: Option<OffsetDateTime>,
    /// When it was last sent.
    #[serde(with = "time::serde::rfc3339::option")]
    attempted_at: Option<OffsetDateTime>,
    /// The status that was answered last.
    status: Option<u16>,
    /// What was wrong the last time, for people.
    problem: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// How far a delivery is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub(super) enum DeliveryStateView {
    /// It will be sent, or sent again.
    Pending,
    /// It arrived.
    Delivered,
    /// It was tried often enough.
    Dead,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let is_pending = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id.0,
            r#type: delivery.kind.as_str(),
            number: delivery.number,
            state: match delivery.state {
                DeliveryState::Pending => DeliveryStateView::Pending,
                DeliveryState::Delivered => DeliveryStateView::Delivered,
                DeliveryState::Dead => DeliveryStateView::Dead,
            },
            attempts: delivery.attempts,
            due_at: is_pending.then_some(delivery.due_at),
            attempted_at: delivery.attempted_at,
            status: delivery.status,
            problem: delivery.problem,
            created_at: delivery.created_at,
        }
    }
}

/// How many deliveries are sent again.
#[derive(Serialize, ToSchema)]
#[schema(as = Redelivered)]
pub(super) struct RedeliveredView {
    /// How many.
    pub(super) redelivered: u64,
}
