//! Stored answers (R43).

use contacts_core::answer::{AnswerRepository, CLAIM, Claim, Found, KEEP};
use contacts_core::{OrgId, Result};
use diesel::pg::PgConnection;
use diesel::sql_types::{Binary, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};
use time::OffsetDateTime;

use crate::Database;
use crate::database::store;

/// What stands under a key that could not be claimed.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
    #[diesel(sql_type = Bool)]
    is_running: bool,
    #[diesel(sql_type = Nullable<Binary>)]
    answer: Option<Vec<u8>>,
}

impl Row {
    fn read(self, claim: &Claim) -> Found {
        if self.fingerprint != claim.fingerprint.0 {
            return Found::Another;
        }
        match self.answer {
            _ if self.is_running => Found::Running,
            Some(answer) => Found::Answer(answer),
            None => Found::Erased,
        }
    }
}

/// Takes a key that is new or out of date.
const TAKE: &str = "INSERT INTO stored_answers \
         (org_id, key, fingerprint, claimed_by, is_running, is_erased, answer, expires_at) \
     VALUES ($1, $2, $3, $4, true, false, NULL, $5) \
     ON CONFLICT (org_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
         claimed_by = excluded.claimed_by, is_running = excluded.is_running, \
         is_erased = excluded.is_erased, answer = excluded.answer, \
         expires_at = excluded.expires_at \
     WHERE stored_answers.expires_at <= $6";

const READ: &str = "SELECT fingerprint, is_running, answer FROM stored_answers \
     WHERE org_id = $1 AND key = $2";

/// A claim that is still the claimant's.
const HELD: &str = "org_id = $1 AND key = $2 AND claimed_by = $3 AND is_running";

/// Answers that are out of date, and that nobody is at. Each answer that comes takes some with
/// it: more than one, so that they do not pile up.
const SWEEP: &str = "DELETE FROM stored_answers WHERE org_id = $1 AND key = ANY (ARRAY( \
         SELECT key FROM stored_answers WHERE org_id = $1 AND expires_at <= $2 \
         ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))";

impl AnswerRepository for Database {
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found> {
        loop {
            let found = self.write(|db| {
                let taken = sql_query(TAKE)
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<Binary, _>(&claim.key.0[..])
                    .bind::<Binary, _>(&claim.fingerprint.0[..])
                    .bind::<SqlUuid, _>(claim.by)
                    .bind::<Timestamptz, _>(now + CLAIM)
                    .bind::<Timestamptz, _>(now)
                    .execute(db)
                    .map_err(store)?;
                if taken == 1 {
                    return Ok(Some(Found::Nothing));
                }
                let row: Option<Row> = sql_query(READ)
                    .bind::<SqlUuid, _>(org.0)
                    .bind::<Binary, _>(&claim.key.0[..])
                    .get_result(db)
                    .optional()
                    .map_err(store)?;
                Ok(row.map(|row| row.read(claim)))
            })?;
            // One that was there and is not any more was released in between: it is free.
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    fn hold(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool> {
        let statement = format!("UPDATE stored_answers SET expires_at = $4 WHERE {HELD}");
        self.write(|db| {
            sql_query(&statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Binary, _>(&claim.key.0[..])
                .bind::<SqlUuid, _>(claim.by)
                .bind::<Timestamptz, _>(now + CLAIM)
                .execute(db)
                .map(|held| held == 1)
                .map_err(store)
        })
    }

    fn keep(
        &self,
        org: OrgId,
        claim: &Claim,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let answer = answer.as_deref();
        let statement = format!(
            "UPDATE stored_answers SET is_running = false, expires_at = $5, \
             answer = CASE WHEN is_erased THEN NULL ELSE $4 END WHERE {HELD}"
        );
        self.write(|db| {
            let kept = sql_query(&statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Binary, _>(&claim.key.0[..])
                .bind::<SqlUuid, _>(claim.by)
                .bind::<Nullable<Binary>, _>(answer)
                .bind::<Timestamptz, _>(now + KEEP)
                .execute(db)
                .map_err(store)?;
            sql_query(SWEEP)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Timestamptz, _>(now)
                .execute(db)
                .map_err(store)?;
            Ok(kept == 1)
        })
    }

    fn release(&self, org: OrgId, claim: &Claim) -> Result<()> {
        let statement = format!("DELETE FROM stored_answers WHERE {HELD}");
        self.write(|db| {
            sql_query(&statement)
                .bind::<SqlUuid, _>(org.0)
                .bind::<Binary, _>(&claim.key.0[..])
                .bind::<SqlUuid, _>(claim.by)
                .execute(db)
                .map(drop)
                .map_err(store)
        })
    }

    fn forget_all(&self, org: OrgId) -> Result<u64> {
        self.write(|db| forget_all(db, org))
    }
}

/// Erases every stored answer of an organisation, for whoever erases more in one transaction.
pub(crate) fn forget_all(db: &mut PgConnection, org: OrgId) -> Result<u64> {
    let statement = "UPDATE stored_answers SET answer = NULL, is_erased = true \
         WHERE org_id = $1 AND NOT is_erased AND (is_running OR answer IS NOT NULL)";
    let erased = sql_query(statement).bind::<SqlUuid, _>(org.0).execute(db).map_err(store)?;
    Ok(erased as u64)
}
