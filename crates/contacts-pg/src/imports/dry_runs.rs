//! Dry runs: the same decisions as a run's, read from and written to a place of their own.

mod stored;

use std::collections::HashMap;

use contacts_core::contact::{Arrival, Contact, ContactId, Origin};
use contacts_core::import::{
    Chunk, DryRow, DryRun, DryRunId, DryRunRepository, DryRunState, Import, ImportId, Rehearsed,
    Tally,
};
use contacts_core::job::Job;
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{
    Array, BigInt, Binary, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use self::stored::{StoredPerson, read_rows, write_rows};
use super::apply::{Changes, Person, known};
use super::{StoredTally, change};
use crate::Database;
use crate::database::{store, unreadable};
use crate::jobs::enqueue;
use crate::statement::Statement;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    import_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Jsonb)]
    tally: Value,
    #[diesel(sql_type = Timestamptz)]
    asked_at: OffsetDateTime,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> Result<DryRun> {
        Ok(DryRun {
            id: DryRunId(self.id),
            import: ImportId(self.import_id),
            state: DryRunState::parse(&self.state).ok_or_else(|| unreadable("dry_runs.state"))?,
            problem: self.problem,
            tally: StoredTally::read(self.tally)?,
            asked_at: self.asked_at,
            finished_at: self.finished_at,
        })
    }
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Text)]
    email_key: String,
    #[diesel(sql_type = Jsonb)]
    person: Value,
}

#[derive(QueryableByName)]
struct PieceRow {
    #[diesel(sql_type = BigInt)]
    piece: i64,
    #[diesel(sql_type = Binary)]
    outcomes: Vec<u8>,
}

impl DryRunRepository for Database {
    fn begin(
        &self,
        org: OrgId,
        import: ImportId,
        id: DryRunId,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let job = self.ids.next();
        self.write(|db| {
            // The import is held, so that it stays ready until this ends.
            let mut set = Statement::of(org);
            set.push("state = state");
            if !change(db, import, set, "'ready'")? {
                return Ok(false);
            }
            discard(db, org, import)?;
            let statement = "INSERT INTO dry_runs \
                     (org_id, id, import_id, state, rows_read, tally, asked_at) \
                 VALUES ($1, $2, $3, 'running', 0, $4, $5)";
            sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<SqlUuid, _>(import.0)
                .bind::<Jsonb, _>(StoredTally::write(&Tally::default()))
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map_err(store)?;
            enqueue(db, org, job, Job::DryRun(id), now).map(|()| true)
        })
    }

    fn get(&self, org: OrgId, import: ImportId) -> Result<Option<DryRun>> {
        self.read(|db| select(db, org, "import_id", import.0, ""))
    }

    fn find(&self, org: OrgId, id: DryRunId) -> Result<Option<DryRun>> {
        self.read(|db| select(db, org, "id", id.0, ""))
    }

    fn rehearse(
        &self,
        import: &Import,
        id: DryRunId,
        chunk: &Chunk,
        now: OffsetDateTime,
    ) -> Result<Rehearsed> {
        self.write(|db| rehearse(db, import, id, chunk, now))
    }

