//! Use cases of campaigns.

use std::sync::Arc;

use super::{
    Campaign, CampaignCounts, CampaignId, CampaignKind, CampaignRepository, ContactCampaigns,
    DeliveryOutcome, RawDelivery, SubscribeOutcome,
};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::page::TimeCursor;
use crate::{Actor, Clock, Error, Invalid, OrgId, Ports, Result};

/// The use cases of campaigns.
#[derive(Clone)]
pub struct CampaignService {
    campaigns: Arc<dyn CampaignRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
}

impl CampaignService {
    /// Maximum number of deliveries in one batch.
    pub const MAX_DELIVERIES: usize = 1_000;

    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            campaigns: ports.campaigns.clone(),
            contacts: ports.contacts.clone(),
            clock: ports.clock.clone(),
        }
    }

    /// Registers a campaign under the id that its owner chose, or renames it. Returns whether it is
    /// new (R27).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `name`; [`Error::Conflict`] when it is registered with another kind.
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
    pub fn get(&self, org: OrgId, id: CampaignId) -> Result<CampaignCounts> {
        self.campaigns.get(org, id)?.ok_or(Error::NotFound("campaign"))
    }

    /// Returns campaigns, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn list(
        &self,
        org: OrgId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<CampaignCounts>> {
        self.campaigns.list(org, after, limit)
    }

    /// Stores deliveries and returns the result of each in order (R27).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `events` when there are none or too many.
    pub fn deliver(
        &self,
        org: OrgId,
        reports: &[RawDelivery<'_>],
        actor: Actor,
    ) -> Result<Vec<DeliveryOutcome>> {
        if !(1..=Self::MAX_DELIVERIES).contains(&reports.len()) {
            let most = Self::MAX_DELIVERIES;
            return Err(Invalid::one("events", format!("must be 1 to {most}")).into());
        }
        let now = self.clock.now();
        let mut deliveries = Vec::with_capacity(reports.len());
        let mut parsed: Vec<_> = reports
            .iter()
            .map(|raw| {
                raw.read(actor, now)
                    .map(|delivery| deliveries.push(delivery))
                    .map_err(DeliveryOutcome::Invalid)
            })
            .collect();
        let outcomes = match deliveries.is_empty() {
            true => Vec::new(),
            false => self.campaigns.deliver(org, &deliveries, now)?,
        };
        let mut outcomes = outcomes.into_iter();
        parsed
            .drain(..)
            .map(|read| match read {
                Ok(()) => outcomes.next().ok_or_else(|| Error::store("a delivery has no outcome")),
                Err(invalid) => Ok(invalid),
            })
            .collect()
    }

    /// Adds one contact to a campaign, unless the contact unsubscribed or has no address (R28).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the contact does not exist; [`Error::Merged`]; [`Error::Invalid`] for
    /// `campaign_id`.
    pub fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contact: ContactId,
        actor: Actor,
    ) -> Result<SubscribeOutcome> {
        let now = self.clock.now();
        let joined = self.campaigns.subscribe(org, campaign, &[contact], actor, now);
        match joined.map(|joined| joined.first().copied()) {
            Ok(Some((_, joining))) => Ok(joining),
            Ok(None) => Err(missing(&*self.contacts, org, contact)),
            // The path names the contact; the campaign is a member of the body.
            Err(Error::NotFound("campaign")) => {
                Err(Invalid::one("campaign_id", "is not a campaign of this organisation").into())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns up to `limit` campaigns of a contact after a cursor, newest first (R29).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Merged`].
    pub fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<ContactCampaigns> {
        let found = self.campaigns.of_contact(org, contact, after, limit)?;
        found.ok_or_else(|| missing(&*self.contacts, org, contact))
    }
}
