//! Campaigns in memory: deliveries are taken one by one, as the rule says.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use contacts_core::campaign::{
    AddressKey, Campaign, CampaignCursor, CampaignId, CampaignRepository, ContactCampaigns,
    Counted, Delivery, DeliveryKind, DeliveryOutcome, Joining, Subscription,
};
use contacts_core::contact::{
    Activity, ActivityKind, ActivityPlace, ActivitySource, ContactId, EmailAddress,
};
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::contacts::{Contacts, Record};
use crate::world::Rows;

/// The key of every world.
const KEY: AddressKey = AddressKey::new([7; 32]);

impl Contacts {
    /// Unsubscribes a contact, when somebody says so now or its address was unsubscribed before;
    /// then the address is, too.
    pub(crate) fn suppress(&mut self, id: ContactId, at: Option<OffsetDateTime>) {
        let Some(record) = self.records.get_mut(&id) else { return };
        let email = record.contact.email.as_ref();
        let hash = email.map(|email| KEY.hash(record.contact.org, email));
        let before = hash.and_then(|hash| self.suppressions.get(&hash).copied());
        record.unsubscribed_at = [record.unsubscribed_at, at, before].into_iter().flatten().min();
        if let (Some(hash), Some(at)) = (hash, record.unsubscribed_at) {
            self.suppressions.insert(hash, at);
        }
    }
}

impl Contacts {
    /// Forgets that addresses were unsubscribed.
    pub(crate) fn forget_unsubscribes(&mut self, org: OrgId, emails: &[EmailAddress]) {
        for email in emails {
            self.suppressions.remove(&KEY.hash(org, email));
        }
    }
}

impl Record {
    /// Takes over what campaigns did to another contact, which is folded into this one (R13).
    pub(crate) fn inherit_campaigns(&mut self, other: &mut Self) {
        let id = self.contact.id;
        for (campaign, theirs) in std::mem::take(&mut other.subscriptions) {
            let theirs = Subscription { contact: id, ..theirs };
            let mine = self.subscriptions.entry(campaign).or_insert_with(|| theirs.clone());
            mine.unite(&theirs);
        }
        for (delivery_id, delivery) in std::mem::take(&mut other.deliveries) {
            self.deliveries.insert(delivery_id, Delivery { contact: id, ..delivery });
        }
    }
}

