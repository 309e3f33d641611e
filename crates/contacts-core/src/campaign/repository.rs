//! Where campaigns are kept.

use time::OffsetDateTime;

use super::{
    Campaign, CampaignCursor, CampaignId, ContactCampaigns, Counted, Delivery, DeliveryOutcome,
    Joining,
};
use crate::contact::ContactId;
use crate::{Actor, OrgId, Result};

/// Keeps campaigns, and what they did to people.
///
/// Whoever makes a contact or gives it another address is to look whether that address was
/// unsubscribed before (R28), which is why that is a promise of
/// [`crate::contact::ContactRepository`] and [`crate::import::ImportRepository`] too.
///
/// Every implementation passes `contacts_testkit::campaign_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait CampaignRepository: Send + Sync {
    /// Adds a campaign; renames the one of this id when it is there. Returns what is kept, and
    /// whether it is new.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when it is there with another kind.
    fn register(&self, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)>;

    /// Finds a campaign.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: CampaignId) -> Result<Option<Counted>>;

    /// Campaigns, the newest first, after a place, so many at most.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, after: Option<CampaignCursor>, limit: usize)
    -> Result<Vec<Counted>>;

    /// Takes deliveries as if one by one, all of them or, when that fails, none; says of each in
    /// their order what became of it. The old id of a merged contact means its survivor. Whom an
    /// unsubscribe is of is unsubscribed from then on, and so is the address.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be kept.
    fn deliver(&self, org: OrgId, deliveries: &[Delivery]) -> Result<Vec<DeliveryOutcome>>;

    /// Puts contacts into a campaign, and says of each what became of it, in the order of their
    /// ids. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when there is no such campaign.
    fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<(ContactId, Joining)>>;

    /// The campaigns that a contact is in; nothing when there is no such contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn of_contact(&self, org: OrgId, contact: ContactId) -> Result<Option<ContactCampaigns>>;
}
