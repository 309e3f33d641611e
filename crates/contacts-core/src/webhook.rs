//! Webhooks: the change feed, sent to addresses that somebody gave (R42).

mod ports;
mod service;
mod timing;
mod url;

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use time::OffsetDateTime;

pub use self::ports::{
    Attempt, Message, NewDelivery, Queue, Sealer, Sent, TakenIn, WebhookRepository, WebhookSender,
};
#[cfg(any(test, feature = "mocks"))]
pub use self::ports::{MockSealer, MockWebhookRepository, MockWebhookSender};
pub use self::service::{NewWebhook, WebhookPatch, WebhookService};
pub use self::timing::{pause_after, retry_after};
pub use self::url::WebhookUrl;
use crate::OrgId;
use crate::event::EventKind;
use crate::org::id;

id! {
    /// A webhook's id.
    WebhookId
}

id! {
    /// A delivery's id. It is the id of the message, too: the same however often it is sent.
    DeliveryId
}

/// What a message tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// Contacts were made.
    Created,
    /// Contacts changed.
    Updated,
    /// Contacts were folded into another.
    Merged,
    /// Contacts are gone.
    Deleted,
    /// Nothing: somebody wants to see that messages arrive.
    Test,
}

impl MessageType {
    /// What a webhook can ask for.
    pub const EVENTS: [Self; 4] = [Self::Created, Self::Updated, Self::Merged, Self::Deleted];

    /// The type's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "contacts.created",
            Self::Updated => "contacts.updated",
            Self::Merged => "contacts.merged",
            Self::Deleted => "contacts.deleted",
            Self::Test => "webhook.test",
        }
    }

    /// The type of a name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = Self::EVENTS.into_iter().chain([Self::Test]);
        all.into_iter().find(|kind| kind.as_str() == name)
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

/// What messages are signed with. Shown once; kept only sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(pub [u8; 32]);

impl WebhookSecret {
    /// The secret as the Standard Webhooks write it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// Why nothing is sent to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// Somebody wants it so.
    ByHand,
    /// It answered that it is gone for good (410).
    Gone,
}

impl Paused {
    /// The reason's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Gone => "gone",
        }
    }

    /// The reason of a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::ByHand, Self::Gone].into_iter().find(|why| why.as_str() == name)
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Whom it belongs to.
    pub org: OrgId,
    /// Its id.
    pub id: WebhookId,
    /// Where messages go.
    pub url: WebhookUrl,
    /// Of what it wants to hear; of everything, when empty.
    pub types: BTreeSet<MessageType>,
    /// Why nothing is sent to it, if nothing is.
    pub paused: Option<Paused>,
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// The secret before, sealed, and until when messages are signed with it, too.
    pub old_secret: Option<(Vec<u8>, OffsetDateTime)>,
    /// Up to which event deliveries were made.
    pub cursor: u64,
    /// How many messages in a row it did not take.
    pub failures: u32,
    /// Until when it is left alone after that.
    pub rests_until: Option<OffsetDateTime>,
    /// When it missed events, because they were not kept until it could have had them.
    pub missed_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl Webhook {
    /// Whether it wants to hear of such events.
    pub fn wants(&self, kind: MessageType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It will be sent, or sent again.
    Pending,
    /// It arrived.
    Delivered,
    /// It was tried often enough.
    Dead,
}

impl DeliveryState {
    /// The state's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The state of a name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Pending, Self::Delivered, Self::Dead];
        all.into_iter().find(|state| state.as_str() == name)
    }
}

/// One message to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, and the message's.
    pub id: DeliveryId,
    /// To whom.
    pub webhook: WebhookId,
    /// What it tells of.
    pub kind: MessageType,
    /// The event's number; a test has none.
    pub number: Option<u64>,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is to be sent.
    pub due_at: OffsetDateTime,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last sent.
    pub attempted_at: Option<OffsetDateTime>,
    /// The status that was answered last.
    pub status: Option<u16>,
    /// What was wrong the last time.
    pub problem: Option<String>,
}
