//! The port of webhooks.

mod deliveries;

use std::collections::BTreeSet;

use contacts_core::job::Job;
use contacts_core::trail::TrailEvent;
use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, FeedAdvance, MessageType, NewDelivery, Paused,
    Queue, SecretRotation, Webhook, WebhookId, WebhookPatch, WebhookRepository, WebhookUrl,
};
use contacts_core::{Actor, Current, OrgId, Result};
use diesel::dsl::{AsSelect, auto_type};
use diesel::pg::Pg;
use diesel::{
    AsChangeset, ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper,
    delete, insert_into,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unread, unreadable};
use crate::jobs::{call, enqueue};
use crate::limits::check_limit;
use crate::schema::webhooks;
use crate::trail::record;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks, primary_key(org_id, id), check_for_backend(Pg))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    org_id: Uuid,
    id: Uuid,
    url: String,
    types: Vec<Option<String>>,
    paused: Option<String>,
    secret: Vec<u8>,
    old_secret: Option<Vec<u8>>,
    old_secret_until: Option<OffsetDateTime>,
    cursor: i64,
    failures: i32,
    rests_until: Option<OffsetDateTime>,
    missed_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    version: i64,
    include_contacts: bool,
}

impl Row {
    fn of(webhook: &Webhook) -> Self {
        let (old_secret, old_secret_until) = webhook.old_secret.clone().unzip();
        Self {
            org_id: webhook.org.0,
            id: webhook.id.0,
            url: webhook.url.as_str().to_owned(),
            types: webhook.types.iter().map(|kind| Some(kind.as_str().to_owned())).collect(),
            paused: webhook.paused.map(|reason| reason.as_str().to_owned()),
            secret: webhook.secret.clone(),
            old_secret,
            old_secret_until,
            cursor: webhook.cursor.cast_signed(),
            failures: webhook.failures.cast_signed(),
            rests_until: webhook.rests_until,
            missed_at: webhook.missed_at,
            created_at: webhook.created_at,
            version: webhook.version.cast_signed(),
            include_contacts: webhook.include_contacts,
        }
    }

    fn read(self) -> PgResult<Webhook> {
        let types = self.types.iter().map(|name| MessageType::parse(name.as_deref()?));
        let types: Option<BTreeSet<_>> = types.collect();
        let paused = self.paused.map(|reason| Paused::parse(&reason));
        if paused == Some(None) {
            return Err(unreadable("webhooks.paused"));
        }
        Ok(Webhook {
            org: OrgId(self.org_id),
            id: WebhookId(self.id),
            url: WebhookUrl::parse(&self.url).map_err(unread("webhooks.url"))?,
            types: types.ok_or_else(|| unreadable("webhooks.types"))?,
            include_contacts: self.include_contacts,
            paused: paused.flatten(),
            secret: self.secret,
            old_secret: self.old_secret.zip(self.old_secret_until),
            cursor: self.cursor.cast_unsigned(),
            failures: self.failures.cast_unsigned(),
            rests_until: self.rests_until,
            missed_at: self.missed_at,
            created_at: self.created_at,
            version: self.version.cast_unsigned(),
        })
    }
}

impl WebhookRepository for Database {
    fn insert(&self, webhook: &Webhook, limit: usize, actor: Actor) -> Result<()> {
        let row = Row::of(webhook);
        self.write_at(webhook.org, webhook.created_at, |tx| {
            check_limit(tx, "webhooks", limit, "webhooks")?;
            insert_into(webhooks::table).values(&row).execute(tx)?;
            record(tx, &TrailEvent::webhook_added(webhook.id), actor, webhook.created_at)?;
            enqueue(tx, Job::DeliverWebhook(webhook.id))
        })
    }

