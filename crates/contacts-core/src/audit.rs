//! Audit: invariants of the stored rows, which an operator checks beside traffic (R63).
//!
//! An invariant holds at every commit, so a finding is a fault: of this program, of a restored
//! backup, or of a change by hand.

mod checks;

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

pub use self::checks::Check;
use crate::org::OrganisationRepository;
use crate::{Clock, Error, OrgId, Ports, Result};

/// Rows of one organisation that break one invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that the rows failed.
    pub check: Check,
    /// One to [`Finding::MAX_EXAMPLES`] of the rows, each as `table:id`. Ids are never personal
    /// data.
    pub examples: Vec<String>,
    /// Whether there are more rows than the examples.
    pub has_more: bool,
}

impl Finding {
    /// Maximum number of examples of a finding.
    pub const MAX_EXAMPLES: usize = 5;

    /// Makes a finding of the first rows that failed a check: of at most one more than
    /// [`Finding::MAX_EXAMPLES`]. Returns `None` when there are none.
    pub fn of(check: Check, mut examples: Vec<String>) -> Option<Self> {
        let has_more = examples.len() > Self::MAX_EXAMPLES;
        examples.truncate(Self::MAX_EXAMPLES);
        (!examples.is_empty()).then_some(Self { check, examples, has_more })
    }
}

/// Checks the rows of a store.
///
/// Every implementation passes `contacts_testkit::audit_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait AuditRepository: Send + Sync {
    /// Runs one check on the rows of an organisation, in one snapshot, without locks. Returns the
    /// rows that fail it, each as `table:id`: at most one more than [`Finding::MAX_EXAMPLES`].
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when the check takes longer than `timeout`; [`Error::Store`] when the store
    /// fails.
    fn check(
        &self,
        org: OrgId,
        check: Check,
        now: OffsetDateTime,
        timeout: Duration,
    ) -> Result<Vec<String>>;
}

/// Audits organisations. It changes nothing.
#[derive(Clone)]
pub struct AuditService {
    audit: Arc<dyn AuditRepository>,
    organisations: Arc<dyn OrganisationRepository>,
    clock: Arc<dyn Clock>,
}

impl AuditService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            audit: ports.audit.clone(),
            organisations: ports.organisations.clone(),
            clock: ports.clock.clone(),
        }
    }

    /// Returns the organisations in the order in which they are audited, oldest first: all, or
    /// those that follow `after`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when `after` does not exist.
    pub fn organisations(&self, after: Option<OrgId>) -> Result<Vec<OrgId>> {
        let mut orgs: Vec<_> = self.organisations.list()?.iter().map(|org| org.id).collect();
        if let Some(after) = after {
            let at = orgs.iter().position(|org| *org == after);
            orgs.drain(..=at.ok_or(Error::NotFound("organisation"))?);
        }
        Ok(orgs)
    }

    /// Runs one check on an organisation. Returns `None` when its rows pass.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when the check takes longer than `timeout`.
    pub fn check(&self, org: OrgId, check: Check, timeout: Duration) -> Result<Option<Finding>> {
        let examples = self.audit.check(org, check, self.clock.now(), timeout)?;
        Ok(Finding::of(check, examples))
    }
}
