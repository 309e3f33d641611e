//! Transactions of keyed requests that stay open until their answer is known (R63).
//!
//! A use case ends on one thread, and its answer is made on another. Meanwhile the connection waits
//! here, so that the work and its answer are committed together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contacts_core::answer::{Claim, RunningClaim, running_claim};
use contacts_core::{Error, OrgId};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{Connection as _, PgConnection};
use uuid::Uuid;

use super::outcome::Mark;
use super::{Connection, Database, PgResult, Tx};

/// The open transactions, by the id of their claim. `None` is one that has failed.
#[derive(Clone, Default)]
pub(super) struct OpenTransactions(Arc<Mutex<HashMap<Uuid, Option<Connection>>>>);

impl OpenTransactions {
    fn of_all(&self) -> MutexGuard<'_, HashMap<Uuid, Option<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a transaction open for the answer of a request.
    pub(super) fn keep(&self, running: &RunningClaim, connection: Connection) {
        self.of_all().insert(running.claim.by, Some(connection));
    }

    /// Takes the open transaction of a request out.
    fn take(&self, by: Uuid) -> PgResult<Option<Connection>> {
        match self.of_all().remove(&by) {
            Some(None) => Err(Error::store("an earlier change of the request has failed").into()),
            open => Ok(open.flatten()),
        }
    }
}

impl Database {
    /// Runs a query of the thread's request in its open transaction, so that the query finds what
    /// the request has changed. Returns `None` when there is no open transaction.
    pub(super) fn query_open<T>(
        &self,
        query: impl Fn(&mut PgConnection) -> PgResult<T>,
    ) -> PgResult<Option<T>> {
        let Some(running) = running_claim() else { return Ok(None) };
        let Some(mut connection) = self.open.take(running.claim.by)? else { return Ok(None) };
        // A savepoint, because a query that fails would end the whole transaction.
        let found = connection.transaction(|db| query(db));
        self.open.keep(&running, connection);
        found.map(Some)
    }

    /// Commits the open transaction of the thread's request, if there is one, before the request
    /// begins another.
    pub(super) fn commit_earlier(&self) -> PgResult<()> {
        let Some(running) = running_claim() else { return Ok(()) };
        let Some(mut connection) = self.open.take(running.claim.by)? else { return Ok(()) };
        let committed = Mark::set(&mut connection, &running)
            .and_then(|mark| self.commit(connection, Some(&mark)));
        if committed.is_err() {
            self.open.of_all().insert(running.claim.by, None);
        }
        committed
    }

    /// Ends the claim of a request in its open transaction, and commits both. `end` returns the
    /// number of commits that it has set on the claim, or `None` when the claim is lost: then
    /// everything is undone. Returns `false` when there is no open transaction.
    pub(crate) fn commit_open(
        &self,
        org: OrgId,
        claim: &Claim,
        end: impl FnOnce(&mut Tx<'_>) -> PgResult<Option<i32>>,
    ) -> PgResult<bool> {
        let Some(mut connection) = self.open.take(claim.by)? else { return Ok(false) };
        let ended = end(&mut Tx::new(&mut connection, self, org));
        let ended = ended.and_then(|commits| commits.ok_or_else(|| Error::ClaimLost.into()));
        match ended {
            Ok(commits) => {
                let running = RunningClaim { org, claim: *claim, waits_for_answer: true };
                self.commit(connection, Some(&Mark::new(&running, commits))).map(|()| true)
            }
            Err(error) => {
                roll_back(connection);
                Err(error)
            }
        }
    }

    /// Undoes the open transaction of a request, if there is one.
    pub(crate) fn undo_open(&self, claim: &Claim) {
        if let Ok(Some(connection)) = self.open.take(claim.by) {
            roll_back(connection);
        }
    }
}

/// Undoes a transaction. A connection that cannot roll back is broken, and the pool drops it.
pub(super) fn roll_back(mut connection: Connection) {
    let _ = AnsiTransactionManager::rollback_transaction(&mut *connection);
}
