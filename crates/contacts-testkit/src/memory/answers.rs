//! Stored answers in memory.

use contacts_core::answer::{AnswerRepository, CLAIM, Claim, Found, KEEP};
use contacts_core::{OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

/// What stands under a key.
pub(crate) struct Kept {
    claim: Claim,
    is_erased: bool,
    /// Nothing while the request is being carried out.
    end: Option<End>,
    expires_at: OffsetDateTime,
}

/// How a request ended: with an answer, or with one that is not kept.
struct End(Option<Vec<u8>>);

impl Kept {
    fn read(&self, claim: &Claim) -> Found {
        match &self.end {
            _ if self.claim.fingerprint != claim.fingerprint => Found::Another,
            None => Found::Running,
            Some(End(Some(answer))) => Found::Answer(answer.clone()),
            Some(End(None)) => Found::Erased,
        }
    }
}

/// What a claimant holds, when it still does.
fn held<'a>(rows: &'a mut Rows, claim: &Claim) -> Option<&'a mut Kept> {
    let kept = rows.answers.get_mut(&claim.key)?;
    (kept.claim.by == claim.by && kept.end.is_none()).then_some(kept)
}

impl AnswerRepository for World {
    fn claim(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<Found> {
        self.rows(org, |rows| {
            match rows.answers.get(&claim.key) {
                Some(kept) if now < kept.expires_at => return Ok(kept.read(claim)),
                _ => {}
            }
            let expires_at = now + CLAIM;
            let kept = Kept { claim: *claim, is_erased: false, end: None, expires_at };
            rows.answers.insert(claim.key, kept);
            Ok(Found::Nothing)
        })
    }

    fn hold(&self, org: OrgId, claim: &Claim, now: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let held = held(rows, claim);
            Ok(held.map(|held| held.expires_at = now + CLAIM).is_some())
        })
    }

    fn keep(
        &self,
        org: OrgId,
        claim: &Claim,
        answer: Option<Vec<u8>>,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let Some(held) = held(rows, claim) else { return Ok(false) };
            held.end = Some(End(answer.filter(|_| !held.is_erased)));
            held.expires_at = now + KEEP;
            rows.answers.retain(|_, kept| now < kept.expires_at);
            Ok(true)
        })
    }

    fn release(&self, org: OrgId, claim: &Claim) -> Result<()> {
        self.rows(org, |rows| {
            if held(rows, claim).is_some() {
                rows.answers.remove(&claim.key);
            }
            Ok(())
        })
    }

    fn forget_all(&self, org: OrgId) -> Result<u64> {
        self.rows(org, |rows| Ok(rows.forget_answers()))
    }
}

impl Rows {
    /// Erases every answer, those too that are being made, and says how many.
    pub(crate) fn forget_answers(&mut self) -> u64 {
        let mut erased = 0;
        for kept in self.answers.values_mut() {
            let has_something = !matches!(kept.end, Some(End(None)));
            if has_something && !kept.is_erased {
                kept.is_erased = true;
                kept.end = kept.end.take().map(|_| End(None));
                erased += 1;
            }
        }
        erased
    }
}
