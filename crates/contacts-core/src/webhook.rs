//! Webhooks: the change feed, posted to registered URLs (R42).

mod patch;
mod ports;
mod service;
mod timing;
mod url;

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use time::OffsetDateTime;

pub use self::patch::{SecretRotation, WebhookPatch};
pub use self::ports::{
    Attempt, FeedAdvance, Message, NewDelivery, Queue, SendOutcome, WebhookRepository,
    WebhookSender,
};
#[cfg(any(test, feature = "mocks"))]
pub use self::ports::{MockWebhookRepository, MockWebhookSender};
pub use self::service::{NewWebhook, RawWebhookPatch, WebhookService};
pub use self::timing::{pause_after, retry_after};
pub use self::url::WebhookUrl;
use crate::event::EventKind;
use crate::org::id;
use crate::page::TimeCursor;
use crate::{Error, OrgId, Result};

id! {
    /// A webhook's id.
    WebhookId
}

id! {
    /// A delivery's id. It is also the message id, which stays the same over all attempts.
    DeliveryId
}

/// The event type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// Contacts were created.
    Created,
    /// Contacts were updated.
    Updated,
    /// Contacts were merged into another.
    Merged,
    /// Contacts were deleted.
    Deleted,
    /// A test message, which carries no event.
    Test,
}

impl MessageType {
    /// The types that a webhook can subscribe to.
    pub const EVENTS: [Self; 4] = [Self::Created, Self::Updated, Self::Merged, Self::Deleted];
    /// Every type.
    pub const ALL: [Self; 5] =
        [Self::Created, Self::Updated, Self::Merged, Self::Deleted, Self::Test];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "contacts.created",
            Self::Updated => "contacts.updated",
            Self::Merged => "contacts.merged",
            Self::Deleted => "contacts.deleted",
            Self::Test => "webhook.test",
        }
    }

    /// Reads a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl From<EventKind> for MessageType {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Created => Self::Created,
            EventKind::Updated => Self::Updated,
            EventKind::Merged(_) => Self::Merged,
            EventKind::Deleted => Self::Deleted,
        }
    }
}

/// The key that messages are signed with. Returned once, stored sealed only.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(pub [u8; 32]);

impl WebhookSecret {
    /// The secret in the notation of Standard Webhooks: `whsec_` and base64.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// Why a webhook is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// A user or a program paused it.
    Manual,
    /// The webhook answered 410 Gone.
    Gone,
}

impl Paused {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Manual, Self::Gone];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "by_hand",
            Self::Gone => "gone",
        }
    }

    /// Reads a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Organisation of the webhook.
    pub org: OrgId,
    /// Id of the webhook.
    pub id: WebhookId,
    /// The URL that messages are posted to.
    pub url: WebhookUrl,
    /// The subscribed event types; all types when empty.
    pub types: BTreeSet<MessageType>,
    /// Whether messages carry the current states of the contacts of their events.
    pub include_contacts: bool,
    /// Why the webhook is paused; `None` while it is active.
    pub paused: Option<Paused>,
    /// The sealed secret.
    pub secret: Vec<u8>,
    /// The previous sealed secret, and the time until which messages are also signed with it.
    pub old_secret: Option<(Vec<u8>, OffsetDateTime)>,
    /// Number of the last event for which deliveries were created.
    pub cursor: u64,
    /// Number of consecutive failed attempts.
    pub failures: u32,
    /// No attempt is made before this time, because of the failures.
    pub rests_until: Option<OffsetDateTime>,
    /// When the webhook last lost events, because they had expired before they could be delivered.
    pub missed_at: Option<OffsetDateTime>,
    /// When the webhook was created.
    pub created_at: OffsetDateTime,
    /// Rises by one with each change of the URL, the types, what is included, the pause
    /// or the secret.
    pub version: u64,
}

impl Webhook {
    /// Returns the cursor after this webhook in a list, oldest first.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.created_at, id: self.id.0 }
    }

    /// Whether the webhook subscribes to this type.
    pub fn wants(&self, kind: MessageType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }

    /// Refuses a test message while the webhook is paused.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`].
    pub fn check_active(&self) -> Result<()> {
        match self.paused {
            None => Ok(()),
            Some(_) => Err(Error::Conflict("the webhook is paused: resume it first".to_owned())),
        }
    }
}

/// State of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waits for its first or next attempt.
    Pending,
    /// The webhook answered with a 2xx status.
    Delivered,
    /// Given up after the last attempt.
    Dead,
}

impl DeliveryState {
    /// All states of deliveries.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// Parses a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// One message to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id, which is also the message id.
    pub id: DeliveryId,
    /// The receiving webhook.
    pub webhook: WebhookId,
    /// The event type.
    pub kind: MessageType,
    /// The event's number; `None` for a test message.
    pub number: Option<u64>,
    /// State of the delivery.
    pub state: DeliveryState,
    /// Number of attempts so far.
    pub attempts: u32,
    /// When the next attempt is due.
    pub due_at: OffsetDateTime,
    /// When the delivery was created.
    pub created_at: OffsetDateTime,
    /// Time of the last attempt.
    pub attempted_at: Option<OffsetDateTime>,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub problem: Option<String>,
}
