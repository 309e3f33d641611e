//! Merges contacts (R13).

use contacts_core::contact::{
    Activity, ActivityKind, AddressSource, Contact, ContactId, MergeFields, MergeRequest, Merged,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Error, OrgId, Result};
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

use super::activity::record;
use super::row::{Custom, find};
use super::write::update_row;
use super::{addresses, merge_trace};
use crate::Database;
use crate::campaigns::{follow_address, keep_earliest_unsubscribe, unite_subscriptions};
use crate::conversations::MOVE_LAST;
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::events::publish;
use crate::schema::{contacts, merged_contacts};
use crate::statement::IdRow;
use crate::trail;

/// Statements that move the rows of one contact ($2) to another ($3). The whole activity moves,
/// except the entry that the contact was created: a contact is created once, and the sources show
/// how the other one was added.
const MOVES: &[&str] = &[
    "UPDATE notes SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE contact_conversations SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    MOVE_LAST,
    "UPDATE visitors SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE source_links SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE deliveries SET contact_id = $3 WHERE org_id = $1 AND contact_id = $2",
    "UPDATE activity SET contact_id = $3 \
     WHERE org_id = $1 AND contact_id = $2 AND kind <> 'created'",
    "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
     SELECT org_id, $3, tag_id FROM contact_tags WHERE org_id = $1 AND contact_id = $2 \
     ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING",
    "INSERT INTO contact_sources AS s (org_id, contact_id, kind, detail_id, reference, visitor, \
         row_number, at, key_id, said, is_first) \
     SELECT org_id, $3, kind, detail_id, reference, visitor, row_number, at, key_id, said, false \
     FROM contact_sources WHERE org_id = $1 AND contact_id = $2 \
     ON CONFLICT (org_id, contact_id, kind, detail_id, reference) \
         DO UPDATE SET said = s.said || excluded.said WHERE s.visitor = excluded.visitor",
    concat!(
        "INSERT INTO subscriptions AS s (org_id, contact_id, campaign_id, pending_at, sent_at, \
             opened_at, clicked_at, bounced_at, unsubscribed_at, actor_kind, actor_id) \
         SELECT org_id, $3, campaign_id, pending_at, sent_at, opened_at, clicked_at, bounced_at, \
             unsubscribed_at, actor_kind, actor_id \
         FROM subscriptions WHERE org_id = $1 AND contact_id = $2 ",
        unite_subscriptions!()
    ),
    concat!(
        "INSERT INTO unsubscribes AS u \
             (org_id, contact_id, at, reason, actor_kind, actor_id, note) \
         SELECT org_id, $3, at, reason, actor_kind, actor_id, note \
         FROM unsubscribes WHERE org_id = $1 AND contact_id = $2 ",
        keep_earliest_unsubscribe!()
    ),
    "INSERT INTO possible_duplicates AS p (org_id, contact_id, other_id, at, captured, dismissed) \
     SELECT org_id, LEAST($3, x.id), GREATEST($3, x.id), x.at, x.captured, x.dismissed FROM ( \
         SELECT org_id, other_id AS id, at, captured, dismissed FROM possible_duplicates \
         WHERE org_id = $1 AND contact_id = $2 \
         UNION ALL SELECT org_id, contact_id, at, captured, dismissed FROM possible_duplicates \
         WHERE org_id = $1 AND other_id = $2) x WHERE x.id <> $3 \
     ON CONFLICT (org_id, contact_id, other_id) \
         DO UPDATE SET captured = p.captured OR excluded.captured, \
             dismissed = p.dismissed OR excluded.dismissed",
    // Pointers to survivors never form a chain.
    "UPDATE merged_contacts SET survivor_id = $3 WHERE org_id = $1 AND survivor_id = $2",
    "DELETE FROM contacts WHERE org_id = $1 AND id = $2 AND id <> $3",
];

