//! Applies a part of a chunk of a bulk action, in one transaction.
//!
//! Each kind of action is one function that changes the existing contacts of a part and returns
//! the outcomes. The ids are bound as an array, so that every statement works on the whole part.
//! Contacts that need no change are neither locked nor written. Contacts are changed in the order
//! of their ids, so that two transactions on the same contacts cannot deadlock.

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::action::{Action, ActionKind, Applied, Chunk, SkipReason};
use contacts_core::campaign::{CampaignId, DeliveryStatus, SubscribeOutcome, SubscribeRefusal};
use contacts_core::consent::{ConsentReason, Unsubscribe};
use contacts_core::contact::{ContactFilter, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::export::Sheet;
use contacts_core::journal::{JournalChunk, JournalEffect, JournalEntry};
use contacts_core::run::RunState;
use contacts_core::tag::{TagId, TagName};
use contacts_core::{Actor, Error};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel::{
    ExpressionMethods, QueryDsl, Queryable, QueryableByName, Selectable, SelectableHelper, delete,
    insert_into, update,
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::stored::{StoredTally, write_skipped};
use super::{export, merge, set_field};
use crate::campaigns::{self, subscribe};
use crate::contacts::{Access, push_filter};
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again, unreadable};
use crate::events::publish;
use crate::schema::{
    action_chunks, actions, contact_tags, contacts, merged_contacts, subscriptions,
};
use crate::selections::find_chunk;
use crate::statement::{Bind, IdRow, coalesce};
use crate::{conversations, journal, tags};

#[derive(Queryable, Selectable)]
#[diesel(table_name = actions, check_for_backend(Pg))]
struct Progress {
    state: String,
    chunks_done: i32,
    tally: Value,
}

/// The last part that was applied.
#[derive(Queryable, Selectable)]
#[diesel(table_name = action_chunks, check_for_backend(Pg))]
struct LastPart {
    chunk: i32,
    last_id: Uuid,
}

/// A tag of a contact.
#[derive(QueryableByName)]
struct LinkRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tag_id: Uuid,
}

/// A contact in the campaign of the action.
#[derive(Queryable, Selectable)]
#[diesel(table_name = subscriptions, check_for_backend(Pg))]
struct SubscribedRow {
    contact_id: Uuid,
    status: String,
    pending_at: OffsetDateTime,
    actor_kind: String,
    actor_id: Option<Uuid>,
}

