//! Filter conditions on campaigns and delivery statuses (R20).

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{CampaignId, DeliveryKind, DeliveryStatus, Subscription};
use crate::contact::TimeRange;

/// Condition on the campaigns of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignCondition {
    /// The contact is in each of these.
    pub all: Vec<InCampaign>,
    /// The contact is in none of these.
    pub none: Vec<CampaignId>,
}

/// A contact is in a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InCampaign {
    /// The campaign.
    pub campaign: CampaignId,
    /// Delivery status: one of these. Empty matches any.
    pub status: Vec<DeliveryStatus>,
}

/// Condition on the deliveries of a contact, of any campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryCondition {
    /// Kinds of delivery, of which there must be one.
    pub kinds: Vec<DeliveryKind>,
    /// Range of the first time of that kind in a campaign.
    pub at: TimeRange,
}

impl DeliveryCondition {
    /// Returns whether the condition matches a contact with these subscriptions.
    pub fn matches(&self, subscriptions: &BTreeMap<CampaignId, Subscription>) -> bool {
        let is_match = |subscription: &Subscription| {
            let mut times = self.kinds.iter().filter_map(|kind| subscription.first(*kind));
            times.any(|at| self.at.contains(at))
        };
        subscriptions.values().any(is_match)
    }
}

impl CampaignCondition {
    /// Returns whether the condition matches a contact with these subscriptions.
    pub fn matches(&self, subscriptions: &BTreeMap<CampaignId, Subscription>) -> bool {
        self.all.iter().all(|required| {
            subscriptions.get(&required.campaign).is_some_and(|subscription| {
                required.status.is_empty() || required.status.contains(&subscription.status())
            })
        }) && !self.none.iter().any(|campaign| subscriptions.contains_key(campaign))
    }
}

impl InCampaign {
    /// Parses a campaign id, optionally followed by a colon and statuses separated by `|`.
    ///
    /// # Errors
    ///
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (id, statuses) = text.split_once(':').map_or((text, None), |(id, s)| (id, Some(s)));
        let id = Uuid::try_parse(id).map_err(
            |_no_uuid| "must be a campaign's id, alone or with a colon and statuses separated by |",
        )?;
        let statuses = statuses.iter().flat_map(|statuses| statuses.split('|'));
        let status = statuses
            .map(|name| {
                DeliveryStatus::parse(name).ok_or_else(|| {
                    let names = DeliveryStatus::ALL.map(DeliveryStatus::as_str).join(", ");
                    format!("must name statuses, separated by |, of these: {names}")
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { campaign: CampaignId(id), status })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_named_alone_or_with_statuses() {
        let id = Uuid::from_u128(7);
        let read = |text: String| InCampaign::parse(&text).map(|read| read.status);
        assert_eq!(read(id.to_string()), Ok(vec![]));
        let both = vec![DeliveryStatus::Opened, DeliveryStatus::Bounced];
        assert_eq!(read(format!("{id}:opened|bounced")), Ok(both));
        for errors in [format!("{id}:"), format!("{id}:read"), format!("{id}:opened,sent")] {
            assert!(read(errors).unwrap_err().starts_with("must name statuses"));
        }
        assert!(read("spring".to_owned()).unwrap_err().starts_with("must be a campaign's id"));
    }
}
