//! The claim under which the current thread runs a use case.
//!
//! Use cases are synchronous and run on one thread, so the claim is a variable of the thread. The
//! alternative, an argument of every use case and every port, would be forgotten in some of them,
//! and a forgotten one would carry a request out twice.

use std::cell::Cell;

use super::Claim;
use crate::OrgId;

/// A claim whose request the current thread carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningClaim {
    /// The organisation of the request.
    pub org: OrgId,
    /// The claim.
    pub claim: Claim,
    /// Whether the store keeps the last transaction of the request open, until
    /// [`AnswerRepository::commit_answer`](super::AnswerRepository::commit_answer) commits it with
    /// the answer. Otherwise each transaction is committed at its end.
    pub waits_for_answer: bool,
}

thread_local! {
    static RUNNING: Cell<Option<RunningClaim>> = const { Cell::new(None) };
}

/// Restores the previous claim of the thread, also when the work panics, so that the next request
/// of the thread does not run under this claim.
struct Restore(Option<RunningClaim>);

impl Drop for Restore {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// Runs work on the current thread. Every transaction in it that changes something marks the claim
/// as carried out. Without a claim, the work runs as it is.
pub fn under_claim<T>(claim: Option<RunningClaim>, work: impl FnOnce() -> T) -> T {
    let _restore = Restore(RUNNING.replace(claim));
    work()
}

/// Runs work that prepares a request and may be done again without harm, such as storing the parts
/// of an upload. It does not mark the claim of the thread. It comes before the request's own changes,
/// or has no row in common with them: their transaction may still be open.
pub fn without_claim<T>(work: impl FnOnce() -> T) -> T {
    under_claim(None, work)
}

/// Returns the claim under which the current thread runs, for stores.
pub fn running_claim() -> Option<RunningClaim> {
    RUNNING.get()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use uuid::Uuid;

    use super::*;
    use crate::answer::{AnswerKey, Fingerprint};

    #[test]
    fn a_claim_ends_with_its_work_even_when_the_work_panics() {
        let claim = Claim {
            key: AnswerKey([1; 32]),
            fingerprint: Fingerprint([2; 32]),
            by: Uuid::from_u128(3),
        };
        let claim =
            Some(RunningClaim { org: OrgId(Uuid::from_u128(4)), claim, waits_for_answer: false });
        under_claim(claim, || {
            assert_eq!(running_claim(), claim);
            assert_eq!(without_claim(running_claim), None);
            assert_eq!(running_claim(), claim);
        });
        assert_eq!(running_claim(), None);
        let panicked = catch_unwind(|| under_claim(claim, || panic!("it fails")));
        assert!(panicked.is_err());
        assert_eq!(running_claim(), None);
    }
}