    fn end(
        &self,
        org: OrgId,
        id: DryRunId,
        problem: Option<String>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let state = if problem.is_some() { DryRunState::Failed } else { DryRunState::Done };
        let statement = "UPDATE dry_runs SET state = $3, problem = $4, finished_at = $5 \
             WHERE org_id = $1 AND id = $2 AND state = 'running'";
        self.write(|db| {
            let ended = sql_query(statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<SqlUuid, _>(id.0)
                .bind::<Text, _>(state.as_str())
                .bind::<Nullable<Text>, _>(&problem)
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map_err(store)?;
            if ended == 1 {
                sql_query("DELETE FROM dry_run_people WHERE org_id = $1 AND dry_run_id = $2")
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<SqlUuid, _>(id.0)
                    .execute(db)
                    .map_err(store)?;
            }
            Ok(ended == 1)
        })
    }

    fn discard(&self, org: OrgId, import: ImportId) -> Result<bool> {
        self.write(|db| discard(db, org, import))
    }

    fn rows(&self, org: OrgId, import: ImportId, after: u64, limit: usize) -> Result<Vec<DryRow>> {
        let statement = "SELECT p.piece, p.outcomes FROM dry_run_pieces p \
             JOIN dry_runs d ON d.org_id = $1 AND d.id = p.dry_run_id \
             WHERE p.org_id = $1 AND d.import_id = $2 AND p.piece >= $3 ORDER BY p.piece LIMIT 1";
        let begin = "SELECT coalesce(max(p.piece), 0) AS piece, ''::bytea AS outcomes \
             FROM dry_run_pieces p JOIN dry_runs d ON d.org_id = $1 AND d.id = p.dry_run_id \
             WHERE p.org_id = $1 AND d.import_id = $2 AND p.piece <= $3";
        self.read(|db| {
            let mut piece = |statement: &str, at: i64| -> Result<Option<PieceRow>> {
                sql_query(statement)
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<SqlUuid, _>(import.0)
                    .bind::<BigInt, _>(at)
                    .get_result(&mut *db)
                    .optional()
                    .map_err(store)
            };
            let mut found = Vec::new();
            let mut at = piece(begin, after.cast_signed())?.map_or(0, |row| row.piece);
            while found.len() < limit {
                let Some(row) = piece(statement, at)? else { break };
                let rows = read_rows(&row.outcomes)?;
                found.extend(rows.into_iter().filter(|row| row.row > after));
                at = row.piece + 1;
            }
            found.truncate(limit);
            Ok(found)
        })
    }
}

/// Throws a dry run away, in the transaction that makes it untrue.
pub(super) fn discard(db: &mut PgConnection, org: OrgId, import: ImportId) -> Result<bool> {
    sql_query("DELETE FROM dry_runs WHERE org_id = $1 AND import_id = $2")
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(import.0)
        .execute(db)
        .map(|deleted| deleted == 1)
        .map_err(store)
}

/// Throws away the dry runs that mention a contact: another one says the rest again.
pub(super) fn forget(db: &mut PgConnection, org: OrgId, contact: ContactId) -> Result<()> {
    let statement = "DELETE FROM dry_runs d WHERE d.org_id = $1 AND (EXISTS ( \
             SELECT FROM dry_run_people p JOIN contacts c ON c.org_id = $1 \
                 AND c.email_key = p.email_key \
             WHERE p.org_id = $1 AND p.dry_run_id = d.id AND c.id = $2) \
         OR EXISTS (SELECT FROM dry_run_pieces p WHERE p.org_id = $1 AND p.dry_run_id = d.id \
             AND position(convert_to($2::text, 'UTF8') IN p.outcomes) > 0))";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(contact.0)
        .execute(db)
        .map(drop)
        .map_err(store)
}

fn select(
    db: &mut PgConnection,
    org: OrgId,
    column: &str,
    value: Uuid,
    lock: &str,
) -> Result<Option<DryRun>> {
    let row: Option<Row> = Statement::find(org, "dry_runs", column, value).push(lock).row(db)?;
    row.map(Row::read).transpose()
}

fn rehearse(
    db: &mut PgConnection,
    import: &Import,
    id: DryRunId,
    chunk: &Chunk,
    now: OffsetDateTime,
) -> Result<Rehearsed> {
    let org = import.org;
    let run = select(db, org, "id", id.0, " FOR UPDATE")?;
    let Some(run) = run.filter(|run| run.state == DryRunState::Running) else {
        return Ok(Rehearsed::Stopped);
    };
    if run.tally.rows() != chunk.after {
        return Ok(Rehearsed::Superseded);
    }
    let mut changes = Changes::new(import, known(db, org, chunk)?, now);
    changes.rows = Some(Vec::with_capacity(chunk.rows.len()));
    changed_before(db, import, id, chunk, now, &mut changes.people)?;
    let policy = import.plan.as_ref().map(|plan| plan.policy).unwrap_or_default();
    for planned in &chunk.rows {
        changes.take(planned, policy);
    }
    keep(db, org, id, &changes.people)?;
    let statement = "INSERT INTO dry_run_pieces (org_id, dry_run_id, piece, outcomes) \
         VALUES ($1, $2, $3, $4)";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(chunk.after.cast_signed())
        .bind::<Binary, _>(write_rows(&changes.rows.unwrap_or_default())?)
        .execute(db)
        .map_err(store)?;
    let mut tally = run.tally;
    tally.add(&changes.tally);
    let statement = "UPDATE dry_runs SET rows_read = $3, tally = $4 WHERE org_id = $1 AND id = $2";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(tally.rows().cast_signed())
        .bind::<Jsonb, _>(StoredTally::write(&tally))
        .execute(db)
        .map_err(store)?;
    Ok(Rehearsed::Took(tally))
}

/// Puts the people of a chunk into the state in which the rows above would have left them.
fn changed_before(
    db: &mut PgConnection,
    import: &Import,
    id: DryRunId,
    chunk: &Chunk,
    now: OffsetDateTime,
    people: &mut HashMap<String, Person>,
) -> Result<()> {
    let rows = chunk.rows.iter().filter_map(|planned| planned.row.as_ref().ok());
    let keys: Vec<_> = rows.map(|row| row.email.key()).collect();
    let statement = "SELECT email_key, person FROM dry_run_people \
         WHERE org_id = $1 AND dry_run_id = $2 AND email_key = ANY($3)";
    let rows: Vec<PersonRow> = sql_query(statement)
        .bind::<SqlUuid, _>(import.org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<Text>, _>(&keys)
        .load(db)
        .map_err(store)?;
    for PersonRow { email_key, person } in rows {
        match people.get_mut(&email_key) {
            Some(known) => StoredPerson::read(person, &mut known.contact)?,
            None => {
                let mut contact = nobody(import, now);
                StoredPerson::read(person, &mut contact)?;
                people.insert(email_key, Person::known(contact, None));
            }
        }
    }
    Ok(())
}

/// Somebody whom the import would make, before anything is said of them.
fn nobody(import: &Import, now: OffsetDateTime) -> Contact {
    let origin =
        Origin::CsvImport { import: import.id, file_name: import.file_name.clone(), row: 0 };
    Contact {
        org: import.org,
        id: ContactId(Uuid::nil()),
        name: None,
        email: None,
        phone: None,
        custom: Default::default(),
        tags: Vec::new(),
        source: Arrival { at: now, origin },
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn keep(
    db: &mut PgConnection,
    org: OrgId,
    id: DryRunId,
    people: &HashMap<String, Person>,
) -> Result<()> {
    let changed: Vec<_> = people.iter().filter(|(_, person)| person.is_changed()).collect();
    let keys: Vec<_> = changed.iter().map(|(key, _)| key.as_str()).collect();
    let kept: Vec<_> = changed.iter().map(|(_, p)| StoredPerson::write(&p.contact)).collect();
    let statement = "INSERT INTO dry_run_people (org_id, dry_run_id, email_key, person) \
         SELECT $1, $2, p.* FROM unnest($3, $4) AS p \
         ON CONFLICT (org_id, dry_run_id, email_key) DO UPDATE SET person = excluded.person";
    sql_query(statement)
        .bind::<SqlUuid, _>(org.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<Jsonb>, _>(kept)
        .execute(db)
        .map(drop)
        .map_err(store)
}
