//! The rebuild of stored search texts.

use super::ContactService;
use crate::job::{Interrupt, Outcome};
use crate::{OrgId, Result};

impl ContactService {
    /// Number of contacts whose search texts are rebuilt in one transaction.
    pub const REBUILD_CHUNK: usize = 1_000;

    /// Rebuilds the stored search texts of an older version, chunk by chunk.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    pub fn rebuild_search(&self, org: OrgId, interrupt: &dyn Interrupt) -> Result<Outcome> {
        while interrupt.may_continue() {
            if !self.contacts.rebuild_search(org, Self::REBUILD_CHUNK)? {
                return Ok(Outcome::Done);
            }
        }
        Ok(Outcome::Again)
    }
}