/// The input of a part, besides its contacts.
pub(super) enum With<'a> {
    /// The sheet of an export.
    Sheet(&'a Sheet),
    /// The filter of the other kinds of actions. A delete skips contacts that no longer match it.
    Matching(&'a ContactFilter),
}

pub(super) fn apply(
    tx: &mut TimedTx<'_>,
    action: &Action,
    number: u32,
    limit: usize,
    with: &With<'_>,
) -> PgResult<Applied> {
    let now = tx.now;
    tx.use_generic_plans()?;
    let stored = actions::table.find((tx.org.0, action.id.0));
    let progress: Option<Progress> = stored.select(Progress::as_select()).for_update().row(tx)?;
    let progress = progress.ok_or(Error::NotFound("action"))?;
    let state = RunState::parse(&progress.state).ok_or_else(|| unreadable("actions.state"))?;
    if !state.is_open() {
        return Ok(Applied::Stopped(state));
    }
    // The last part of each chunk increments this number in its transaction, so that each chunk is
    // applied once.
    if progress.chunks_done.cast_unsigned() != number || number >= action.chunks {
        return Ok(Applied::Superseded);
    }
    let ids = find_chunk(tx, action.selection, number)?;
    let ids = ids.ok_or(Error::NotFound("selection"))?;
    let last = last_part(tx, action)?;
    // The ids of a selection ascend across its chunks.
    let from = last.as_ref().map_or(0, |last| ids.partition_point(|id| *id <= last.last_id));
    let to = from.saturating_add(limit).min(ids.len());
    let chunks_done = number + u32::from(to == ids.len());
    let ids = &ids[from..to];
    let part = last.map_or(0, |last| last.chunk + 1);
    let run = PartRun { action, with, is_first: part == 0 };
    let (chunk, entries) = run.apply(tx, ids)?;
    insert_part(tx, action, part, ids, &chunk)?;
    journal::insert(tx, action.id.0, part, &JournalChunk::new(now, entries))?;
    let mut tally = StoredTally::read(progress.tally)?;
    tally.add(&chunk);
    update(stored)
        .set((
            actions::chunks_done.eq(chunks_done.cast_signed()),
            actions::tally.eq(StoredTally::write(&tally)),
            actions::started_at.eq(coalesce(actions::started_at, now)),
        ))
        .execute(tx)?;
    publish(tx, &events(action, &chunk, now))?;
    Ok(Applied::Part { tally, chunks_done })
}

/// Returns the last part that was applied. The action's row is locked, so it stays the last one.
fn last_part(tx: &mut Tx<'_>, action: &Action) -> PgResult<Option<LastPart>> {
    action_chunks::table
        .filter(action_chunks::org_id.eq(tx.org.0))
        .filter(action_chunks::action_id.eq(action.id.0))
        .order(action_chunks::chunk.desc())
        .limit(1)
        .select(LastPart::as_select())
        .row(tx)
}

/// Returns the events of a part for the change feed.
fn events(action: &Action, chunk: &Chunk, now: OffsetDateTime) -> Vec<ContactEvent> {
    let (kind, fields) = match &action.kind {
        ActionKind::AddTags(_) | ActionKind::RemoveTags(_) => {
            (EventKind::Updated, vec!["tags".to_owned()])
        }
        ActionKind::Delete => (EventKind::Deleted, Vec::new()),
        ActionKind::Unsubscribe => (EventKind::Updated, vec!["consent".to_owned()]),
        ActionKind::SetField(setting) => (EventKind::Updated, vec![setting.field()]),
        // Events report fields of contacts, and campaigns are not fields.
        ActionKind::AddToCampaign(_) | ActionKind::RemoveFromCampaign(_) => return Vec::new(),
        // An export changes nothing, and each merge publishes its own events.
        ActionKind::Export(_) | ActionKind::Merge(_) => return Vec::new(),
    };
    ContactEvent::of_many(&chunk.changed, kind, &fields, action.actor, now)
}

/// A part that is being applied.
struct PartRun<'a> {
    action: &'a Action,
    with: &'a With<'a>,
    is_first: bool,
}

