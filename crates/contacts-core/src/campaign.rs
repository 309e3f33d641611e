//! Campaigns and announcements, who is in them, and what they did to people (R27 to R29).

mod address_key;
mod condition;
mod delivery;
mod repository;
mod service;
mod subscription;

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;

pub use self::address_key::AddressKey;
pub use self::condition::{CampaignCondition, InCampaign};
pub use self::delivery::{
    Delivery, DeliveryId, DeliveryKind, DeliveryOutcome, InvalidDeliveryId, RawDelivery,
};
pub use self::repository::CampaignRepository;
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockCampaignRepository;
pub use self::service::CampaignService;
pub use self::subscription::{DeliveryStatus, Joining, Refusal, Subscription};
use crate::org::id;
use crate::page::{read_micros, write_micros};
use crate::{Error, Invalid, Result, text};

id! {
    /// A campaign's id. Its owner service chooses it.
    CampaignId
}

/// What a campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignKind {
    /// Messages to people, over time.
    Campaign,
    /// One message to everybody who is to know.
    Announcement,
}

/// A campaign or an announcement, as its owner service registered it (R27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// What it is. Never changes.
    pub kind: CampaignKind,
    /// What people call it.
    pub name: String,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

/// A campaign, and how many people are in it, by the status of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The campaign.
    pub campaign: Campaign,
    /// A status in which nobody is may be absent.
    pub people: BTreeMap<DeliveryStatus, u64>,
}

/// A place in the list of campaigns, which begins with the newest: after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CampaignCursor {
    /// When that one was registered.
    pub created_at: OffsetDateTime,
    /// Its id.
    pub id: CampaignId,
}

/// The campaigns that a contact is in, and whether it may be put into others (R29).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactCampaigns {
    /// The newest first.
    pub items: Vec<(Campaign, Subscription)>,
    /// Since when the person wants no more of them, if that is so.
    pub unsubscribed_at: Option<OffsetDateTime>,
}

impl CampaignKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Campaign, Self::Announcement];

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Announcement => "announcement",
        }
    }

    /// The kind of a name.
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

    /// What it is after it was registered once more: a new name is taken.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when it would become of another kind.
    pub fn registered_again(&self, as_told: &Self) -> Result<Self> {
        if self.kind != as_told.kind {
            let kind = self.kind.as_str();
            return Err(Error::Conflict(format!(
                "it is registered with the kind {kind}, which never changes: register another"
            )));
        }
        Ok(Self { name: as_told.name.clone(), ..self.clone() })
    }

    /// Its place in the list.
    pub fn cursor(&self) -> CampaignCursor {
        CampaignCursor { created_at: self.created_at, id: self.id }
    }
}

impl CampaignCursor {
    /// The cursor as an opaque text of letters and digits.
    pub fn encode(self) -> String {
        format!("{}{}", self.id.0.simple(), write_micros(self.created_at))
    }

    /// Reads what [`CampaignCursor::encode`] wrote.
    pub fn decode(text: &str) -> Option<Self> {
        let (id, micros) = text.split_at_checked(32)?;
        let id = CampaignId(Uuid::try_parse(id).ok()?);
        Some(Self { created_at: read_micros(micros)?, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn campaign(kind: CampaignKind, name: &str) -> Result<Campaign> {
        let id = CampaignId(Uuid::from_u128(7));
        Campaign::new(id, kind, name, datetime!(2026-01-01 10:00:00.5 UTC))
    }

    #[test]
    fn a_name_has_1_to_200_characters() {
        let name = |text: &str| campaign(CampaignKind::Campaign, text).map(|c| c.name);
        assert_eq!(name("  Spring \t sale ").unwrap(), "Spring sale");
        assert!(name(&"x".repeat(200)).is_ok());
        for wrong in ["", " \u{200B}", "a\0b", &"x".repeat(201)] {
            assert!(matches!(name(wrong), Err(Error::Invalid(parts)) if parts[0].field == "name"));
        }
    }

    #[test]
    fn registering_again_renames_and_never_changes_the_kind() {
        let spring = campaign(CampaignKind::Campaign, "Spring").unwrap();
        let told = campaign(CampaignKind::Campaign, "Summer").unwrap();
        assert_eq!(spring.registered_again(&told).unwrap().name, "Summer");
        let told = campaign(CampaignKind::Announcement, "Spring").unwrap();
        assert!(matches!(spring.registered_again(&told), Err(Error::Conflict(_))));
    }

    #[test]
    fn a_cursor_is_read_back() {
        let cursor = campaign(CampaignKind::Campaign, "x").unwrap().cursor();
        assert_eq!(CampaignCursor::decode(&cursor.encode()), Some(cursor));
        for wrong in ["", "00", &"é".repeat(20), &"0".repeat(32), &"g".repeat(40)] {
            assert_eq!(CampaignCursor::decode(wrong), None, "{wrong}");
        }
    }
}
