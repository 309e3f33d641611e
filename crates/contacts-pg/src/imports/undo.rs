//! Undoing imports, one chunk in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::contact::{Activity, ActivityKind, AddressSource, Contact, ContactId};
use contacts_core::import::{
    CurrentState, ImportEffect, ImportId, Restored, Reversal, Trace, restored_keys, reverse_chunk,
    undo_events,
};
use contacts_core::tag::{TagId, TagName};
use contacts_core::undo::{KeptItem, KeptReason, Undo, UndoOutcome};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use time::OffsetDateTime;
use uuid::Uuid;

use super::contacts::{existing, release_external_ids, update_contacts};
use super::{change, chunks};
use crate::contacts::{
    ContactRow, Custom, FIRST_SOURCE, record, rewrite_addresses, select_contacts,
};
use crate::database::{PgResult, RunQuery, TimedTx, Tx, run_again, unreadable};
use crate::events;
use crate::statement::{Bind, IdRow};
use crate::tags;
use crate::undos::{StepResult, Undoable};

/// The states in which an import can be undone.
const ENDED: &str = "'done', 'cancelled', 'failed'";

#[derive(QueryableByName)]
struct EndedRow {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Bool)]
    is_stored: bool,
    #[diesel(sql_type = BigInt)]
    chunks: i64,
}

/// Locks an import that has ended, for its undo.
pub(crate) fn undoable(tx: &mut Tx<'_>, import: ImportId) -> PgResult<Option<Undoable>> {
    let mut set = tx.statement();
    set.push("state = state");
    if !change(tx, import, set, ENDED)? {
        return Ok(None);
    }
    let statement = "SELECT i.state, i.rows_read = coalesce(sum(p.rows), 0) AS is_stored, \
             count(p.chunk) AS chunks \
         FROM imports i LEFT JOIN import_chunks p ON p.org_id = $1 AND p.import_id = i.id \
         WHERE i.org_id = $1 AND i.id = $2 GROUP BY i.state, i.rows_read";
    let ended: EndedRow = tx.query(statement).bind::<SqlUuid, _>(import.0).get_result(tx)?;
    let EndedRow { state, is_stored, chunks } = ended;
    Ok(Some(Undoable { was: Some(state), chunks, is_stored }))
}

/// Changes the state of an import whose undo starts.
pub(crate) fn start_undo(tx: &mut Tx<'_>, import: ImportId) -> PgResult<()> {
    let mut set = tx.statement();
    set.push("state = 'undoing'");
    change(tx, import, set, ENDED).map(drop)
}

/// Changes the state of an import whose undo ends: to undone, or to what it was before.
pub(crate) fn end_undo(tx: &mut Tx<'_>, import: ImportId, is_undone: bool) -> PgResult<()> {
    let mut set = tx.statement();
    if is_undone {
        set.push("state = 'undone'");
    } else {
        set.push("state = (SELECT u.was FROM undos u WHERE u.org_id = $1 AND u.subject_id = ");
        set.bind(Bind::Uuid(import.0)).push(")");
    }
    change(tx, import, set, "'undoing'").map(drop)
}

/// Undoes the last chunk of an import, or returns `None` when none is left.
pub(crate) fn undo_chunk(
    tx: &mut TimedTx<'_>,
    undo: &Undo,
    import: ImportId,
) -> PgResult<Option<StepResult>> {
    let now = tx.now;
    let Some((chunk, traces)) = chunks::last(tx, import)? else { return Ok(None) };
    let current = CurrentRows::read(tx, import, &traces)?;
    let mut step =
        Step { undo, import, now, writes: UndoWrites::default(), result: StepResult::after(undo) };
    let owners = existing(tx, &restored_keys(&traces))?;
    let owners: Vec<_> = owners.into_iter().map(|owner| owner.contact).collect();
    let mut reversals = reverse_chunk(&traces, |trace| current.state_of(trace), &owners, now);
    for trace in &traces {
        let outcome = step.undo_trace(trace, reversals.remove(&trace.contact), &current);
        if !trace.again {
            let so_far = current.so_far.get(&trace.contact).copied();
            step.result.count(outcome.max(so_far.unwrap_or(UndoOutcome::Unchanged)));
        }
    }
    let result = step.write(tx, &current)?;
    chunks::delete(tx, import, chunk)?;
    Ok(Some(result))
}

