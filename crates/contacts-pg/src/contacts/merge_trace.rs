//! The stored traces of merges (R53).
//!
//! A trace has copies of the rows of the merged contact, and the keys of the rows that moved, as
//! JSON. Postgres reads them back as rows of their tables.

use std::collections::BTreeSet;

use contacts_core::campaign::{CampaignId, Subscription};
use contacts_core::contact::{Contact, ContactId, FieldEdit};
use contacts_core::journal::{MergeTrace, UnitedSubscription};
use contacts_core::tag::TagId;
use contacts_core::{Actor, Error};
use diesel::QueryDsl;
use diesel::sql_types::{Bool, Jsonb, Timestamptz, Uuid as SqlUuid};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{ContactRow, Custom, select_contacts};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unreadable};
use crate::edits::StoredEdits;
use crate::schema::merged_contacts;
use crate::statement::Bind;

const COLUMN: &str = "merged_contacts.trace";

/// Writes what the merge of a contact ($2) into another one ($3) does, before it is done.
const INSERT: &str = "INSERT INTO merged_contacts (org_id, id, survivor_id, at, trace) \
     SELECT c.org_id, c.id, $3, $4, jsonb_build_object( \
         'survivor', $3, 'was_subscribed', $5, 'edits', $6, \
         'contact', to_jsonb(c) - 'search', \
         'unsubscribe', (SELECT to_jsonb(u) FROM unsubscribes u \
             WHERE u.org_id = $1 AND u.contact_id = $2), \
         'tags', ARRAY(SELECT t.tag_id FROM contact_tags t \
             WHERE t.org_id = $1 AND t.contact_id = $2), \
         'gained_tags', ARRAY(SELECT t.tag_id FROM contact_tags t \
             WHERE t.org_id = $1 AND t.contact_id = $2 AND NOT EXISTS (SELECT FROM contact_tags o \
                 WHERE o.org_id = $1 AND o.contact_id = $3 AND o.tag_id = t.tag_id)), \
         'addresses', ARRAY(SELECT to_jsonb(a) FROM addresses a \
             WHERE a.org_id = $1 AND a.contact_id = $2), \
         'subscriptions', ARRAY(SELECT jsonb_build_object('other', to_jsonb(s), 'own', to_jsonb(o)) \
             FROM subscriptions s LEFT JOIN subscriptions o ON o.org_id = $1 \
                 AND o.contact_id = $3 AND o.campaign_id = s.campaign_id \
             WHERE s.org_id = $1 AND s.contact_id = $2), \
         'sources', ARRAY(SELECT to_jsonb(s) || jsonb_build_object('is_new', NOT EXISTS ( \
                 SELECT FROM contact_sources o WHERE o.org_id = $1 AND o.contact_id = $3 \
                 AND o.kind = s.kind AND o.detail_id = s.detail_id AND o.reference = s.reference)) \
             FROM contact_sources s WHERE s.org_id = $1 AND s.contact_id = $2), \
         'created', ARRAY(SELECT to_jsonb(a) FROM activity a \
             WHERE a.org_id = $1 AND a.contact_id = $2 AND a.kind = 'created'), \
         'activity', ARRAY(SELECT a.id FROM activity a WHERE a.org_id = $1 AND a.contact_id = $2), \
         'notes', ARRAY(SELECT n.id FROM notes n WHERE n.org_id = $1 AND n.contact_id = $2), \
         'conversations', ARRAY(SELECT k.conversation_id FROM contact_conversations k \
             WHERE k.org_id = $1 AND k.contact_id = $2), \
         'deliveries', ARRAY(SELECT d.id FROM deliveries d \
             WHERE d.org_id = $1 AND d.contact_id = $2), \
         'visitors', ARRAY(SELECT to_jsonb(v) FROM visitors v \
             WHERE v.org_id = $1 AND v.contact_id = $2), \
         'links', ARRAY(SELECT to_jsonb(l) - 'said' FROM source_links l \
             WHERE l.org_id = $1 AND l.contact_id = $2), \
         'merged', ARRAY(SELECT m.id FROM merged_contacts m \
             WHERE m.org_id = $1 AND m.survivor_id = $2), \
         'pairs', ARRAY(SELECT to_jsonb(p) || jsonb_build_object('is_new', p.id <> $3 \
                 AND NOT EXISTS (SELECT FROM possible_duplicates o WHERE o.org_id = $1 \
                     AND o.contact_id = LEAST(p.id, $3) AND o.other_id = GREATEST(p.id, $3))) \
             FROM (SELECT x.other_id AS id, x.at, x.captured, x.dismissed \
                 FROM possible_duplicates x \
                 WHERE x.org_id = $1 AND x.contact_id = $2 \
                 UNION ALL SELECT x.contact_id, x.at, x.captured, x.dismissed \
                 FROM possible_duplicates x \
                 WHERE x.org_id = $1 AND x.other_id = $2) p)) \
     FROM contacts c WHERE c.org_id = $1 AND c.id = $2";

