//! The port of the change feed (R42).

mod total;

use std::collections::BTreeMap;
use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventFeed, EventKind, NumberedEvent};
use contacts_core::job::Job;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use diesel::{
    ExpressionMethods, Insertable, QueryDsl, Queryable, Selectable, SelectableHelper, insert_into,
    select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgError, PgResult, RunQuery, Tx, unreadable};
use crate::jobs::{enqueue_at, wake};
use crate::schema::{event_counters, events};

/// Maximum number of events that one statement reads, numbers or deletes.
const SWEEP_ROWS: usize = 5_000;

/// Maximum number of events that one statement inserts: each has eight values, and Postgres accepts
/// 65,535 values per statement.
const MOST_WRITTEN: usize = 1_000;

/// Delay between an event and the sweep that it may request.
const SWEEP_AFTER: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Inserts events in the transaction that makes the changes. Call it last, so that other
/// transactions wait as briefly as possible for the rows it locks. The events get their numbers
/// when they are read for the first time, after the commit.
pub(crate) fn publish(tx: &mut Tx<'_>, events: &[ContactEvent]) -> PgResult<()> {
    store_times(tx, events)?;
    publish_timed(tx, events)
}

/// Stores when contacts were changed by events that leave `updated_at` alone. Contacts are in the
/// order of their ids, so that two transactions cannot deadlock.
fn store_times(tx: &mut Tx<'_>, events: &[ContactEvent]) -> PgResult<()> {
    let mut times = BTreeMap::new();
    for event in events.iter().filter(|event| event.leaves_update_time()) {
        times.extend(event.contacts.iter().map(|contact| (contact.0, event.at)));
    }
    if times.is_empty() {
        return Ok(());
    }
    let (contacts, times): (Vec<Uuid>, Vec<OffsetDateTime>) = times.into_iter().unzip();
    let statement = "INSERT INTO contact_changes (org_id, contact_id, changed_at) \
         SELECT $1, t.contact_id, t.changed_at FROM unnest($2, $3) AS t (contact_id, changed_at) \
         ORDER BY t.contact_id ON CONFLICT (org_id, contact_id) DO UPDATE \
         SET changed_at = greatest(contact_changes.changed_at, excluded.changed_at)";
    tx.query(statement)
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Array<Timestamptz>, _>(times)
        .execute(tx)
        .map(drop)
        .map_err(PgError::unless_deleted)
}

/// Like [`publish`], for changes whose time is stored elsewhere.
pub(crate) fn publish_timed(tx: &mut Tx<'_>, events: &[ContactEvent]) -> PgResult<()> {
    let Some(first) = events.first() else { return Ok(()) };
    let mut is_time_to_sweep = false;
    for chunk in events.chunks(MOST_WRITTEN) {
        let rows: Vec<_> = chunk.iter().map(|event| NewRow::of(tx, event)).collect();
        is_time_to_sweep |= rows.iter().any(|row| row.id.as_u128().is_multiple_of(SWEEP_EVERY));
        insert_into(events::table).values(rows).execute(tx)?;
    }
    if is_time_to_sweep {
        enqueue_at(tx, Job::SweepEvents, first.at + SWEEP_AFTER)?;
    }
    wake(tx, first.at)
}

/// About one in this many events requests a sweep of old events.
const SWEEP_EVERY: u128 = 64;

#[derive(Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
struct NewRow<'a> {
    org_id: Uuid,
    id: Uuid,
    kind: &'a str,
    contacts: Vec<Uuid>,
    fields: &'a [String],
    survivor_id: Option<Uuid>,
    actor_kind: &'a str,
    actor_id: Option<Uuid>,
    at: OffsetDateTime,
}

impl<'a> NewRow<'a> {
    fn of(tx: &Tx<'_>, event: &'a ContactEvent) -> Self {
        let (actor_kind, actor_id) = event.actor.parts();
        Self {
            org_id: tx.org.0,
            id: tx.next_id(),
            kind: event.kind.as_str(),
            contacts: event.contacts.iter().map(|contact| contact.0).collect(),
            fields: &event.fields,
            survivor_id: event.kind.survivor().map(|survivor| survivor.0),
            actor_kind,
            actor_id,
            at: event.at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = events, check_for_backend(Pg))]
struct Row {
    number: Option<i64>,
    kind: String,
    contacts: Vec<Option<Uuid>>,
    fields: Vec<Option<String>>,
    survivor_id: Option<Uuid>,
    actor_kind: String,
    actor_id: Option<Uuid>,
    at: OffsetDateTime,
}

impl Row {
    fn read(self) -> PgResult<NumberedEvent> {
        let kind = EventKind::from_parts(&self.kind, self.survivor_id.map(ContactId));
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let event = ContactEvent {
            kind: kind.ok_or_else(|| unreadable("events.kind"))?,
            contacts: self.contacts.into_iter().flatten().map(ContactId).collect(),
            fields: self.fields.into_iter().flatten().collect(),
            actor: actor.ok_or_else(|| unreadable("events.actor_kind"))?,
            at: self.at,
        };
        let number = self.number.ok_or_else(|| unreadable("events.number"))?;
        Ok(NumberedEvent { number: number.cast_unsigned(), event })
    }
}

impl EventFeed for Database {
    fn after(&self, org: OrgId, number: Option<u64>, limit: usize) -> Result<Vec<NumberedEvent>> {
        // The end is read first. If events are missing that had numbers at that time, they were
        // deleted, and the cursor has expired.
        let end = self.end(org)?;
        let events = self.read(org, |tx| list(tx, number.unwrap_or(0), limit))?;
        let Some(number) = number else { return Ok(events) };
        let is_known = match events.first() {
            // Numbers have no gaps, so a larger number means that events were deleted.
            Some(first) => first.number == number + 1,
            None => number == end,
        };
        if is_known { Ok(events) } else { Err(Error::CursorExpired) }
    }

