//! Undoing one piece of an import, in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use contacts_core::contact::{Activity, ActivityKind, Contact, ContactId};
use contacts_core::import::{
    Deed, ImportState, Kept, KeptReason, Restored, Reversal, Standing, Trace, Undo, UndoOutcome,
    UndoState, UndoStep, reverse, undo_events,
};
use contacts_core::tag::{TagId, TagName};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::apply::update_contacts;
use super::super::pieces;
use super::write_tally;
use crate::Database;
use crate::contacts::{ContactRow, Custom, FIRST_SOURCE, record, select_contacts};
use crate::database::{store, unreadable};
use crate::events;
use crate::statement::{Bind, Statement};
use crate::tags::{self, IdRow};

pub(super) fn step(
    database: &Database,
    db: &mut PgConnection,
    org: OrgId,
    undo: &Undo,
    now: OffsetDateTime,
) -> Result<UndoStep> {
    let Some((piece, traces)) = pieces::last(db, org, undo.import)? else {
        super::end(db, org, undo, UndoState::Done, None, ImportState::Undone, now)?;
        return Ok(UndoStep::Finished);
    };
    let known = Known::read(db, org, undo, &traces)?;
    let mut step = Step { org, undo, now, taken: Taken::default() };
    let mut tally = undo.tally;
    for trace in &traces {
        let outcome = step.take_back(trace, &known);
        if !trace.again {
            let so_far = known.so_far.get(&trace.contact).copied();
            tally.count(outcome.max(so_far.unwrap_or(UndoOutcome::Unchanged)));
        }
    }
    step.write(database, db, &known)?;
    pieces::delete(db, org, undo.import, piece)?;
    let statement = "UPDATE import_undos SET pieces_done = pieces_done + 1, tally = $3 \
         WHERE org_id = $1 AND import_id = $2";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Jsonb, _>(write_tally(&tally))
        .execute(db)
        .map_err(store)?;
    Ok(UndoStep::Took(tally))
}

/// What the store knows of the people of a piece.
struct Known {
    contacts: HashMap<ContactId, Contact>,
    tags: HashMap<TagId, TagName>,
    bonds: HashMap<ContactId, KeptReason>,
    /// Those who are gone because they were merged.
    merged: HashSet<ContactId>,
    /// What came of people in the pieces after.
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

impl Known {
    /// Reads what is known of people, and holds them: what hangs on a contact refers to it, so
    /// nothing more comes to hang on it before this ends.
    fn read(db: &mut PgConnection, org: OrgId, undo: &Undo, traces: &[Trace]) -> Result<Self> {
        let ids: Vec<_> = traces.iter().map(|trace| trace.contact.0).collect();
        let hold = "SELECT FROM contacts WHERE org_id = $1 AND id = ANY($2) \
             ORDER BY email_key, id FOR UPDATE";
        sql_query(hold)
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(&ids)
            .execute(db)
            .map_err(store)?;
        let mut select = Statement::of(org);
        select_contacts(&mut select, Custom::Whole, |select| {
            select
                .push("contacts c")
                .push(FIRST_SOURCE)
                .push("WHERE c.org_id = $1 AND c.id = ANY(");
            select.bind(Bind::Uuids(ids)).push(")");
        });
        let rows: Vec<ContactRow> = select.build().load(db).map_err(store)?;
        let contacts = rows
            .into_iter()
            .map(|row| row.read(org).map(|contact| (contact.id, contact)))
            .collect::<Result<HashMap<_, _>>>()?;
        let added = traces.iter().filter(|trace| matches!(trace.deed, Deed::Added { .. }));
        let added: Vec<_> = added.map(|trace| trace.contact.0).collect();
        let gone = traces.iter().filter(|trace| !contacts.contains_key(&trace.contact));
        let gone: Vec<_> = gone.map(|trace| trace.contact.0).collect();
        let first = traces.iter().filter(|trace| !trace.again).map(|trace| trace.contact.0);
        let tags = traces.iter().flat_map(|trace| trace.deed.tags().iter().copied()).collect();
        Ok(Self {
            tags: tags::names(db, org, &tags)?,
            bonds: bonds(db, org, undo, &added)?,
            merged: merged(db, org, &gone)?,
            so_far: so_far(db, org, undo, &first.collect::<Vec<_>>())?,
            contacts,
        })
    }