impl Rows {
    /// Puts contacts into a campaign that is there.
    pub(crate) fn subscribe(
        &mut self,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Vec<(ContactId, Joining)> {
        let mut joined = BTreeMap::new();
        for id in contacts {
            let Some(record) = self.contacts.records.get_mut(id) else { continue };
            let joining = Joining::decide(
                record.unsubscribed_at.is_some(),
                record.contact.is_reachable(),
                record.subscriptions.contains_key(&campaign),
            );
            if joining == Joining::Added {
                let subscription = Subscription::new(*id, campaign, actor, now);
                record.subscriptions.insert(campaign, subscription);
            }
            joined.entry(*id).or_insert(joining);
        }
        joined.into_iter().collect()
    }

    fn deliver(&mut self, delivery: &Delivery) -> DeliveryOutcome {
        let mut records = self.contacts.records.values();
        if records.any(|record| record.deliveries.contains_key(&delivery.id)) {
            return DeliveryOutcome::Duplicate;
        }
        // An old id means whoever that contact was folded into.
        let contact = *self.merged.get(&delivery.contact).unwrap_or(&delivery.contact);
        let delivery = Delivery { contact, ..delivery.clone() };
        let Some(record) = self.contacts.records.get_mut(&contact) else {
            return DeliveryOutcome::UnknownContact;
        };
        if !self.campaigns.contains_key(&delivery.campaign) {
            return DeliveryOutcome::UnknownCampaign;
        }
        record.deliveries.insert(delivery.id.clone(), delivery.clone());
        let subscription = record
            .subscriptions
            .entry(delivery.campaign)
            .or_insert_with(|| Subscription::of(&delivery));
        subscription.take(&delivery);
        if delivery.kind == DeliveryKind::Unsubscribed {
            self.contacts.suppress(contact, Some(delivery.at));
        }
        DeliveryOutcome::Applied
    }

    fn counted(&self, campaign: &Campaign) -> Counted {
        let mut people = BTreeMap::new();
        let records = self.contacts.records.values();
        for subscription in records.filter_map(|record| record.subscriptions.get(&campaign.id)) {
            *people.entry(subscription.status()).or_default() += 1;
        }
        Counted { campaign: campaign.clone(), people }
    }

    /// What campaigns did to a contact.
    pub(crate) fn campaign_activity(&self, contact: ContactId) -> Vec<(ActivityPlace, Activity)> {
        let Some(record) = self.contacts.records.get(&contact) else { return Vec::new() };
        let subscribed = record.subscriptions.values().filter_map(|subscription| {
            let campaign = self.campaigns.get(&subscription.campaign)?.clone();
            let Subscription { pending_at: at, actor, .. } = *subscription;
            let (source, key) = (ActivitySource::Subscription, campaign.id.to_string());
            let what = ActivityKind::Subscribed(campaign);
            Some((ActivityPlace { at, source, key }, Activity { at, actor, what }))
        });
        let delivered = record.deliveries.values().filter_map(|delivery| {
            let campaign = self.campaigns.get(&delivery.campaign)?.clone();
            let Delivery { at, actor, kind, .. } = *delivery;
            let (source, key) = (ActivitySource::Delivery, delivery.id.as_str().to_owned());
            let what = ActivityKind::Delivered { campaign, kind };
            Some((ActivityPlace { at, source, key }, Activity { at, actor, what }))
        });
        subscribed.chain(delivered).collect()
    }
}

impl CampaignRepository for World {
    fn register(&self, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)> {
        self.rows(org, |rows| {
            let known = rows.campaigns.get(&campaign.id);
            let kept = match known {
                Some(known) => known.registered_again(campaign)?,
                None => campaign.clone(),
            };
            let is_new = rows.campaigns.insert(kept.id, kept.clone()).is_none();
            Ok((kept, is_new))
        })
    }

    fn get(&self, org: OrgId, id: CampaignId) -> Result<Option<Counted>> {
        self.rows(org, |rows| Ok(rows.campaigns.get(&id).map(|campaign| rows.counted(campaign))))
    }

    fn list(
        &self,
        org: OrgId,
        after: Option<CampaignCursor>,
        limit: usize,
    ) -> Result<Vec<Counted>> {
        self.rows(org, |rows| {
            let place = |cursor: CampaignCursor| Reverse((cursor.created_at, cursor.id));
            let mut found: Vec<_> = rows.campaigns.values().collect();
            found.sort_by_key(|campaign| place(campaign.cursor()));
            found.retain(|campaign| {
                after.is_none_or(|after| place(campaign.cursor()) > place(after))
            });
            Ok(found.into_iter().take(limit).map(|campaign| rows.counted(campaign)).collect())
        })
    }

    fn deliver(&self, org: OrgId, deliveries: &[Delivery]) -> Result<Vec<DeliveryOutcome>> {
        self.rows(org, |rows| {
            Ok(deliveries.iter().map(|delivery| rows.deliver(delivery)).collect())
        })
    }

    fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<(ContactId, Joining)>> {
        self.rows(org, |rows| {
            if !rows.campaigns.contains_key(&campaign) {
                return Err(Error::NotFound("campaign"));
            }
            Ok(rows.subscribe(campaign, contacts, actor, now))
        })
    }

    fn of_contact(&self, org: OrgId, contact: ContactId) -> Result<Option<ContactCampaigns>> {
        self.rows(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(None) };
            let mut items: Vec<_> = record
                .subscriptions
                .values()
                .filter_map(|s| Some((rows.campaigns.get(&s.campaign)?.clone(), s.clone())))
                .collect();
            items.sort_by_key(|(_, s)| Reverse((s.pending_at, s.campaign)));
            Ok(Some(ContactCampaigns { items, unsubscribed_at: record.unsubscribed_at }))
        })
    }
}
