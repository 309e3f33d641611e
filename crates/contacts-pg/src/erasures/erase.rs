//! What erasing a person does to each table.

use contacts_core::contact::ContactId;
use contacts_core::erasure::{Erasure, Sought};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::import::ImportId;
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;

use crate::Database;
use crate::contacts::{arrivals, events_of, find_whole};
use crate::database::store;
use crate::events::publish;
use crate::imports;
use crate::tags::IdRow;

/// What hangs on a contact ($2) and does not go with its row: the rest is deleted by the
/// database, since its foreign keys say so.
const PERSON: &[&str] = &[
    // Those that are linked, and those of its visitors that are linked to nobody.
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

/// What may hold a person of the organisation and cannot be looked through.
const ANSWERS: &str = "UPDATE stored_answers SET is_erased = true, answer = NULL WHERE org_id = $1";

/// What connectors said in runs, which cannot be looked through either.
const LOGS: &str = "UPDATE sync_runs SET log = '{}' WHERE org_id = $1 AND log <> '{}'";

/// The files of exports that were begun before a moment ($2), which cannot be looked through
/// either.
const EXPORTS: &[&str] = &[
    "DELETE FROM file_pieces f WHERE f.org_id = $1 AND f.file_id IN ( \
         SELECT a.file_id FROM actions a WHERE a.org_id = $1 AND a.kind = 'export' \
         AND a.created_at <= $2 AND a.finished_at IS NOT NULL)",
    "UPDATE actions SET file_id = NULL WHERE org_id = $1 AND kind = 'export' \
         AND created_at <= $2 AND finished_at IS NOT NULL AND file_id IS NOT NULL",
];

/// Texts that name the person ($2, in lower case).
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

impl Database {
    /// Erases a contact, and says by what it is found in files; nothing when it is not there.
    pub(super) fn erase(
        &self,
        db: &mut PgConnection,
        erasure: &Erasure,
        id: ContactId,
        now: OffsetDateTime,
    ) -> Result<Option<Sought>> {
        let org = erasure.org;
        let Some(contact) = find_whole(db, org, id)? else { return Ok(None) };
        let (activity, arrivals) = (events_of(db, org, id)?, arrivals(db, org, id)?);
        let traces: Vec<_> =
            imports::of_contact(db, org, id)?.into_iter().map(|(_, trace)| trace).collect();
        let sought = Sought::of(&contact, &activity, &arrivals, &traces);
        // While its sources say which imports met it.
        imports::forget(db, org, id)?;
        for statement in PERSON {
            sql_query(*statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .execute(db)
                .map_err(store)?;
        }
        self.forget(db, erasure, &sought)?;
        let gone = ContactEvent::of(id, EventKind::Deleted, Vec::new(), erasure.actor, now);
        publish(self, db, org, &[gone])?;
        Ok(Some(sought))
    }

    /// Forgets what names the person elsewhere than in files.
    pub(super) fn forget(
        &self,
        db: &mut PgConnection,
        erasure: &Erasure,
        sought: &Sought,
    ) -> Result<()> {
        let org = erasure.org;
        if erasure.forget_unsubscribe {
            let hashes = sought.emails();
            let hashes: Vec<_> =
                hashes.iter().map(|email| self.addresses.hash(org, email).to_vec()).collect();
            sql_query("DELETE FROM suppressions WHERE org_id = $1 AND address_hash = ANY($2)")
                .bind::<SqlUuid, _>(org.0)
                .bind::<Array<Binary>, _>(hashes)
                .execute(db)
                .map_err(store)?;
        }
        for statement in [ANSWERS, LOGS] {
            sql_query(statement).bind::<SqlUuid, _>(org.0).execute(db).map_err(store)?;
        }
        for statement in EXPORTS {
            sql_query(*statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Timestamptz, _>(erasure.created_at)
                .execute(db)
                .map_err(store)?;
        }
        for statement in NAMED {
            sql_query(*statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Array<Text>, _>(sought.words())
                .execute(db)
                .map_err(store)?;
        }
        Ok(())
    }
}

/// Whom imports that had begun before the erasure have added since by an address that is sought.
pub(super) fn added_since(
    db: &mut PgConnection,
    erasure: &Erasure,
    sought: &Sought,
) -> Result<Vec<ContactId>> {
    let addresses: Vec<_> = sought.addresses.iter().cloned().collect();
    let statement = "SELECT c.id FROM contacts c JOIN contact_sources s \
             ON s.org_id = c.org_id AND s.contact_id = c.id AND s.is_first \
         JOIN imports i ON i.org_id = c.org_id AND i.id = s.origin_id \
         WHERE c.org_id = $1 AND s.org_id = $1 AND i.org_id = $1 AND c.email_key = ANY($2) \
         AND s.kind = 'csv_import' AND i.created_at <= $3 AND c.created_at >= $3";
    let rows: Vec<IdRow> = sql_query(statement)
        .bind::<SqlUuid, _>(erasure.org.0)
        .bind::<Array<Text>, _>(addresses)
        .bind::<Timestamptz, _>(erasure.created_at)
        .load(db)
        .map_err(store)?;
    Ok(rows.into_iter().map(|row| ContactId(row.id)).collect())
}

#[derive(QueryableByName)]
struct AnyRow {
    #[diesel(sql_type = Bool)]
    is_any: bool,
}

/// Whether an export is written, or a connected source is read, that began before the erasure.
pub(super) fn is_at_work(db: &mut PgConnection, erasure: &Erasure) -> Result<bool> {
    let statement = "SELECT EXISTS (SELECT FROM actions WHERE org_id = $1 AND kind = 'export' \
         AND created_at <= $2 AND finished_at IS NULL) \
         OR EXISTS (SELECT FROM sync_runs WHERE org_id = $1 AND state = 'running' \
         AND started_at <= $2) AS is_any";
    let row: AnyRow = sql_query(statement)
        .bind::<SqlUuid, _>(erasure.org.0)
        .bind::<Timestamptz, _>(erasure.created_at)
        .get_result(db)
        .map_err(store)?;
    Ok(row.is_any)
}

/// Deletes the file of an import and the rows that were shown of it, and takes what could quote
/// a cell out of what was noted of some rows. Says whether the file was there.
pub(crate) fn drop_file(
    db: &mut PgConnection,
    org: OrgId,
    import: ImportId,
    state: &str,
    rows: &[u64],
) -> Result<bool> {
    let statement = "UPDATE imports SET file_state = $3, \
             analysis = jsonb_set(analysis, '{samples}', '[]') \
         WHERE org_id = $1 AND id = $2 AND file_state = 'kept'";
    let dropped = sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Text, _>(state)
        .execute(db)
        .map_err(store)?;
    let statement = "DELETE FROM file_pieces f WHERE f.org_id = $1 AND f.file_id = ( \
         SELECT i.file_id FROM imports i WHERE i.org_id = $1 AND i.id = $2)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .execute(db)
        .map_err(store)?;
    let rows: Vec<_> = rows.iter().map(|row| row.cast_signed()).collect();
    let statement = "UPDATE import_issues SET reason = code \
         WHERE org_id = $1 AND import_id = $2 AND row_number = ANY($3)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .bind::<Array<BigInt>, _>(rows)
        .execute(db)
        .map_err(store)?;
    Ok(dropped == 1)
}