    fn standing(&self, trace: &Trace) -> Option<Standing> {
        let tags = trace.deed.tags().iter().filter_map(|tag| self.tags.get(tag));
        Some(Standing {
            contact: self.contacts.get(&trace.contact)?.clone(),
            tags: tags.cloned().collect(),
            bond: self.bonds.get(&trace.contact).copied(),
        })
    }
}

/// What hangs on contacts that were added, besides the import itself.
fn bonds(
    db: &mut PgConnection,
    org: OrgId,
    undo: &Undo,
    added: &[Uuid],
) -> Result<HashMap<ContactId, KeptReason>> {
    let statement = "SELECT c.id, CASE \
         WHEN EXISTS (SELECT FROM notes x WHERE x.org_id = $1 AND x.contact_id = c.id) \
             THEN 'noted' \
         WHEN EXISTS (SELECT FROM contact_conversations x WHERE x.org_id = $1 \
             AND x.contact_id = c.id) THEN 'conversation' \
         WHEN EXISTS (SELECT FROM subscriptions x WHERE x.org_id = $1 AND x.contact_id = c.id) \
             OR EXISTS (SELECT FROM unsubscribes x WHERE x.org_id = $1 AND x.contact_id = c.id) \
             THEN 'subscribed' \
         WHEN EXISTS (SELECT FROM merged_contacts x WHERE x.org_id = $1 \
             AND x.survivor_id = c.id) THEN 'merged' \
         WHEN EXISTS (SELECT FROM contact_sources x WHERE x.org_id = $1 AND x.contact_id = c.id \
             AND NOT (x.kind = 'csv_import' AND x.origin_id = $3)) THEN 'came_again' \
         END AS bond FROM contacts c WHERE c.org_id = $1 AND c.id = ANY($2)";
    let rows: Vec<BondRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(added)
        .bind::<SqlUuid, _>(undo.import.0)
        .load(db)
        .map_err(store)?;
    let bond = |row: BondRow| {
        let reason = KeptReason::parse(&row.bond?);
        Some(reason.map(|reason| (ContactId(row.id), reason)).ok_or_else(|| unreadable("bond")))
    };
    rows.into_iter().filter_map(bond).collect()
}

fn merged(db: &mut PgConnection, org: OrgId, gone: &[Uuid]) -> Result<HashSet<ContactId>> {
    if gone.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<IdRow> =
        sql_query("SELECT id FROM merged_contacts WHERE org_id = $1 AND id = ANY($2)")
            .bind::<SqlUuid, _>(org.0)
            .bind::<Array<SqlUuid>, _>(gone)
            .load(db)
            .map_err(store)?;
    Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
}

fn so_far(
    db: &mut PgConnection,
    org: OrgId,
    undo: &Undo,
    ids: &[Uuid],
) -> Result<HashMap<ContactId, UndoOutcome>> {
    let statement = "SELECT contact_id AS id, bool_or(reason <> 'restored') AS is_kept \
         FROM import_kept WHERE org_id = $1 AND import_id = $2 AND contact_id = ANY($3) \
         GROUP BY contact_id";
    let rows: Vec<SoFarRow> = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .load(db)
        .map_err(store)?;
    let outcome = |is_kept| if is_kept { UndoOutcome::Kept } else { UndoOutcome::Restored };
    Ok(rows.into_iter().map(|row| (ContactId(row.id), outcome(row.is_kept))).collect())
}

struct Step<'a> {
    org: OrgId,
    undo: &'a Undo,
    now: OffsetDateTime,
    taken: Taken,
}

/// What is to be written.
#[derive(Default)]
struct Taken {
    removed: Vec<ContactId>,
    restored: BTreeMap<ContactId, Restored>,
    /// Tags to be taken off.
    links: Vec<(Uuid, Uuid)>,
    /// Who has not come by the import any more.
    left: Vec<Uuid>,
    kept: Vec<Kept>,
    /// People whom earlier pieces are about, too, and who were put back in this one.
    marked: Vec<ContactId>,
}

