//! Merging contacts (R13).

use contacts_core::contact::{Activity, ActivityKind, Contact, ContactId, Merged};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::activity::record;
use super::row::{Custom, find};
use super::write::update_row;
use crate::Database;
use crate::campaigns::follow_address;
use crate::campaigns::unite_subscriptions;
use crate::conversations::run_again;
use crate::database::store;
use crate::events::publish;
use crate::tags::IdRow;

/// What moves from one contact ($2) to another ($3), each by one statement. Of a contact's
/// history all moves but that it was made: a contact is made once, and how the other came is
/// told by its sources.
const MOVES: &[&str] = &[
    "UPDATE notes SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE contact_conversations SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE visitors SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE source_links SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE deliveries SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE contact_events SET contact_id = $3 \
     WHERE org_id = $1 AND contact_id = $2 AND kind <> 'created'",
    "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
     SELECT org_id, $3, tag_id FROM contact_tags WHERE org_id = $1 AND contact_id = $2 \
     ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING",
    "INSERT INTO contact_sources AS s (org_id, contact_id, kind, origin_id, reference, visitor, \
         row_number, at, key_id, said, is_first) \
     SELECT org_id, $3, kind, origin_id, reference, visitor, row_number, at, key_id, said, false \
     FROM contact_sources WHERE org_id = $1 AND contact_id = $2 \
     ON CONFLICT (org_id, contact_id, kind, origin_id, reference) \
         DO UPDATE SET said = s.said || excluded.said WHERE s.visitor = excluded.visitor",
    concat!(
        "INSERT INTO subscriptions AS s (org_id, contact_id, campaign_id, pending_at, sent_at, \
             opened_at, clicked_at, bounced_at, unsubscribed_at, actor_kind, actor_id) \
         SELECT org_id, $3, campaign_id, pending_at, sent_at, opened_at, clicked_at, bounced_at, \
             unsubscribed_at, actor_kind, actor_id \
         FROM subscriptions WHERE org_id = $1 AND contact_id = $2 ",
        unite_subscriptions!()
    ),
    "INSERT INTO unsubscribes AS u (org_id, contact_id, at) \
     SELECT org_id, $3, at FROM unsubscribes WHERE org_id = $1 AND contact_id = $2 \
     ON CONFLICT (org_id, contact_id) DO UPDATE SET at = LEAST(u.at, excluded.at)",
    "INSERT INTO possible_duplicates AS p (org_id, contact_id, other_id, at, dismissed) \
     SELECT org_id, LEAST($3, x.id), GREATEST($3, x.id), x.at, x.dismissed FROM ( \
         SELECT org_id, other_id AS id, at, dismissed FROM possible_duplicates \
         WHERE org_id = $1 AND contact_id = $2 \
         UNION ALL SELECT org_id, contact_id, at, dismissed FROM possible_duplicates \
         WHERE org_id = $1 AND other_id = $2) x WHERE x.id <> $3 \
     ON CONFLICT (org_id, contact_id, other_id) \
         DO UPDATE SET dismissed = p.dismissed OR excluded.dismissed",
    // The pointers never form a chain.
    "UPDATE merged_contacts SET survivor_id = $3 WHERE org_id = $1 AND survivor_id = $2",
    // Before the survivor takes its address, which is unique.
    "DELETE FROM contacts WHERE org_id = $1 AND id = $2 AND id <> $3",
];

