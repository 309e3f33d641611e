//! The stored journal, one row for each part of an action (R53).

use std::collections::HashMap;

use contacts_core::campaign::CampaignId;
use contacts_core::contact::ContactId;
use contacts_core::journal::{JournalChunk, JournalEffect, JournalEntry};
use contacts_core::tag::TagId;
use contacts_core::undo::Undo;
use contacts_core::{Actor, Error};
use diesel::pg::Pg;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, Queryable, Selectable, SelectableHelper,
    insert_into, update,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::database::{PgResult, RunQuery, Tx, unreadable};
use crate::edits::StoredEdits;
use crate::schema::{journal, merged_contacts};

const COLUMN: &str = "journal.changes";

/// A row of the journal.
#[derive(Queryable, Selectable)]
#[diesel(table_name = journal, check_for_backend(Pg))]
struct Row {
    subject_id: Uuid,
    chunk: i32,
    kind: String,
    at: OffsetDateTime,
    contacts: i64,
    changes: Vec<u8>,
}

/// The JSON of a chunk. Keys are one letter, because a chunk has thousands of them.
#[derive(Default, Serialize, Deserialize)]
struct StoredChunk {
    /// Tag ids; entries refer to them by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<Uuid>,
    /// Id of the campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<Uuid>,
    /// Entries.
    e: Vec<StoredEntry>,
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    /// Id of the contact.
    i: Uuid,
    /// Indexes of the tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    t: Vec<usize>,
    /// The subscription that the action removed: its time in microseconds since 1970, and the kind
    /// and the id of the actor who added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<(i64, String, Option<Uuid>)>,
    /// The field that the action set.
    #[serde(flatten)]
    edits: StoredEdits,
}

fn kind_of(effect: &JournalEffect) -> &'static str {
    match effect {
        JournalEffect::TagsAdded(_) => "tags_added",
        JournalEffect::TagsRemoved(_) => "tags_removed",
        JournalEffect::Subscribed(_) => "subscribed",
        JournalEffect::Unsubscribed { .. } => "unsubscribed",
        JournalEffect::FieldSet(_) => "field_set",
        JournalEffect::Merged => "merged",
    }
}

fn write(entries: &[JournalEntry]) -> PgResult<Vec<u8>> {
    let mut chunk = StoredChunk::default();
    let mut indexes: HashMap<Uuid, usize> = HashMap::new();
    for JournalEntry { contact, effect } in entries {
        let tags = effect.tags().iter().map(|tag| {
            *indexes.entry(tag.0).or_insert_with(|| {
                chunk.t.push(tag.0);
                chunk.t.len() - 1
            })
        });
        let tags = tags.collect();
        let subscribed = match effect {
            JournalEffect::Unsubscribed { pending_at, actor, .. } => {
                let (kind, id) = actor.parts();
                Some((micros(*pending_at), kind.to_owned(), id))
            }
            _ => None,
        };
        let edits = match effect {
            JournalEffect::FieldSet(edit) => StoredEdits::of(std::slice::from_ref(edit)),
            _ => StoredEdits::default(),
        };
        chunk.c = effect.campaign().map(|campaign| campaign.0);
        chunk.e.push(StoredEntry { i: contact.0, t: tags, s: subscribed, edits });
    }
    Ok(serde_json::to_vec(&chunk).map_err(Error::store)?)
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

impl Row {
    fn read(self) -> PgResult<JournalChunk> {
        let chunk: StoredChunk = serde_json::from_slice(&self.changes).map_err(Error::store)?;
        let StoredChunk { t: tags, c: campaign, e: entries } = chunk;
        let campaign = campaign.map(CampaignId);
        let entries = entries.into_iter().map(|entry| {
            let contact = ContactId(entry.i);
            let effect = entry.read(&self.kind, &tags, campaign)?;
            Ok(JournalEntry { contact, effect })
        });
        let entries = entries.collect::<PgResult<_>>()?;
        Ok(JournalChunk { at: self.at, contacts: self.contacts.cast_unsigned(), entries })
    }
}

impl StoredEntry {
    fn read(
        self,
        kind: &str,
        tags: &[Uuid],
        campaign: Option<CampaignId>,
    ) -> PgResult<JournalEffect> {
        let own = || -> Option<Vec<TagId>> {
            self.t.iter().map(|at| tags.get(*at).map(|tag| TagId(*tag))).collect()
        };
        let effect = match kind {
            "tags_added" => own().map(JournalEffect::TagsAdded),
            "tags_removed" => own().map(JournalEffect::TagsRemoved),
            "subscribed" => campaign.map(JournalEffect::Subscribed),
            "unsubscribed" => self.s.and_then(|subscription| removed(subscription, campaign?)),
            "merged" => Some(JournalEffect::Merged),
            "field_set" => self.edits.read(COLUMN)?.pop().map(JournalEffect::FieldSet),
            _ => None,
        };
        effect.ok_or_else(|| unreadable(COLUMN))
    }
}

/// Reads a removed subscription: its time, and the kind and the id of the actor.
fn removed(
    (pending_at, actor, id): (i64, String, Option<Uuid>),
    campaign: CampaignId,
) -> Option<JournalEffect> {
    let pending_at = i128::from(pending_at) * 1_000;
    let pending_at = OffsetDateTime::from_unix_timestamp_nanos(pending_at).ok()?;
    let actor = Actor::from_parts(&actor, id)?;
    Some(JournalEffect::Unsubscribed { campaign, pending_at, actor })
}

/// Stores what a part of an action did, in the transaction that applies it. A part that changed
/// nothing stores nothing.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    subject: Uuid,
    number: i32,
    chunk: &JournalChunk,
) -> PgResult<()> {
    let Some((kind, first, last)) = bounds(&chunk.entries) else { return Ok(()) };
    insert_into(journal::table)
        .values((
            journal::org_id.eq(tx.org.0),
            journal::subject_id.eq(subject),
            journal::chunk.eq(number),
            journal::kind.eq(kind),
            journal::at.eq(chunk.at),
            journal::contacts.eq(chunk.contacts.cast_signed()),
            journal::first_id.eq(first),
            journal::last_id.eq(last),
            journal::changes.eq(write(&chunk.entries)?),
        ))
        .execute(tx)
        .map(drop)
}

