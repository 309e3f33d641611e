//! Use cases of possible duplicates.

use std::sync::Arc;

use super::{
    Duplicate, DuplicateCursor, DuplicatePair, DuplicateRepository, PairCursor, PairQuery,
};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::page::Page;
use crate::{Clock, Error, Invalid, OrgId, Ports, Result};

/// Use cases of possible duplicates.
#[derive(Clone)]
pub struct DuplicateService {
    duplicates: Arc<dyn DuplicateRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
}

impl DuplicateService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            duplicates: ports.duplicates.clone(),
            contacts: ports.contacts.clone(),
            clock: ports.clock.clone(),
        }
    }

    /// Returns the possible duplicates of a contact, strongest first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the contact does not exist.
    pub fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<DuplicateCursor>,
        limit: usize,
    ) -> Result<Vec<Duplicate>> {
        if self.contacts.get(org, contact)?.is_none() {
            return Err(missing(&*self.contacts, org, contact));
        }
        self.duplicates.duplicates(org, contact, after, limit)
    }

    /// Returns a page of the organisation's pairs of possible duplicates, strongest first (R54). A
    /// page that has a cursor may have fewer pairs than the limit, or none.
    ///
    /// # Errors
    ///
    /// [`Error::Store`].
    pub fn pairs(&self, org: OrgId, query: &PairQuery) -> Result<Page<DuplicatePair, PairCursor>> {
        self.duplicates.pairs(org, query)
    }

    /// Dismisses a pair of possible duplicates, or takes its dismissal back. A dismissed pair is
    /// not listed, whatever its contacts have in common.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when both ids are the same; [`Error::NotFound`] when a contact does not
    /// exist.
    pub fn set_dismissed(&self, org: OrgId, pair: [ContactId; 2], dismissed: bool) -> Result<()> {
        let [contact, other] = pair;
        if contact == other {
            return Err(Invalid::one("other", "is the contact itself").into());
        }
        if self.duplicates.set_dismissed(org, pair, dismissed, self.clock.now())? {
            return Ok(());
        }
        match self.contacts.get(org, contact)? {
            Some(_) => Err(Error::NotFound("contact")),
            None => Err(missing(&*self.contacts, org, contact)),
        }
    }
}