/// Stores the trace of a merge into a survivor, which is given before and after. The rows must not
/// have moved yet.
pub(super) fn insert(
    tx: &mut TimedTx<'_>,
    other: ContactId,
    before: &Contact,
    after: &Contact,
) -> PgResult<()> {
    let edits = StoredEdits::of(&FieldEdit::between(before, after));
    let now = tx.now;
    tx.query(INSERT)
        .bind::<SqlUuid, _>(other.0)
        .bind::<SqlUuid, _>(after.id.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Bool, _>(before.consent.is_subscribed())
        .bind::<Jsonb, _>(json!(edits))
        .execute(tx)
        .map(drop)
}

/// Where a merged contact is now.
pub(super) struct Pointer {
    pub(super) survivor: ContactId,
    pub(super) at: OffsetDateTime,
    /// What the merge did, if it is still stored.
    pub(super) trace: Option<StoredTrace>,
}

/// The parts of a trace that decide about its undo.
#[derive(Deserialize)]
pub(super) struct StoredTrace {
    /// The contact that the merge named as the survivor.
    pub(super) survivor: Uuid,
    tags: BTreeSet<Uuid>,
    gained_tags: BTreeSet<Uuid>,
    was_subscribed: bool,
    edits: StoredEdits,
    subscriptions: Vec<StoredUnited>,
}

#[derive(Deserialize)]
struct StoredUnited {
    other: StoredSubscription,
    own: Option<StoredSubscription>,
}

/// A row of `subscriptions` as JSON.
#[derive(Deserialize)]
struct StoredSubscription {
    contact_id: Uuid,
    campaign_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pending_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    sent_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    opened_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    clicked_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    bounced_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    unsubscribed_at: Option<OffsetDateTime>,
    actor_kind: String,
    actor_id: Option<Uuid>,
}

impl StoredSubscription {
    fn read(self) -> PgResult<Subscription> {
        let actor = Actor::from_parts(&self.actor_kind, self.actor_id);
        Ok(Subscription {
            contact: ContactId(self.contact_id),
            campaign: CampaignId(self.campaign_id),
            pending_at: self.pending_at,
            sent_at: self.sent_at,
            bounced_at: self.bounced_at,
            opened_at: self.opened_at,
            clicked_at: self.clicked_at,
            unsubscribed_at: self.unsubscribed_at,
            actor: actor.ok_or_else(|| unreadable("subscriptions.actor_kind"))?,
        })
    }
}

/// Returns where a merged contact is now, or `None` when it is not merged.
pub(super) fn pointer(tx: &mut Tx<'_>, other: ContactId) -> PgResult<Option<Pointer>> {
    let row: Option<(Uuid, OffsetDateTime, Option<Value>)> = merged_contacts::table
        .find((tx.org.0, other.0))
        .select((merged_contacts::survivor_id, merged_contacts::at, merged_contacts::trace))
        .row(tx)?;
    let Some((survivor, at, trace)) = row else { return Ok(None) };
    let trace = trace.map(serde_json::from_value).transpose().map_err(Error::store)?;
    Ok(Some(Pointer { survivor: ContactId(survivor), at, trace }))
}

impl StoredTrace {
    /// Reads the trace of the merge of a contact at a time.
    pub(super) fn read(
        self,
        tx: &mut Tx<'_>,
        other: ContactId,
        at: OffsetDateTime,
    ) -> PgResult<MergeTrace> {
        let tags = |ids: BTreeSet<Uuid>| ids.into_iter().map(TagId).collect();
        let subscriptions = self.subscriptions.into_iter().map(|united| {
            let own = united.own.map(StoredSubscription::read).transpose()?;
            Ok(UnitedSubscription { other: united.other.read()?, own })
        });
        Ok(MergeTrace {
            at,
            survivor: ContactId(self.survivor),
            other: contact(tx, other)?.ok_or_else(|| unreadable(COLUMN))?,
            tags: tags(self.tags),
            gained_tags: tags(self.gained_tags),
            edits: self.edits.read(COLUMN)?,
            was_subscribed: self.was_subscribed,
            subscriptions: subscriptions.collect::<PgResult<_>>()?,
        })
    }
}

/// Returns the merged contact as it was, without its tags.
fn contact(tx: &mut Tx<'_>, other: ContactId) -> PgResult<Option<Contact>> {
    let org = tx.org;
    let mut select = tx.statement();
    select_contacts(&mut select, Custom::Whole, |select| {
        select.push(
            "merged_contacts m, \
             LATERAL jsonb_populate_record(NULL::contacts, m.trace -> 'contact') c, \
             LATERAL jsonb_populate_record(NULL::unsubscribes, \
                 nullif(m.trace -> 'unsubscribe', 'null')) u, \
             LATERAL jsonb_populate_recordset(NULL::contact_sources, m.trace -> 'sources') s \
             WHERE s.is_first AND m.org_id = $1 AND m.id = ",
        );
        select.bind(Bind::Uuid(other.0));
    });
    let row: Option<ContactRow> = select.row(tx)?;
    row.map(|row| row.read(org)).transpose()
}
