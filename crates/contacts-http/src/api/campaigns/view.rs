//! Views of campaigns.

use contacts_core::campaign::{
    Campaign, CampaignCounts, CampaignKind, ContactCampaigns, DeliveryKind, DeliveryStatus,
    Subscription,
};
use contacts_core::page::{Page, TimeCursor};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::parts::enumerated::enumeration;
use crate::parts::page::{Paging, page_view};

/// A campaign or an announcement.
#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(crate) struct CampaignView {
    /// Id of the campaign, chosen by the service that owns it.
    id: Uuid,
    /// The kind of the campaign. Never changes.
    kind: CampaignKindView,
    /// The name of the campaign.
    name: String,
    /// When the campaign was registered.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<&Campaign> for CampaignView {
    fn from(campaign: &Campaign) -> Self {
        let Campaign { id, kind, name, created_at, .. } = campaign;
        Self { id: id.0, kind: (*kind).into(), name: name.clone(), created_at: *created_at }
    }
}

enumeration! {
    /// The kind of a campaign.
    pub(super) CampaignKindView = CampaignKind as "CampaignKind" in CampaignKind::ALL
}

enumeration! {
    /// The kind of a delivery event.
    pub(crate) DeliveryKindView = DeliveryKind as "DeliveryKind" in DeliveryKind::ALL
}

enumeration! {
    /// The status of a contact in a campaign: the furthest that has been reported.
    DeliveryStatusView = DeliveryStatus as "DeliveryStatus" in DeliveryStatus::ALL
}

/// A campaign with its numbers of contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = CountedCampaign)]
pub(super) struct CountedView {
    #[serde(flatten)]
    campaign: CampaignView,
    /// Number of contacts in the campaign, by status.
    contacts: NumbersView,
}

impl From<&CampaignCounts> for CountedView {
    fn from(counted: &CampaignCounts) -> Self {
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

/// Number of contacts in each status; each contact is counted once.
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

page_view! {
    /// A page of campaigns.
    pub(super) struct CampaignsView as Campaigns {
        /// The campaigns, newest first.
        items: CountedView,
    }
}

/// A contact's subscription to a campaign. Each time is that of the first such event; null when
/// there was none.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscription)]
struct SubscriptionView {
    /// The campaign.
    campaign: CampaignView,
    /// The furthest status that has been reported.
    status: DeliveryStatusView,
    /// When the contact was added to the campaign.
    #[serde(with = "time::serde::rfc3339")]
    pending_at: OffsetDateTime,
    /// When the first message was sent.
    #[serde(with = "time::serde::rfc3339::option")]
    sent_at: Option<OffsetDateTime>,
    /// When the first message bounced.
    #[serde(with = "time::serde::rfc3339::option")]
    bounced_at: Option<OffsetDateTime>,
    /// When a message was first opened. A click counts as an open.
    #[serde(with = "time::serde::rfc3339::option")]
    opened_at: Option<OffsetDateTime>,
    /// When a link was first clicked.
    #[serde(with = "time::serde::rfc3339::option")]
    clicked_at: Option<OffsetDateTime>,
    /// When the person unsubscribed.
    #[serde(with = "time::serde::rfc3339::option")]
    unsubscribed_at: Option<OffsetDateTime>,
    /// Who added the contact to the campaign.
    actor: crate::api::contacts::ActorView,
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

/// A page of the campaigns of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactCampaigns)]
pub(in crate::api) struct ContactCampaignsView {
    /// The subscriptions, newest first.
    items: Vec<SubscriptionView>,
    /// When the person unsubscribed from all campaigns: the contact is not added to any campaign
    /// after that. Null when they have not.
    #[serde(with = "time::serde::rfc3339::option")]
    unsubscribed_at: Option<OffsetDateTime>,
    /// The value of `cursor` for the next page; null on the last page.
    next: Option<String>,
}

impl ContactCampaignsView {
    pub(super) fn new(found: ContactCampaigns, paging: &Paging<TimeCursor>) -> Self {
        let page = paging.cut(found.items, ContactCampaigns::cursor);
        let Page { items, next } = page.map(|item| SubscriptionView::from(&item));
        Self { items, unsubscribed_at: found.unsubscribed_at, next }
    }
}