/// The contacts of a chunk as they are now.
struct CurrentRows {
    contacts: HashMap<ContactId, Contact>,
    tags: HashMap<TagId, TagName>,
    bonds: HashMap<ContactId, KeptReason>,
    /// Contacts that no longer exist because they were merged.
    merged: HashSet<ContactId>,
    /// Outcomes of contacts in the chunks that were undone before.
    so_far: HashMap<ContactId, UndoOutcome>,
}

#[derive(QueryableByName)]
struct BondRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    bond: Option<String>,
}

#[derive(QueryableByName)]
struct SoFarRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    is_kept: bool,
}

impl CurrentRows {
    /// Locks and reads the contacts. Notes, conversations and subscriptions refer to their contact,
    /// so none of them can be added while the contact is locked.
    fn read(tx: &mut Tx<'_>, import: ImportId, traces: &[Trace]) -> PgResult<Self> {
        let org = tx.org;
        let ids: Vec<_> = traces.iter().map(|trace| trace.contact.0).collect();
        let lock = "SELECT FROM contacts WHERE org_id = $1 AND id = ANY($2) \
             ORDER BY id FOR UPDATE";
        tx.query(lock).bind::<Array<SqlUuid>, _>(&ids).execute(tx)?;
        let mut select = tx.statement();
        select_contacts(&mut select, Custom::Whole, |select| {
            select
                .push("contacts c")
                .push(FIRST_SOURCE)
                .push("WHERE c.org_id = $1 AND c.id = ANY(");
            select.bind(Bind::Uuids(ids)).push(")");
        });
        let rows: Vec<ContactRow> = select.load(tx)?;
        let contacts = rows
            .into_iter()
            .map(|row| row.read(org).map(|contact| (contact.id, contact)))
            .collect::<PgResult<HashMap<_, _>>>()?;
        let added =
            traces.iter().filter(|trace| matches!(trace.effect, ImportEffect::Added { .. }));
        let added: Vec<_> = added.map(|trace| trace.contact.0).collect();
        let missing = traces.iter().filter(|trace| !contacts.contains_key(&trace.contact));
        let missing: Vec<_> = missing.map(|trace| trace.contact.0).collect();
        let first = traces.iter().filter(|trace| !trace.again).map(|trace| trace.contact.0);
        let tags = traces.iter().flat_map(|trace| trace.effect.tags().iter().copied()).collect();
        Ok(Self {
            tags: tags::names(tx, &tags)?,
            bonds: bonds(tx, import, &added)?,
            merged: merged(tx, &missing)?,
            so_far: so_far(tx, import, &first.collect::<Vec<_>>())?,
            contacts,
        })
    }

    fn state_of(&self, trace: &Trace) -> Option<CurrentState> {
        let tags = trace.effect.tags().iter().filter_map(|tag| self.tags.get(tag));
        Some(CurrentState {
            contact: self.contacts.get(&trace.contact)?.clone(),
            tags: tags.cloned().collect(),
            bond: self.bonds.get(&trace.contact).copied(),
        })
    }
}

