//! Campaigns in memory: deliveries are applied one by one, as the rule says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use contacts_core::campaign::{
    AddressKey, Campaign, CampaignCounts, CampaignId, CampaignRepository, ContactCampaigns,
    Delivery, DeliveryKind, DeliveryOutcome, SubscribeOutcome, Subscription,
};
use contacts_core::consent::{Consent, ConsentReason, Unsubscribe};
use contacts_core::contact::{
    Activity, ActivityCursor, ActivityKind, ActivitySource, ContactId, EmailAddress,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::page::TimeCursor;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::contacts::Contacts;
use crate::memory::record::Record;
use crate::world::Rows;

/// The address key of every test world.
const KEY: AddressKey = AddressKey::new([7; 32]);

impl Contacts {
    /// Unsubscribes a contact if an unsubscribe is given or if one of its addresses is already
    /// unsubscribed, and then all its addresses. Returns whether the contact's consent has changed.
    pub(crate) fn suppress(&mut self, id: ContactId, unsubscribe: Option<Unsubscribe>) -> bool {
        let Some(record) = self.records.get_mut(&id) else { return false };
        let mut consent = record.contact.consent.clone();
        let emails = record.contact.emails();
        let hashes: Vec<_> = emails.map(|email| KEY.hash(record.contact.org, email)).collect();
        let suppressed = hashes.iter().filter_map(|hash| self.suppressions.get(hash).cloned());
        let mut is_changed = false;
        for unsubscribe in unsubscribe.into_iter().chain(suppressed) {
            is_changed |= consent.lower(unsubscribe);
        }
        if let Some(unsubscribe) = consent.unsubscribe() {
            for hash in hashes {
                keep_earliest(&mut self.suppressions, hash, unsubscribe);
            }
        }
        record.contact.consent = consent;
        is_changed
    }

    /// Suppresses addresses that no contact has.
    pub(crate) fn suppress_addresses(
        &mut self,
        org: OrgId,
        emails: &[EmailAddress],
        unsubscribe: &Unsubscribe,
    ) {
        for hash in emails.iter().map(|email| KEY.hash(org, email)) {
            keep_earliest(&mut self.suppressions, hash, unsubscribe);
        }
    }

    /// Subscribes a contact again, with all its addresses.
    pub(crate) fn resubscribe(&mut self, id: ContactId) {
        let Some(record) = self.records.get_mut(&id) else { return };
        record.contact.consent = Consent::Subscribed;
        for email in record.contact.emails() {
            self.suppressions.remove(&KEY.hash(record.contact.org, email));
        }
    }

    /// Removes addresses from those that are unsubscribed.
    pub(crate) fn forget_unsubscribes(&mut self, org: OrgId, emails: &[EmailAddress]) {
        for email in emails {
            self.suppressions.remove(&KEY.hash(org, email));
        }
    }
}

/// Suppresses the hash of an address, unless an earlier unsubscribe of it is stored.
fn keep_earliest(
    suppressions: &mut BTreeMap<[u8; 32], Unsubscribe>,
    hash: [u8; 32],
    unsubscribe: &Unsubscribe,
) {
    let known = suppressions.remove(&hash);
    let mut stored = known.map_or(Consent::Subscribed, Consent::Unsubscribed);
    stored.lower(unsubscribe.without_note());
    suppressions.extend(stored.unsubscribe().map(|first| (hash, first.clone())));
}

impl Record {
    /// Takes over subscriptions and deliveries of a contact that is merged into this one (R13).
    pub(crate) fn inherit_campaigns(&mut self, other: &mut Self) {
        let id = self.contact.id;
        for (campaign, theirs) in std::mem::take(&mut other.subscriptions) {
            let theirs = Subscription { contact: id, ..theirs };
            let mine = self.subscriptions.entry(campaign).or_insert_with(|| theirs.clone());
            mine.merge_with(&theirs);
        }
        for (delivery_id, delivery) in std::mem::take(&mut other.deliveries) {
            self.deliveries.insert(delivery_id, Delivery { contact: id, ..delivery });
        }
    }
}

impl Rows {
    /// Adds contacts to an existing campaign.
    pub(crate) fn subscribe(
        &mut self,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Vec<(ContactId, SubscribeOutcome)> {
        let mut joined = BTreeMap::new();
        for id in contacts {
            let Some(record) = self.contacts.records.get_mut(id) else { continue };
            let joining = SubscribeOutcome::decide(
                !record.contact.consent.is_subscribed(),
                record.contact.is_reachable(),
                record.subscriptions.contains_key(&campaign),
            );
            if joining == SubscribeOutcome::Added {
                let subscription = Subscription::new(*id, campaign, actor, now);
                record.subscriptions.insert(campaign, subscription);
            }
            joined.entry(*id).or_insert(joining);
        }
        joined.into_iter().collect()
    }

    /// Adds the contact to `lowered` when the delivery changes its consent.
    fn deliver(
        &mut self,
        delivery: &Delivery,
        lowered: &mut BTreeSet<ContactId>,
    ) -> DeliveryOutcome {
        let mut records = self.contacts.records.values();
        if records.any(|record| record.deliveries.contains_key(&delivery.id)) {
            return DeliveryOutcome::Duplicate;
        }
        // The id of a merged contact stands for the contact that replaced it.
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
            let Delivery { at, actor, .. } = delivery;
            let reason = ConsentReason::Campaign;
            let unsubscribe = Unsubscribe { reason, at, actor, note: None };
            if self.contacts.suppress(contact, Some(unsubscribe)) {
                lowered.insert(contact);
            }
        }
        DeliveryOutcome::Applied
    }

    fn counted(&self, campaign: &Campaign) -> CampaignCounts {
        let mut people = BTreeMap::new();
        let records = self.contacts.records.values();
        for subscription in records.filter_map(|record| record.subscriptions.get(&campaign.id)) {
            *people.entry(subscription.status()).or_default() += 1;
        }
        CampaignCounts { campaign: campaign.clone(), people }
    }

    /// Gives an entry about a campaign the current name of the campaign.
    pub(crate) fn rename_campaign(&self, entry: &mut Activity) {
        if let ActivityKind::RemovedFromCampaign(campaign) = &mut entry.what
            && let Some(current) = self.campaigns.get(&campaign.id)
        {
            *campaign = current.clone();
        }
    }

    /// Returns the campaign activities of a contact.
    pub(crate) fn campaign_activity(&self, contact: ContactId) -> Vec<(ActivityCursor, Activity)> {
        let Some(record) = self.contacts.records.get(&contact) else { return Vec::new() };
        let subscribed = record.subscriptions.values().filter_map(|subscription| {
            let campaign = self.campaigns.get(&subscription.campaign)?.clone();
            let Subscription { pending_at: at, actor, .. } = *subscription;
            let (source, key) = (ActivitySource::Subscription, campaign.id.to_string());
            let what = ActivityKind::Subscribed(campaign);
            Some((ActivityCursor { at, source, key }, Activity { at, actor, what }))
        });
        let delivered = record.deliveries.values().filter_map(|delivery| {
            let campaign = self.campaigns.get(&delivery.campaign)?.clone();
            let Delivery { at, actor, kind, .. } = *delivery;
            let (source, key) = (ActivitySource::Delivery, delivery.id.as_str().to_owned());
            let what = ActivityKind::Delivered { campaign, kind };
            Some((ActivityCursor { at, source, key }, Activity { at, actor, what }))
        });
        subscribed.chain(delivered).collect()
    }
}

impl CampaignRepository for World {
    fn register(&self, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)> {
        self.rows(org, |rows| {
            let known = rows.campaigns.get(&campaign.id);
            let stored = match known {
                Some(known) => known.registered_again(campaign)?,
                None => campaign.clone(),
            };
            let is_new = rows.campaigns.insert(stored.id, stored.clone()).is_none();
            Ok((stored, is_new))
        })
    }

    fn get(&self, org: OrgId, id: CampaignId) -> Result<Option<CampaignCounts>> {
        self.read(org, |rows| Ok(rows.campaigns.get(&id).map(|campaign| rows.counted(campaign))))
    }

    fn list(
        &self,
        org: OrgId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<CampaignCounts>> {
        self.read(org, |rows| {
            let mut found: Vec<_> = rows.campaigns.values().collect();
            found.sort_by_key(|campaign| Reverse(campaign.cursor()));
            found.retain(|campaign| after.is_none_or(|after| campaign.cursor() < after));
            Ok(found.into_iter().take(limit).map(|campaign| rows.counted(campaign)).collect())
        })
    }

    fn deliver(
        &self,
        org: OrgId,
        deliveries: &[Delivery],
        now: OffsetDateTime,
    ) -> Result<Vec<DeliveryOutcome>> {
        self.rows(org, |rows| {
            let mut lowered = BTreeSet::new();
            let outcomes = deliveries.iter().map(|one| rows.deliver(one, &mut lowered)).collect();
            for contact in lowered {
                let record = rows.contacts.records.get(&contact);
                let consent = record.and_then(|record| record.contact.consent.unsubscribe());
                let Some(Unsubscribe { actor, .. }) = consent else { continue };
                let (kind, fields) = (EventKind::Updated, vec!["consent".to_owned()]);
                rows.publish([ContactEvent::of(contact, kind, fields, *actor, now)]);
            }
            Ok(outcomes)
        })
    }

    fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<(ContactId, SubscribeOutcome)>> {
        self.rows(org, |rows| {
            if !rows.campaigns.contains_key(&campaign) {
                return Err(Error::NotFound("campaign"));
            }
            Ok(rows.subscribe(campaign, contacts, actor, now))
        })
    }

    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Option<ContactCampaigns>> {
        self.read(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(None) };
            let mut items: Vec<_> = record
                .subscriptions
                .values()
                .filter_map(|s| Some((rows.campaigns.get(&s.campaign)?.clone(), s.clone())))
                .collect();
            items.sort_by_key(|item| Reverse(ContactCampaigns::cursor(item)));
            items.retain(|item| after.is_none_or(|after| ContactCampaigns::cursor(item) < after));
            items.truncate(limit);
            let unsubscribed_at = record.contact.consent.unsubscribe().map(|first| first.at);
            Ok(Some(ContactCampaigns { items, unsubscribed_at }))
        })
    }
}
