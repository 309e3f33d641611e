//! What is sent to webhooks.

use contacts_core::webhook::{
    Attempt, Delivery, DeliveryId, DeliveryState, MessageType, NewDelivery, Paused, Queue, TakenIn,
    WebhookId,
};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{store, unreadable};
use crate::statement::{Bind, Statement};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    webhook_id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    due_at: OffsetDateTime,
    #[diesel(sql_type = Timestamptz)]
    created_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    attempted_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Nullable<Integer>)]
    status: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    counted: i64,
}

impl Row {
    fn read(self) -> Result<Delivery> {
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

/// The deliveries of a webhook: `$2`.
fn select(org: OrgId, id: WebhookId) -> Statement {
    let mut select = Statement::of(org);
    select.push("SELECT * FROM webhook_deliveries WHERE org_id = $1 AND webhook_id = ");
    select.bind(Bind::Uuid(id.0));
    select
}

pub(super) fn take_in(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    events: &TakenIn,
    forget_before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool> {
    let mut advance = Statement::of(org);
    advance.push("UPDATE webhooks SET cursor = ").bind(Bind::Int(events.to.cast_signed()));
    if events.missed {
        advance.push(", missed_at = ").bind(Bind::Time(now));
    }
    advance.push(" WHERE org_id = $1 AND id = ").bind(Bind::Uuid(id.0));
    advance.push(" AND cursor = ").bind(Bind::Int(events.from.cast_signed()));
    if advance.build().execute(db).map_err(store)? == 0 {
        return Ok(false);
    }
    insert(db, org, id, &events.deliveries, now)?;
    let forget = "DELETE FROM webhook_deliveries WHERE org_id = $1 AND id IN ( \
         SELECT id FROM webhook_deliveries WHERE org_id = $1 AND webhook_id = $2 \
             AND created_at < $3 ORDER BY id LIMIT 1000)";
    sql_query(forget)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(forget_before)
        .execute(db)
        .map_err(store)?;
    Ok(true)
}

pub(super) fn insert(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    deliveries: &[NewDelivery],
    now: OffsetDateTime,
) -> Result<()> {
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
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .bind::<Array<Text>, _>(&kinds)
        .bind::<Array<Nullable<BigInt>>, _>(&numbers)
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map(drop)
        .map_err(store)
}

pub(super) fn queue(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    now: OffsetDateTime,
) -> Result<Queue> {
    let mut first = select(org, id);
    first.push(" AND state = 'pending' ORDER BY due_at, number NULLS FIRST, id LIMIT 1");
    let row: Option<Row> = first.build().get_result(db).optional().map_err(store)?;
    let Some(first) = row.map(Row::read).transpose()? else { return Ok(Queue::default()) };
    Ok(if first.due_at <= now {
        Queue { due: Some(first), next_at: None }
    } else {
        Queue { due: None, next_at: Some(first.due_at) }
    })
}

pub(super) fn pending(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    bound: usize,
) -> Result<usize> {
    let statement = "SELECT count(*) AS counted FROM (SELECT FROM webhook_deliveries \
         WHERE org_id = $1 AND webhook_id = $2 AND state = 'pending' LIMIT $3) pending";
    let counted: Counted = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(bound as i64)
        .get_result(db)
        .map_err(store)?;
    Ok(usize::try_from(counted.counted).unwrap_or(bound))
}

pub(super) fn attempted(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    attempt: &Attempt,
    now: OffsetDateTime,
) -> Result<()> {
    let note = "UPDATE webhook_deliveries SET state = $5, attempts = attempts + 1, due_at = $6, \
             attempted_at = $7, status = $8, problem = $9 \
         WHERE org_id = $1 AND webhook_id = $2 AND id = $3 AND attempts = $4 \
             AND state = 'pending'";
    let noted = sql_query(note)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(attempt.delivery.0)
        .bind::<Integer, _>(attempt.attempts_before.cast_signed())
        .bind::<Text, _>(attempt.state.as_str())
        .bind::<Timestamptz, _>(attempt.due_at)
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<Integer>, _>(attempt.status.map(i32::from))
        .bind::<Nullable<Text>, _>(&attempt.problem)
        .execute(db)
        .map_err(store)?;
    if noted == 0 {
        // Another worker has counted it.
        return Ok(());
    }
    let health = "UPDATE webhooks SET failures = $3, rests_until = $4, \
         paused = coalesce(paused, $5) WHERE org_id = $1 AND id = $2";
    sql_query(health)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Integer, _>(attempt.failures.cast_signed())
        .bind::<Nullable<Timestamptz>, _>(attempt.rests_until)
        .bind::<Nullable<Text>, _>(attempt.pauses().map(Paused::as_str))
        .execute(db)
        .map(drop)
        .map_err(store)
}

pub(super) fn find(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<Option<Delivery>> {
    let mut find = select(org, id);
    find.push(" AND id = ").bind(Bind::Uuid(delivery.0));
    let row: Option<Row> = find.build().get_result(db).optional().map_err(store)?;
    row.map(Row::read).transpose()
}

pub(super) fn list(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    state: Option<DeliveryState>,
    before: Option<DeliveryId>,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let mut list = select(org, id);
    if let Some(state) = state {
        list.push(" AND state = ").bind(Bind::Text(state.as_str().to_owned()));
    }
    list.newest(before.map(|delivery| delivery.0), limit);
    let rows: Vec<Row> = list.build().load(db).map_err(store)?;
    rows.into_iter().map(Row::read).collect()
}

pub(super) fn redeliver(
    db: &mut PgConnection,
    org: OrgId,
    id: WebhookId,
    delivery: Option<DeliveryId>,
    now: OffsetDateTime,
) -> Result<u64> {
    let mut again = Statement::of(org);
    again.push("UPDATE webhook_deliveries SET state = 'pending', attempts = 0, due_at = ");
    again.bind(Bind::Time(now)).push(" WHERE org_id = $1 AND webhook_id = ");
    again.bind(Bind::Uuid(id.0));
    match delivery {
        Some(delivery) => again.push(" AND id = ").bind(Bind::Uuid(delivery.0)),
        None => again.push(" AND state = 'dead'"),
    };
    again.build().execute(db).map(|again| again as u64).map_err(store)
}
