//! Undoes merges (R53).

use std::collections::BTreeSet;

use contacts_core::contact::{
    Activity, ActivityKind, AddressSource, Contact, ContactId, EmailAddress,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::journal::{MergeState, MergeTrace, Split};
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoOutcome};
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryDsl, delete, update};
use uuid::Uuid;

use super::activity::record;
use super::merge::lock_contacts;
use super::merge_trace::{Pointer, pointer};
use super::row::{Custom, find};
use super::write::{insert_contacts, update_row};
use crate::campaigns::subscriptions_of;
use crate::database::{PgError, PgResult, RunQuery, TimedTx, Tx, run_again};
use crate::events::publish;
use crate::schema::{addresses, contacts, merged_contacts};
use crate::{actions, conversations, tags};

/// Selects the ids that the trace of the contact $2 has under a name.
macro_rules! traced {
    ($name:literal) => {
        concat!(
            "ANY(ARRAY(SELECT e::uuid FROM merged_contacts m, \
             LATERAL jsonb_array_elements_text(m.trace -> '",
            $name,
            "') e WHERE m.org_id = $1 AND m.id = $2))"
        )
    };
}

/// Moves rows of a table from the survivor $3 back to the contact $2.
macro_rules! give_back {
    ($table:literal, $id:literal, $name:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET contact_id = $2 WHERE org_id = $1 AND contact_id = $3 AND ",
            $id,
            " = ",
            traced!($name)
        )
    };
}

/// Statements that give the contact $2 what the survivor $3 still has of it.
const MOVES_BACK: &[&str] = &[
    give_back!("notes", "id", "notes"),
    give_back!("contact_conversations", "conversation_id", "conversations"),
    give_back!("activity", "id", "activity"),
    "UPDATE deliveries SET contact_id = $2 WHERE org_id = $1 AND contact_id = $3 \
         AND id = ANY(ARRAY(SELECT e FROM merged_contacts m, \
             LATERAL jsonb_array_elements_text(m.trace -> 'deliveries') e \
             WHERE m.org_id = $1 AND m.id = $2))",
    "UPDATE visitors v SET contact_id = $2 FROM merged_contacts m, \
         LATERAL jsonb_populate_recordset(NULL::visitors, m.trace -> 'visitors') t \
     WHERE m.org_id = $1 AND m.id = $2 AND v.org_id = $1 AND v.contact_id = $3 \
         AND v.widget_id = t.widget_id AND v.visitor = t.visitor",
    "UPDATE source_links l SET contact_id = $2 FROM merged_contacts m, \
         LATERAL jsonb_populate_recordset(NULL::source_links, m.trace -> 'links') t \
     WHERE m.org_id = $1 AND m.id = $2 AND l.org_id = $1 AND l.contact_id = $3 \
         AND l.source_id = t.source_id AND l.external_id = t.external_id",
    concat!(
        "UPDATE merged_contacts SET survivor_id = $2 \
         WHERE org_id = $1 AND survivor_id = $3 AND id = ",
        traced!("merged")
    ),
    "INSERT INTO activity (org_id, id, contact_id, at, actor_kind, actor_id, kind, detail) \
     SELECT $1, t.id, $2, t.at, t.actor_kind, t.actor_id, t.kind, t.detail \
     FROM merged_contacts m, \
         LATERAL jsonb_populate_recordset(NULL::activity, m.trace -> 'created') t \
     WHERE m.org_id = $1 AND m.id = $2",
    "DELETE FROM contact_sources s USING merged_contacts m, \
         LATERAL jsonb_to_recordset(m.trace -> 'sources') \
             AS t (kind text, detail_id uuid, reference text, is_new boolean) \
     WHERE m.org_id = $1 AND m.id = $2 AND s.org_id = $1 AND s.contact_id = $3 AND t.is_new \
         AND s.kind = t.kind AND s.detail_id = t.detail_id AND s.reference = t.reference",
    "INSERT INTO contact_sources (org_id, contact_id, kind, detail_id, reference, visitor, \
         row_number, at, is_first, key_id, said) \
     SELECT $1, $2, t.kind, t.detail_id, t.reference, t.visitor, t.row_number, t.at, t.is_first, \
         t.key_id, t.said \
     FROM merged_contacts m, \
         LATERAL jsonb_populate_recordset(NULL::contact_sources, m.trace -> 'sources') t \
     WHERE m.org_id = $1 AND m.id = $2",
    "DELETE FROM possible_duplicates p USING merged_contacts m, \
         LATERAL jsonb_to_recordset(m.trace -> 'pairs') AS t (id uuid, is_new boolean) \
     WHERE m.org_id = $1 AND m.id = $2 AND p.org_id = $1 AND t.is_new \
         AND p.contact_id = LEAST(t.id, $3) AND p.other_id = GREATEST(t.id, $3)",
    // Older traces do not say whether a capture recorded the pair.
    "INSERT INTO possible_duplicates (org_id, contact_id, other_id, at, captured, dismissed) \
     SELECT $1, LEAST(t.id, $2), GREATEST(t.id, $2), t.at, \
         COALESCE(t.captured, NOT t.dismissed), t.dismissed \
     FROM merged_contacts m, LATERAL jsonb_to_recordset(m.trace -> 'pairs') \
             AS t (id uuid, at timestamptz, captured boolean, dismissed boolean) \
         JOIN contacts c ON c.org_id = $1 AND c.id = t.id \
     WHERE m.org_id = $1 AND m.id = $2",
    "UPDATE addresses a SET added_at = t.added_at, source = t.source FROM merged_contacts m, \
         LATERAL jsonb_populate_recordset(NULL::addresses, m.trace -> 'addresses') t \
     WHERE m.org_id = $1 AND m.id = $2 AND a.org_id = $1 AND a.contact_id = $2 \
         AND a.email_key = t.email_key",
    // Instead of what its addresses have unsubscribed, which has no note.
    "DELETE FROM unsubscribes WHERE org_id = $1 AND contact_id = $2",
    "INSERT INTO unsubscribes (org_id, contact_id, at, reason, actor_kind, actor_id, note) \
     SELECT org_id, $2, at, reason, actor_kind, actor_id, note \
     FROM unsubscribes WHERE org_id = $1 AND contact_id = $3",
];