impl PartRun<'_> {
    /// Changes the contacts, and returns the results and the entries for the journal.
    fn apply(&self, tx: &mut TimedTx<'_>, ids: &[Uuid]) -> PgResult<(Chunk, Vec<JournalEntry>)> {
        // Read before the part is applied, because deleting a survivor deletes the ids merged into
        // it.
        let merged: Vec<Uuid> = merged_contacts::table
            .filter(merged_contacts::org_id.eq(tx.org.0))
            .filter(merged_contacts::id.eq_any(ids))
            .order(merged_contacts::id.asc())
            .select(merged_contacts::id)
            .load(tx)?;
        let mut entries = Vec::new();
        let mut chunk = match &self.action.kind {
            ActionKind::AddTags(tags) => self.add_tags(tx, ids, tags, &mut entries)?,
            ActionKind::RemoveTags(tags) => self.remove_tags(tx, ids, tags, &mut entries)?,
            ActionKind::AddToCampaign(campaign) => self.add_to_campaign(tx, ids, *campaign)?,
            ActionKind::RemoveFromCampaign(campaign) => {
                remove_from_campaign(tx, ids, *campaign, &mut entries)?
            }
            ActionKind::Unsubscribe => self.unsubscribe(tx, ids)?,
            ActionKind::SetField(setting) => {
                set_field::set_field(tx, ids, setting, self.action.actor, &mut entries)?
            }
            ActionKind::Export(_) => {
                export::export(tx, self.action, self.is_first, self.with, ids)?
            }
            ActionKind::Delete => self.delete(tx, ids)?,
            ActionKind::Merge(pairs) => {
                merge::merge(tx, ids, pairs, self.action.actor, &mut entries)?
            }
        };
        if let ActionKind::AddToCampaign(campaign) = &self.action.kind {
            let effect = JournalEffect::Subscribed(*campaign);
            let added = chunk.changed.iter();
            entries.extend(added.map(|id| JournalEntry { contact: *id, effect: effect.clone() }));
        }
        note_missing(ids, &merged, &mut chunk);
        Ok((chunk, entries))
    }

    fn add_tags(
        &self,
        tx: &mut TimedTx<'_>,
        ids: &[Uuid],
        tags: &[TagName],
        entries: &mut Vec<JournalEntry>,
    ) -> PgResult<Chunk> {
        let found = existing(tx, ids)?;
        if found.is_empty() {
            return Ok(Chunk::default());
        }
        let ids = tags::ensured(tx, tags)?;
        if ids.len() < tags.len() {
            // Another transaction deleted one of the tags.
            return Err(run_again());
        }
        let tags: Vec<_> = ids.into_values().collect();
        // In the order of the contacts, because each new row locks its contact.
        let statement = "INSERT INTO contact_tags (org_id, contact_id, tag_id) \
             SELECT $1, c.id, t.id FROM unnest($2) AS c (id), unnest($3) AS t (id) \
             ORDER BY c.id, t.id \
             ON CONFLICT (org_id, contact_id, tag_id) DO NOTHING RETURNING contact_id, tag_id";
        let added: Vec<LinkRow> = tx
            .query(statement)
            .bind::<Array<SqlUuid>, _>(&found)
            .bind::<Array<SqlUuid>, _>(&tags)
            .load(tx)
            .map_err(PgError::unless_deleted)?;
        let added = by_contact(added.into_iter().map(|row| (row.contact_id, row.tag_id)));
        let changed = added.keys().map(|contact| contact.0).collect();
        entries.extend(added.into_iter().map(|(contact, tags)| {
            let effect = JournalEffect::TagsAdded(tags);
            JournalEntry { contact, effect }
        }));
        Ok(split(found, changed))
    }

    fn remove_tags(
        &self,
        tx: &mut Tx<'_>,
        ids: &[Uuid],
        tags: &[TagName],
        entries: &mut Vec<JournalEntry>,
    ) -> PgResult<Chunk> {
        let found = existing(tx, ids)?;
        let tags = tags::ids_of(tx, tags)?;
        let removed: Vec<(Uuid, Uuid)> = delete(contact_tags::table)
            .filter(contact_tags::org_id.eq(tx.org.0))
            .filter(contact_tags::contact_id.eq_any(&found))
            .filter(contact_tags::tag_id.eq_any(tags))
            .returning((contact_tags::contact_id, contact_tags::tag_id))
            .load(tx)?;
        let removed = by_contact(removed.into_iter());
        let changed = removed.keys().map(|contact| contact.0).collect();
        entries.extend(removed.into_iter().map(|(contact, tags)| {
            let effect = JournalEffect::TagsRemoved(tags);
            JournalEntry { contact, effect }
        }));
        Ok(split(found, changed))
    }

    fn add_to_campaign(
        &self,
        tx: &mut TimedTx<'_>,
        ids: &[Uuid],
        campaign: CampaignId,
    ) -> PgResult<Chunk> {
        let contacts: Vec<_> = ids.iter().copied().map(ContactId).collect();
        let joined = subscribe(tx, campaign, &contacts, self.action.actor)?;
        let mut chunk = Chunk::default();
        for (id, joining) in joined {
            match joining {
                SubscribeOutcome::Added => chunk.changed.push(id),
                SubscribeOutcome::Unchanged => chunk.unchanged.push(id),
                SubscribeOutcome::Skipped(SubscribeRefusal::Unsubscribed) => {
                    chunk.skip(SkipReason::Unsubscribed, [id]);
                }
                SubscribeOutcome::Skipped(SubscribeRefusal::Unreachable) => {
                    chunk.skip(SkipReason::Unreachable, [id]);
                }
            }
        }
        Ok(chunk)
    }

    fn unsubscribe(&self, tx: &mut TimedTx<'_>, ids: &[Uuid]) -> PgResult<Chunk> {
        let found: Vec<Uuid> = contacts::table
            .filter(contacts::org_id.eq(tx.org.0))
            .filter(contacts::id.eq_any(ids))
            .order(contacts::id.asc())
            .select(contacts::id)
            .for_key_share()
            .load(tx)?;
        let (reason, at, actor) = (ConsentReason::Asked, tx.now, self.action.actor);
        let unsubscribe = Unsubscribe { reason, at, actor, note: None };
        let unsubscribes = found.iter().map(|id| (*id, unsubscribe.clone())).collect();
        let changed = campaigns::unsubscribe(tx, &unsubscribes)?;
        Ok(split(found, changed.into_iter().map(|id| id.0).collect()))
    }

    /// Deletes contacts with all rows that refer to them, except their conversations, which lose
    /// their links only (R14).
    fn delete(&self, tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<Chunk> {
        // Locked before they are compared with the filter, so that no other transaction changes
        // them in between.
        let found: Vec<Uuid> = contacts::table
            .filter(contacts::org_id.eq(tx.org.0))
            .filter(contacts::id.eq_any(ids))
            .order(contacts::id.asc())
            .select(contacts::id)
            .for_update()
            .load(tx)?;
        let mut matching = found.clone();
        if let With::Matching(still) = self.with
            && **still != ContactFilter::default()
        {
            let mut select = tx.statement();
            select.push("SELECT c.id FROM contacts c WHERE c.org_id = $1 AND c.id = ANY(");
            select.bind(Bind::Uuids(found.clone())).push(")");
            push_filter(tx, &mut select, still, Access::EachRow)?;
            let rows: Vec<IdRow> = select.load(tx)?;
            matching = rows.into_iter().map(|row| row.id).collect();
            matching.sort_unstable();
        }
        conversations::release(tx, &matching)?;
        diesel::delete(contacts::table)
            .filter(contacts::org_id.eq(tx.org.0))
            .filter(contacts::id.eq_any(&matching))
            .execute(tx)?;
        let mut chunk = Chunk::default();
        let changed = found.iter().filter(|id| matching.binary_search(id).is_err());
        chunk.skip(SkipReason::Changed, changed.copied().map(ContactId));
        chunk.changed = matching.into_iter().map(ContactId).collect();
        Ok(chunk)
    }
}