pub(super) fn merge(
    database: &Database,
    org: OrgId,
    survivor: ContactId,
    other: ContactId,
    if_version: Option<u64>,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Option<Merged>> {
    database.write(|db| {
        hold(db, org, &[survivor, other])?;
        let kept = find(db, org, survivor, Custom::Whole, "")?;
        let gone = find(db, org, other, Custom::Whole, "")?;
        let (Some(kept), Some(gone)) = (kept, gone) else { return Ok(None) };
        if if_version.is_some_and(|version| version != kept.version) {
            let shown = find(db, org, survivor, Custom::Shown, "")?;
            return Err(Error::Stale(Box::new(shown.unwrap_or(kept))));
        }
        let mut merged = fold(database, db, kept, &gone, actor, now)?;
        if let Some(shown) = find(db, org, survivor, Custom::Shown, "")? {
            merged.contact = shown;
        }
        Ok(Some(merged))
    })
}

/// Folds a contact into another. Both are held and whole.
pub(crate) fn fold(
    database: &Database,
    db: &mut PgConnection,
    mut survivor: Contact,
    other: &Contact,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Merged> {
    let org = survivor.org;
    let before = survivor.clone();
    hold_pairs(db, org, other.id)?;
    let (changes, tags) = survivor.absorb(other, now);
    for statement in MOVES {
        sql_query(*statement)
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(other.id.0)
            .bind::<SqlUuid, _>(survivor.id.0)
            .execute(db)
            .map_err(store)?;
    }
    point(db, &survivor, other, now)?;
    if !changes.is_empty() {
        update_row(database, db, &before, &survivor)?;
    }
    // If either is unsubscribed, the survivor is, and so is its address (R28).
    follow_address(database, db, &survivor)?;
    let names: Vec<_> = tags.iter().map(ToString::to_string).collect();
    let what = ActivityKind::Merged {
        other: other.id,
        called: other.called(),
        changes: changes.clone(),
        tags: names,
    };
    record(db, org, survivor.id, database.ids.next(), &Activity { at: now, actor, what })?;
    let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
    if !tags.is_empty() {
        fields.push("tags".to_owned());
    }
    let merged = EventKind::Merged(survivor.id);
    let mut events = vec![ContactEvent::of(other.id, merged, Vec::new(), actor, now)];
    if !fields.is_empty() {
        events.push(ContactEvent::of(survivor.id, EventKind::Updated, fields, actor, now));
    }
    publish(database, db, org, &events)?;
    Ok(Merged { contact: survivor, changes, tags })
}

/// Remembers whom an id was folded into.
fn point(
    db: &mut PgConnection,
    survivor: &Contact,
    other: &Contact,
    now: OffsetDateTime,
) -> Result<()> {
    let statement = "INSERT INTO merged_contacts (org_id, id, survivor_id, at) \
         VALUES ($1, $2, $3, $4)";
    sql_query(statement)
        .bind::<SqlUuid, _>(survivor.org.0)
        .bind::<SqlUuid, _>(other.id.0)
        .bind::<SqlUuid, _>(survivor.id.0)
        .bind::<Timestamptz, _>(now)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Makes sure that those are held with whom a contact that is held is paired. Somebody may have
/// been paired with it while it was waited for; if others have hold of them, waiting now could be
/// in a circle.
fn hold_pairs(db: &mut PgConnection, org: OrgId, contact: ContactId) -> Result<()> {
    let pairs: Vec<IdRow> = sql_query(
        "SELECT other_id AS id FROM possible_duplicates WHERE org_id = $1 AND contact_id = $2 \
         UNION ALL SELECT contact_id FROM possible_duplicates WHERE org_id = $1 AND other_id = $2",
    )
    .bind::<SqlUuid, _>(org.0)
    .bind::<SqlUuid, _>(contact.0)
    .load(db)
    .map_err(store)?;
    if pairs.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = pairs.into_iter().map(|pair| pair.id).collect();
    let held = sql_query(
        "SELECT FROM contacts WHERE org_id = $1 AND id = ANY($2) FOR KEY SHARE SKIP LOCKED",
    )
    .bind::<SqlUuid, _>(org.0)
    .bind::<Array<SqlUuid>, _>(&ids)
    .execute(db)
    .map_err(store)?;
    if held == ids.len() { Ok(()) } else { Err(run_again()) }
}

/// Holds contacts until the transaction ends, and those that they are paired with, for what is
/// written of a pair holds both. In the order of their ids: two who hold the same ones wait for
/// each other in turn.
pub(crate) fn hold(db: &mut PgConnection, org: OrgId, contacts: &[ContactId]) -> Result<()> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let statement = "SELECT FROM contacts WHERE org_id = $1 AND (id = ANY($2) \
             OR id = ANY(ARRAY(SELECT other_id FROM possible_duplicates \
                 WHERE org_id = $1 AND contact_id = ANY($2))) \
             OR id = ANY(ARRAY(SELECT contact_id FROM possible_duplicates \
                 WHERE org_id = $1 AND other_id = ANY($2)))) \
         ORDER BY id FOR UPDATE";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(db)
        .map(drop)
        .map_err(store)
}

pub(super) fn merged_into(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
) -> Result<Option<ContactId>> {
    let row: Option<IdRow> =
        sql_query("SELECT survivor_id AS id FROM merged_contacts WHERE org_id = $1 AND id = $2")
            .bind::<SqlUuid, _>(org.0)
            .bind::<SqlUuid, _>(id.0)
            .get_result(db)
            .optional()
            .map_err(store)?;
    Ok(row.map(|row| ContactId(row.id)))
}
