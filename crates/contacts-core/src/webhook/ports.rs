//! What webhooks need from outside.

use time::OffsetDateTime;

use super::{
    Delivery, DeliveryId, DeliveryState, MessageType, Paused, Webhook, WebhookId, WebhookUrl,
};
use crate::event::NumberedEvent;
use crate::{OrgId, Result};

/// A delivery that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// What it tells of.
    pub kind: MessageType,
    /// The event's number; a test has none.
    pub number: Option<u64>,
}

/// Events that a webhook has come to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// Where its cursor was.
    pub from: u64,
    /// Where its cursor is to be.
    pub to: u64,
    /// What is to be sent of them.
    pub deliveries: Vec<NewDelivery>,
    /// Whether events before them were lost to it.
    pub missed: bool,
}

/// What a webhook waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// What is to be sent now: what was due first, and of that the event of the lowest number.
    pub due: Option<Delivery>,
    /// When the next one will be due, when none is.
    pub next_at: Option<OffsetDateTime>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// How often it had been sent before: an attempt that another has counted is not counted.
    pub attempts_before: u32,
    /// How far it is now.
    pub state: DeliveryState,
    /// When it is to be sent again.
    pub due_at: OffsetDateTime,
    /// The status that was answered.
    pub status: Option<u16>,
    /// What was wrong.
    pub problem: Option<String>,
    /// How many messages in a row the webhook has not taken.
    pub failures: u32,
    /// Until when it is left alone.
    pub rests_until: Option<OffsetDateTime>,
    /// Whether it said that it is gone.
    pub gone: bool,
}

/// Keeps webhooks and what is sent to them.
///
/// Every implementation passes `contacts_testkit::webhook_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait WebhookRepository: Send + Sync {
    /// Adds a webhook, and queues its job, which stays until the webhook is gone or paused.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be kept.
    fn insert(&self, webhook: &Webhook) -> Result<()>;

    /// Finds a webhook.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: WebhookId) -> Result<Option<Webhook>>;

    /// All webhooks of an organisation, the oldest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId) -> Result<Vec<Webhook>>;

    /// Changes where and of what it is told, whether it is paused, and its secrets, and makes it
    /// forget its failures. One that is not paused has its job queued. Says whether it is there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn update(&self, webhook: &Webhook, now: OffsetDateTime) -> Result<bool>;

    /// Deletes a webhook with its deliveries; says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn delete(&self, org: OrgId, id: WebhookId) -> Result<bool>;

    /// Makes deliveries and moves the cursor, unless the cursor is elsewhere; says whether it
    /// did. Deliveries from before a moment are forgotten by the way, a bounded number of them.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn take_in(
        &self,
        org: OrgId,
        id: WebhookId,
        events: &TakenIn,
        forget_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Makes one delivery beside the feed, and wakes the webhook's job. Says whether the webhook
    /// is there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn add_delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: NewDelivery,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// What is to be sent.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn queue(&self, org: OrgId, id: WebhookId, now: OffsetDateTime) -> Result<Queue>;

    /// How many deliveries are pending, counted up to a bound.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be counted.
    fn pending(&self, org: OrgId, id: WebhookId, bound: usize) -> Result<usize>;

    /// Notes what became of an attempt.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
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

    /// Deliveries, the newest first, of one state when it is given, older than one when it is.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>>;

    /// Makes one delivery, or all that are dead, due anew as if they had never been sent, wakes
    /// the webhook's job, and says how many.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn redeliver(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: Option<DeliveryId>,
        now: OffsetDateTime,
    ) -> Result<u64>;
}

/// A message, ready to be written, signed and sent.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Where to.
    pub url: &'a WebhookUrl,
    /// Its id, the same each time it is sent.
    pub id: DeliveryId,
    /// What it tells of.
    pub kind: MessageType,
    /// The event; a test has none.
    pub event: Option<&'a NumberedEvent>,
    /// When it is sent.
    pub at: OffsetDateTime,
    /// What it is signed with: the secret, and the one before while that is valid.
    pub secrets: Vec<Vec<u8>>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was answered with this status.
    Answered(u16),
    /// It was not answered, and this is why.
    Failed(String),
}

/// Sends messages (Standard Webhooks).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait WebhookSender: Send + Sync {
    /// Whether messages may go there at all, as the operator wants it; or else why not.
    ///
    /// # Errors
    ///
    /// The reason, to be read after `url`.
    fn accepts(&self, url: &WebhookUrl) -> Result<(), String>;

    /// Sends a message, within seconds. Addresses inside the network are refused.
    fn send<'a>(&self, message: &Message<'a>) -> Sent;
}

/// Seals what must not be read at rest.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Seals bytes for one place: elsewhere they cannot be opened.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the system has no random bytes.
    fn seal(&self, place: &[u8], plain: &[u8]) -> Result<Vec<u8>>;

    /// Opens what was sealed for the place.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it was sealed with another key or for another place.
    fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>>;
}

/// Why a webhook that says it is gone is paused.
impl Attempt {
    /// What the webhook is paused by, if it is.
    pub fn pauses(&self) -> Option<Paused> {
        self.gone.then_some(Paused::Gone)
    }
}
