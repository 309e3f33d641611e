//! Undoing bulk actions, one part in one transaction (R53).

use std::collections::{BTreeSet, HashMap, HashSet};

use contacts_core::action::ActionId;
use contacts_core::campaign::Subscription;
use contacts_core::contact::{Activity, ActivityKind, Contact, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::journal::{
    JournalChunk, JournalEffect, JournalEntry, JournalReversal, JournalState,
};
use contacts_core::tag::{TagId, TagName};
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoOutcome};
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, SelectableHelper};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Row;
use super::set_field::existing;
use crate::campaigns::subscriptions_to;
use crate::contacts::{record_all, unmerge};
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::events::publish;
use crate::imports::update_contacts;
use crate::schema::{actions, contact_tags, merged_contacts};
use crate::undos::{StepResult, Undoable};
use crate::{journal, tags};

/// Locks an action that has ended and can be undone.
pub(crate) fn undoable(tx: &mut Tx<'_>, action: ActionId) -> PgResult<Option<Undoable>> {
    let row: Option<Row> =
        actions::table.find((tx.org.0, action.0)).select(Row::as_select()).for_update().row(tx)?;
    let Some(action) = row.map(Row::read).transpose()? else { return Ok(None) };
    if action.state.is_open() || !action.kind.can_be_undone() {
        return Ok(None);
    }
    let (chunks, contacts) = journal::count(tx, action.id.0)?;
    let is_stored = contacts.cast_unsigned() == action.tally.changed;
    Ok(Some(Undoable { was: None, chunks, is_stored }))
}

/// Undoes the last part of an action, or returns `None` when none is left.
pub(crate) fn undo_chunk(
    tx: &mut TimedTx<'_>,
    undo: &Undo,
    action: ActionId,
) -> PgResult<Option<StepResult>> {
    let Some((number, chunk)) = journal::last(tx, action.0)? else { return Ok(None) };
    let current = CurrentRows::read(tx, undo, &chunk)?;
    let (mut result, mut reversals) = (StepResult::after(undo), Vec::new());
    // Of several merges into one contact, the last one is undone first.
    for entry in chunk.entries.iter().rev() {
        let contact = entry.contact;
        if entry.effect == JournalEffect::Merged {
            let (outcome, kept) = unmerge(tx, undo, contact)?;
            result.count(outcome);
            result.kept.extend(kept);
            continue;
        }
        let mut keep = |field, reason| result.kept.push(KeptItem { contact, field, reason });
        let outcome = if current.contacts.contains_key(&contact) {
            let reversal = entry.reverse(chunk.at, &current.state_of(entry), tx.now);
            if let Some(reason) = reversal.kept {
                keep(Some(entry.effect.field()), reason);
            }
            let outcome = reversal.outcome();
            if reversal.is_changed() {
                reversals.push((contact, reversal));
            }
            outcome
        } else if current.merged.contains(&contact) {
            keep(None, KeptReason::Merged);
            UndoOutcome::Kept
        } else {
            keep(None, KeptReason::Deleted);
            UndoOutcome::Gone
        };
        result.count(outcome);
    }
    write(tx, undo, &chunk, &current, &reversals)?;
    journal::delete(tx, action.0, number)?;
    Ok(Some(result))
}

/// Returns the state of tags of a contact, as [`JournalEffect::TagsAdded`] at a time needs it.
pub(crate) fn state_of_tags(
    tx: &mut Tx<'_>,
    undo: &Undo,
    contact: ContactId,
    tags: Vec<TagId>,
    at: OffsetDateTime,
) -> PgResult<JournalState> {
    let entry = JournalEntry { contact, effect: JournalEffect::TagsAdded(tags) };
    let chunk = JournalChunk::new(at, vec![entry.clone()]);
    Ok(CurrentRows::read(tx, undo, &chunk)?.state_of(&entry))
}

/// The current rows of the contacts of a chunk.
struct CurrentRows {
    contacts: HashMap<ContactId, ContactRow>,
    /// Contacts that no longer exist because they were merged.
    merged: HashSet<ContactId>,
    /// The tags of the chunk that still exist.
    tags: HashMap<TagId, TagName>,
    links: HashSet<(ContactId, TagId)>,
    removed: HashMap<ContactId, BTreeSet<TagId>>,
    subscriptions: HashMap<ContactId, Subscription>,
    /// Contacts that another action has removed from the campaign since.
    left: HashSet<ContactId>,
    /// The contacts with their values of archived fields, for entries that set a field.
    profiles: HashMap<ContactId, Contact>,
}

#[derive(QueryableByName)]
struct ContactRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    is_reachable: bool,
    #[diesel(sql_type = Bool)]
    is_unsubscribed: bool,
}

#[derive(QueryableByName)]
struct RemovedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Jsonb)]
    removed: Value,
}

