//! Taking deliveries, a batch at a time.
//!
//! Two batches may be about the same people at once. Each locks in one order: contacts by id,
//! deliveries by id, subscriptions by contact and campaign, unsubscribes by contact, suppressions
//! by hash; so one waits for the other, and neither for itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::campaign::{Delivery, DeliveryKind, DeliveryOutcome, Subscription};
use contacts_core::contact::{ContactId, EmailAddress};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use uuid::Uuid;

use super::suppress::unsubscribe;
use crate::Database;
use crate::database::{SETTINGS, store, unread};
use crate::tags::IdRow;

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
}

#[derive(QueryableByName)]
struct MergedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    survivor_id: Uuid,
}

/// The people of a batch, held until the transaction ends.
struct People {
    /// By the ids that the batch calls them by, an old one included.
    known: HashMap<Uuid, Uuid>,
    emails: HashMap<Uuid, Option<String>>,
}

pub(super) fn deliver(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    deliveries: &[Delivery],
) -> Result<Vec<DeliveryOutcome>> {
    // Each row has two foreign keys to check.
    sql_query(SETTINGS).execute(db).map_err(store)?;
    let people = hold(db, org, deliveries)?;
    let campaigns = campaigns(db, org, deliveries)?;
    let mut seen = seen(db, org, deliveries)?;
    let mut outcomes = Vec::with_capacity(deliveries.len());
    // In the order of their ids, and with the id that each contact has now.
    let mut new = BTreeMap::new();
    for delivery in deliveries {
        outcomes.push(if seen.contains(delivery.id.as_str()) {
            DeliveryOutcome::Duplicate
        } else if let Some(contact) = people.known.get(&delivery.contact.0) {
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
    let kept = if new.is_empty() { HashSet::new() } else { insert(db, org, &new)? };
    let new: Vec<_> = new.into_iter().filter(|d| kept.contains(d.id.as_str())).collect();
    apply(database, db, org, &new, &people)?;
    // Another batch may have brought the same ones since.
    for (outcome, delivery) in outcomes.iter_mut().zip(deliveries) {
        if *outcome == DeliveryOutcome::Applied && !kept.contains(delivery.id.as_str()) {
            *outcome = DeliveryOutcome::Duplicate;
        }
    }
    Ok(outcomes)
}

/// Holds the contacts, so that none is deleted, folded into another or given another address
/// before what happened to it is written down.
fn hold(db: &mut PgConnection, org: OrgId, deliveries: &[Delivery]) -> Result<People> {
    let asked: HashSet<_> = deliveries.iter().map(|delivery| delivery.contact.0).collect();
    let mut emails = lock(db, org, asked.iter().copied().collect())?;
    let mut known: HashMap<_, _> = emails.keys().map(|id| (*id, *id)).collect();
    let missing: Vec<_> = asked.into_iter().filter(|id| !known.contains_key(id)).collect();
    if !missing.is_empty() {
        let merged = "SELECT id, survivor_id FROM merged_contacts \
             WHERE org_id = $1 AND id = ANY($2)";
        let merged: Vec<MergedRow> = sql_query(merged)
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(&missing)
            .load(db)
            .map_err(store)?;
        let survivors = merged.iter().map(|row| row.survivor_id).collect();
        emails.extend(lock(db, org, survivors)?);
        for MergedRow { id, survivor_id } in merged {
            if !emails.contains_key(&survivor_id) {
                // Folded into yet another, or deleted, this moment: run again.
                return Err(store(diesel::result::Error::RollbackTransaction));
            }
            known.insert(id, survivor_id);
        }
    }
    Ok(People { known, emails })
}

fn lock(
    db: &mut PgConnection,
    org: OrgId,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Option<String>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "SELECT id, email FROM contacts WHERE org_id = $1 AND id = ANY($2) \
         ORDER BY id FOR KEY SHARE";
    let rows: Vec<PersonRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| (row.id, row.email)).collect())
}

fn campaigns(db: &mut PgConnection, org: OrgId, told: &[Delivery]) -> Result<HashSet<Uuid>> {
    let asked: HashSet<_> = told.iter().map(|delivery| delivery.campaign.0).collect();
    let statement = "SELECT id FROM campaigns WHERE org_id = $1 AND id = ANY($2)";
    let rows: Vec<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(asked.into_iter().collect::<Vec<_>>())
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn seen(db: &mut PgConnection, org: OrgId, told: &[Delivery]) -> Result<HashSet<String>> {
    let asked: Vec<_> = told.iter().map(|delivery| delivery.id.as_str()).collect();
    let statement = "SELECT id FROM deliveries WHERE org_id = $1 AND id = ANY($2)";
    let rows: Vec<SeenRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<Text>, _>(&asked)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Keeps the deliveries, and says which were not kept before.
fn insert(db: &mut PgConnection, org: OrgId, new: &[Delivery]) -> Result<HashSet<String>> {
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
    let rows: Vec<SeenRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<Text>, _>(&ids)
        .bind::<Array<SqlUuid>, _>(&contacts)
        .bind::<Array<SqlUuid>, _>(&campaigns)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Timestamptz>, _>(&ats)
        .bind::<Array<Text>, _>(&actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(&actor_ids)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What the deliveries say of each subscription, as the core unites it, and who unsubscribed.
fn apply(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    new: &[Delivery],
    people: &People,
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut subscriptions = BTreeMap::new();
    let mut contacts = BTreeMap::new();
    for delivery in new {
        subscriptions
            .entry((delivery.contact, delivery.campaign))
            .and_modify(|said: &mut Subscription| said.take(delivery))
            .or_insert_with(|| Subscription::of(delivery));
        if delivery.kind == DeliveryKind::Unsubscribed {
            let since = contacts.entry(delivery.contact.0).or_insert(delivery.at);
            *since = delivery.at.min(*since);
        }
    }
    unite(db, org, &subscriptions.into_values().collect::<Vec<_>>())?;
    if contacts.is_empty() {
        return Ok(());
    }
    let mut addresses = BTreeMap::new();
    for (contact, since) in &contacts {
        if let Some(Some(email)) = people.emails.get(contact) {
            let email = EmailAddress::parse(email).map_err(unread("contacts.email"))?;
            addresses.insert(database.addresses.hash(org, &email), *since);
        }
    }
    unsubscribe(db, org, &contacts, &addresses)
}

/// Unites subscriptions with those that are there, as [`Subscription::unite`] does.
fn unite(db: &mut PgConnection, org: OrgId, said: &[Subscription]) -> Result<()> {
    let contacts: Vec<_> = said.iter().map(|s| s.contact.0).collect();
    let campaigns: Vec<_> = said.iter().map(|s| s.campaign.0).collect();
    let pending: Vec<_> = said.iter().map(|s| s.pending_at).collect();
    let sent: Vec<_> = said.iter().map(|s| s.sent_at).collect();
    let bounced: Vec<_> = said.iter().map(|s| s.bounced_at).collect();
    let opened: Vec<_> = said.iter().map(|s| s.opened_at).collect();
    let clicked: Vec<_> = said.iter().map(|s| s.clicked_at).collect();
    let unsubscribed: Vec<_> = said.iter().map(|s| s.unsubscribed_at).collect();
    let (actor_kinds, actor_ids): (Vec<_>, Vec<_>) = said.iter().map(|s| s.actor.parts()).unzip();
    sql_query(UNITE)
        .bind::<SqlUuid, _>(org.0)
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
        .execute(db)
        .map(drop)
        .map_err(store)
}

const UNITE: &str = concat!(
    "INSERT INTO subscriptions AS s (org_id, contact_id, campaign_id, pending_at, \
         sent_at, bounced_at, opened_at, clicked_at, unsubscribed_at, actor_kind, actor_id) \
     SELECT $1, told.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS told ",
    unite_subscriptions!()
);
