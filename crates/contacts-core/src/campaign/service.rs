//! Working with campaigns.

use std::sync::Arc;

use super::{
    Campaign, CampaignCursor, CampaignId, CampaignKind, CampaignRepository, ContactCampaigns,
    Counted, DeliveryOutcome, Joining, RawDelivery,
};
use crate::contact::ContactId;
use crate::{Actor, Clock, Error, Invalid, OrgId, Result};

/// The use cases of campaigns.
#[derive(Clone)]
pub struct CampaignService {
    campaigns: Arc<dyn CampaignRepository>,
    clock: Arc<dyn Clock>,
}

impl CampaignService {
    /// The most deliveries of one batch.
    pub const MAX_DELIVERIES: usize = 1_000;

    /// Makes the service.
    pub fn new(campaigns: Arc<dyn CampaignRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { campaigns, clock }
    }

    /// Registers a campaign under the id that its owner chose, or renames it; says whether it is
    /// new (R27).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `name`; [`Error::Conflict`] when it is registered with another
    /// kind.
    pub fn register(
        &self,
        org: OrgId,
        id: CampaignId,
        kind: CampaignKind,
        name: &str,
    ) -> Result<(Campaign, bool)> {
        self.campaigns.register(org, &Campaign::new(id, kind, name, self.clock.now())?)
    }

    /// Finds a campaign.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn get(&self, org: OrgId, id: CampaignId) -> Result<Counted> {
        self.campaigns.get(org, id)?.ok_or(Error::NotFound("campaign"))
    }

    /// Campaigns, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        after: Option<CampaignCursor>,
        limit: usize,
    ) -> Result<Vec<Counted>> {
        self.campaigns.list(org, after, limit)
    }

    /// Takes what campaigns did to people (R27), and says of each in its order what became of it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] naming `events` when there are none or too many.
    pub fn deliver(
        &self,
        org: OrgId,
        told: &[RawDelivery<'_>],
        actor: Actor,
    ) -> Result<Vec<DeliveryOutcome>> {
        if !(1..=Self::MAX_DELIVERIES).contains(&told.len()) {
            let most = Self::MAX_DELIVERIES;
            return Err(Invalid::one("events", format!("must be 1 to {most}")).into());
        }
        let now = self.clock.now();
        let mut deliveries = Vec::with_capacity(told.len());
        let mut outcomes: Vec<_> = told
            .iter()
            .map(|raw| {
                raw.read(actor, now)
                    .map(|delivery| deliveries.push(delivery))
                    .map_err(DeliveryOutcome::Invalid)
            })
            .collect();
        let taken = match deliveries.is_empty() {
            true => Vec::new(),
            false => self.campaigns.deliver(org, &deliveries)?,
        };
        let mut taken = taken.into_iter();
        outcomes
            .drain(..)
            .map(|read| match read {
                Ok(()) => taken.next().ok_or_else(|| Error::store("a delivery has no outcome")),
                Err(invalid) => Ok(invalid),
            })
            .collect()
    }

    /// Puts one contact into a campaign, unless the person is not to be written to (R28).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] of the contact; [`Error::Invalid`] naming `campaign_id`.
    pub fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contact: ContactId,
        actor: Actor,
    ) -> Result<Joining> {
        let now = self.clock.now();
        let joined = self.campaigns.subscribe(org, campaign, &[contact], actor, now);
        match joined.map(|joined| joined.first().copied()) {
            Ok(Some((_, joining))) => Ok(joining),
            Ok(None) => Err(Error::NotFound("contact")),
            // The path names the contact; the campaign is a part of the body.
            Err(Error::NotFound("campaign")) => {
                Err(Invalid::one("campaign_id", "is no campaign of this organisation").into())
            }
            Err(error) => Err(error),
        }
    }

    /// Every campaign that a contact is in, the newest first (R29).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn of_contact(&self, org: OrgId, contact: ContactId) -> Result<ContactCampaigns> {
        self.campaigns.of_contact(org, contact)?.ok_or(Error::NotFound("contact"))
    }
}
