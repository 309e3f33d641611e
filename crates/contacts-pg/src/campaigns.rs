//! The ports of campaigns, their subscriptions and deliveries.

/// The assignments that unite an existing subscription `s` with a new one: each time becomes the
/// earlier of the two, and the status becomes the most advanced one that the times allow (R27).
/// `LEAST` ignores nulls. When two actors subscribe a contact at the same time, the result does not
/// depend on their order.
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
    Campaign, CampaignCounts, CampaignId, CampaignKind, CampaignRepository, ContactCampaigns,
    Delivery, DeliveryOutcome, DeliveryStatus, SubscribeOutcome, Subscription,
};
use contacts_core::contact::ContactId;
use contacts_core::page::TimeCursor;
use contacts_core::{Actor, OrgId, Result};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, QueryDsl, Queryable, QueryableByName,
    Selectable, SelectableHelper, insert_into, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::activity::{
    ACTED, DELIVERED, DELIVERIES, SUBSCRIBED, SUBSCRIPTIONS, activity, read,
};
pub(crate) use self::subscribe::subscribe;
pub(crate) use self::suppress::{
    follow_address, follow_addresses, follow_changed_addresses, keep_earliest_unsubscribe,
    resubscribe, suppress, unsubscribe,
};
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::schema::{campaigns, subscriptions};
use crate::statement::Bind;

#[derive(Queryable, Selectable, QueryableByName, Insertable)]
#[diesel(table_name = campaigns, check_for_backend(Pg))]
struct CampaignRow {
    id: Uuid,
    kind: String,
    name: String,
    created_at: OffsetDateTime,
}

impl CampaignRow {
    fn of(campaign: &Campaign) -> Self {
        Self {
            id: campaign.id.0,
            kind: campaign.kind.as_str().to_owned(),
            name: campaign.name.clone(),
            created_at: campaign.created_at,
        }
    }

    fn read(self) -> PgResult<Campaign> {
        let kind = CampaignKind::parse(&self.kind);
        Ok(Campaign {
            id: CampaignId(self.id),
            kind: kind.ok_or_else(|| unreadable("campaigns.kind"))?,
            name: self.name,
            created_at: self.created_at,
        })
    }
}

#[derive(QueryableByName)]
#[diesel(table_name = subscriptions, check_for_backend(Pg))]
struct SubscriptionRow {
    #[diesel(embed)]
    campaign: CampaignRow,
    pending_at: OffsetDateTime,
    sent_at: Option<OffsetDateTime>,
    bounced_at: Option<OffsetDateTime>,
    opened_at: Option<OffsetDateTime>,
    clicked_at: Option<OffsetDateTime>,
    unsubscribed_at: Option<OffsetDateTime>,
    actor_kind: String,
    actor_id: Option<Uuid>,
}

impl SubscriptionRow {
    fn read(self, contact: ContactId) -> PgResult<(Campaign, Subscription)> {
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

/// A subscription, with its contact.
#[derive(QueryableByName)]
struct ContactSubscriptionRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(embed)]
    of: SubscriptionRow,
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    unsubscribed_at: Option<OffsetDateTime>,
}

impl CampaignRepository for Database {
    fn register(&self, org: OrgId, campaign: &Campaign) -> Result<(Campaign, bool)> {
        self.write(org, |tx| register(tx, campaign))
    }

    fn get(&self, org: OrgId, id: CampaignId) -> Result<Option<CampaignCounts>> {
        self.read(org, |tx| {
            let row: Option<CampaignRow> =
                campaigns::table.find((tx.org.0, id.0)).select(CampaignRow::as_select()).row(tx)?;
            let campaign = row.map(CampaignRow::read).transpose()?;
            Ok(count(tx, campaign.into_iter().collect())?.pop())
        })
    }

