//! The port that reads runs of every kind.

use super::{Run, RunId, RunKind};
use crate::{OrgId, Result};

/// Which runs are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFilter {
    /// The kinds; runs of other kinds are left out.
    pub kinds: Vec<RunKind>,
    /// Whether only runs are listed that have not ended.
    pub only_open: bool,
}

impl Default for RunFilter {
    fn default() -> Self {
        Self { kinds: RunKind::ALL.to_vec(), only_open: false }
    }
}

/// Reads runs of every kind. A run is written by the port of its kind.
///
/// Every implementation passes `contacts_testkit::run_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait RunRepository: Send + Sync {
    /// Finds a run of any kind.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find(&self, org: OrgId, id: RunId) -> Result<Option<Run>>;

    /// Returns up to `limit` runs that match the filter, newest first, older than `before` when it
    /// is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(
        &self,
        org: OrgId,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<Run>>;
}
