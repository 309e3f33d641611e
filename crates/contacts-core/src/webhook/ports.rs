//! Ports of webhooks: the store and the sender.

use time::OffsetDateTime;

use super::{
    Delivery, DeliveryId, DeliveryState, MessageType, SecretRotation, Webhook, WebhookId,
    WebhookPatch, WebhookUrl,
};
use crate::event::{CurrentContacts, NumberedEvent};
use crate::{Actor, OrgId, Result};

/// A delivery to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Id of the delivery.
    pub id: DeliveryId,
    /// The event type.
    pub kind: MessageType,
    /// The event's number; `None` for a test message.
    pub number: Option<u64>,
}

/// An advance of a webhook's cursor over events of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedAdvance {
    /// The expected cursor.
    pub from: u64,
    /// The new cursor.
    pub to: u64,
    /// The deliveries to create.
    pub deliveries: Vec<NewDelivery>,
    /// Whether events before them had expired.
    pub missed: bool,
}

/// The next delivery of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// The earliest due delivery; of several, the one with the lowest number.
    pub due: Option<Delivery>,
    /// When the next one will be due, if none is.
    pub next_at: Option<OffsetDateTime>,
}

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Number of attempts before this one. If the stored number differs, another worker has
    /// recorded this attempt already.
    pub attempts_before: u32,
    /// The new state of the delivery.
    pub state: DeliveryState,
    /// When the next attempt is due.
    pub due_at: OffsetDateTime,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// Why the attempt failed.
    pub problem: Option<String>,
    /// Number of consecutive failed attempts of the webhook, with this one.
    pub failures: u32,
    /// No attempt is made before this time.
    pub rests_until: Option<OffsetDateTime>,
    /// Whether the webhook answered 410 Gone, which pauses it.
    pub gone: bool,
    /// Version of the webhook that the message was sent for.
    pub webhook_version: u64,
}

/// Stores webhooks and their deliveries.
///
/// Every implementation passes `contacts_testkit::webhook_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait WebhookRepository: Send + Sync {
    /// Adds a webhook and queues its delivery job, which stays until the webhook is deleted or
    /// paused, and records it in the audit trail (R61). Concurrent calls cannot exceed the limit.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when the organisation already has `limit` webhooks.
    fn insert(&self, webhook: &Webhook, limit: usize, actor: Actor) -> Result<()>;

    /// Finds a webhook.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: WebhookId) -> Result<Option<Webhook>>;

    /// Lists all webhooks of an organisation, the oldest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<Webhook>>;

    /// Applies a patch to the locked webhook, as [`Webhook::apply`] does, and queues the delivery
    /// job unless the webhook is paused. Records a change in the audit trail (R61). Returns the new
    /// state; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when the webhook does not have the expected version.
    fn patch(
        &self,
        org: OrgId,
        id: WebhookId,
        patch: &WebhookPatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>>;

    /// Replaces the secret of the locked webhook, as [`Webhook::rotate_secret`] does, and queues
    /// the delivery job unless the webhook is paused. Records it in the audit trail (R61). Returns
    /// the new state; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn rotate_secret(
        &self,
        org: OrgId,
        id: WebhookId,
        rotation: &SecretRotation,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>>;

    /// Deletes a webhook with its deliveries, and records it in the audit trail (R61); returns
    /// whether there was one.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be deleted.
    fn delete(&self, org: OrgId, id: WebhookId, actor: Actor, now: OffsetDateTime) -> Result<bool>;

    /// Creates deliveries and moves the cursor, if the cursor is where the caller expects it;
    /// returns whether it did. Also deletes a bounded number of the deliveries created before
    /// `forget_before`.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn append_events(
        &self,
        org: OrgId,
        id: WebhookId,
        events: &FeedAdvance,
        forget_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Creates one delivery outside the feed, such as a test message, and wakes the delivery job.
    /// Returns whether there is such a webhook.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when the webhook is paused, as [`Webhook::check_active`] states.
    fn add_delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: NewDelivery,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Finds the next delivery of a webhook.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn queue(&self, org: OrgId, id: WebhookId, now: OffsetDateTime) -> Result<Queue>;

    /// Counts the pending deliveries, up to a bound.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be counted.
    fn pending(&self, org: OrgId, id: WebhookId, bound: usize) -> Result<usize>;

    /// Records the outcome of an attempt, on the delivery and, as [`Webhook::record_attempt`]
    /// does, on the webhook.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn attempted(
        &self,
        org: OrgId,
        id: WebhookId,
        attempt: &Attempt,
        now: OffsetDateTime,
    ) -> Result<()>;

    /// Finds a delivery.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn delivery(&self, org: OrgId, id: WebhookId, delivery: DeliveryId)
    -> Result<Option<Delivery>>;

    /// Lists deliveries, the newest first; only those in `state` and after the delivery `after`,
    /// when these are given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>>;

    /// Makes one delivery, or all dead ones, due again with no attempts counted, and wakes the
    /// delivery job. Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be written.
    fn redeliver(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: Option<DeliveryId>,
        now: OffsetDateTime,
    ) -> Result<u64>;
}

/// A message to serialise, sign and send.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// URL that the message is posted to.
    pub url: &'a WebhookUrl,
    /// The message id, the same for every attempt.
    pub id: DeliveryId,
    /// The event type.
    pub kind: MessageType,
    /// The event; `None` for a test message.
    pub event: Option<&'a NumberedEvent>,
    /// The current states of the contacts of the event, when the webhook includes them.
    pub contacts: Option<&'a CurrentContacts>,
    /// Time of the attempt.
    pub at: OffsetDateTime,
    /// The secrets to sign with: the current one, and the previous one while it is valid.
    pub secrets: Vec<Vec<u8>>,
}

/// The outcome of sending a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The webhook answered with this HTTP status.
    Answered(u16),
    /// There was no answer, for this reason.
    Failed(String),
}

/// Sends messages as Standard Webhooks.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait WebhookSender: Send + Sync {
    /// Checks whether the operator allows messages to this URL.
    ///
    /// # Errors
    ///
    /// The reason, to be read after `url`.
    fn accepts(&self, url: &WebhookUrl) -> Result<(), String>;

    /// Sends a message within a few seconds. Rejects addresses inside the network.
    fn send<'a>(&self, message: &Message<'a>) -> SendOutcome;
}
