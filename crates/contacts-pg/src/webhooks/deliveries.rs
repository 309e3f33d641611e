//! Deliveries of events to webhooks.

use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, FeedAdvance, MessageType, NewDelivery, Queue,
    WebhookId,
};
use diesel::dsl::auto_type;
use diesel::pg::Pg;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    ExpressionMethods, PgSortExpressionMethods, QueryDsl, Queryable, Selectable, SelectableHelper,
    update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::schema::{webhook_deliveries as deliveries, webhooks};

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries, check_for_backend(Pg))]
struct Row {
    id: Uuid,
    webhook_id: Uuid,
    kind: String,
    number: Option<i64>,
    state: String,
    attempts: i32,
    due_at: OffsetDateTime,
    created_at: OffsetDateTime,
    attempted_at: Option<OffsetDateTime>,
    status: Option<i32>,
    problem: Option<String>,
}

impl Row {
    fn read(self) -> PgResult<Delivery> {
        let kind = MessageType::parse(&self.kind);
        let state = DeliveryState::parse(&self.state);
        Ok(Delivery {
            id: DeliveryId(self.id),
            webhook: WebhookId(self.webhook_id),
            kind: kind.ok_or_else(|| unreadable("webhook_deliveries.kind"))?,
            number: self.number.map(i64::cast_unsigned),
            state: state.ok_or_else(|| unreadable("webhook_deliveries.state"))?,
            attempts: self.attempts.cast_unsigned(),
            due_at: self.due_at,
            created_at: self.created_at,
            attempted_at: self.attempted_at,
            status: self.status.and_then(|status| u16::try_from(status).ok()),
            problem: self.problem,
        })
    }
}

/// Returns the deliveries of a webhook.
#[auto_type(no_type_alias)]
fn of_webhook(org: Uuid, webhook: Uuid) -> _ {
    deliveries::table.filter(deliveries::org_id.eq(org)).filter(deliveries::webhook_id.eq(webhook))
}

pub(super) fn append_events(
    tx: &mut TimedTx<'_>,
    id: WebhookId,
    events: &FeedAdvance,
    forget_before: OffsetDateTime,
) -> PgResult<bool> {
    let missed_at = events.missed.then_some(webhooks::missed_at.eq(tx.now));
    let advanced = update(webhooks::table.find((tx.org.0, id.0)))
        .filter(webhooks::cursor.eq(events.from.cast_signed()))
        .set((webhooks::cursor.eq(events.to.cast_signed()), missed_at))
        .execute(tx)?;
    if advanced == 0 {
        return Ok(false);
    }
    insert(tx, id, &events.deliveries)?;
    forget(tx, id, forget_before).map(|()| true)
}

/// Deletes up to 1,000 of the deliveries that were created before a time.
fn forget(tx: &mut Tx<'_>, id: WebhookId, before: OffsetDateTime) -> PgResult<()> {
    let statement = "DELETE FROM webhook_deliveries WHERE org_id = $1 AND id IN ( \
         SELECT id FROM webhook_deliveries WHERE org_id = $1 AND webhook_id = $2 \
             AND created_at < $3 ORDER BY id LIMIT 1000)";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(before)
        .execute(tx)
        .map(drop)
}

pub(super) fn insert(
    tx: &mut TimedTx<'_>,
    id: WebhookId,
    deliveries: &[NewDelivery],
) -> PgResult<()> {
    let now = tx.now;
    if deliveries.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id.0).collect();
    let kinds: Vec<_> = deliveries.iter().map(|delivery| delivery.kind.as_str()).collect();
    let numbers: Vec<_> =
        deliveries.iter().map(|delivery| delivery.number.map(u64::cast_signed)).collect();
    let statement = "INSERT INTO webhook_deliveries \
             (org_id, id, webhook_id, kind, number, state, attempts, due_at, created_at) \
         SELECT $1, d.id, $2, d.kind, d.number, 'pending', 0, $6, $6 \
         FROM unnest($3, $4, $5) AS d (id, kind, number) \
         ON CONFLICT (org_id, webhook_id, number) DO NOTHING";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Nullable<BigInt>>, _>(&numbers)
        .bind::<Timestamptz, _>(now)
        .execute(tx)
        .map(drop)
}