    fn get(&self, org: OrgId, id: WebhookId) -> Result<Option<Webhook>> {
        self.read(org, |tx| {
            let row: Option<Row> = by_id(tx.org.0, id.0).row(tx)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId) -> Result<Vec<Webhook>> {
        self.read(org, |tx| {
            let rows: Vec<Row> = webhooks::table
                .filter(webhooks::org_id.eq(tx.org.0))
                .order((webhooks::created_at, webhooks::id))
                .select(Row::as_select())
                .load(tx)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn patch(
        &self,
        org: OrgId,
        id: WebhookId,
        patch: &WebhookPatch,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>> {
        self.write_at(org, now, |tx| {
            edit(tx, id, &TrailEvent::webhook_changed(id), actor, |webhook| {
                Current::check(webhook, if_version)?;
                webhook.apply(patch);
                Ok(())
            })
        })
    }

    fn rotate_secret(
        &self,
        org: OrgId,
        id: WebhookId,
        rotation: &SecretRotation,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>> {
        self.write_at(org, now, |tx| {
            edit(tx, id, &TrailEvent::webhook_secret_rotated(id), actor, |webhook| {
                webhook.rotate_secret(rotation);
                Ok(())
            })
        })
    }

    fn delete(&self, org: OrgId, id: WebhookId, actor: Actor, now: OffsetDateTime) -> Result<bool> {
        self.write(org, |tx| {
            let deleted = delete(webhooks::table.find((tx.org.0, id.0))).execute(tx)? == 1;
            if deleted {
                record(tx, &TrailEvent::webhook_deleted(id), actor, now)?;
            }
            Ok(deleted)
        })
    }

    fn append_events(
        &self,
        org: OrgId,
        id: WebhookId,
        events: &FeedAdvance,
        forget_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| deliveries::append_events(tx, id, events, forget_before))
    }

    fn add_delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: NewDelivery,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write_at(org, now, |tx| {
            // Locked, so that the webhook is neither deleted nor paused in the meantime.
            let row: Option<Row> = by_id(tx.org.0, id.0).for_share().row(tx)?;
            let Some(row) = row else { return Ok(false) };
            row.read()?.check_active()?;
            deliveries::insert(tx, id, &[delivery])?;
            call(tx, Job::DeliverWebhook(id), now).map(|()| true)
        })
    }

    fn queue(&self, org: OrgId, id: WebhookId, now: OffsetDateTime) -> Result<Queue> {
        self.read(org, |tx| deliveries::queue(tx, id, now))
    }

    fn pending(&self, org: OrgId, id: WebhookId, bound: usize) -> Result<usize> {
        self.read(org, |tx| deliveries::pending(tx, id, bound))
    }

    fn attempted(
        &self,
        org: OrgId,
        id: WebhookId,
        attempt: &Attempt,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.write_at(org, now, |tx| deliveries::attempted(tx, id, attempt))
    }

    fn delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Option<Delivery>> {
        self.read(org, |tx| deliveries::find(tx, id, delivery))
    }

    fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read(org, |tx| deliveries::list(tx, id, state, after, limit))
    }

    fn redeliver(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: Option<DeliveryId>,
        now: OffsetDateTime,
    ) -> Result<u64> {
        self.write_at(org, now, |tx| {
            let again = deliveries::redeliver(tx, id, delivery)?;
            if again > 0 {
                call(tx, Job::DeliverWebhook(id), now)?;
            }
            Ok(again)
        })
    }
}

#[auto_type(no_type_alias)]
fn by_id(org: Uuid, id: Uuid) -> _ {
    let columns: AsSelect<Row, Pg> = Row::as_select();
    webhooks::table.find((org, id)).select(columns)
}

/// Locks a webhook until the transaction ends.
fn lock(tx: &mut Tx<'_>, id: WebhookId) -> PgResult<Option<Webhook>> {
    let row: Option<Row> = by_id(tx.org.0, id.0).for_update().row(tx)?;
    row.map(Row::read).transpose()
}

/// Edits the locked webhook, records a change, and enqueues its delivery job unless it is paused.
fn edit(
    tx: &mut TimedTx<'_>,
    id: WebhookId,
    event: &TrailEvent,
    actor: Actor,
    edit: impl FnOnce(&mut Webhook) -> Result<()>,
) -> PgResult<Option<Webhook>> {
    let Some(mut webhook) = lock(tx, id)? else { return Ok(None) };
    let version = webhook.version;
    edit(&mut webhook)?;
    update(tx, &webhook)?;
    let now = tx.now;
    if webhook.version != version {
        record(tx, event, actor, now)?;
    }
    if webhook.paused.is_none() {
        call(tx, Job::DeliverWebhook(id), now)?;
    }
    Ok(Some(webhook))
}

/// Records an attempt on the locked webhook.
fn record_attempt(tx: &mut Tx<'_>, id: WebhookId, attempt: &Attempt) -> PgResult<()> {
    let Some(mut webhook) = lock(tx, id)? else { return Ok(()) };
    webhook.record_attempt(attempt);
    update(tx, &webhook)
}

/// Stores the locked webhook.
fn update(tx: &mut Tx<'_>, webhook: &Webhook) -> PgResult<()> {
    diesel::update(webhooks::table.find((tx.org.0, webhook.id.0)))
        .set(&Row::of(webhook))
        .execute(tx)
        .map(drop)
}
