//! Webhooks.

mod deliveries;

use std::collections::BTreeSet;

use contacts_core::job::Job;
use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, MessageType, NewDelivery, Paused, Queue, TakenIn,
    Webhook, WebhookId, WebhookRepository, WebhookUrl,
};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{
    Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{store, unread, unreadable};
use crate::jobs::{enqueue, wake};
use crate::statement::Statement;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    org_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Array<Text>)]
    types: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    paused: Option<String>,
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    old_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    old_secret_until: Option<OffsetDateTime>,
    #[diesel(sql_type = BigInt)]
    cursor: i64,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    rests_until: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    missed_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
}

impl Row {
    fn read(self) -> Result<Webhook> {
        let types = self.types.iter().map(|name| MessageType::parse(name));
        let types: Option<BTreeSet<_>> = types.collect();
        let paused = self.paused.map(|why| Paused::parse(&why));
        if paused == Some(None) {
            return Err(unreadable("webhooks.paused"));
        }
        Ok(Webhook {
            org: OrgId(self.org_id),
            id: WebhookId(self.id),
            url: WebhookUrl::parse(&self.url).map_err(unread("webhooks.url"))?,
            types: types.ok_or_else(|| unreadable("webhooks.types"))?,
            paused: paused.flatten(),
            secret: self.secret,
            old_secret: self.old_secret.zip(self.old_secret_until),
            cursor: self.cursor.cast_unsigned(),
            failures: self.failures.cast_unsigned(),
            rests_until: self.rests_until,
            missed_at: self.missed_at,
            created_at: self.created_at,
        })
    }
}

fn names(types: &BTreeSet<MessageType>) -> Vec<&'static str> {
    types.iter().map(|kind| kind.as_str()).collect()
}

impl WebhookRepository for Database {
    fn insert(&self, webhook: &Webhook) -> Result<()> {
        let statement = "INSERT INTO webhooks \
                 (org_id, id, url, types, secret, cursor, failures, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";
        let job = self.ids.next();
        self.write(|db| {
            sql_query(statement)
                .bind::<SqlUuid, _>(webhook.org.0)
                .bind::<SqlUuid, _>(webhook.id.0)
                .bind::<Text, _>(webhook.url.as_str())
                .bind::<Array<Text>, _>(names(&webhook.types))
                .bind::<Binary, _>(&webhook.secret)
                .bind::<BigInt, _>(webhook.cursor.cast_signed())
                .bind::<Timestamptz, _>(webhook.created_at)
                .execute(db)
                .map_err(store)?;
            enqueue(db, webhook.org, job, Job::DeliverWebhook(webhook.id), webhook.created_at)
        })
    }

    fn get(&self, org: OrgId, id: WebhookId) -> Result<Option<Webhook>> {
        self.read(|db| {
            let row: Option<Row> = Statement::find(org, "webhooks", "id", id.0).row(db)?;
            row.map(Row::read).transpose()
        })
    }

    fn list(&self, org: OrgId) -> Result<Vec<Webhook>> {
        self.read(|db| {
            let rows: Vec<Row> =
                sql_query("SELECT * FROM webhooks WHERE org_id = $1 ORDER BY created_at, id")
                    .bind::<SqlUuid, _>(org.0)
                    .load(db)
                    .map_err(store)?;
            rows.into_iter().map(Row::read).collect()
        })
    }

    fn update(&self, webhook: &Webhook, now: OffsetDateTime) -> Result<bool> {
        let statement = "UPDATE webhooks SET url = $3, types = $4, paused = $5, secret = $6, \
                 old_secret = $7, old_secret_until = $8, failures = 0, rests_until = NULL \
             WHERE org_id = $1 AND id = $2";
        let (old_secret, old_until) = webhook.old_secret.clone().unzip();
        self.write(|db| {
            let updated = sql_query(statement)
                .bind::<SqlUuid, _>(webhook.org.0)
                .bind::<SqlUuid, _>(webhook.id.0)
                .bind::<Text, _>(webhook.url.as_str())
                .bind::<Array<Text>, _>(names(&webhook.types))
                .bind::<Nullable<Text>, _>(webhook.paused.map(Paused::as_str))
                .bind::<Binary, _>(&webhook.secret)
                .bind::<Nullable<Binary>, _>(&old_secret)
                .bind::<Nullable<Timestamptz>, _>(old_until)
                .execute(db)
                .map_err(store)?;
            if updated == 1 && webhook.paused.is_none() {
                self.wake_webhook(db, webhook.org, webhook.id, now)?;
            }
            Ok(updated == 1)
        })
    }

    fn delete(&self, org: OrgId, id: WebhookId) -> Result<bool> {
        self.write(|db| {
            sql_query("DELETE FROM webhooks WHERE org_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .execute(db)
                .map(|deleted| deleted == 1)
                .map_err(store)
        })
    }

    fn take_in(
        &self,
        org: OrgId,
        id: WebhookId,
        events: &TakenIn,
        forget_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(|db| deliveries::take_in(db, org, id, events, forget_before, now))
    }

    fn add_delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: NewDelivery,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.write(|db| {
            // Held, so that it is not deleted in between.
            let held = "SELECT FROM webhooks WHERE org_id = $1 AND id = $2 FOR KEY SHARE";
            let is_there = sql_query(held)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .execute(db)
                .map_err(store)?;
            if is_there == 0 {
                return Ok(false);
            }
            deliveries::insert(db, org, id, &[delivery], now)?;
            self.wake_webhook(db, org, id, now).map(|()| true)
        })
    }

    fn queue(&self, org: OrgId, id: WebhookId, now: OffsetDateTime) -> Result<Queue> {
        self.read(|db| deliveries::queue(db, org, id, now))
    }

    fn pending(&self, org: OrgId, id: WebhookId, bound: usize) -> Result<usize> {
        self.read(|db| deliveries::pending(db, org, id, bound))
    }

    fn attempted(
        &self,
        org: OrgId,
        id: WebhookId,
        attempt: &Attempt,
        now: OffsetDateTime,
    ) -> Result<()> {
        self.write(|db| deliveries::attempted(db, org, id, attempt, now))
    }

    fn delivery(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Option<Delivery>> {
        self.read(|db| deliveries::find(db, org, id, delivery))
    }

    fn deliveries(
        &self,
        org: OrgId,
        id: WebhookId,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read(|db| deliveries::list(db, org, id, state, before, limit))
    }

    fn redeliver(
        &self,
        org: OrgId,
        id: WebhookId,
        delivery: Option<DeliveryId>,
        now: OffsetDateTime,
    ) -> Result<u64> {
        self.write(|db| {
            let again = deliveries::redeliver(db, org, id, delivery, now)?;
            if again > 0 {
                self.wake_webhook(db, org, id, now)?;
            }
            Ok(again)
        })
    }
}

impl Database {
    /// Queues the job of a webhook that is not paused, or makes it due.
    fn wake_webhook(
        &self,
        db: &mut PgConnection,
        org: OrgId,
        id: WebhookId,
        now: OffsetDateTime,
    ) -> Result<()> {
        enqueue(db, org, self.ids.next(), Job::DeliverWebhook(id), now)?;
        wake(db, org, now)
    }
}
