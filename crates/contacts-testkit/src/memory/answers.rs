//! Stored answers in memory.

use contacts_core::answer::{
    AnswerRepository, CLAIM, Claim, Found, RETENTION, RunningClaim, running_claim,
};
use contacts_core::{Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::{Rows, State};

/// The claim and the answer stored under an idempotency key.
pub(crate) struct StoredAnswer {
    claim: Claim,
    is_erased: bool,
    /// `None` while the request is in progress.
    end: Option<End>,
    expires_at: OffsetDateTime,
    /// Whether the request has changed something.
    is_carried_out: bool,
}

/// The end of a request: the status of its answer, and the answer if it is stored.
struct End {
    status: u16,
    answer: Option<Vec<u8>>,
}

impl StoredAnswer {
    fn is_free(&self, now: OffsetDateTime) -> bool {
        let expired_at =
            if self.is_lost(now) { self.expires_at + RETENTION } else { self.expires_at };
        expired_at <= now
    }

    fn is_lost(&self, now: OffsetDateTime) -> bool {
        self.end.is_none() && self.is_carried_out && self.expires_at <= now
    }

    fn read(&self, claim: &Claim, now: OffsetDateTime) -> Found {
        match &self.end {
            _ if self.claim.fingerprint != claim.fingerprint => Found::Another,
            None if self.is_lost(now) => Found::Lost,
            None => Found::Running,
            Some(End { answer: Some(answer), .. }) => Found::Answer(answer.clone()),
            Some(End { status, answer: None }) => Found::Erased(Some(*status)),
        }
    }
}

/// Returns the entry of a claim, if the claim still has its key.
fn find_claimed<'a>(rows: &'a mut Rows, claim: &Claim) -> Option<&'a mut StoredAnswer> {
    let stored = rows.answers.get_mut(&claim.key)?;
    (stored.claim.by == claim.by && stored.end.is_none()).then_some(stored)
}

impl AnswerRepository for World {
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found> {
        self.rows(org, |rows| {
            match rows.answers.get(&claim.key) {
                Some(stored) if !stored.is_free(now) => return Ok(stored.read(claim, now)),
                _ => {}
            }
            let expires_at = now + CLAIM;
            let (is_erased, is_carried_out, end) = (false, false, None);
            let stored = StoredAnswer { claim: *claim, is_erased, end, expires_at, is_carried_out };
            rows.answers.insert(claim.key, stored);
            Ok(Found::Nothing)
        })
    }

    fn extend_claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let stored = find_claimed(rows, claim);
            Ok(stored.map(|stored| stored.expires_at = now + CLAIM).is_some())
        })
    }

    fn commit_answer(
        &self,
        _org: OrgId,
        _claim: &Claim,
        _status: u16,
        _answer: Option<Vec<u8>>,
        _now: OffsetDateTime,
    ) -> Result<bool> {
        // Every change is committed at once.
        Ok(false)
    }

    fn store_answer(
        &self,
        org: OrgId,
        claim: &Claim,
        status: u16,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(stored) = find_claimed(rows, claim) else { return Ok(false) };
            stored.end = Some(End { status, answer: answer.filter(|_| !stored.is_erased) });
            stored.expires_at = now + RETENTION;
            rows.answers.retain(|_, stored| !stored.is_free(now));
            Ok(true)
        })
    }

    fn release(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<()> {
        self.rows(org, |rows| {
            match find_claimed(rows, claim) {
                Some(stored) if stored.is_carried_out => stored.expires_at = now,
                Some(_) => drop(rows.answers.remove(&claim.key)),
                None => {}
            }
            Ok(())
        })
    }

    fn forget_all(&self, org: OrgId) -> Result<u64> {
        self.rows(org, |rows| Ok(rows.forget_answers()))
    }
}

impl State {
    /// Marks the claim of the thread's request, if there is one, as carried out.
    ///
    /// # Errors
    ///
    /// [`Error::ClaimLost`] when another request has claimed the key meanwhile.
    pub(crate) fn mark_claim(&mut self) -> Result<()> {
        let Some(RunningClaim { org, claim, .. }) = running_claim() else { return Ok(()) };
        let rows = self.organisations.entry(org).or_default();
        let stored = find_claimed(rows, &claim).ok_or(Error::ClaimLost)?;
        stored.is_carried_out = true;
        Ok(())
    }

    /// Checks that the thread's request, if there is one, has its claim.
    ///
    /// # Errors
    ///
    /// [`Error::ClaimLost`] when another request has claimed the key meanwhile.
    pub(crate) fn check_claim(&mut self) -> Result<()> {
        let Some(RunningClaim { org, claim, .. }) = running_claim() else { return Ok(()) };
        let rows = self.organisations.entry(org).or_default();
        find_claimed(rows, &claim).map(drop).ok_or(Error::ClaimLost)
    }
}

impl Rows {
    /// Erases every answer, including those of requests in progress, and returns their number.
    pub(crate) fn forget_answers(&mut self) -> u64 {
        let mut erased = 0;
        for stored in self.answers.values_mut() {
            let has_something = !matches!(stored.end, Some(End { answer: None, .. }));
            if has_something && !stored.is_erased {
                stored.is_erased = true;
                stored.end = stored.end.take().map(|end| End { answer: None, ..end });
                erased += 1;
            }
        }
        erased
    }
}
