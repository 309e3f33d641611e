//! Campaigns, and what they did to people.

/// What becomes of a subscription `s` that is there already: the earliest of each time, from which
/// the status follows, and the furthest wins (R27). `LEAST` passes over what is null. Of two who
/// put a contact in at one moment, it is the same one whoever comes first.
macro_rules! unite_subscriptions {
    () => {
        "ON CONFLICT (org_id, contact_id, campaign_id) DO UPDATE SET \
             pending_at = LEAST(s.pending_at, excluded.pending_at), \
             sent_at = LEAST(s.sent_at, excluded.sent_at), \
             bounced_at = LEAST(s.bounced_at, excluded.bounced_at), \
             opened_at = LEAST(s.opened_at, excluded.opened_at), \
             clicked_at = LEAST(s.clicked_at, excluded.clicked_at), \
             unsubscribed_at = LEAST(s.unsubscribed_at, excluded.unsubscribed_at), \
             actor_kind = CASE WHEN (excluded.pending_at, excluded.actor_kind, excluded.actor_id) \
                     < (s.pending_at, s.actor_kind, s.actor_id) \
                 THEN excluded.actor_kind ELSE s.actor_kind END, \
             actor_id = CASE WHEN (excluded.pending_at, excluded.actor_kind, excluded.actor_id) \
                     < (s.pending_at, s.actor_kind, s.actor_id) \
                 THEN excluded.actor_id ELSE s.actor_id END"
    };
}
pub(crate) use unite_subscriptions;

mod activity;
mod deliver;
mod subscribe;
mod suppress;

use std::collections::HashMap;

use contacts_core::campaign::{
    Campaign, CampaignCursor, CampaignId, CampaignKind, CampaignRepository, ContactCampaigns,
    Counted, Delivery, DeliveryOutcome, DeliveryStatus, Joining, Subscription,
};
use contacts_core::contact::ContactId;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::activity::{DELIVERED, DELIVERIES, SUBSCRIBED, SUBSCRIPTIONS, activity};
pub(crate) use self::subscribe::subscribe;
pub(crate) use self::suppress::{follow_address, follow_addresses};
use crate::Database;
use crate::database::{store, unreadable};
use crate::statement::{Bind, Statement};

/// What a statement selects of `campaigns m`.
const COLUMNS: &str = "m.id AS campaign_id, m.kind AS campaign_kind, m.name AS campaign_name, \
     m.created_at AS campaign_created_at";

#[derive(QueryableByName)]
struct CampaignRow {
    #[diesel(sql_type = SqlUuid)]
    campaign_id: Uuid,
    #[diesel(sql_type = Text)]
    campaign_kind: String,
    #[diesel(sql_type = Text)]
    campaign_name: String,
    #[diesel(sql_type = Timestamptz)]
    campaign_created_at: OffsetDateTime,
}

impl CampaignRow {
    fn read(self) -> Result<Campaign> {
        let kind = CampaignKind::parse(&self.campaign_kind);
        Ok(Campaign {
            id: CampaignId(self.campaign_id),
            kind: kind.ok_or_else(|| unreadable("campaigns.kind"))?,
            name: self.campaign_name,
            created_at: self.campaign_created_at,
        })
    }
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = SqlUuid)]
    campaign_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

#[derive(QueryableByName)]
struct SubscriptionRow {
    #[diesel(embed)]
    campaign: CampaignRow,
    #[diesel(sql_type = Timestamptz)]
    pending_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    sent_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    bounced_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    opened_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    clicked_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    unsubscribed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
}

impl SubscriptionRow {
    fn read(self, contact: ContactId) -> Result<(Campaign, Subscription)> {
        let campaign = self.campaign.read()?;
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let subscription = Subscription {
            contact,
            campaign: campaign.id,
            pending_at: self.pending_at,
            sent_at: self.sent_at,
            bounced_at: self.bounced_at,
            opened_at: self.opened_at,
            clicked_at: self.clicked_at,
            unsubscribed_at: self.unsubscribed_at,
            actor: actor.ok_or_else(|| unreadable("subscriptions.actor_kind"))?,
        };
        Ok((campaign, subscription))
    }
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    unsubscribed_at: Option<OffsetDateTime>,
}

impl CampaignRepository for Database {
    fn register(&self, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)> {
        self.write(|db| register(db, org, campaign))
    }

    fn get(&self, org: OrgId, id: CampaignId) -> Result<Option<Counted>> {
        self.read(|db| {
            let found = find(db, org, id, "")?;
            Ok(count(db, org, found.into_iter().collect())?.pop())
        })
    }

