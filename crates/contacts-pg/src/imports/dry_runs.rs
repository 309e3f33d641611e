//! The port of dry runs. The planned contacts are stored in a table of their own.

mod stored;

use std::collections::HashMap;

use contacts_core::consent::Consent;
use contacts_core::contact::{Contact, ContactId, EmailAddress, ExternalId};
use contacts_core::import::{
    Chunk, ChunkPlan, DryChunkOutcome, DryRow, DryRowFilter, DryRun, DryRunId, DryRunRepository,
    ExistingContact, Import, ImportId, PlannedContact, RowKeys,
};
use contacts_core::job::Job;
use contacts_core::run::RunState;
use contacts_core::{Actor, OrgId, Result};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use self::stored::{StoredPerson, read_rows, write_rows};
use super::{StoredTally, contacts, lock_ready};
use crate::Database;
use crate::database::{PgResult, RunQuery, TimedTx, Tx, unread};
use crate::jobs::enqueue;
use crate::runs::{read_actor, read_state, stored_state};
use crate::schema::dry_runs;

#[derive(QueryableByName)]
#[diesel(table_name = dry_runs, check_for_backend(Pg))]
struct Row {
    id: Uuid,
    import_id: Uuid,
    state: String,
    problem: Option<String>,
    tally: Value,
    total: Option<i64>,
    actor_kind: Option<String>,
    actor_id: Option<Uuid>,
    created_at: OffsetDateTime,
    started_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
    is_outdated: bool,
}

impl Row {
    fn read(self) -> PgResult<DryRun> {
        Ok(DryRun {
            id: DryRunId(self.id),
            import: ImportId(self.import_id),
            state: read_state(&self.state, self.started_at, "dry_runs.state")?,
            problem: self.problem,
            total: self.total.map(i64::cast_unsigned),
            tally: StoredTally::read(self.tally)?,
            is_outdated: self.is_outdated,
            actor: read_actor(self.actor_kind.as_deref(), self.actor_id, "dry_runs.actor_kind")?,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        })
    }
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = SqlUuid)]
    contact_id: Uuid,
    #[diesel(sql_type = Bool)]
    is_stored: bool,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Jsonb)]
    person: Value,
}

impl PersonRow {
    /// Replaces the parts of a contact that rows can change.
    fn read(self, contact: &mut Contact) -> PgResult<()> {
        let external_id = self.external_id.map(|id| ExternalId::parse(&id)).transpose();
        contact.external_id = external_id.map_err(unread("dry_run_contacts.external_id"))?;
        StoredPerson::read(self.person, contact)
    }
}

#[derive(QueryableByName)]
struct ChunkRow {
    #[diesel(sql_type = BigInt)]
    chunk: i64,
    #[diesel(sql_type = Binary)]
    outcomes: Vec<u8>,
}

