//! The change feed.

use std::time::Duration;

use contacts_core::contact::ContactId;
use contacts_core::event::{ContactEvent, EventFeed, EventKind, NumberedEvent};
use contacts_core::job::Job;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{store, unreadable};
use crate::jobs::{enqueue, wake};
use crate::statement::{Bind, Statement};

/// The most events of one statement, numbered or forgotten ones too.
const MOST: usize = 5_000;

/// The most events that are written by one statement: each has eight values, and a statement
/// takes 65,535.
const MOST_WRITTEN: usize = 1_000;

/// How long after an event old ones are looked for.
const SWEEP_AFTER: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Tells of changes, in the transaction that makes them: last of all, so that nobody waits for
/// what it holds. The events get their numbers when somebody reads them, after the commit.
pub(crate) fn publish(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    events: &[ContactEvent],
) -> Result<()> {
    let Some(first) = events.first() else { return Ok(()) };
    let mut is_time_to_sweep = false;
    for piece in events.chunks(MOST_WRITTEN) {
        let mut insert = Statement::of(org);
        insert.push(
            "INSERT INTO events (org_id, id, kind, contacts, fields, survivor_id, actor_kind, \
                 actor_id, at) VALUES ",
        );
        for (at, event) in piece.iter().enumerate() {
            let id = database.ids.next();
            is_time_to_sweep |= id.as_u128().is_multiple_of(SWEEP_EVERY);
            push_row(&mut insert, at, id, event);
        }
        insert.build().execute(db).map_err(store)?;
    }
    if is_time_to_sweep {
        let job = database.ids.next();
        enqueue(db, org, job, Job::SweepEvents, first.at + SWEEP_AFTER)?;
    }
    wake(db, org, first.at)
}

/// About every so many events one asks for old ones to be forgotten.
const SWEEP_EVERY: u128 = 64;

fn push_row(insert: &mut Statement, at: usize, id: Uuid, event: &ContactEvent) {
    let (actor_kind, actor_id) = event.actor.parts();
    let contacts = event.contacts.iter().map(|contact| contact.0).collect();
    let optional = |insert: &mut Statement, id: Option<Uuid>| {
        match id {
            Some(id) => insert.bind(Bind::Uuid(id)),
            None => insert.push("NULL::uuid"),
        };
        insert.push(", ");
    };
    insert.push(if at == 0 { "($1, " } else { ", ($1, " });
    insert.bind(Bind::Uuid(id)).push(", ");
    insert.bind(Bind::Text(event.kind.as_str().to_owned())).push(", ");
    insert.bind(Bind::Uuids(contacts)).push(", ");
    insert.bind(Bind::Texts(event.fields.clone())).push(", ");
    optional(insert, event.kind.survivor().map(|survivor| survivor.0));
    insert.bind(Bind::Text(actor_kind.to_owned())).push(", ");
    optional(insert, actor_id);
    insert.bind(Bind::Time(event.at)).push(")");
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Array<SqlUuid>)]
    contacts: Vec<Uuid>,
    #[diesel(sql_type = Array<Text>)]
    fields: Vec<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    survivor_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    actor_kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    actor_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    at: OffsetDateTime,
}

impl Row {
    fn read(self) -> Result<NumberedEvent> {
        let kind = EventKind::from_parts(&self.kind, self.survivor_id.map(ContactId));
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        let event = ContactEvent {
            kind: kind.ok_or_else(|| unreadable("events.kind"))?,
            contacts: self.contacts.into_iter().map(ContactId).collect(),
            fields: self.fields,
            actor: actor.ok_or_else(|| unreadable("events.actor_kind"))?,
            at: self.at,
        };
        Ok(NumberedEvent { number: self.number.cast_unsigned(), event })
    }
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = BigInt)]
    last_number: i64,
}

#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = BigInt)]
    last_number: i64,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_waiting: bool,
}

impl EventFeed for Database {
    fn after(&self, org: OrgId, number: Option<u64>, limit: usize) -> Result<Vec<NumberedEvent>> {
        // The end is asked for first: events that are not there, though they had numbers before,
        // were forgotten.
        let end = self.end(org)?;
        let events = self.read(|db| select(db, org, number.unwrap_or(0), limit))?;
        let Some(number) = number else { return Ok(events) };
        let is_known = match events.first() {
            // Numbers have no gaps.
            Some(first) => first.number == number + 1,
            None => number == end,
        };
        if is_known { Ok(events) } else { Err(Error::CursorExpired) }
    }