/// Returns why contacts that the import added are kept, for example because they have notes or
/// conversations.
fn bonds(
    tx: &mut Tx<'_>,
    import: ImportId,
    added: &[Uuid],
) -> PgResult<HashMap<ContactId, KeptReason>> {
    let statement = "SELECT c.id, CASE \
         WHEN EXISTS (SELECT FROM notes x WHERE x.org_id = $1 AND x.contact_id = c.id) \
             THEN 'noted' \
         WHEN EXISTS (SELECT FROM contact_conversations x WHERE x.org_id = $1 \
             AND x.contact_id = c.id) THEN 'conversation' \
         WHEN EXISTS (SELECT FROM subscriptions x WHERE x.org_id = $1 AND x.contact_id = c.id) \
             OR EXISTS (SELECT FROM unsubscribes x WHERE x.org_id = $1 AND x.contact_id = c.id \
                 AND x.at >= c.created_at \
                 AND (x.actor_kind, x.actor_id) IS DISTINCT FROM ('import', $3)) \
             THEN 'subscribed' \
         WHEN EXISTS (SELECT FROM merged_contacts x WHERE x.org_id = $1 \
             AND x.survivor_id = c.id) THEN 'merged' \
         WHEN EXISTS (SELECT FROM contact_sources x WHERE x.org_id = $1 AND x.contact_id = c.id \
             AND NOT (x.kind = 'csv_import' AND x.detail_id = $3)) THEN 'came_again' \
         END AS bond FROM contacts c WHERE c.org_id = $1 AND c.id = ANY($2)";
    let rows: Vec<BondRow> = tx
        .query(statement)
        .bind::<Array<SqlUuid>, _>(added)
        .bind::<SqlUuid, _>(import.0)
        .load(tx)?;
    let bond = |row: BondRow| {
        let reason = KeptReason::parse(&row.bond?);
        Some(reason.map(|reason| (ContactId(row.id), reason)).ok_or_else(|| unreadable("bond")))
    };
    rows.into_iter().filter_map(bond).collect()
}

fn merged(tx: &mut Tx<'_>, missing: &[Uuid]) -> PgResult<HashSet<ContactId>> {
    if missing.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<IdRow> = tx
        .query("SELECT id FROM merged_contacts WHERE org_id = $1 AND id = ANY($2)")
        .bind::<Array<SqlUuid>, _>(missing)
        .load(tx)?;
    Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
}

fn so_far(
    tx: &mut Tx<'_>,
    import: ImportId,
    ids: &[Uuid],
) -> PgResult<HashMap<ContactId, UndoOutcome>> {
    let statement = "SELECT contact_id AS id, bool_or(reason <> 'restored') AS is_kept \
         FROM kept_items WHERE org_id = $1 AND subject_id = $2 AND contact_id = ANY($3) \
         GROUP BY contact_id";
    let rows: Vec<SoFarRow> =
        tx.query(statement).bind::<SqlUuid, _>(import.0).bind::<Array<SqlUuid>, _>(ids).load(tx)?;
    let outcome = |is_kept| if is_kept { UndoOutcome::Kept } else { UndoOutcome::Restored };
    Ok(rows.into_iter().map(|row| (ContactId(row.id), outcome(row.is_kept))).collect())
}

struct Step<'a> {
    undo: &'a Undo,
    import: ImportId,
    now: OffsetDateTime,
    writes: UndoWrites,
    result: StepResult,
}

/// The changes that a step writes.
#[derive(Default)]
struct UndoWrites {
    removed: Vec<ContactId>,
    restored: BTreeMap<ContactId, Restored>,
    /// Tags to remove, by contact and tag.
    links: Vec<(Uuid, Uuid)>,
    /// Contacts that lose the import as a source.
    left: Vec<Uuid>,
}