/// Statements that give both contacts their subscriptions to the campaigns $4 as they were.
const SUBSCRIPTIONS_BACK: &[&str] = &[
    "DELETE FROM subscriptions \
     WHERE org_id = $1 AND contact_id = $3 AND campaign_id = ANY($4)",
    "INSERT INTO subscriptions (org_id, contact_id, campaign_id, pending_at, sent_at, opened_at, \
         clicked_at, bounced_at, unsubscribed_at, actor_kind, actor_id) \
     SELECT $1, o.contact_id, t.campaign_id, t.pending_at, t.sent_at, t.opened_at, t.clicked_at, \
         t.bounced_at, t.unsubscribed_at, t.actor_kind, t.actor_id \
     FROM merged_contacts m, LATERAL jsonb_array_elements(m.trace -> 'subscriptions') e, \
         LATERAL (VALUES ('other', $2), ('own', $3)) o (name, contact_id), \
         LATERAL jsonb_populate_record(NULL::subscriptions, nullif(e -> o.name, 'null')) t \
     WHERE m.org_id = $1 AND m.id = $2 AND t.campaign_id = ANY($4)",
];

/// Whether a merged contact is merged into the survivor that its merge named, so that the merge can
/// be undone, and whether what it did is stored. `None` when it is not merged.
pub(crate) fn undoable_merge(tx: &mut Tx<'_>, other: ContactId) -> PgResult<Option<UndoableMerge>> {
    Ok(pointer(tx, other)?.map(|pointer| UndoableMerge {
        is_last: pointer.is_last(),
        is_stored: pointer.trace.is_some(),
    }))
}

/// Whether a merge can be undone.
pub(crate) struct UndoableMerge {
    /// Whether the survivor was not merged since.
    pub(crate) is_last: bool,
    /// Whether what the merge did is still stored.
    pub(crate) is_stored: bool,
}

impl Pointer {
    fn is_last(&self) -> bool {
        self.trace.as_ref().is_none_or(|trace| trace.survivor == self.survivor.0)
    }
}

/// Undoes the merge of a contact. Returns the outcome, and what was kept.
pub(crate) fn unmerge(
    tx: &mut TimedTx<'_>,
    undo: &Undo,
    other: ContactId,
) -> PgResult<(UndoOutcome, Vec<KeptItem>)> {
    let kept = |reason| vec![KeptItem { contact: other, field: None, reason }];
    let Some(found) = pointer(tx, other)? else {
        return Ok(match find(tx, other, Custom::Shown, "")? {
            Some(_) => (UndoOutcome::Unchanged, Vec::new()),
            None => (UndoOutcome::Gone, kept(KeptReason::Deleted)),
        });
    };
    lock_contacts(tx, &[found.survivor])?;
    let Some(Pointer { survivor, at, trace }) = pointer(tx, other)? else {
        return Err(run_again());
    };
    if survivor != found.survivor {
        // It was merged while its lock was waited for.
        return Err(run_again());
    }
    let Some(trace) = trace.filter(|trace| trace.survivor == survivor.0) else {
        return Ok((UndoOutcome::Kept, kept(KeptReason::Merged)));
    };
    let trace = trace.read(tx, other, at)?;
    let state = state_of(tx, undo, &trace)?;
    let Some(split) = trace.undo(&state, tx.now) else {
        return Ok((UndoOutcome::Kept, kept(KeptReason::Edited)));
    };
    let kept = split.kept.clone();
    write(tx, undo, &state.survivor, split)?;
    Ok((if kept.is_empty() { UndoOutcome::Restored } else { UndoOutcome::Kept }, kept))
}

