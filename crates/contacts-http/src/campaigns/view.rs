//! Campaigns as they go out.

use contacts_core::campaign::{
    Campaign, CampaignKind, ContactCampaigns, Counted, DeliveryKind, DeliveryStatus, Subscription,
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A campaign or an announcement.
#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(crate) struct CampaignView {
    /// Its id, as its owner service chose it.
    id: Uuid,
    /// What it is. Never changes.
    kind: CampaignKindView,
    /// What people call it.
    name: String,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<&Campaign> for CampaignView {
    fn from(campaign: &Campaign) -> Self {
        let kind = match campaign.kind {
            CampaignKind::Campaign => CampaignKindView::Campaign,
            CampaignKind::Announcement => CampaignKindView::Announcement,
        };
        let Campaign { id, name, created_at, .. } = campaign;
        Self { id: id.0, kind, name: name.clone(), created_at: *created_at }
    }
}

/// What a campaign is.
#[derive(Clone, Copy, serde::Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CampaignKind)]
pub(super) enum CampaignKindView {
    Campaign,
    Announcement,
}

impl From<CampaignKindView> for CampaignKind {
    fn from(kind: CampaignKindView) -> Self {
        match kind {
            CampaignKindView::Campaign => Self::Campaign,
            CampaignKindView::Announcement => Self::Announcement,
        }
    }
}

/// What a campaign did to a contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryKind)]
pub(crate) enum DeliveryKindView {
    Sent,
    Bounced,
    Opened,
    Clicked,
    Unsubscribed,
}

impl From<DeliveryKind> for DeliveryKindView {
    fn from(kind: DeliveryKind) -> Self {
        match kind {
            DeliveryKind::Sent => Self::Sent,
            DeliveryKind::Bounced => Self::Bounced,
            DeliveryKind::Opened => Self::Opened,
            DeliveryKind::Clicked => Self::Clicked,
            DeliveryKind::Unsubscribed => Self::Unsubscribed,
        }
    }
}

/// How far a campaign got with a contact: the furthest of what is known.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryStatus)]
enum DeliveryStatusView {
    Pending,
    Sent,
    Bounced,
    Opened,
    Clicked,
    Unsubscribed,
}

impl From<DeliveryStatus> for DeliveryStatusView {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Sent => Self::Sent,
            DeliveryStatus::Bounced => Self::Bounced,
            DeliveryStatus::Opened => Self::Opened,
            DeliveryStatus::Clicked => Self::Clicked,
            DeliveryStatus::Unsubscribed => Self::Unsubscribed,
        }
    }
}

/// A campaign, and how many people are in it.
#[derive(Serialize, ToSchema)]
#[schema(as = CountedCampaign)]
pub(super) struct CountedView {
    #[serde(flatten)]
    campaign: CampaignView,
    /// How many contacts are in it, by the status of each.
    contacts: NumbersView,
}

impl From<&Counted> for CountedView {
    fn from(counted: &Counted) -> Self {
        let of = |status| counted.people.get(&status).copied().unwrap_or_default();
        let contacts = NumbersView {
            total: counted.people.values().sum(),
            pending: of(DeliveryStatus::Pending),
            sent: of(DeliveryStatus::Sent),
            bounced: of(DeliveryStatus::Bounced),
            opened: of(DeliveryStatus::Opened),
            clicked: of(DeliveryStatus::Clicked),
            unsubscribed: of(DeliveryStatus::Unsubscribed),
        };
        Self { campaign: (&counted.campaign).into(), contacts }
    }
}

/// How many contacts there are of each status; each contact is counted once.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignNumbers)]
struct NumbersView {
    total: u64,
    pending: u64,
    sent: u64,
    bounced: u64,
    opened: u64,
    clicked: u64,
    unsubscribed: u64,
}

/// A page of campaigns.
#[derive(Serialize, ToSchema)]
#[schema(as = Campaigns)]
pub(super) struct CampaignsView {
    /// The campaigns, the newest first.
    pub(super) items: Vec<CountedView>,
    /// What `cursor` takes to get the next page; null on the last one.
    pub(super) next: Option<String>,
}

/// A contact in a campaign. Each time is the first; null while that has not happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscription)]
struct SubscriptionView {
    /// The campaign.
    campaign: CampaignView,
    /// The furthest of what has happened.
    status: DeliveryStatusView,
    /// When the contact was put into it.
    #[serde(with = "time::serde::rfc3339")]
    pending_at: OffsetDateTime,
    /// When a message was sent.
    #[serde(with = "time::serde::rfc3339::option")]
    sent_at: Option<OffsetDateTime>,
    /// When one came back.
    #[serde(with = "time::serde::rfc3339::option")]
    bounced_at: Option<OffsetDateTime>,
    /// When one was opened. A click is an open, too.
    #[serde(with = "time::serde::rfc3339::option")]
    opened_at: Option<OffsetDateTime>,
    /// When a link was clicked.
    #[serde(with = "time::serde::rfc3339::option")]
    clicked_at: Option<OffsetDateTime>,
    /// When the person wanted no more of it.
    #[serde(with = "time::serde::rfc3339::option")]
    unsubscribed_at: Option<OffsetDateTime>,
    /// Who put the contact into it.
    actor: crate::contacts::ActorView,
}

impl From<&(Campaign, Subscription)> for SubscriptionView {
    fn from((campaign, subscription): &(Campaign, Subscription)) -> Self {
        Self {
            campaign: campaign.into(),
            status: subscription.status().into(),
            pending_at: subscription.pending_at,
            sent_at: subscription.sent_at,
            bounced_at: subscription.bounced_at,
            opened_at: subscription.opened_at,
            clicked_at: subscription.clicked_at,
            unsubscribed_at: subscription.unsubscribed_at,
            actor: subscription.actor.into(),
        }
    }
}

/// The campaigns that a contact is in.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactCampaigns)]
pub(super) struct ContactCampaignsView {
    /// The newest first.
    items: Vec<SubscriptionView>,
    /// Since when the person wants no more of any campaign: nothing of ours puts them into one.
    #[serde(with = "time::serde::rfc3339::option")]
    unsubscribed_at: Option<OffsetDateTime>,
}

impl From<&ContactCampaigns> for ContactCampaignsView {
    fn from(found: &ContactCampaigns) -> Self {
        let items = found.items.iter().map(Into::into).collect();
        Self { items, unsubscribed_at: found.unsubscribed_at }
    }
}