impl Step<'_> {
    fn take_back(&mut self, trace: &Trace, known: &Known) -> UndoOutcome {
        let contact = trace.contact;
        let Some(standing) = known.standing(trace) else {
            if known.merged.contains(&contact) {
                self.keep(contact, None, KeptReason::Merged);
                return UndoOutcome::Kept;
            }
            return UndoOutcome::Gone;
        };
        let reversal = reverse(&trace.deed, standing, self.now);
        let outcome = reversal.outcome();
        match reversal {
            Reversal::Remove => self.taken.removed.push(contact),
            Reversal::Keep(reason) => self.keep(contact, None, reason),
            Reversal::Restore(restored) => {
                for field in &restored.kept {
                    self.keep(contact, Some(field.clone()), KeptReason::Edited);
                }
                if trace.again && restored.is_changed() {
                    self.taken.marked.push(contact);
                }
                if !trace.again {
                    self.taken.left.push(contact.0);
                }
                if !restored.untagged.is_empty() {
                    let tags = trace.deed.tags().iter();
                    self.taken.links.extend(tags.map(|tag| (contact.0, tag.0)));
                }
                if restored.is_changed() {
                    self.taken.restored.insert(contact, *restored);
                }
            }
        }
        outcome
    }

    fn keep(&mut self, contact: ContactId, field: Option<String>, reason: KeptReason) {
        self.taken.kept.push(Kept { contact, field, reason });
    }

    fn write(self, database: &Database, db: &mut PgConnection, known: &Known) -> Result<()> {
        let Self { org, undo, now, taken } = self;
        let changed: Vec<_> = taken
            .restored
            .values()
            .filter(|restored| !restored.changes.is_empty())
            .filter_map(|r| Some((&r.contact, known.contacts.get(&r.contact.id)?.version)))
            .collect();
        if update_contacts(db, org, &changed)? != changed.len() {
            // They are held, so this cannot be; if it is, nothing of it may stay.
            return Err(store(diesel::result::Error::RollbackTransaction));
        }
        unlink(db, org, &taken.links)?;
        leave(db, org, undo, &taken.left)?;
        remove(db, org, undo, &taken.removed)?;
        note(db, org, undo, &taken)?;
        for (contact, restored) in &taken.restored {
            for what in told(restored) {
                let activity = Activity { at: now, actor: undo.actor, what };
                record(db, org, *contact, database.ids.next(), &activity)?;
            }
        }
        let restored = taken.restored.iter().map(|(id, restored)| (*id, restored.fields()));
        let events = undo_events(taken.removed, restored.collect(), undo.actor, now);
        events::publish(database, db, org, &events)
    }
}

fn told(restored: &Restored) -> impl Iterator<Item = ActivityKind> {
    let changes = &restored.changes;
    let edited = (!changes.is_empty()).then(|| ActivityKind::Edited(changes.clone()));
    let removed: Vec<_> = restored.untagged.iter().map(ToString::to_string).collect();
    let tagged =
        (!removed.is_empty()).then_some(ActivityKind::Tagged { added: Vec::new(), removed });
    edited.into_iter().chain(tagged)
}

fn unlink(db: &mut PgConnection, org: OrgId, links: &[(Uuid, Uuid)]) -> Result<()> {
    let (contacts, tags): (Vec<_>, Vec<_>) = links.iter().copied().unzip();
    let statement = "DELETE FROM contact_tags ct USING unnest($2, $3) AS l (contact_id, tag_id) \
         WHERE ct.org_id = $1 AND ct.contact_id = l.contact_id AND ct.tag_id = l.tag_id";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Array<SqlUuid>, _>(tags)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Contacts that were there before have not come by the import any more.
fn leave(db: &mut PgConnection, org: OrgId, undo: &Undo, contacts: &[Uuid]) -> Result<()> {
    let statement = "DELETE FROM contact_sources WHERE org_id = $1 AND kind = 'csv_import' \
         AND origin_id = $2 AND contact_id = ANY($3) AND NOT is_first";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Array<SqlUuid>, _>(contacts)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn remove(db: &mut PgConnection, org: OrgId, undo: &Undo, removed: &[ContactId]) -> Result<()> {
    let ids: Vec<_> = removed.iter().map(|contact| contact.0).collect();
    sql_query("DELETE FROM contacts WHERE org_id = $1 AND id = ANY($2)")
        .bind::<SqlUuid, _>(org.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(db)
        .map_err(store)?;
    let statement =
        "DELETE FROM import_kept WHERE org_id = $1 AND import_id = $2 AND contact_id = ANY($3)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Array<SqlUuid>, _>(&ids)
        .execute(db)
        .map(drop)
        .map_err(store)
}

/// Lists what was left as it is, and marks whom the count has to wait for.
fn note(db: &mut PgConnection, org: OrgId, undo: &Undo, taken: &Taken) -> Result<()> {
    let kept = taken
        .kept
        .iter()
        .map(|kept| (kept.contact.0, kept.field.clone().unwrap_or_default(), kept.reason.as_str()));
    // No field has this name.
    let marked = taken.marked.iter().map(|id| (id.0, "+".to_owned(), "restored"));
    let (mut contacts, mut fields, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for (contact, field, reason) in kept.chain(marked) {
        contacts.push(contact);
        fields.push(field);
        reasons.push(reason);
    }
    let statement = "INSERT INTO import_kept (org_id, import_id, contact_id, field, reason) \
         SELECT $1, $2, k.* FROM unnest($3, $4, $5) AS k \
         ON CONFLICT (org_id, import_id, contact_id, field) DO NOTHING";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(undo.import.0)
        .bind::<Array<SqlUuid>, _>(contacts)
        .bind::<Array<Text>, _>(fields)
        .bind::<Array<Text>, _>(reasons)
        .execute(db)
        .map(drop)
        .map_err(store)
}