/// Reads the current state of what a merge changed. The survivor must be locked.
fn state_of(tx: &mut Tx<'_>, undo: &Undo, trace: &MergeTrace) -> PgResult<MergeState> {
    let survivor = find(tx, trace.survivor, Custom::Whole, "")?.ok_or_else(run_again)?;
    let keys: Vec<_> = trace.other.emails().map(EmailAddress::key).collect();
    let taken: Vec<String> = addresses::table
        .filter(addresses::org_id.eq(tx.org.0))
        .filter(addresses::email_key.eq_any(keys))
        .filter(addresses::contact_id.ne(survivor.id.0))
        .select(addresses::email_key)
        .load(tx)?;
    let external_ids: Vec<_> = trace.external_ids().into_iter().map(|id| id.as_str()).collect();
    let taken_external_ids: Vec<Option<String>> = contacts::table
        .filter(contacts::org_id.eq(tx.org.0))
        .filter(contacts::external_id.eq_any(external_ids))
        .filter(contacts::id.ne(survivor.id.0))
        .select(contacts::external_id)
        .load(tx)?;
    let tags: Vec<_> = trace.tags.iter().copied().collect();
    Ok(MergeState {
        tags: actions::state_of_tags(tx, undo, survivor.id, tags, trace.at)?,
        subscriptions: subscriptions_of(tx, survivor.id)?,
        taken_emails: taken.into_iter().collect(),
        taken_external_ids: taken_external_ids.into_iter().flatten().collect(),
        survivor,
    })
}

/// Makes two contacts of one again.
fn write(tx: &mut TimedTx<'_>, undo: &Undo, before: &Contact, split: Split) -> PgResult<()> {
    let (at, actor) = (tx.now, undo.actor);
    let (survivor, other) = (split.survivor.id, split.other.id);
    if !split.changes.is_empty() {
        update_row(tx, before, &split.survivor, AddressSource::Manual)?;
    }
    // Another transaction may have taken an address or the external id.
    if !insert_contacts(tx, &[&split.other])? {
        return Err(run_again());
    }
    update(contacts::table.find((tx.org.0, other.0)))
        .set(contacts::updated_at.eq(split.other.updated_at))
        .execute(tx)?;
    for statement in MOVES_BACK {
        tx.query(*statement)
            .bind::<SqlUuid, _>(other.0)
            .bind::<SqlUuid, _>(survivor.0)
            .execute(tx)
            .map_err(PgError::unless_deleted)?;
    }
    conversations::store_last(tx, &[other.0, survivor.0])?;
    let campaigns: Vec<Uuid> = split.restored.iter().map(|(campaign, _)| campaign.0).collect();
    for statement in SUBSCRIPTIONS_BACK {
        tx.query(*statement)
            .bind::<SqlUuid, _>(other.0)
            .bind::<SqlUuid, _>(survivor.0)
            .bind::<Array<SqlUuid>, _>(&campaigns)
            .execute(tx)?;
    }
    let untagged: Vec<_> = split.untagged.iter().map(|tag| (survivor.0, tag.0)).collect();
    tags::unlink(tx, &untagged)?;
    let tagged: Vec<_> = split.tags.iter().map(|tag| (other.0, tag.0)).collect();
    tags::link(tx, &tagged)?;
    let fields = split.fields();
    let names = tags::names(tx, &split.untagged.iter().copied().collect())?;
    let removed: BTreeSet<_> = names.values().collect();
    let removed: Vec<_> = removed.into_iter().map(ToString::to_string).collect();
    let undone = |of: &Contact| ActivityKind::MergeUndone { other: of.id, called: of.called() };
    let edited = Some(split.changes).filter(|changes| !changes.is_empty());
    let untagged = Some(removed).filter(|removed| !removed.is_empty());
    let untagged = untagged.map(|removed| ActivityKind::Tagged { added: Vec::new(), removed });
    let on_survivor = edited.map(ActivityKind::Edited).into_iter().chain(untagged);
    for what in on_survivor.chain([undone(&split.other)]) {
        record(tx, survivor, &Activity { at, actor, what })?;
    }
    record(tx, other, &Activity { at, actor, what: undone(&split.survivor) })?;
    delete(merged_contacts::table.find((tx.org.0, other.0))).execute(tx)?;
    let mut events = vec![ContactEvent::of(other, EventKind::Created, Vec::new(), actor, at)];
    if !fields.is_empty() {
        events.push(ContactEvent::of(survivor, EventKind::Updated, fields, actor, at));
    }
    publish(tx, &events)
}