pub(super) fn queue(tx: &mut Tx<'_>, id: WebhookId, now: OffsetDateTime) -> PgResult<Queue> {
    let row: Option<Row> = of_webhook(tx.org.0, id.0)
        .filter(deliveries::state.eq(DeliveryState::Pending.as_str()))
        .order((deliveries::due_at, deliveries::number.asc().nulls_first(), deliveries::id))
        .limit(1)
        .select(Row::as_select())
        .row(tx)?;
    let Some(first) = row.map(Row::read).transpose()? else { return Ok(Queue::default()) };
    Ok(if first.due_at <= now {
        Queue { due: Some(first), next_at: None }
    } else {
        Queue { due: None, next_at: Some(first.due_at) }
    })
}

pub(super) fn pending(tx: &mut Tx<'_>, id: WebhookId, bound: usize) -> PgResult<usize> {
    of_webhook(tx.org.0, id.0)
        .filter(deliveries::state.eq(DeliveryState::Pending.as_str()))
        .select(deliveries::id)
        .limit(bound as i64)
        .execute(tx)
}

pub(super) fn attempted(tx: &mut TimedTx<'_>, id: WebhookId, attempt: &Attempt) -> PgResult<()> {
    let attempts = attempt.attempts_before.cast_signed();
    let recorded = update(of_webhook(tx.org.0, id.0))
        .filter(deliveries::id.eq(attempt.delivery.0))
        .filter(deliveries::attempts.eq(attempts))
        .filter(deliveries::state.eq(DeliveryState::Pending.as_str()))
        .set((
            deliveries::state.eq(attempt.state.as_str()),
            deliveries::attempts.eq(attempts + 1),
            deliveries::due_at.eq(attempt.due_at),
            deliveries::attempted_at.eq(tx.now),
            deliveries::status.eq(attempt.status.map(i32::from)),
            deliveries::problem.eq(attempt.problem.as_deref()),
        ))
        .execute(tx)?;
    if recorded == 0 {
        // Another worker has already recorded this attempt.
        return Ok(());
    }
    super::record_attempt(tx, id, attempt)
}

pub(super) fn find(
    tx: &mut Tx<'_>,
    id: WebhookId,
    delivery: DeliveryId,
) -> PgResult<Option<Delivery>> {
    let row: Option<Row> = of_webhook(tx.org.0, id.0)
        .filter(deliveries::id.eq(delivery.0))
        .select(Row::as_select())
        .row(tx)?;
    row.map(Row::read).transpose()
}

pub(super) fn list(
    tx: &mut Tx<'_>,
    id: WebhookId,
    state: Option<DeliveryState>,
    after: Option<DeliveryId>,
    limit: usize,
) -> PgResult<Vec<Delivery>> {
    let mut list = of_webhook(tx.org.0, id.0).into_boxed();
    if let Some(state) = state {
        list = list.filter(deliveries::state.eq(state.as_str()));
    }
    if let Some(after) = after {
        list = list.filter(deliveries::id.lt(after.0));
    }
    let rows: Vec<Row> =
        list.order(deliveries::id.desc()).limit(limit as i64).select(Row::as_select()).load(tx)?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) fn redeliver(
    tx: &mut TimedTx<'_>,
    id: WebhookId,
    delivery: Option<DeliveryId>,
) -> PgResult<u64> {
    let again = (
        deliveries::state.eq(DeliveryState::Pending.as_str()),
        deliveries::attempts.eq(0),
        deliveries::due_at.eq(tx.now),
    );
    let all = update(of_webhook(tx.org.0, id.0)).set(again);
    let changed = match delivery {
        Some(delivery) => all.filter(deliveries::id.eq(delivery.0)).execute(tx),
        None => all.filter(deliveries::state.eq(DeliveryState::Dead.as_str())).execute(tx),
    };
    changed.map(|changed| changed as u64)
}
