//! Stores reported deliveries, one batch per transaction.
//!
//! Two batches may contain the same contacts at once. To avoid deadlocks, each locks rows in one
//! order: contacts by id, deliveries by id, subscriptions by contact and campaign, unsubscribes by
//! contact, suppressions by hash.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::campaign::{Delivery, DeliveryKind, DeliveryOutcome, Subscription};
use contacts_core::consent::{Consent, ConsentReason, Unsubscribe};
use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventKind};
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName};
use uuid::Uuid;

use super::suppress::unsubscribe;
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::events::publish;
use crate::schema::{campaigns, contacts, deliveries, merged_contacts};

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(sql_type = Text)]
    id: String,
}

pub(super) fn deliver(
    tx: &mut TimedTx<'_>,
    deliveries: &[Delivery],
) -> PgResult<Vec<DeliveryOutcome>> {
    // Each row has two foreign keys to check.
    tx.use_generic_plans()?;
    let contacts = lock_contacts(tx, deliveries)?;
    let campaigns = existing_campaigns(tx, deliveries)?;
    let mut seen = existing_deliveries(tx, deliveries)?;
    let mut outcomes = Vec::with_capacity(deliveries.len());
    // Collect the deliveries by id, each with the current id of its contact.
    let mut new = BTreeMap::new();
    for delivery in deliveries {
        outcomes.push(if seen.contains(delivery.id.as_str()) {
            DeliveryOutcome::Duplicate
        } else if let Some(contact) = contacts.get(&delivery.contact.0) {
            if campaigns.contains(&delivery.campaign.0) {
                seen.insert(delivery.id.as_str().to_owned());
                let contact = ContactId(*contact);
                new.insert(delivery.id.clone(), Delivery { contact, ..delivery.clone() });
                DeliveryOutcome::Applied
            } else {
                DeliveryOutcome::UnknownCampaign
            }
        } else {
            DeliveryOutcome::UnknownContact
        });
    }
    let new: Vec<_> = new.into_values().collect();
    let kept = if new.is_empty() { HashSet::new() } else { insert(tx, &new)? };
    let new: Vec<_> = new.into_iter().filter(|d| kept.contains(d.id.as_str())).collect();
    apply(tx, &new)?;
    // Another batch may have stored the same deliveries in the meantime.
    for (outcome, delivery) in outcomes.iter_mut().zip(deliveries) {
        if *outcome == DeliveryOutcome::Applied && !kept.contains(delivery.id.as_str()) {
            *outcome = DeliveryOutcome::Duplicate;
        }
    }
    Ok(outcomes)
}

/// Locks the contacts of a batch, so that none is deleted, merged or given another address before
/// its deliveries are stored. Returns the current id of each contact by its id in the batch, which
/// may be that of a merged contact.
fn lock_contacts(tx: &mut Tx<'_>, deliveries: &[Delivery]) -> PgResult<HashMap<Uuid, Uuid>> {
    let contact_ids: HashSet<_> = deliveries.iter().map(|delivery| delivery.contact.0).collect();
    let locked = lock(tx, contact_ids.iter().copied().collect())?;
    let mut ids: HashMap<_, _> = locked.iter().map(|id| (*id, *id)).collect();
    let missing: Vec<_> = contact_ids.into_iter().filter(|id| !ids.contains_key(id)).collect();
    if !missing.is_empty() {
        let merged: Vec<(Uuid, Uuid)> = merged_contacts::table
            .filter(merged_contacts::org_id.eq(tx.org.0))
            .filter(merged_contacts::id.eq_any(missing))
            .select((merged_contacts::id, merged_contacts::survivor_id))
            .load(tx)?;
        let survivors = merged.iter().map(|(_, survivor)| *survivor).collect();
        let survivors = lock(tx, survivors)?;
        for (id, survivor_id) in merged {
            if !locked.contains(&survivor_id) && !survivors.contains(&survivor_id) {
                // The survivor was merged or deleted in the meantime: run the transaction again.
                return Err(run_again());
            }
            ids.insert(id, survivor_id);
        }
    }
    Ok(ids)
}

fn lock(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> PgResult<HashSet<Uuid>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let locked: Vec<Uuid> = contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::id.eq_any(ids))
        .order(contacts::id.asc())
        .select(contacts::id)
        .for_key_share()
        .load(tx)?;
    Ok(locked.into_iter().collect())
}

/// Returns the campaigns of deliveries that exist.
fn existing_campaigns(tx: &mut Tx<'_>, deliveries: &[Delivery]) -> PgResult<HashSet<Uuid>> {
    let ids: HashSet<_> = deliveries.iter().map(|delivery| delivery.campaign.0).collect();
    let existing: Vec<Uuid> = campaigns::table
        .filter(campaigns::org_id.eq(tx.org.0))
        .filter(campaigns::id.eq_any(ids))
        .select(campaigns::id)
        .load(tx)?;
    Ok(existing.into_iter().collect())
}

/// Returns the ids of deliveries that were reported before.
fn existing_deliveries(tx: &mut Tx<'_>, reported: &[Delivery]) -> PgResult<HashSet<String>> {
    let existing: Vec<String> = deliveries::table
        .filter(deliveries::org_id.eq(tx.org.0))
        .filter(deliveries::id.eq_any(reported.iter().map(|delivery| delivery.id.as_str())))
        .select(deliveries::id)
        .load(tx)?;
    Ok(existing.into_iter().collect())
}