    fn list(
        &self,
        org: OrgId,
        after: Option<CampaignCursor>,
        limit: usize,
    ) -> Result<Vec<Counted>> {
        self.read(|db| {
            let mut select = Statement::of(org);
            select.push("SELECT ").push(COLUMNS).push(" FROM campaigns m WHERE m.org_id = $1");
            if let Some(after) = after {
                select.push(" AND (m.created_at, m.id) < (").bind(Bind::Time(after.created_at));
                select.push(", ").bind(Bind::Uuid(after.id.0)).push(")");
            }
            select.push(" ORDER BY m.created_at DESC, m.id DESC LIMIT ");
            let rows: Vec<CampaignRow> =
                select.bind(Bind::Int(limit as i64)).build().load(db).map_err(store)?;
            let campaigns = rows.into_iter().map(CampaignRow::read).collect::<Result<_>>()?;
            count(db, org, campaigns)
        })
    }

    fn deliver(&self, org: OrgId, deliveries: &[Delivery]) -> Result<Vec<DeliveryOutcome>> {
        self.write(|db| deliver::deliver(self, db, org, deliveries))
    }

    fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<(ContactId, Joining)>> {
        self.write(|db| subscribe(db, org, campaign, contacts, actor, now))
    }

    fn of_contact(&self, org: OrgId, contact: ContactId) -> Result<Option<ContactCampaigns>> {
        self.read(|db| of_contact(db, org, contact))
    }
}

fn register(db: &mut PgConnection, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)> {
    let statement = "INSERT INTO campaigns (org_id, id, kind, name, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id, id) DO NOTHING";
    let inserted = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(campaign.id.0)
        .bind::<Text, _>(campaign.kind.as_str())
        .bind::<Text, _>(&campaign.name)
        .bind::<Timestamptz, _>(campaign.created_at)
        .execute(db)
        .map_err(store)?;
    if inserted == 1 {
        return Ok((campaign.clone(), true));
    }
    let known = find(db, org, campaign.id, " FOR NO KEY UPDATE")?;
    let kept = known.ok_or_else(|| unreadable("campaigns.id"))?.registered_again(campaign)?;
    sql_query("UPDATE campaigns SET name = $3 WHERE org_id = $1 AND id = $2 AND name <> $3")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(kept.id.0)
        .bind::<Text, _>(&kept.name)
        .execute(db)
        .map_err(store)?;
    Ok((kept, false))
}

fn find(db: &mut PgConnection, org: OrgId, id: CampaignId, lock: &str) -> Result<Option<Campaign>> {
    let mut select = Statement::of(org);
    select.push("SELECT ").push(COLUMNS).push(" FROM campaigns m WHERE m.org_id = $1 AND m.id = ");
    select.bind(Bind::Uuid(id.0)).push(lock);
    let row: Option<CampaignRow> = select.build().get_result(db).optional().map_err(store)?;
    row.map(CampaignRow::read).transpose()
}

/// How many people are in each campaign, by status: each is counted along its own index.
fn count(db: &mut PgConnection, org: OrgId, campaigns: Vec<Campaign>) -> Result<Vec<Counted>> {
    let ids: Vec<_> = campaigns.iter().map(|campaign| campaign.id.0).collect();
    let statement = "SELECT campaign_id, status, count(*) AS people FROM subscriptions \
         WHERE org_id = $1 AND campaign_id = ANY($2) GROUP BY campaign_id, status";
    let rows: Vec<CountRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .load(db)
        .map_err(store)?;
    let mut counts: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let status = DeliveryStatus::parse(&row.status);
        let status = status.ok_or_else(|| unreadable("subscriptions.status"))?;
        counts.entry(row.campaign_id).or_default().push((status, row.people.cast_unsigned()));
    }
    let counted = campaigns.into_iter().map(|campaign| {
        let people = counts.remove(&campaign.id.0).unwrap_or_default().into_iter().collect();
        Counted { campaign, people }
    });
    Ok(counted.collect())
}

fn of_contact(
    db: &mut PgConnection,
    org: OrgId,
    contact: ContactId,
) -> Result<Option<ContactCampaigns>> {
    let person = "SELECT (SELECT u.at FROM unsubscribes u WHERE u.org_id = $1 \
             AND u.contact_id = $2) AS unsubscribed_at \
         FROM contacts c WHERE c.org_id = $1 AND c.id = $2";
    let person: Option<PersonRow> = sql_query(person)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .get_result(db)
        .optional()
        .map_err(store)?;
    let Some(PersonRow { unsubscribed_at }) = person else { return Ok(None) };
    let select = format!(
        "SELECT {COLUMNS}, s.pending_at, s.sent_at, s.bounced_at, s.opened_at, s.clicked_at, \
             s.unsubscribed_at, s.actor_kind, s.actor_id \
         FROM subscriptions s JOIN campaigns m ON m.org_id = $1 AND m.id = s.campaign_id \
         WHERE s.org_id = $1 AND s.contact_id = $2 ORDER BY s.pending_at DESC, s.campaign_id DESC"
    );
    let rows: Vec<SubscriptionRow> = sql_query(select)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .load(db)
        .map_err(store)?;
    let items = rows.into_iter().map(|row| row.read(contact)).collect::<Result<_>>()?;
    Ok(Some(ContactCampaigns { items, unsubscribed_at }))
}