impl CurrentRows {
    /// Locks and reads the contacts. Tags and subscriptions refer to their contact, so none of them
    /// can be added while the contact is locked.
    fn read(tx: &mut Tx<'_>, undo: &Undo, chunk: &JournalChunk) -> PgResult<Self> {
        let ids: Vec<_> = chunk.entries.iter().map(|entry| entry.contact.0).collect();
        let contacts = lock(tx, &ids)?;
        let missing = ids.iter().filter(|id| !contacts.contains_key(&ContactId(**id)));
        let missing: Vec<Uuid> = missing.copied().collect();
        let merged: Vec<Uuid> = merged_contacts::table
            .filter(merged_contacts::org_id.eq(tx.org.0))
            .filter(merged_contacts::id.eq_any(missing))
            .select(merged_contacts::id)
            .load(tx)?;
        let named = chunk.entries.iter().flat_map(|entry| entry.effect.tags().iter().copied());
        let tags = tags::names(tx, &named.collect())?;
        let mut current = Self {
            contacts,
            merged: merged.into_iter().map(ContactId).collect(),
            links: links(tx, &ids, &tags)?,
            removed: if tags.is_empty() {
                HashMap::new()
            } else {
                removed_since(tx, &ids, &tags, chunk)?
            },
            tags,
            subscriptions: HashMap::new(),
            left: HashSet::new(),
            profiles: HashMap::new(),
        };
        let sets_field = |entry: &JournalEntry| matches!(entry.effect, JournalEffect::FieldSet(_));
        if chunk.entries.iter().any(sets_field) {
            let profiles = existing(tx, &ids)?.into_iter();
            current.profiles = profiles.map(|contact| (contact.id, contact)).collect();
        }
        let campaign = chunk.entries.iter().find_map(|entry| entry.effect.campaign());
        if let Some(campaign) = campaign {
            let subscriptions = subscriptions_to(tx, campaign, &ids)?;
            let subscriptions = subscriptions.into_iter();
            current.subscriptions = subscriptions.map(|found| (found.contact, found)).collect();
        }
        for JournalEntry { contact, effect } in journal::removals_since(tx, undo, chunk)? {
            if effect.campaign().is_some() && effect.campaign() == campaign {
                current.left.insert(contact);
            }
            if !effect.tags().is_empty() {
                current.removed.entry(contact).or_default().extend(effect.tags());
            }
        }
        Ok(current)
    }

    fn state_of(&self, entry: &JournalEntry) -> JournalState {
        let contact = entry.contact;
        let row = self.contacts.get(&contact);
        let tags = entry.effect.tags().iter().filter(|tag| self.tags.contains_key(tag));
        JournalState {
            tags: tags.map(|tag| (*tag, self.links.contains(&(contact, *tag)))).collect(),
            removed_since: self.removed.get(&contact).cloned().unwrap_or_default(),
            subscription: self.subscriptions.get(&contact).cloned(),
            left_since: self.left.contains(&contact),
            is_unsubscribed: row.is_some_and(|row| row.is_unsubscribed),
            is_reachable: row.is_some_and(|row| row.is_reachable),
            contact: self.profiles.get(&contact).cloned(),
        }
    }

    fn names(&self, tags: &[TagId]) -> Vec<String> {
        let names = tags.iter().filter_map(|tag| self.tags.get(tag));
        names.collect::<BTreeSet<_>>().into_iter().map(ToString::to_string).collect()
    }
}

/// Locks contacts in the order of their ids.
fn lock(tx: &mut Tx<'_>, ids: &[Uuid]) -> PgResult<HashMap<ContactId, ContactRow>> {
    let statement = "SELECT c.id, c.email_key <> '' AS is_reachable, \
             EXISTS (SELECT FROM unsubscribes u WHERE u.org_id = $1 AND u.contact_id = c.id) \
                 AS is_unsubscribed \
         FROM contacts c WHERE c.org_id = $1 AND c.id = ANY($2) ORDER BY c.id FOR UPDATE OF c";
    let rows: Vec<ContactRow> = tx.query(statement).bind::<Array<SqlUuid>, _>(ids).load(tx)?;
    Ok(rows.into_iter().map(|row| (ContactId(row.id), row)).collect())
}

/// Returns which of the contacts have which of the tags.
fn links(
    tx: &mut Tx<'_>,
    contacts: &[Uuid],
    tags: &HashMap<TagId, TagName>,
) -> PgResult<HashSet<(ContactId, TagId)>> {
    if tags.is_empty() {
        return Ok(HashSet::new());
    }
    let links: Vec<(Uuid, Uuid)> = contact_tags::table
        .filter(contact_tags::org_id.eq(tx.org.0))
        .filter(contact_tags::contact_id.eq_any(contacts))
        .filter(contact_tags::tag_id.eq_any(tags.keys().map(|tag| tag.0)))
        .select((contact_tags::contact_id, contact_tags::tag_id))
        .load(tx)?;
    Ok(links.into_iter().map(|(contact, tag)| (ContactId(contact), TagId(tag))).collect())
}