/// Removes contacts from a campaign, except those that it has reached.
fn remove_from_campaign(
    tx: &mut Tx<'_>,
    ids: &[Uuid],
    campaign: CampaignId,
    entries: &mut Vec<JournalEntry>,
) -> PgResult<Chunk> {
    let found = existing(tx, ids)?;
    // Locked in the order of the contacts, as deliveries lock them.
    let subscribed: Vec<SubscribedRow> = subscriptions::table
        .filter(subscriptions::org_id.eq(tx.org.0))
        .filter(subscriptions::contact_id.eq_any(&found))
        .filter(subscriptions::campaign_id.eq(campaign.0))
        .order(subscriptions::contact_id.asc())
        .select(SubscribedRow::as_select())
        .for_update()
        .load(tx)?;
    let (pending, reached): (Vec<_>, Vec<_>) =
        subscribed.into_iter().partition(|row| row.status == DeliveryStatus::Pending.as_str());
    for row in &pending {
        let actor = Actor::from_parts(&row.actor_kind, row.actor_id);
        let actor = actor.ok_or_else(|| unreadable("subscriptions.actor_kind"))?;
        let effect = JournalEffect::Unsubscribed { campaign, pending_at: row.pending_at, actor };
        entries.push(JournalEntry { contact: ContactId(row.contact_id), effect });
    }
    let pending: Vec<_> = pending.into_iter().map(|row| row.contact_id).collect();
    delete(subscriptions::table)
        .filter(subscriptions::org_id.eq(tx.org.0))
        .filter(subscriptions::contact_id.eq_any(&pending))
        .filter(subscriptions::campaign_id.eq(campaign.0))
        .execute(tx)?;
    let reached: BTreeSet<_> = reached.into_iter().map(|row| row.contact_id).collect();
    let others = found.into_iter().filter(|id| !reached.contains(id)).collect();
    let mut chunk = split(others, pending);
    chunk.skip(SkipReason::Delivered, reached.into_iter().map(ContactId));
    Ok(chunk)
}