/// Returns the kind of entries, and the lowest and the highest id of their contacts.
fn bounds(entries: &[JournalEntry]) -> Option<(&'static str, Uuid, Uuid)> {
    let kind = kind_of(&entries.first()?.effect);
    let first = entries.iter().map(|entry| entry.contact.0).min()?;
    let last = entries.iter().map(|entry| entry.contact.0).max()?;
    Some((kind, first, last))
}

/// Returns the number of stored chunks of an action, and the number of contacts that they changed.
pub(crate) fn count(tx: &mut Tx<'_>, subject: Uuid) -> PgResult<(i64, i64)> {
    let contacts: Vec<i64> = journal::table
        .filter(journal::org_id.eq(tx.org.0))
        .filter(journal::subject_id.eq(subject))
        .select(journal::contacts)
        .load(tx)?;
    Ok((contacts.len() as i64, contacts.iter().sum()))
}

/// Returns the last chunk of an action, with its number.
pub(crate) fn last(tx: &mut Tx<'_>, subject: Uuid) -> PgResult<Option<(i32, JournalChunk)>> {
    let row: Option<Row> = journal::table
        .filter(journal::org_id.eq(tx.org.0))
        .filter(journal::subject_id.eq(subject))
        .order(journal::chunk.desc())
        .limit(1)
        .select(Row::as_select())
        .row(tx)?;
    row.map(|row| Ok((row.chunk, row.read()?))).transpose()
}

/// Deletes a chunk that was undone.
pub(crate) fn delete(tx: &mut Tx<'_>, subject: Uuid, number: i32) -> PgResult<()> {
    diesel::delete(journal::table.find((tx.org.0, subject, number))).execute(tx).map(drop)
}

/// Returns what other actions did since a time to contacts of a chunk, as the effect that reverses
/// the chunk's effect does: removals of tags, or of subscriptions.
pub(crate) fn removals_since(
    tx: &mut Tx<'_>,
    undo: &Undo,
    chunk: &JournalChunk,
) -> PgResult<Vec<JournalEntry>> {
    let Some((kind, first, last)) = bounds(&chunk.entries) else { return Ok(Vec::new()) };
    let removal = match kind {
        "tags_added" | "tags_removed" => "tags_removed",
        "subscribed" | "unsubscribed" => "unsubscribed",
        _ => return Ok(Vec::new()),
    };
    let rows: Vec<Row> = journal::table
        .filter(journal::org_id.eq(tx.org.0))
        .filter(journal::at.ge(chunk.at))
        .filter(journal::kind.eq(removal))
        .filter(journal::subject_id.ne(undo.subject.id()))
        .filter(journal::first_id.le(last).and(journal::last_id.ge(first)))
        .select(Row::as_select())
        .load(tx)?;
    let mut removals = Vec::new();
    for row in rows {
        removals.extend(row.read()?.entries);
    }
    Ok(removals)
}

/// Takes a contact, and those that were merged into it, out of the journal.
pub(crate) fn forget(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<()> {
    let mut ids: Vec<Uuid> = merged_contacts::table
        .filter(merged_contacts::org_id.eq(tx.org.0))
        .filter(merged_contacts::survivor_id.eq(contact.0))
        .select(merged_contacts::id)
        .load(tx)?;
    ids.push(contact.0);
    for id in ids {
        let rows: Vec<Row> = journal::table
            .filter(journal::org_id.eq(tx.org.0))
            .filter(journal::first_id.le(id).and(journal::last_id.ge(id)))
            .for_update()
            .select(Row::as_select())
            .load(tx)?;
        for row in rows {
            let stored = journal::table.find((tx.org.0, row.subject_id, row.chunk));
            let mut entries = row.read()?.entries;
            entries.retain(|entry| entry.contact.0 != id);
            update(stored).set(journal::changes.eq(write(&entries)?)).execute(tx)?;
        }
    }
    Ok(())
}