/// Returns the tags that were removed from single contacts since the chunk was applied, by their
/// activity. It has the names of tags, so a tag that was renamed since is not found.
fn removed_since(
    tx: &mut Tx<'_>,
    contacts: &[Uuid],
    tags: &HashMap<TagId, TagName>,
    chunk: &JournalChunk,
) -> PgResult<HashMap<ContactId, BTreeSet<TagId>>> {
    let by_key: HashMap<_, _> = tags.iter().map(|(tag, name)| (name.key(), *tag)).collect();
    let statement = "SELECT e.contact_id AS id, e.detail->'removed' AS removed FROM activity e \
         WHERE e.org_id = $1 AND e.contact_id = ANY($2) AND e.at >= $3 AND e.kind = 'tagged' \
             AND e.detail->'removed' <> '[]'";
    let rows: Vec<RemovedRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Timestamptz, _>(chunk.at)
        .load(tx)?;
    let mut removed: HashMap<ContactId, BTreeSet<TagId>> = HashMap::new();
    for row in rows {
        let names = row.removed.as_array().into_iter().flatten().filter_map(Value::as_str);
        let names = names.filter_map(|name| TagName::parse(name).ok());
        let tags = names.filter_map(|name| by_key.get(name.key()).copied());
        removed.entry(ContactId(row.id)).or_default().extend(tags);
    }
    Ok(removed)
}

/// Carries out reversals, with their activity and events.
fn write(
    tx: &mut TimedTx<'_>,
    undo: &Undo,
    chunk: &JournalChunk,
    current: &CurrentRows,
    reversals: &[(ContactId, JournalReversal)],
) -> PgResult<()> {
    let now = tx.now;
    let mut restored = Vec::new();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut left, mut joined) = (Vec::new(), Vec::new());
    let mut activities = Vec::new();
    for (contact, reversal) in reversals {
        removed.extend(reversal.tags_removed.iter().map(|tag| (contact.0, tag.0)));
        added.extend(reversal.tags_added.iter().map(|tag| (contact.0, tag.0)));
        left.extend(&reversal.unsubscribed);
        joined.extend(&reversal.subscribed);
        if reversal.is_tagging() {
            let what = ActivityKind::Tagged {
                added: current.names(&reversal.tags_added),
                removed: current.names(&reversal.tags_removed),
            };
            activities.push((*contact, Activity { at: now, actor: undo.actor, what }));
        }
        if let Some((profile, change)) = reversal.restored.as_deref() {
            let what = ActivityKind::Edited(vec![change.clone()]);
            activities.push((*contact, Activity { at: now, actor: undo.actor, what }));
            restored.extend(current.profiles.get(contact).map(|before| (profile, before.version)));
        }
    }
    tags::unlink(tx, &removed)?;
    tags::link(tx, &added)?;
    leave(tx, &left)?;
    join(tx, &joined)?;
    if update_contacts(tx, &restored)?.len() < restored.len() {
        // Cannot happen, because the contacts are locked.
        return Err(run_again());
    }
    let activities: Vec<_> = activities.iter().map(|(id, activity)| (*id, activity)).collect();
    record_all(tx, &activities)?;
    let updated: Vec<_> = activities.iter().map(|(contact, _)| *contact).collect();
    let (kind, fields) = (EventKind::Updated, chunk.field().into_iter().collect::<Vec<_>>());
    publish(tx, &ContactEvent::of_many(&updated, kind, &fields, undo.actor, now))
}

/// Removes subscriptions that no campaign has reached.
fn leave(tx: &mut Tx<'_>, left: &[&Subscription]) -> PgResult<()> {
    let Some(first) = left.first() else { return Ok(()) };
    let ids: Vec<_> = left.iter().map(|subscription| subscription.contact.0).collect();
    let statement = "DELETE FROM subscriptions WHERE org_id = $1 AND campaign_id = $2 \
             AND contact_id = ANY($3)";
    tx.query(statement)
        .bind::<SqlUuid, _>(first.campaign.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(tx)
        .map(drop)
}

/// Puts subscriptions back, each with its time and its actor.
fn join(tx: &mut Tx<'_>, joined: &[&Subscription]) -> PgResult<()> {
    let Some(first) = joined.first() else { return Ok(()) };
    let ids: Vec<_> = joined.iter().map(|subscription| subscription.contact.0).collect();
    let times: Vec<_> = joined.iter().map(|subscription| subscription.pending_at).collect();
    let actors: Vec<_> = joined.iter().map(|subscription| subscription.actor.parts()).collect();
    let actor_kinds: Vec<_> = actors.iter().map(|(kind, _)| *kind).collect();
    let actor_ids: Vec<_> = actors.iter().map(|(_, id)| *id).collect();
    let statement = "INSERT INTO subscriptions \
             (org_id, contact_id, campaign_id, pending_at, actor_kind, actor_id) \
         SELECT $1, n.id, $2, n.at, n.actor_kind, n.actor_id \
         FROM unnest($3, $4, $5, $6) AS n (id, at, actor_kind, actor_id) ORDER BY n.id \
         ON CONFLICT (org_id, contact_id, campaign_id) DO NOTHING";
    tx.query(statement)
        .bind::<SqlUuid, _>(first.campaign.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Timestamptz>, _>(times)
        .bind::<Array<Text>, _>(actor_kinds)
        .bind::<Array<Nullable<SqlUuid>>, _>(actor_ids)
        .execute(tx)
        .map(drop)
        .map_err(PgError::unless_deleted)
}