impl DryRunRepository for Database {
    fn begin(&self, org: OrgId, run: &DryRun) -> Result<bool> {
        self.write_at(org, run.created_at, |tx| {
            let Some(plan) = lock_ready(tx, run.import)? else { return Ok(false) };
            plan.check()?;
            discard(tx, run.import)?;
            let (actor_kind, actor_id) = run.actor.map(Actor::parts).unzip();
            let statement = "INSERT INTO dry_runs (org_id, id, import_id, state, rows_read, \
                     tally, total, actor_kind, actor_id, created_at) \
                 VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9)";
            tx.query(statement)
                .bind::<SqlUuid, _>(run.id.0)
                .bind::<SqlUuid, _>(run.import.0)
                .bind::<Text, _>(stored_state(run.state))
                .bind::<Jsonb, _>(StoredTally::write(&run.tally))
                .bind::<Nullable<BigInt>, _>(run.total.map(u64::cast_signed))
                .bind::<Nullable<Text>, _>(actor_kind)
                .bind::<Nullable<SqlUuid>, _>(actor_id.flatten())
                .bind::<Timestamptz, _>(run.created_at)
                .execute(tx)?;
            enqueue(tx, Job::DryRun(run.id)).map(|()| true)
        })
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<DryRun>> {
        self.read(org, |tx| select(tx, "import_id", import.0, ""))
    }

    fn find(&self, org: OrgId, id: DryRunId) -> Result<Option<DryRun>> {
        self.read(org, |tx| select(tx, "id", id.0, ""))
    }

    fn process_chunk(
        &self,
        import: &Import,
        id: DryRunId,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<DryChunkOutcome> {
        self.write_at(import.org, now, |tx| process_chunk(tx, import, id, chunk))
    }

    fn end(
        &self,
        org: OrgId,
        id: DryRunId,
        state: RunState,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let statement = "UPDATE dry_runs SET state = $3, problem = $4, finished_at = $5 \
             WHERE org_id = $1 AND id = $2 AND finished_at IS NULL";
        self.write_at(org, now, |tx| {
            let ended = tx
                .query(statement)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Text, _>(state.as_str())
                .bind::<Nullable<Text>, _>(&problem)
                .bind::<Timestamptz, _>(now)
                .execute(tx)?;
            if ended == 1 {
                tx.query("DELETE FROM dry_run_contacts WHERE org_id = $1 AND dry_run_id = $2")
                    .bind::<SqlUuid, _>(id.0)
                    .execute(tx)?;
            }
            Ok(ended == 1)
        })
    }

    fn discard(&self, org: OrgId, import: ImportId) -> Result<bool> {
        self.write(org, |tx| discard(tx, import))
    }

    fn rows(
        &self,
        org: OrgId,
        import: ImportId,
        filter: &DryRowFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<DryRow>> {
        let statement = "SELECT p.chunk, p.outcomes FROM dry_run_chunks p \
             JOIN dry_runs d ON d.org_id = $1 AND d.id = p.dry_run_id \
             WHERE p.org_id = $1 AND d.import_id = $2 AND p.chunk >= $3 ORDER BY p.chunk LIMIT 1";
        let begin = "SELECT coalesce(max(p.chunk), 0) AS chunk, ''::bytea AS outcomes \
             FROM dry_run_chunks p JOIN dry_runs d ON d.org_id = $1 AND d.id = p.dry_run_id \
             WHERE p.org_id = $1 AND d.import_id = $2 AND p.chunk <= $3";
        self.read(org, |tx| {
            let mut chunk = |statement: &str, at: i64| -> PgResult<Option<ChunkRow>> {
                tx.query(statement).bind::<SqlUuid, _>(import.0).bind::<BigInt, _>(at).row(tx)
            };
            let mut found = Vec::new();
            let mut at = chunk(begin, after.cast_signed())?.map_or(0, |row| row.chunk);
            while found.len() < limit {
                let Some(row) = chunk(statement, at)? else { break };
                let rows = read_rows(&row.outcomes)?;
                let rows = rows.into_iter().filter(|row| row.row > after && filter.matches(row));
                found.extend(rows);
                at = row.chunk + 1;
            }
            found.truncate(limit);
            Ok(found)
        })
    }
}

/// Discards a dry run, in the transaction that makes it outdated.
pub(super) fn discard(tx: &mut Tx<'_>, import: ImportId) -> PgResult<bool> {
    tx.query("DELETE FROM dry_runs WHERE org_id = $1 AND import_id = $2")
        .bind::<SqlUuid, _>(import.0)
        .execute(tx)
        .map(|deleted| deleted == 1)
}

/// Discards the dry runs that mention a contact. They can be requested again.
pub(super) fn forget(tx: &mut Tx<'_>, contact: ContactId) -> PgResult<()> {
    let statement = "DELETE FROM dry_runs d WHERE d.org_id = $1 AND (EXISTS ( \
             SELECT FROM dry_run_contacts p \
             WHERE p.org_id = $1 AND p.dry_run_id = d.id AND (p.contact_id = $2 \
                 OR p.email_key IN (SELECT a.email_key FROM addresses a \
                     WHERE a.org_id = $1 AND a.contact_id = $2))) \
         OR EXISTS (SELECT FROM dry_run_chunks p WHERE p.org_id = $1 AND p.dry_run_id = d.id \
             AND position(convert_to($2::text, 'UTF8') IN p.outcomes) > 0))";
    tx.query(statement).bind::<SqlUuid, _>(contact.0).execute(tx).map(drop)
}

fn select(tx: &mut Tx<'_>, column: &str, value: Uuid, lock: &str) -> PgResult<Option<DryRun>> {
    let row: Option<Row> = tx.find("dry_runs", column, value).push(lock).row(tx)?;
    row.map(Row::read).transpose()
}

fn process_chunk(
    tx: &mut TimedTx<'_>,
    import: &Import,
    id: DryRunId,
    chunk: &Chunk,
) -> PgResult<DryChunkOutcome> {
    let now = tx.now;
    let run = select(tx, "id", id.0, " FOR UPDATE")?;
    let Some(run) = run.filter(|run| run.state.is_open()) else {
        return Ok(DryChunkOutcome::Stopped);
    };
    if run.tally.rows() != chunk.after {
        return Ok(DryChunkOutcome::Superseded);
    }
    let existing = overlay(tx, import, id, &RowKeys::of(&chunk.rows))?;
    let writes = ChunkPlan::dry(import, &chunk.rows, existing, now).finish();
    store_planned(tx, id, &writes.contacts)?;
    let statement = "INSERT INTO dry_run_chunks (org_id, dry_run_id, chunk, outcomes) \
         VALUES ($1, $2, $3, $4)";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(chunk.after.cast_signed())
        .bind::<Binary, _>(write_rows(&writes.rows)?)
        .execute(tx)?;
    let mut tally = run.tally;
    tally.add(&writes.tally);
    let statement = "UPDATE dry_runs SET rows_read = $3, tally = $4, \
             started_at = coalesce(started_at, $5) \
         WHERE org_id = $1 AND id = $2";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(tally.rows().cast_signed())
        .bind::<Jsonb, _>(StoredTally::write(&tally))
        .bind::<Timestamptz, _>(now)
        .execute(tx)?;
    Ok(DryChunkOutcome::Chunk(tally))
}

/// Returns the contacts that have one of the keys, in the state in which the rows of earlier chunks
/// would have left them.
fn overlay(
    tx: &mut TimedTx<'_>,
    import: &Import,
    id: DryRunId,
    keys: &RowKeys,
) -> PgResult<Vec<ExistingContact>> {
    let now = tx.now;
    let mut found: HashMap<ContactId, ExistingContact> = contacts::existing(tx, keys)?
        .into_iter()
        .map(|existing| (existing.contact.id, existing))
        .collect();
    let planned = planned_contacts(tx, id, keys, found.keys().map(|id| id.0).collect())?;
    // A planned contact may be stored under other keys than it has in the plan.
    let unread = planned.iter().filter(|row| row.is_stored).map(|row| row.contact_id);
    let unread = unread.filter(|id| !found.contains_key(&ContactId(*id))).collect();
    for contact in contacts::with_ids(tx, unread)? {
        found.insert(contact.id, contact.into());
    }
    for row in planned {
        let id = ContactId(row.contact_id);
        let existing = found.entry(id).or_insert_with(|| ExistingContact {
            is_stored: false,
            ..blank(import, id, now).into()
        });
        row.read(&mut existing.contact)?;
    }
    Ok(found.into_values().collect())
}

/// Reads the contacts that rows of earlier chunks would have added or changed: those that have one
/// of the keys in the plan, and those among `ids`.
fn planned_contacts(
    tx: &mut Tx<'_>,
    id: DryRunId,
    keys: &RowKeys,
    mut ids: Vec<Uuid>,
) -> PgResult<Vec<PersonRow>> {
    ids.extend(keys.ids.iter().map(|id| id.0));
    let emails: Vec<_> = keys.emails.iter().collect();
    let external_ids: Vec<_> = keys.external_ids.iter().map(|id| id.as_str()).collect();
    // A union, so that Postgres uses the index of each condition.
    let statement = "SELECT contact_id, is_stored, external_id, person FROM dry_run_contacts \
         WHERE org_id = $1 AND dry_run_id = $2 AND contact_id IN ( \
             SELECT contact_id FROM dry_run_contacts \
             WHERE org_id = $1 AND dry_run_id = $2 AND contact_id = ANY($3) \
             UNION SELECT contact_id FROM dry_run_contacts \
             WHERE org_id = $1 AND dry_run_id = $2 AND email_key = ANY($4) AND email_key <> '' \
             UNION SELECT contact_id FROM dry_run_contacts \
             WHERE org_id = $1 AND dry_run_id = $2 AND other_keys && $4 AND other_keys <> '{}' \
             UNION SELECT contact_id FROM dry_run_contacts \
             WHERE org_id = $1 AND dry_run_id = $2 AND external_id = ANY($5))";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(emails)
        .bind::<Array<Text>, _>(external_ids)
        .load(tx)
}

/// Returns a contact that the import would add, before its other values are set.
fn blank(import: &Import, id: ContactId, now: OffsetDateTime) -> Contact {
    Contact {
        org: import.org,
        id,
        external_id: None,
        name: None,
        email: None,
        other_emails: Vec::new(),
        phone: None,
        custom: Default::default(),
        tags: Vec::new(),
        consent: Consent::Subscribed,
        source: import.source(0, now),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn store_planned(tx: &mut Tx<'_>, id: DryRunId, planned: &[PlannedContact]) -> PgResult<()> {
    let changed: Vec<_> = planned.iter().filter(|planned| planned.is_changed()).collect();
    let contacts = || changed.iter().map(|planned| &planned.contact);
    let ids: Vec<_> = contacts().map(|contact| contact.id.0).collect();
    let stored: Vec<_> = changed.iter().map(|planned| !planned.is_new()).collect();
    let keys: Vec<_> = contacts().map(Contact::email_key).collect();
    let others = contacts().map(|c| keys_of(&c.other_emails));
    let others: Vec<_> = others.collect();
    let external_ids = contacts().map(|c| c.external_id.as_ref().map(|id| id.as_str()));
    let external_ids: Vec<_> = external_ids.collect();
    let persons: Vec<_> = contacts().map(StoredPerson::write).collect();
    let statement = "INSERT INTO dry_run_contacts (org_id, dry_run_id, contact_id, is_stored, \
             email_key, other_keys, external_id, person) \
         SELECT $1, $2, p.id, p.stored, p.key, string_to_array(p.others, E'\\n'), \
             p.external_id, p.person \
         FROM unnest($3, $4, $5, $6, $7, $8) AS p (id, stored, key, others, external_id, person) \
         ON CONFLICT (org_id, dry_run_id, contact_id) DO UPDATE SET \
             email_key = excluded.email_key, other_keys = excluded.other_keys, \
             external_id = excluded.external_id, \
             person = excluded.person";
    tx.query(statement)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Bool>, _>(stored)
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<Text>, _>(others)
        .bind::<Array<Nullable<Text>>, _>(external_ids)
        .bind::<Array<Jsonb>, _>(persons)
        .execute(tx)
        .map(drop)
}

/// Writes the keys of addresses as one text, because Postgres unnests an array of arrays into its
/// elements. No key contains a line break.
fn keys_of(emails: &[EmailAddress]) -> String {
    let keys: Vec<_> = emails.iter().map(EmailAddress::key).collect();
    keys.join("\n")
}
