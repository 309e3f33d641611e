//! The statements that erase a contact from each table.

use contacts_core::action::ActionId;
use contacts_core::contact::ContactId;
use contacts_core::erasure::{Erasure, ErasureIdentifiers};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::ImportId;
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, QueryableByName, delete, update};

use crate::actions::erase_file;
use crate::contacts::{events_of, find_whole, sources};
use crate::database::{PgResult, RunQuery, TimedTx, Tx};
use crate::events::publish;
use crate::schema::{import_issues, stored_answers, suppressions, sync_runs};
use crate::statement::IdRow;
use crate::{Database, imports, journal};

/// Deletes a contact ($2) and the rows that refer to it. Most of those rows are deleted by their
/// foreign keys.
const CONTACT: &[&str] = &[
    // Conversations that are linked to the contact, then those of its visitors without a contact.
    "DELETE FROM conversations c WHERE c.org_id = $1 AND c.id IN ( \
         SELECT k.conversation_id FROM contact_conversations k \
         WHERE k.org_id = $1 AND k.contact_id = $2)",
    "DELETE FROM conversations c WHERE c.org_id = $1 AND EXISTS ( \
         SELECT FROM visitors v WHERE v.org_id = $1 AND v.contact_id = $2 \
         AND v.widget_id = c.widget_id AND v.visitor = c.visitor) \
     AND NOT EXISTS (SELECT FROM contact_conversations k \
         WHERE k.org_id = $1 AND k.conversation_id = c.id)",
    "DELETE FROM contacts WHERE org_id = $1 AND id = $2",
];

/// Finds ended exports that began before the erasure ($2). Their files cannot be searched for the
/// contact, so each is deleted.
const EXPORTS: &str = "SELECT id FROM actions WHERE org_id = $1 AND kind = 'export' \
     AND created_at <= $2 AND finished_at IS NOT NULL AND file_id IS NOT NULL ORDER BY id";

/// Erases texts that contain a word which identifies the contact ($2, in lower case).
const NAMED: &[&str] = &[
    "UPDATE imports i SET file_name = 'erased.csv' WHERE i.org_id = $1 \
         AND EXISTS (SELECT FROM unnest($2) AS word WHERE strpos(lower(i.file_name), word) > 0 \
         OR strpos(translate(lower(i.file_name), '_-.+', '    '), word) > 0)",
    "UPDATE sync_runs r SET problem = 'erased' WHERE r.org_id = $1 AND EXISTS ( \
         SELECT FROM unnest($2) AS word WHERE strpos(lower(r.problem), word) > 0)",
    "UPDATE connected_sources s SET problem = 'erased' WHERE s.org_id = $1 AND EXISTS ( \
         SELECT FROM unnest($2) AS word WHERE strpos(lower(s.problem), word) > 0)",
    "UPDATE selections s SET filter = NULL WHERE s.org_id = $1 AND EXISTS ( \
         SELECT FROM unnest($2) AS word WHERE strpos(lower(s.filter::text), word) > 0)",
];

/// Erases the values of ended actions that contain one of the contact's words or phone numbers ($2,
/// in lower case). An action that has not ended still needs its value.
const SET_VALUES: &str = "UPDATE actions a \
     SET detail = a.detail || '{\"phone\": null, \"e164\": null, \"value\": null}' \
     WHERE a.org_id = $1 AND a.kind = 'set_field' AND a.finished_at IS NOT NULL \
     AND EXISTS (SELECT FROM unnest($2) AS word WHERE strpos(lower(a.detail::text), word) > 0 \
         OR strpos(regexp_replace(a.detail::text, '[^0-9]', '', 'g'), word) > 0)";

impl Database {
    /// Erases a contact and returns the identifiers that find it in files, or `None` when the
    /// contact does not exist.
    pub(super) fn erase(
        &self,
        tx: &mut TimedTx<'_>,
        erasure: &Erasure,
        id: ContactId,
    ) -> PgResult<Option<ErasureIdentifiers>> {
        let now = tx.now;
        let Some(contact) = find_whole(tx, id)? else { return Ok(None) };
        let (activity, sources) = (events_of(tx, id)?, sources(tx, id)?);
        let traces: Vec<_> =
            imports::of_contact(tx, id)?.into_iter().map(|(_, trace)| trace).collect();
        let identifiers = ErasureIdentifiers::of(&contact, &activity, &sources, &traces);
        // Before its sources are deleted, which list the imports that matched it.
        imports::forget(tx, id)?;
        journal::forget(tx, id)?;
        for statement in CONTACT {
            tx.query(*statement).bind::<SqlUuid, _>(id.0).execute(tx)?;
        }
        self.forget(tx, erasure, &identifiers)?;
        let event = ContactEvent::of(id, EventKind::Deleted, Vec::new(), erasure.actor, now);
        publish(tx, &[event])?;
        Ok(Some(identifiers))
    }

