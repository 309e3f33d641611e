//! Campaigns and announcements, their subscriptions and deliveries (R27 to R29).

mod address_key;
mod condition;
mod delivery;
mod repository;
mod service;
mod subscription;

use std::collections::BTreeMap;

use time::OffsetDateTime;

pub use self::address_key::AddressKey;
pub use self::condition::{CampaignCondition, DeliveryCondition, InCampaign};
pub use self::delivery::{
    Delivery, DeliveryId, DeliveryKind, DeliveryOutcome, InvalidDeliveryId, RawDelivery,
};
pub use self::repository::CampaignRepository;
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockCampaignRepository;
pub use self::service::CampaignService;
pub use self::subscription::{DeliveryStatus, SubscribeOutcome, SubscribeRefusal, Subscription};
use crate::org::id;
use crate::page::TimeCursor;
use crate::{Error, Invalid, Result, text};

id! {
    /// Id of a campaign. The service that owns the campaign chooses it.
    CampaignId
}

/// Kind of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignKind {
    /// Messages over time.
    Campaign,
    /// One message to many contacts.
    Announcement,
}

/// A campaign or an announcement, registered by the service that owns it (R27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Id of the campaign.
    pub id: CampaignId,
    /// Kind of the campaign. Never changes.
    pub kind: CampaignKind,
    /// Name of the campaign.
    pub name: String,
    /// Time of registration.
    pub created_at: OffsetDateTime,
}

/// A campaign with the number of its contacts by delivery status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignCounts {
    /// The campaign.
    pub campaign: Campaign,
    /// Number of contacts by status. A status without contacts may be absent.
    pub people: BTreeMap<DeliveryStatus, u64>,
}

/// Campaigns of a contact, and whether it may be added to others (R29).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactCampaigns {
    /// Campaigns and subscriptions, newest first.
    pub items: Vec<(Campaign, Subscription)>,
    /// Time at which the contact unsubscribed from all messages.
    pub unsubscribed_at: Option<OffsetDateTime>,
}

impl ContactCampaigns {
    /// Returns the cursor after a subscription in the list of a contact, newest first.
    pub fn cursor((_, subscription): &(Campaign, Subscription)) -> TimeCursor {
        TimeCursor { at: subscription.pending_at, id: subscription.campaign.0 }
    }
}

impl CampaignKind {
    /// All kinds of campaigns.
    pub const ALL: [Self; 2] = [Self::Campaign, Self::Announcement];

    /// Returns the name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Announcement => "announcement",
        }
    }

    /// Parses the name of a kind.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Campaign {
    /// Makes a campaign.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the name is empty or longer than 200 characters.
    pub fn new(
        id: CampaignId,
        kind: CampaignKind,
        name: &str,
        created_at: OffsetDateTime,
    ) -> Result<Self> {
        let name = text::nfc(&text::collapse(text::trim(name)));
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(Invalid::one("name", "must have 1 to 200 characters").into());
        }
        Ok(Self { id, kind, name, created_at })
    }

    /// Returns the campaign after it was registered again, with the new name.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when its kind would change.
    pub fn registered_again(&self, reported: &Self) -> Result<Self> {
        if self.kind != reported.kind {
            let kind = self.kind.as_str();
            return Err(Error::Conflict(format!(
                "it is registered with the kind {kind}, which never changes: register another"
            )));
        }
        Ok(Self { name: reported.name.clone(), ..self.clone() })
    }

    /// Returns the cursor after this campaign.
    pub fn cursor(&self) -> TimeCursor {
        TimeCursor { at: self.created_at, id: self.id.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use uuid::Uuid;

    fn campaign(kind: CampaignKind, name: &str) -> Result<Campaign> {
        let id = CampaignId(Uuid::from_u128(7));
        Campaign::new(id, kind, name, datetime!(2026-01-01 10:00:00.5 UTC))
    }

    #[test]
    fn a_name_has_1_to_200_characters() {
        let name = |text: &str| campaign(CampaignKind::Campaign, text).map(|c| c.name);
        assert_eq!(name("  Spring \t sale ").unwrap(), "Spring sale");
        assert!(name(&"x".repeat(200)).is_ok());
        for errors in ["", " \u{200B}", "a\0b", &"x".repeat(201)] {
            assert!(matches!(name(errors), Err(Error::Invalid(parts)) if parts[0].field == "name"));
        }
    }

    #[test]
    fn registering_again_renames_and_never_changes_the_kind() {
        let spring = campaign(CampaignKind::Campaign, "Spring").unwrap();
        let campaign_of_kind = campaign(CampaignKind::Campaign, "Summer").unwrap();
        assert_eq!(spring.registered_again(&campaign_of_kind).unwrap().name, "Summer");
        let campaign_of_kind = campaign(CampaignKind::Announcement, "Spring").unwrap();
        assert!(matches!(spring.registered_again(&campaign_of_kind), Err(Error::Conflict(_))));
    }
}