/// Records the contacts of the part that do not exist as skipped.
fn note_missing(ids: &[Uuid], merged: &[Uuid], chunk: &mut Chunk) {
    let skipped = chunk.skipped.values().flatten();
    let found: BTreeSet<Uuid> =
        chunk.changed.iter().chain(&chunk.unchanged).chain(skipped).map(|id| id.0).collect();
    let missing = ids.iter().copied().filter(|id| !found.contains(id));
    let (merged, deleted): (Vec<_>, Vec<_>) =
        missing.map(ContactId).partition(|id| merged.binary_search(&id.0).is_ok());
    chunk.skip(SkipReason::NotFound, deleted);
    chunk.skip(SkipReason::Merged, merged);
}

/// Returns the contacts that exist, in the order of their ids.
fn existing(tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<Vec<Uuid>> {
    contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::id.eq_any(ids))
        .order(contacts::id.asc())
        .select(contacts::id)
        .load(tx)
}

/// Groups pairs of a contact and a tag by their contacts.
fn by_contact(links: impl Iterator<Item = (Uuid, Uuid)>) -> BTreeMap<ContactId, Vec<TagId>> {
    let mut tags: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (contact, tag) in links {
        tags.entry(ContactId(contact)).or_default().push(TagId(tag));
    }
    tags
}

/// Splits existing contacts into changed and unchanged ones.
fn split(existing: Vec<Uuid>, mut changed: Vec<Uuid>) -> Chunk {
    changed.sort_unstable();
    changed.dedup();
    let unchanged = existing.into_iter().filter(|id| changed.binary_search(id).is_err());
    Chunk {
        unchanged: unchanged.map(ContactId).collect(),
        changed: changed.into_iter().map(ContactId).collect(),
        ..Chunk::default()
    }
}

fn insert_part(
    tx: &mut TimedTx<'_>,
    action: &Action,
    part: i32,
    ids: &[Uuid],
    chunk: &Chunk,
) -> PgResult<()> {
    let stored = |ids: &[ContactId]| ids.iter().map(|id| Some(id.0)).collect::<Vec<_>>();
    insert_into(action_chunks::table)
        .values((
            action_chunks::org_id.eq(tx.org.0),
            action_chunks::action_id.eq(action.id.0),
            action_chunks::chunk.eq(part),
            action_chunks::first_id.eq(ids.first().copied().unwrap_or_default()),
            action_chunks::last_id.eq(ids.last().copied().unwrap_or_default()),
            action_chunks::at.eq(tx.now),
            action_chunks::changed.eq(stored(&chunk.changed)),
            action_chunks::unchanged.eq(stored(&chunk.unchanged)),
            action_chunks::skipped.eq(write_skipped(&chunk.skipped)),
        ))
        .execute(tx)
        .map(drop)
}