    /// Erases the contact's identifiers everywhere but in files.
    pub(super) fn forget(
        &self,
        tx: &mut Tx<'_>,
        erasure: &Erasure,
        identifiers: &ErasureIdentifiers,
    ) -> PgResult<()> {
        let org = erasure.org;
        if erasure.forget_unsubscribe {
            let hashes = identifiers.emails();
            let hashes: Vec<_> =
                hashes.iter().map(|email| self.addresses.hash(org, email).to_vec()).collect();
            delete(suppressions::table)
                .filter(suppressions::org_id.eq(tx.org.0))
                .filter(suppressions::address_hash.eq_any(hashes))
                .execute(tx)?;
        }
        // Stored answers and the logs of connectors may contain the contact, and cannot be searched.
        update(stored_answers::table)
            .filter(stored_answers::org_id.eq(tx.org.0))
            .set((stored_answers::is_erased.eq(true), stored_answers::answer.eq(None::<&[u8]>)))
            .execute(tx)?;
        let no_lines = Vec::<Option<String>>::new();
        update(sync_runs::table)
            .filter(sync_runs::org_id.eq(tx.org.0))
            .filter(sync_runs::log.ne(&no_lines))
            .set(sync_runs::log.eq(&no_lines))
            .execute(tx)?;
        let exports: Vec<IdRow> =
            tx.query(EXPORTS).bind::<Timestamptz, _>(erasure.created_at).load(tx)?;
        for export in exports {
            erase_file(tx, ActionId(export.id))?;
        }
        for statement in NAMED {
            tx.query(*statement).bind::<Array<Text>, _>(identifiers.words()).execute(tx)?;
        }
        let mut words = identifiers.words();
        words.extend(identifiers.phones.iter().cloned());
        tx.query(SET_VALUES).bind::<Array<Text>, _>(words).execute(tx)?;
        Ok(())
    }
}

/// Returns the contacts with an erased address that were added since the erasure by imports that
/// began before it.
pub(super) fn added_since(
    tx: &mut Tx<'_>,
    erasure: &Erasure,
    identifiers: &ErasureIdentifiers,
) -> PgResult<Vec<ContactId>> {
    let addresses: Vec<_> = identifiers.addresses.iter().cloned().collect();
    let statement = "SELECT c.id FROM contacts c JOIN contact_sources s \
             ON s.org_id = c.org_id AND s.contact_id = c.id AND s.is_first \
         JOIN imports i ON i.org_id = c.org_id AND i.id = s.detail_id \
         WHERE c.org_id = $1 AND s.org_id = $1 AND i.org_id = $1 \
         AND c.id = ANY(ARRAY(SELECT a.contact_id FROM addresses a \
             WHERE a.org_id = $1 AND a.email_key = ANY($2))) \
         AND s.kind = 'csv_import' AND i.created_at <= $3 AND c.created_at >= $3";
    let rows: Vec<IdRow> = tx
        .query(statement)
        .bind::<Array<Text>, _>(addresses)
        .bind::<Timestamptz, _>(erasure.created_at)
        .load(tx)?;
    Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
}

#[derive(QueryableByName)]
struct AnyRow {
    #[diesel(sql_type = Bool)]
    is_any: bool,
}

/// Returns whether an export or a sync that began before the erasure is still running.
pub(super) fn is_at_work(tx: &mut Tx<'_>, erasure: &Erasure) -> PgResult<bool> {
    let statement = "SELECT EXISTS (SELECT FROM actions WHERE org_id = $1 AND kind = 'export' \
         AND created_at <= $2 AND finished_at IS NULL) \
         OR EXISTS (SELECT FROM sync_runs WHERE org_id = $1 AND state = 'running' \
         AND started_at <= $2) AS is_any";
    let row: AnyRow =
        tx.query(statement).bind::<Timestamptz, _>(erasure.created_at).get_result(tx)?;
    Ok(row.is_any)
}

/// Deletes the file of an import, its sample rows and its corrections, and removes text that may quote a cell from
/// the issues of `rows`. Returns whether the file existed.
pub(crate) fn drop_file(
    tx: &mut Tx<'_>,
    import: ImportId,
    state: &str,
    rows: &[u64],
) -> PgResult<bool> {
    let statement = "UPDATE imports SET file_state = $3, \
             analysis = jsonb_set(analysis, '{samples}', '[]') \
         WHERE org_id = $1 AND id = $2 AND file_state = 'kept'";
    let dropped =
        tx.query(statement).bind::<SqlUuid, _>(import.0).bind::<Text, _>(state).execute(tx)?;
    let statement = "DELETE FROM file_chunks f WHERE f.org_id = $1 AND f.file_id = ( \
         SELECT i.file_id FROM imports i WHERE i.org_id = $1 AND i.id = $2)";
    tx.query(statement).bind::<SqlUuid, _>(import.0).execute(tx)?;
    imports::forget_corrections(tx, import)?;
    let rows = rows.iter().map(|row| row.cast_signed());
    update(import_issues::table)
        .filter(import_issues::org_id.eq(tx.org.0))
        .filter(import_issues::import_id.eq(import.0))
        .filter(import_issues::row_number.eq_any(rows))
        .set(import_issues::reason.eq(import_issues::code))
        .execute(tx)?;
    Ok(dropped == 1)
}
