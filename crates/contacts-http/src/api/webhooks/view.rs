//! Views of webhooks and their deliveries.

use contacts_core::webhook::{
    Delivery, DeliveryState, MessageType, Paused, Webhook, WebhookSecret,
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::events::{EventTypeView, Include, IncludeView};
use crate::parts::enumerated::{Enumerated, enumeration};
use crate::parts::page::page_view;

page_view! {
    /// A page of webhooks.
    pub(super) struct WebhooksView as Webhooks {
        /// The webhooks, oldest first.
        items: WebhookView,
    }
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    /// Id of the webhook.
    id: Uuid,
    /// The URL that messages are posted to.
    url: String,
    /// The event types that are sent; all types when empty.
    types: Vec<EventTypeView>,
    /// What messages carry beside the ids of their contacts.
    include: Vec<IncludeView>,
    /// Whether the webhook is paused.
    paused: bool,
    /// The reason why the webhook is paused; null while it is not.
    paused_because: Option<PausedView>,
    /// Number of the last event for which a delivery was created.
    last_number: u64,
    /// Number of consecutive failed attempts.
    failures: u32,
    /// Time before which no attempt is made, because of the failures.
    #[serde(with = "time::serde::rfc3339::option")]
    rests_until: Option<OffsetDateTime>,
    /// When the webhook last missed events, because it was paused or unreachable for longer than
    /// events are kept: read the whole list of contacts again.
    #[serde(with = "time::serde::rfc3339::option")]
    missed_at: Option<OffsetDateTime>,
    /// Time until which messages are also signed with the previous secret.
    #[serde(with = "time::serde::rfc3339::option")]
    old_secret_until: Option<OffsetDateTime>,
    /// When the webhook was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Version of the webhook. It increases by one with each change of the URL, the types, what
    /// is included, the pause or the secret.
    version: u64,
}

impl From<&Webhook> for WebhookView {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.0,
            url: webhook.url.as_str().to_owned(),
            types: webhook.types.iter().copied().map(Enumerated).collect(),
            include: webhook
                .include_contacts
                .then_some(Include::Contact.into())
                .into_iter()
                .collect(),
            paused: webhook.paused.is_some(),
            paused_because: webhook.paused.map(Enumerated),
            last_number: webhook.cursor,
            failures: webhook.failures,
            rests_until: webhook.rests_until,
            missed_at: webhook.missed_at,
            old_secret_until: webhook.old_secret.as_ref().map(|(_, until)| *until),
            created_at: webhook.created_at,
            version: webhook.version,
        }
    }
}

/// A webhook with its new secret.
#[derive(Serialize, ToSchema)]
#[schema(as = SecretWebhook)]
pub(super) struct SecretWebhookView {
    /// The webhook.
    #[serde(flatten)]
    webhook: WebhookView,
    /// The key that messages are signed with. It is returned only once.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: String,
}

impl SecretWebhookView {
    pub(super) fn new(webhook: &Webhook, secret: &WebhookSecret) -> Self {
        Self { webhook: webhook.into(), secret: secret.reveal() }
    }
}

page_view! {
    /// A page of deliveries.
    pub(super) struct DeliveriesView as Deliveries {
        /// The deliveries, newest first.
        items: DeliveryView,
    }
}

/// One message to a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryView {
    /// Id of the delivery; `webhook-id` is `msg_` followed by this id without dashes.
    pub(super) id: Uuid,
    /// The type of the message.
    r#type: MessageTypeView,
    /// Number of the event; null for a test message.
    number: Option<u64>,
    /// The state of the delivery.
    state: DeliveryStateView,
    /// Number of attempts so far.
    attempts: u32,
    /// When the next attempt is due, while the delivery is pending.
    #[serde(with = "time::serde::rfc3339::option")]
    due_at: Option<OffsetDateTime>,
    /// When the last attempt was made.
    #[serde(with = "time::serde::rfc3339::option")]
    attempted_at: Option<OffsetDateTime>,
    /// HTTP status of the last response.
    status: Option<u16>,
    /// The reason why the last attempt failed, in words.
    problem: Option<String>,
    /// When the delivery was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

enumeration! {
    /// The state of a delivery.
    ///
    /// - `pending`: the delivery is waiting for its first or next attempt.
    /// - `delivered`: the webhook's server answered with a 2xx status.
    /// - `dead`: the delivery was given up after the last attempt.
    pub(super) DeliveryStateView = DeliveryState as "DeliveryState" in DeliveryState::ALL
}

enumeration! {
    /// The reason why a webhook is paused.
    ///
    /// - `by_hand`: a user or a program paused it.
    /// - `gone`: its server answered with 410.
    PausedView = Paused as "PausedBecause" in Paused::ALL
}

/// The type of a message: that of its event, or of a test.
#[derive(Clone, Copy)]
struct Message(MessageType);

impl Message {
    fn as_str(self) -> &'static str {
        self.0.as_str()
    }
}

enumeration! {
    /// The type of a message: that of its event; `webhook.test` has no event.
    MessageTypeView = Message as "MessageType" in MessageType::ALL.map(Message)
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let is_pending = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.id.0,
            r#type: Message(delivery.kind).into(),
            number: delivery.number,
            state: delivery.state.into(),
            attempts: delivery.attempts,
            due_at: is_pending.then_some(delivery.due_at),
            attempted_at: delivery.attempted_at,
            status: delivery.status,
            problem: delivery.problem,
            created_at: delivery.created_at,
        }
    }
}

/// The number of deliveries to send again.
#[derive(Serialize, ToSchema)]
#[schema(as = Redelivered)]
pub(super) struct RedeliveredView {
    /// Number of deliveries.
    pub(super) redelivered: u64,
}