pub(super) fn merge(
    database: &Database,
    org: OrgId,
    request: &MergeRequest,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<Option<Merged>> {
    let MergeRequest { survivor, other, ref from_other, if_version } = *request;
    database.write_at(org, now, |tx| {
        lock_contacts(tx, &[survivor, other])?;
        let survivor_row = find(tx, survivor, Custom::Whole, "")?;
        let merged_away = find(tx, other, Custom::Whole, "")?;
        let (Some(survivor_row), Some(merged_away)) = (survivor_row, merged_away) else {
            return Ok(None);
        };
        if if_version.is_some_and(|version| version != survivor_row.version) {
            let visible = find(tx, survivor, Custom::Shown, "")?;
            return Err(Error::Stale(Box::new(visible.unwrap_or(survivor_row).into())).into());
        }
        let mut merged = fold(tx, survivor_row, &merged_away, from_other, actor)?;
        trail::record(tx, &TrailEvent::contact_merged(other), actor, now)?;
        if let Some(visible) = find(tx, survivor, Custom::Shown, "")? {
            merged.contact = visible;
        }
        Ok(Some(merged))
    })
}

/// Merges a contact into another, and takes the values of the chosen fields. Both must be locked,
/// and read with their archived values.
///
/// # Errors
///
/// [`Error::Conflict`] when they have too many addresses together; then nothing is changed.
pub(crate) fn fold(
    tx: &mut TimedTx<'_>,
    mut survivor: Contact,
    other: &Contact,
    from_other: &MergeFields,
    actor: Actor,
) -> PgResult<Merged> {
    let now = tx.now;
    survivor.check_merge(other)?;
    lock_pairs(tx, other.id)?;
    let before = survivor.clone();
    let (changes, tags) = survivor.absorb(other, from_other, now);
    merge_trace::insert(tx, other.id, &before, &survivor)?;
    addresses::move_all(tx, other.id, survivor.id)?;
    for statement in MOVES {
        tx.query(*statement)
            .bind::<SqlUuid, _>(other.id.0)
            .bind::<SqlUuid, _>(survivor.id.0)
            .execute(tx)
            .map_err(PgError::unless_deleted)?;
    }
    if !changes.is_empty() {
        update_row(tx, &before, &survivor, AddressSource::Merge)?;
    }
    // If either contact is unsubscribed, so is the survivor, and its addresses are suppressed (R28).
    follow_address(tx, &survivor)?;
    survivor.consent =
        find(tx, survivor.id, Custom::Shown, "")?.map(|c| c.consent).unwrap_or_default();
    let names: Vec<_> = tags.iter().map(ToString::to_string).collect();
    let what = ActivityKind::Merged {
        other: other.id,
        called: other.called(),
        changes: changes.clone(),
        tags: names,
    };
    record(tx, survivor.id, &Activity { at: now, actor, what })?;
    let mut fields: Vec<_> = changes.iter().map(|change| change.field.clone()).collect();
    if !tags.is_empty() {
        fields.push("tags".to_owned());
    }
    if survivor.consent != before.consent {
        fields.push("consent".to_owned());
    }
    let merged = EventKind::Merged(survivor.id);
    let mut events = vec![ContactEvent::of(other.id, merged, Vec::new(), actor, now)];
    if !fields.is_empty() {
        events.push(ContactEvent::of(survivor.id, EventKind::Updated, fields, actor, now));
    }
    publish(tx, &events)?;
    Ok(Merged { contact: survivor, changes, tags })
}

/// Locks the contacts that a locked contact is paired with. A pair may have been added while the
/// contact was waited for. If another transaction has locked such a contact, this transaction is
/// run again, because waiting now could deadlock.
fn lock_pairs(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<()> {
    let pairs: Vec<IdRow> = tx
        .query(
            "SELECT other_id AS id FROM possible_duplicates WHERE org_id = $1 AND contact_id = $2 \
         UNION ALL SELECT contact_id FROM possible_duplicates WHERE org_id = $1 AND other_id = $2",
        )
        .bind::<SqlUuid, _>(contact.0)
        .load(tx)?;
    if pairs.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = pairs.into_iter().map(|pair| pair.id).collect();
    let locked = contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::id.eq_any(&ids))
        .select(contacts::id)
        .for_key_share()
        .skip_locked()
        .execute(tx)?;
    if locked == ids.len() { Ok(()) } else { Err(run_again()) }
}

/// Locks contacts and the contacts they are paired with until the transaction ends, because writing
/// a pair locks both contacts. Rows are locked in the order of their ids, so that two transactions
/// on the same contacts cannot deadlock.
pub(crate) fn lock_contacts(tx: &mut Tx<'_>, contacts: &[ContactId]) -> PgResult<()> {
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.0).collect();
    let statement = "SELECT FROM contacts WHERE org_id = $1 AND (id = ANY($2) \
             OR id = ANY(ARRAY(SELECT other_id FROM possible_duplicates \
                 WHERE org_id = $1 AND contact_id = ANY($2))) \
             OR id = ANY(ARRAY(SELECT contact_id FROM possible_duplicates \
                 WHERE org_id = $1 AND other_id = ANY($2)))) \
         ORDER BY id FOR UPDATE";
    tx.query(statement).bind::<Array<SqlUuid>, _>(&ids).execute(tx).map(drop)
}

pub(crate) fn merged_into(tx: &mut Tx<'_>, id: ContactId) -> PgResult<Option<ContactId>> {
    let survivor: Option<Uuid> = merged_contacts::table
        .find((tx.org.0, id.0))
        .select(merged_contacts::survivor_id)
        .row(tx)?;
    Ok(survivor.map(ContactId))
}