/// Inserts the deliveries, and returns the ids of those that are new.
fn insert(tx: &mut Tx<'_>, new: &[Delivery]) -> PgResult<HashSet<String>> {
    let ids: Vec<_> = new.iter().map(|d| d.id.as_str()).collect();
    let contacts: Vec<_> = new.iter().map(|d| d.contact.0).collect();
    let campaigns: Vec<_> = new.iter().map(|d| d.campaign.0).collect();
    let kinds: Vec<_> = new.iter().map(|d| d.kind.as_str()).collect();
    let ats: Vec<_> = new.iter().map(|d| d.at).collect();
    let (actor_kinds, actor_ids): (Vec<_>, Vec<_>) = new.iter().map(|d| d.actor.parts()).unzip();
    let statement = "INSERT INTO deliveries (org_id, id, contact_id, campaign_id, kind, at, \
             actor_kind, actor_id) \
         SELECT $1, d.* FROM unnest($2, $3, $4, $5, $6, $7, $8) AS d \
         ON CONFLICT (org_id, id) DO NOTHING RETURNING id";
    let rows: Vec<SeenRow> = tx
        .query(statement)
        .bind::<Array<Text>, _>(&ids)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<SqlUuid>, _>(&campaigns)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Timestamptz>, _>(&ats)
        .bind::<Array<Text>, _>(&actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(&actor_ids)
        .load(tx)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Applies new deliveries to their subscriptions, and unsubscribes contacts.
fn apply(tx: &mut TimedTx<'_>, new: &[Delivery]) -> PgResult<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut subscriptions = BTreeMap::new();
    let mut consents: BTreeMap<Uuid, Consent> = BTreeMap::new();
    for delivery in new {
        subscriptions
            .entry((delivery.contact, delivery.campaign))
            .and_modify(|subscription: &mut Subscription| subscription.take(delivery))
            .or_insert_with(|| Subscription::of(delivery));
        if delivery.kind == DeliveryKind::Unsubscribed {
            let Delivery { at, actor, .. } = *delivery;
            let reason = ConsentReason::Campaign;
            let consent = consents.entry(delivery.contact.0).or_default();
            consent.lower(Unsubscribe { reason, at, actor, note: None });
        }
    }
    merge_with(tx, &subscriptions.into_values().collect::<Vec<_>>())?;
    let unsubscribes = consents.into_iter().filter_map(|(contact, consent)| match consent {
        Consent::Unsubscribed(unsubscribe) => Some((contact, unsubscribe)),
        Consent::Subscribed => None,
    });
    unsubscribe_and_publish(tx, &unsubscribes.collect())
}

/// Unsubscribes contacts, and publishes an event for each that has changed.
fn unsubscribe_and_publish(
    tx: &mut TimedTx<'_>,
    unsubscribes: &BTreeMap<Uuid, Unsubscribe>,
) -> PgResult<()> {
    if unsubscribes.is_empty() {
        return Ok(());
    }
    let now = tx.now;
    let changed = unsubscribe(tx, unsubscribes)?;
    let events = changed.into_iter().filter_map(|contact| {
        let actor = unsubscribes.get(&contact.0)?.actor;
        let fields = vec!["consent".to_owned()];
        Some(ContactEvent::of(contact, EventKind::Updated, fields, actor, now))
    });
    publish(tx, &events.collect::<Vec<_>>())
}

/// Unites subscriptions with the existing ones, as [`Subscription::merge_with`] does.
fn merge_with(tx: &mut Tx<'_>, reported: &[Subscription]) -> PgResult<()> {
    let contacts: Vec<_> = reported.iter().map(|s| s.contact.0).collect();
    let campaigns: Vec<_> = reported.iter().map(|s| s.campaign.0).collect();
    let pending: Vec<_> = reported.iter().map(|s| s.pending_at).collect();
    let sent: Vec<_> = reported.iter().map(|s| s.sent_at).collect();
    let bounced: Vec<_> = reported.iter().map(|s| s.bounced_at).collect();
    let opened: Vec<_> = reported.iter().map(|s| s.opened_at).collect();
    let clicked: Vec<_> = reported.iter().map(|s| s.clicked_at).collect();
    let unsubscribed: Vec<_> = reported.iter().map(|s| s.unsubscribed_at).collect();
    let (actor_kinds, actor_ids): (Vec<_>, Vec<_>) =
        reported.iter().map(|s| s.actor.parts()).unzip();
    tx.query(UNITE)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<SqlUuid>, _>(&campaigns)
        .bind::<Array<Timestamptz>, _>(&pending)
        .bind::<Array<Nullable<Timestamptz>>, _>(&sent)
        .bind::<Array<Nullable<Timestamptz>>, _>(&bounced)
        .bind::<Array<Nullable<Timestamptz>>, _>(&opened)
        .bind::<Array<Nullable<Timestamptz>>, _>(&clicked)
        .bind::<Array<Nullable<Timestamptz>>, _>(&unsubscribed)
        .bind::<Array<Text>, _>(&actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(&actor_ids)
        .execute(tx)
        .map(drop)
        .map_err(PgError::unless_deleted)
}

const UNITE: &str = concat!(
    "INSERT INTO subscriptions AS s (org_id, contact_id, campaign_id, pending_at, \
         sent_at, bounced_at, opened_at, clicked_at, unsubscribed_at, actor_kind, actor_id) \
     SELECT $1, new.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS new ",
    unite_subscriptions!()
);