    fn end(&self, org: OrgId) -> Result<u64> {
        match self.read(org, find_end)? {
            Some(end) => Ok(end),
            None => self.write(org, give_numbers),
        }
    }

    fn sweep(&self, org: OrgId, before: OffsetDateTime) -> Result<bool> {
        self.write(org, |tx| {
            // Number the remaining events first. Otherwise a later request with an old cursor could
            // not detect that events are missing.
            give_numbers(tx)?;
            sweep(tx, before).map(|deleted| deleted == SWEEP_ROWS)
        })
    }
}

/// Returns the last number, or `None` when events wait for their numbers.
fn find_end(tx: &mut Tx<'_>) -> PgResult<Option<u64>> {
    let last_number =
        event_counters::table.find(tx.org.0).select(event_counters::last_number).single_value();
    let unnumbered =
        events::table.filter(events::org_id.eq(tx.org.0)).filter(events::number.is_null());
    let (last_number, is_waiting): (Option<i64>, bool) =
        select((last_number, exists(unnumbered))).get_result(tx)?;
    Ok((!is_waiting).then_some(last_number.unwrap_or_default().cast_unsigned()))
}

fn list(tx: &mut Tx<'_>, after: u64, limit: usize) -> PgResult<Vec<NumberedEvent>> {
    let rows: Vec<Row> = events::table
        .filter(events::org_id.eq(tx.org.0))
        .filter(events::number.gt(i64::try_from(after).unwrap_or(i64::MAX)))
        .order(events::number)
        .limit(limit as i64)
        .select(Row::as_select())
        .load(tx)?;
    rows.into_iter().map(Row::read).collect()
}

/// Numbers committed events that have no number, and returns the last number.
///
/// The counter is locked, so that only one transaction at a time gives numbers, each to events that
/// the previous one did not see. An event that is committed later gets a higher number, so a reader
/// that has read up to a number cannot miss it. (An identity column is numbered in the order of
/// inserts and not of commits, so a reader could miss an event that is committed late.)
fn give_numbers(tx: &mut Tx<'_>) -> PgResult<u64> {
    let last = lock_counter(tx)?;
    // A separate statement, so that it sees everything that was committed before the lock was
    // acquired.
    let number = "UPDATE events e SET number = $2 + w.place FROM ( \
             SELECT id, row_number() OVER (ORDER BY id) AS place FROM ( \
                 SELECT id FROM events WHERE org_id = $1 AND number IS NULL \
                 ORDER BY id LIMIT $3) waiting) w \
         WHERE e.org_id = $1 AND e.id = w.id";
    let numbered = tx
        .query(number)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(SWEEP_ROWS as i64)
        .execute(tx)?;
    let last = last + numbered as i64;
    if numbered > 0 {
        total::add(tx, last)?;
    }
    Ok(last.cast_unsigned())
}

/// Locks the counter until the transaction ends, and returns the last number.
fn lock_counter(tx: &mut Tx<'_>) -> PgResult<i64> {
    let org = tx.org.0;
    let counter =
        || event_counters::table.find(org).select(event_counters::last_number).for_update();
    if let Some(last) = counter().row(tx)? {
        return Ok(last);
    }
    insert_into(event_counters::table)
        .values((event_counters::org_id.eq(org), event_counters::last_number.eq(0)))
        .on_conflict_do_nothing()
        .execute(tx)?;
    counter().get_result(tx)
}

/// Deletes the oldest events, up to the first one that is recent enough, and returns their number.
fn sweep(tx: &mut Tx<'_>, before: OffsetDateTime) -> PgResult<usize> {
    let statement = "WITH oldest AS (SELECT number, at FROM events \
             WHERE org_id = $1 AND number IS NOT NULL ORDER BY number LIMIT $3) \
         DELETE FROM events WHERE org_id = $1 AND number IN (SELECT number FROM oldest) \
             AND number < coalesce((SELECT min(number) FROM oldest WHERE at >= $2), \
                 9223372036854775807)";
    tx.query(statement)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(SWEEP_ROWS as i64)
        .execute(tx)
}