    fn end(&self, org: OrgId) -> Result<u64> {
        let end = self.read(|db| find_end(db, org))?;
        if end.is_waiting {
            return self.write(|db| give_numbers(db, org));
        }
        Ok(end.last_number.cast_unsigned())
    }

    fn sweep(&self, org: OrgId, before: OffsetDateTime) -> Result<bool> {
        self.write(|db| {
            // Those without a number get theirs first: whoever comes later with an old cursor
            // must see that something is gone.
            give_numbers(db, org)?;
            sweep(db, org, before).map(|gone| gone == MOST)
        })
    }
}

fn find_end(db: &mut PgConnection, org: OrgId) -> Result<End> {
    let statement = "SELECT \
         coalesce((SELECT last_number FROM event_counters WHERE org_id = $1), 0) AS last_number, \
         EXISTS (SELECT FROM events WHERE org_id = $1 AND number IS NULL) AS is_waiting";
    sql_query(statement).bind::<SqlUuid, _>(org.0).get_result(db).map_err(store)
}

fn select(
    db: &mut PgConnection,
    org: OrgId,
    number: u64,
    limit: usize,
) -> Result<Vec<NumberedEvent>> {
    let statement = "SELECT number, kind, contacts, fields, survivor_id, actor_kind, actor_id, at \
         FROM events WHERE org_id = $1 AND number > $2 ORDER BY number LIMIT $3";
    let rows: Vec<Row> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<BigInt, _>(i64::try_from(number).unwrap_or(i64::MAX))
        .bind::<BigInt, _>(limit as i64)
        .load(db)
        .map_err(store)?;
    rows.into_iter().map(Row::read).collect()
}

/// Numbers events that are committed and have no number, and says the last number.
///
/// Whoever numbers holds the counter, so numbers are given one reader after another, each to
/// events that the one before did not see. An event that is committed later gets a later number:
/// nobody who has read up to a number can have passed it by. (The order of an identity column
/// is that of the inserts and not of the commits, and would pass by whoever commits late.)
fn give_numbers(db: &mut PgConnection, org: OrgId) -> Result<u64> {
    let last = hold_counter(db, org)?;
    // A statement of its own, so that it sees what was committed until the counter was held.
    let number = "UPDATE events e SET number = $2 + w.place FROM ( \
             SELECT id, row_number() OVER (ORDER BY id) AS place FROM ( \
                 SELECT id FROM events WHERE org_id = $1 AND number IS NULL \
                 ORDER BY id LIMIT $3) waiting) w \
         WHERE e.org_id = $1 AND e.id = w.id";
    let given = sql_query(number)
        .bind::<SqlUuid, _>(org.0)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(MOST as i64)
        .execute(db)
        .map_err(store)?;
    let last = last + given as i64;
    if given > 0 {
        sql_query("UPDATE event_counters SET last_number = $2 WHERE org_id = $1")
            .bind::<SqlUuid, _>(org.0)
            .bind::<BigInt, _>(last)
            .execute(db)
            .map_err(store)?;
    }
    Ok(last.cast_unsigned())
}

fn hold_counter(db: &mut PgConnection, org: OrgId) -> Result<i64> {
    let hold = "SELECT last_number FROM event_counters WHERE org_id = $1 FOR UPDATE";
    let mut held = || -> Result<Option<Numbered>> {
        sql_query(hold).bind::<SqlUuid, _>(org.0).get_result(db).optional().map_err(store)
    };
    if let Some(counter) = held()? {
        return Ok(counter.last_number);
    }
    let begin = "INSERT INTO event_counters (org_id, last_number) VALUES ($1, 0) \
         ON CONFLICT (org_id) DO NOTHING";
    sql_query(begin).bind::<SqlUuid, _>(org.0).execute(db).map_err(store)?;
    let counter: Numbered =
        sql_query(hold).bind::<SqlUuid, _>(org.0).get_result(db).map_err(store)?;
    Ok(counter.last_number)
}

/// Forgets the first events up to the first that is young enough, and says how many.
fn sweep(db: &mut PgConnection, org: OrgId, before: OffsetDateTime) -> Result<usize> {
    let statement = "WITH oldest AS (SELECT number, at FROM events \
             WHERE org_id = $1 AND number IS NOT NULL ORDER BY number LIMIT $3) \
         DELETE FROM events WHERE org_id = $1 AND number IN (SELECT number FROM oldest) \
             AND number < coalesce((SELECT min(number) FROM oldest WHERE at >= $2), \
                 9223372036854775807)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(MOST as i64)
        .execute(db)
        .map_err(store)
}