    fn list(
        &self,
        org: OrgId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Vec<CampaignCounts>> {
        self.read(org, |tx| {
            let mut select = campaigns::table
                .filter(campaigns::org_id.eq(tx.org.0))
                .order((campaigns::created_at.desc(), campaigns::id.desc()))
                .limit(limit as i64)
                .select(CampaignRow::as_select())
                .into_boxed();
            if let Some(TimeCursor { at, id }) = after {
                let is_earlier = campaigns::created_at.lt(at).or(campaigns::id.lt(id));
                select = select.filter(campaigns::created_at.le(at).and(is_earlier));
            }
            let rows: Vec<CampaignRow> = select.load(tx)?;
            let campaigns = rows.into_iter().map(CampaignRow::read).collect::<PgResult<_>>()?;
            count(tx, campaigns)
        })
    }

    fn deliver(
        &self,
        org: OrgId,
        deliveries: &[Delivery],
        now: OffsetDateTime,
    ) -> Result<Vec<DeliveryOutcome>> {
        self.write_at(org, now, |tx| deliver::deliver(tx, deliveries))
    }

    fn subscribe(
        &self,
        org: OrgId,
        campaign: CampaignId,
        contacts: &[ContactId],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<(ContactId, SubscribeOutcome)>> {
        self.write_at(org, now, |tx| subscribe(tx, campaign, contacts, actor))
    }

    fn of_contact(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<TimeCursor>,
        limit: usize,
    ) -> Result<Option<ContactCampaigns>> {
        self.read(org, |tx| of_contact(tx, contact, after, limit))
    }
}

fn register(tx: &mut Tx<'_>, campaign: &Campaign) -> PgResult<(Campaign, bool)> {
    let inserted = insert_into(campaigns::table)
        .values((campaigns::org_id.eq(tx.org.0), CampaignRow::of(campaign)))
        .on_conflict((campaigns::org_id, campaigns::id))
        .do_nothing()
        .execute(tx)?;
    if inserted == 1 {
        return Ok((campaign.clone(), true));
    }
    let row: CampaignRow = campaigns::table
        .find((tx.org.0, campaign.id.0))
        .select(CampaignRow::as_select())
        .for_no_key_update()
        .get_result(tx)?;
    let kept = row.read()?.registered_again(campaign)?;
    let stored = campaigns::table.find((tx.org.0, kept.id.0));
    update(stored.filter(campaigns::name.ne(&kept.name)))
        .set(campaigns::name.eq(&kept.name))
        .execute(tx)?;
    Ok((kept, false))
}

/// Selects subscriptions. The condition of the statement follows.
macro_rules! select_subscriptions {
    () => {
        "SELECT m.id, m.kind, m.name, m.created_at, s.contact_id, s.pending_at, s.sent_at, \
             s.bounced_at, s.opened_at, s.clicked_at, s.unsubscribed_at, s.actor_kind, s.actor_id \
         FROM subscriptions s JOIN campaigns m ON m.org_id = $1 AND m.id = s.campaign_id \
         WHERE s.org_id = $1 AND "
    };
}

/// Returns the subscriptions of contacts to a campaign.
pub(crate) fn subscriptions_to(
    tx: &mut Tx<'_>,
    campaign: CampaignId,
    contacts: &[Uuid],
) -> PgResult<Vec<Subscription>> {
    let statement =
        concat!(select_subscriptions!(), "s.campaign_id = $2 AND s.contact_id = ANY($3)");
    let rows: Vec<ContactSubscriptionRow> = tx
        .query(statement)
        .bind::<SqlUuid, _>(campaign.0)
        .bind::<Array<SqlUuid>, _>(contacts)
        .load(tx)?;
    read_subscriptions(rows)
}

/// Returns all subscriptions of a contact.
pub(crate) fn subscriptions_of(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<Vec<Subscription>> {
    let statement = concat!(select_subscriptions!(), "s.contact_id = $2");
    let rows: Vec<ContactSubscriptionRow> =
        tx.query(statement).bind::<SqlUuid, _>(contact.0).load(tx)?;
    read_subscriptions(rows)
}

fn read_subscriptions(rows: Vec<ContactSubscriptionRow>) -> PgResult<Vec<Subscription>> {
    let read = |row: ContactSubscriptionRow| row.of.read(ContactId(row.contact_id));
    rows.into_iter().map(|row| read(row).map(|(_, subscription)| subscription)).collect()
}

/// Counts the contacts in each campaign by status, with one range of an index per campaign.
fn count(tx: &mut Tx<'_>, campaigns: Vec<Campaign>) -> PgResult<Vec<CampaignCounts>> {
    let rows: Vec<(Uuid, String, i64)> = subscriptions::table
        .filter(subscriptions::org_id.eq(tx.org.0))
        .filter(subscriptions::campaign_id.eq_any(campaigns.iter().map(|campaign| campaign.id.0)))
        .group_by((subscriptions::campaign_id, subscriptions::status))
        .select((subscriptions::campaign_id, subscriptions::status, count_star()))
        .load(tx)?;
    let mut counts: HashMap<_, Vec<_>> = HashMap::new();
    for (campaign, status, contacts) in rows {
        let status = DeliveryStatus::parse(&status);
        let status = status.ok_or_else(|| unreadable("subscriptions.status"))?;
        counts.entry(campaign).or_default().push((status, contacts.cast_unsigned()));
    }
    let counted = campaigns.into_iter().map(|campaign| {
        let people = counts.remove(&campaign.id.0).unwrap_or_default().into_iter().collect();
        CampaignCounts { campaign, people }
    });
    Ok(counted.collect())
}

fn of_contact(
    tx: &mut Tx<'_>,
    contact: ContactId,
    after: Option<TimeCursor>,
    limit: usize,
) -> PgResult<Option<ContactCampaigns>> {
    let person = "SELECT (SELECT u.at FROM unsubscribes u WHERE u.org_id = $1 \
             AND u.contact_id = $2) AS unsubscribed_at \
         FROM contacts c WHERE c.org_id = $1 AND c.id = $2";
    let person: Option<PersonRow> = tx.query(person).bind::<SqlUuid, _>(contact.0).row(tx)?;
    let Some(PersonRow { unsubscribed_at }) = person else { return Ok(None) };
    let mut select = tx.statement().with(Bind::Uuid(contact.0));
    select.push(
        "SELECT m.id, m.kind, m.name, m.created_at, s.pending_at, s.sent_at, \
             s.bounced_at, s.opened_at, s.clicked_at, s.unsubscribed_at, s.actor_kind, s.actor_id \
         FROM subscriptions s JOIN campaigns m ON m.org_id = $1 AND m.id = s.campaign_id \
         WHERE s.org_id = $1 AND s.contact_id = $2",
    );
    if let Some(after) = after {
        select.push(" AND (s.pending_at, s.campaign_id) < (").bind(Bind::Time(after.at));
        select.push(", ").bind(Bind::Uuid(after.id)).push(")");
    }
    select.push(" ORDER BY s.pending_at DESC, s.campaign_id DESC LIMIT ");
    select.bind(Bind::Int(limit as i64));
    let rows: Vec<SubscriptionRow> = select.load(tx)?;
    let items = rows.into_iter().map(|row| row.read(contact)).collect::<PgResult<_>>()?;
    Ok(Some(ContactCampaigns { items, unsubscribed_at }))
}