impl Step<'_> {
    fn undo_trace(
        &mut self,
        trace: &Trace,
        reversal: Option<Reversal>,
        current: &CurrentRows,
    ) -> UndoOutcome {
        let contact = trace.contact;
        let Some(reversal) = reversal else {
            if current.merged.contains(&contact) {
                self.add_kept(contact, None, KeptReason::Merged);
                return UndoOutcome::Kept;
            }
            return UndoOutcome::Gone;
        };
        let outcome = reversal.outcome();
        match reversal {
            Reversal::Remove => self.writes.removed.push(contact),
            Reversal::Keep(reason) => self.add_kept(contact, None, reason),
            Reversal::Restore(restored) => {
                for (field, reason) in &restored.kept {
                    self.add_kept(contact, Some(field.clone()), *reason);
                }
                if trace.again && restored.is_changed() {
                    self.result.marked.push(contact);
                }
                if !trace.again {
                    self.writes.left.push(contact.0);
                }
                if !restored.untagged.is_empty() {
                    let tags = trace.effect.tags().iter();
                    self.writes.links.extend(tags.map(|tag| (contact.0, tag.0)));
                }
                if restored.is_changed() {
                    self.writes.restored.insert(contact, *restored);
                }
            }
        }
        outcome
    }

    fn add_kept(&mut self, contact: ContactId, field: Option<String>, reason: KeptReason) {
        self.result.kept.push(KeptItem { contact, field, reason });
    }

    fn write(self, tx: &mut Tx<'_>, current: &CurrentRows) -> PgResult<StepResult> {
        let Self { undo, import, now, writes, result } = self;
        let changed: Vec<_> = writes
            .restored
            .values()
            .filter(|restored| !restored.changes.is_empty())
            .filter_map(|r| Some((&r.contact, current.contacts.get(&r.contact.id)?.version)))
            .collect();
        // Contacts are removed first, because others get their addresses back.
        remove(tx, import, &writes.removed)?;
        let states = writes.restored.values();
        let states =
            states.filter_map(|r| Some((current.contacts.get(&r.contact.id)?, &r.contact)));
        let states: Vec<_> = states.collect();
        release_external_ids(tx, &states)?;
        let updated = update_contacts(tx, &changed).map_err(|error| {
            // Another transaction took an external id: run this one again.
            if error.is_unique_violation() { run_again() } else { error }
        })?;
        if updated.len() != changed.len() {
            // Cannot happen, because the contacts are locked.
            return Err(run_again());
        }
        // Another transaction may have taken an address: then this one is run again.
        let lowered =
            rewrite_addresses(tx, &states, AddressSource::Manual)?.ok_or_else(run_again)?;
        tags::unlink(tx, &writes.links)?;
        remove_source(tx, import, &writes.left)?;
        for (contact, restored) in &writes.restored {
            for what in activity_of(restored) {
                let activity = Activity { at: now, actor: undo.actor, what };
                record(tx, *contact, &activity)?;
            }
        }
        let restored = writes.restored.iter().map(|(id, restored)| (*id, restored.fields()));
        let consent = lowered.into_iter().map(|id| (id, vec!["consent".to_owned()]));
        let updated = restored.chain(consent).collect();
        let events = undo_events(writes.removed, updated, undo.actor, now);
        events::publish(tx, &events)?;
        Ok(result)
    }
}

fn activity_of(restored: &Restored) -> impl Iterator<Item = ActivityKind> {
    let changes = &restored.changes;
    let edited = (!changes.is_empty()).then(|| ActivityKind::Edited(changes.clone()));
    let removed: Vec<_> = restored.untagged.iter().map(ToString::to_string).collect();
    let tagged =
        (!removed.is_empty()).then_some(ActivityKind::Tagged { added: Vec::new(), removed });
    edited.into_iter().chain(tagged)
}

/// Removes the import from the sources of contacts that existed before it.
fn remove_source(tx: &mut Tx<'_>, import: ImportId, contacts: &[Uuid]) -> PgResult<()> {
    let statement = "DELETE FROM contact_sources WHERE org_id = $1 AND kind = 'csv_import' \
         AND detail_id = $2 AND contact_id = ANY($3) AND NOT is_first";
    tx.query(statement)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<SqlUuid>, _>(contacts)
        .execute(tx)
        .map(drop)
}

fn remove(tx: &mut Tx<'_>, import: ImportId, removed: &[ContactId]) -> PgResult<()> {
    let ids: Vec<_> = removed.iter().map(|contact| contact.0).collect();
    tx.query("DELETE FROM contacts WHERE org_id = $1 AND id = ANY($2)")
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(tx)?;
    let statement =
        "DELETE FROM kept_items WHERE org_id = $1 AND subject_id = $2 AND contact_id = ANY($3)";
    tx.query(statement)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(tx)
        .map(drop)
}
