//! The port that stores campaigns.

use time::OffsetDateTime;

use super::{
    Campaign, CampaignCounts, CampaignId, ContactCampaigns, Delivery, DeliveryOutcome,
    SubscribeOutcome,
};
use crate::contact::ContactId;
use crate::page::TimeCursor;
use crate::{Actor, OrgId, Result};

/// Stores campaigns, subscriptions and deliveries.
///
/// Every store that adds a contact or changes an address checks whether the address unsubscribed
/// before (R28): this is part of the contracts of [`crate::contact::ContactRepository`] and
/// [`crate::import::ImportRepository`] too.
///
/// Every implementation passes `contacts_testkit::campaign_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait CampaignRepository: Send + Sync {
    /// Adds a campaign, or renames the existing one with this id. Returns the stored campaign and
    /// whether it is new.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Conflict`] when it exists with another kind.
    fn register(&self, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)>;

    /// Finds a campaign.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, id: CampaignId) -> Result<Option<CampaignCounts>>;

    /// Returns up to `limit` campaigns after a cursor, newest first.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(
        &self,
        org: OrgId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<CampaignCounts>>;

    /// Stores deliveries as if one by one, all or none, and returns the result of each in order.
    /// The id of a merged contact means its survivor. An unsubscribe lowers the consent of the
    /// contact and of all its addresses (R51); when that changes the consent, it is an `updated`
    /// event with the field `consent`. No other kind of delivery changes consent.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn deliver(
        &self,
        org: OrgId,
        deliveries: &[Delivery],
        now: OffsetDateTime,
    ) -> Result<Vec<DeliveryOutcome>>;

    /// Adds contacts to a campaign. Returns the result of each existing contact, sorted by id.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`] when the campaign does not exist.
    fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<(ContactId, SubscribeOutcome)>>;

    /// Returns up to `limit` campaigns of a contact after a cursor, or `None` when the contact does
    /// not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Option<ContactCampaigns>>;
}
