//! The port of stored answers (R43).

use contacts_core::answer::{AnswerRepository, CLAIM, Claim, Found, RETENTION};
use contacts_core::{OrgId, Result};
use diesel::dsl::{auto_type, case_when, not};
use diesel::pg::Pg;
use diesel::query_dsl::methods;
use diesel::sql_types::{Binary, Nullable, Timestamptz};
use diesel::{
    AsChangeset, BoolExpressionMethods, ExpressionMethods, Insertable, IntoSql, QueryDsl,
    Queryable, Selectable, SelectableHelper, delete, insert_into, update,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};
use crate::schema::stored_answers;

/// A key that is claimed for a running request.
#[derive(Insertable, AsChangeset)]
#[diesel(
    table_name = stored_answers,
    primary_key(org_id, key),
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
struct ClaimRow<'a> {
    org_id: Uuid,
    key: &'a [u8],
    fingerprint: &'a [u8],
    claimed_by: Uuid,
    is_running: bool,
    is_erased: bool,
    status: Option<i16>,
    answer: Option<&'a [u8]>,
    expires_at: OffsetDateTime,
    commits: i32,
}

impl<'a> ClaimRow<'a> {
    fn of(org: OrgId, claim: &'a Claim, now: OffsetDateTime) -> Self {
        Self {
            org_id: org.0,
            key: &claim.key.0,
            fingerprint: &claim.fingerprint.0,
            claimed_by: claim.by,
            is_running: true,
            is_erased: false,
            status: None,
            answer: None,
            expires_at: now + CLAIM,
            commits: 0,
        }
    }
}

/// The stored row of a key that could not be claimed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = stored_answers, check_for_backend(Pg))]
struct Row {
    fingerprint: Vec<u8>,
    is_running: bool,
    status: Option<i16>,
    answer: Option<Vec<u8>>,
    expires_at: OffsetDateTime,
    commits: i32,
}

impl Row {
    fn read(self, claim: &Claim, now: OffsetDateTime) -> Found {
        if self.fingerprint != claim.fingerprint.0 {
            return Found::Another;
        }
        match self.answer {
            _ if self.is_running && self.commits > 0 && self.expires_at <= now => Found::Lost,
            _ if self.is_running => Found::Running,
            Some(answer) => Found::Answer(answer),
            None => Found::Erased(self.status.and_then(|status| u16::try_from(status).ok())),
        }
    }
}

/// Deletes up to ten expired answers that no other transaction has locked. A claim that is marked
/// as carried out is kept for a day longer (`$3`). It runs whenever an
/// answer is stored. It deletes several each time, so that expired answers do not accumulate.
const SWEEP: &str = "DELETE FROM stored_answers WHERE org_id = $1 AND key = ANY (ARRAY( \
         SELECT key FROM stored_answers WHERE org_id = $1 AND expires_at <= $2 \
         AND (NOT is_running OR commits = 0 OR expires_at <= $3) ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))";

impl AnswerRepository for Database {
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found> {
        loop {
            let found = self.write_at(org, now, |tx| {
                let row = ClaimRow::of(org, claim, now);
                let upsert = insert_into(stored_answers::table)
                    .values(&row)
                    .on_conflict((stored_answers::org_id, stored_answers::key))
                    .do_update()
                    .set(&row);
                let is_free = stored_answers::expires_at.le(now).and(
                    not(stored_answers::is_running)
                        .or(stored_answers::commits.eq(0))
                        .or(stored_answers::expires_at.le(now - RETENTION)),
                );
                let claimed = methods::FilterDsl::filter(upsert, is_free).execute(tx)?;
                if claimed == 1 {
                    return Ok(Some(Found::Nothing));
                }
                let row: Option<Row> = stored_answers::table
                    .find((tx.org.0, &claim.key.0[..]))
                    .select(Row::as_select())
                    .row(tx)?;
                Ok(row.map(|row| row.read(claim, now)))
            })?;
            // The row was released between the two statements: claim the key again.
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    fn extend_claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool> {
        self.write_at(org, now, |tx| {
            update(claimed(org.0, claim))
                .set(stored_answers::expires_at.eq(now + CLAIM))
                .execute(tx)
                .map(|updated| updated == 1)
        })
    }

    fn commit_answer(
        &self,
        org: OrgId,
        claim: &Claim,
        status: u16,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let answer = answer.as_deref();
        Ok(self.commit_open(org, claim, |tx| end_claim(tx, claim, status, answer, now))?)
    }

    fn store_answer(
        &self,
        org: OrgId,
        claim: &Claim,
        status: u16,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        let answer = answer.as_deref();
        self.write(org, |tx| Ok(end_claim(tx, claim, status, answer, now)?.is_some()))
    }

    fn release(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<()> {
        self.undo_open(claim);
        self.write_at(org, now, |tx| {
            // Both statements wait for a transaction of the request that has not ended yet.
            let unused = claimed(org.0, claim).filter(stored_answers::commits.eq(0));
            if delete(unused).execute(tx)? == 0 {
                let expire = update(claimed(org.0, claim));
                expire.set(stored_answers::expires_at.eq(now)).execute(tx)?;
            }
            Ok(())
        })
    }

    fn forget_all(&self, org: OrgId) -> Result<u64> {
        self.write(org, forget_all)
    }
}

/// Ends a claim with an answer, and deletes some expired ones. Returns the number of transactions of
/// the request, including this one; `None` when the claim is lost.
fn end_claim(
    tx: &mut Tx<'_>,
    claim: &Claim,
    status: u16,
    answer: Option<&[u8]>,
    now: OffsetDateTime,
) -> PgResult<Option<i32>> {
    let unless_erased =
        case_when(not(stored_answers::is_erased), answer.into_sql::<Nullable<Binary>>());
    let commits = update(claimed(tx.org.0, claim))
        .set((
            stored_answers::is_running.eq(false),
            stored_answers::expires_at.eq(now + RETENTION),
            stored_answers::status.eq(i16::try_from(status).ok()),
            stored_answers::answer.eq(unless_erased),
            stored_answers::commits.eq(stored_answers::commits + 1),
        ))
        .returning(stored_answers::commits)
        .row(tx)?;
    let sweep = tx.query(SWEEP).bind::<Timestamptz, _>(now);
    sweep.bind::<Timestamptz, _>(now - RETENTION).execute(tx)?;
    Ok(commits)
}

/// Deletes every stored answer of an organisation, as part of an erasure. Their statuses stay.
pub(crate) fn forget_all(tx: &mut Tx<'_>) -> PgResult<u64> {
    let has_answer = stored_answers::is_running.or(stored_answers::answer.is_not_null());
    let erased = update(stored_answers::table)
        .filter(stored_answers::org_id.eq(tx.org.0))
        .filter(not(stored_answers::is_erased))
        .filter(has_answer)
        .set((stored_answers::answer.eq(None::<&[u8]>), stored_answers::is_erased.eq(true)))
        .execute(tx)?;
    Ok(erased as u64)
}

/// Selects the row of a key if this claim is still valid.
#[auto_type(no_type_alias)]
pub(crate) fn claimed<'a>(org: Uuid, claim: &'a Claim) -> _ {
    let key: &'a [u8] = &claim.key.0;
    let by: Uuid = claim.by;
    stored_answers::table
        .find((org, key))
        .filter(stored_answers::claimed_by.eq(by))
        .filter(stored_answers::is_running)
}
