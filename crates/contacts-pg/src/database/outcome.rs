//! The outcome of a keyed request's transaction (R63).
//!
//! The last statement before the COMMIT marks the claim of the request as carried out, or ends it with
//! the answer. It locks the claim's row until the transaction ends, which answers two questions:
//!
//! - Is the claim still ours? If another server took the request over, the transaction fails.
//! - Was the transaction committed, if the answer to its COMMIT is lost? The next transaction that
//!   locks the row waits until this one ends, and then reads the outcome. So the key is not released
//!   while the outcome is open.

use std::thread;
use std::time::{Duration, Instant};

use contacts_core::Error;
use contacts_core::answer::RunningClaim;
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, update};

use super::{Database, PgError, PgResult};
use crate::answers::claimed;
use crate::schema::stored_answers::{self, commits};

/// How long an unknown outcome is looked for. The server ends a transaction whose client vanished
/// within 15 seconds, and a request may take 30.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The time between two attempts to look.
const INTERVAL: Duration = Duration::from_millis(100);

/// The mark that a transaction has set on a claim.
pub(super) struct Mark {
    claim: RunningClaim,
    /// Number of transactions that the request has committed, including this one.
    commits: i32,
}

impl Mark {
    /// The mark that the current transaction has set.
    pub(super) fn new(running: &RunningClaim, count: i32) -> Self {
        Self { claim: *running, commits: count }
    }

    /// Marks a claim as carried out, in the current transaction.
    ///
    /// # Errors
    ///
    /// [`Error::ClaimLost`] when another server took the request over.
    pub(super) fn set(db: &mut PgConnection, running: &RunningClaim) -> PgResult<Self> {
        let marked = update(claimed(running.org.0, &running.claim))
            .set(commits.eq(commits + 1))
            .returning(commits);
        match RunQueryDsl::get_result(marked, db).optional()? {
            Some(count) => Ok(Self::new(running, count)),
            None => Err(PgError::Core(Error::ClaimLost)),
        }
    }
}

impl Database {
    /// Returns whether a transaction whose COMMIT was not answered has been committed. Waits for its
    /// end. `false` also stands for an outcome that is still unknown after [`MAX_WAIT`]: then the
    /// claim decides about a repeat.
    pub(super) fn was_committed(&self, mark: &Mark) -> bool {
        let started = Instant::now();
        loop {
            let RunningClaim { org, claim, .. } = &mark.claim;
            let found = self.query(|db| {
                let claim = stored_answers::table
                    .find((org.0, &claim.key.0[..]))
                    .filter(stored_answers::claimed_by.eq(claim.by))
                    .select(commits)
                    .for_update();
                Ok(RunQueryDsl::get_result::<i32>(claim, db).optional()?)
            });
            match found {
                Ok(found) => return found.is_some_and(|count| count >= mark.commits),
                Err(error) if started.elapsed() >= MAX_WAIT => {
                    tracing::warn!(?error, org = %org, "the outcome of a transaction is unknown");
                    return false;
                }
                Err(_unreachable) => thread::sleep(INTERVAL),
            }
        }
    }
}
