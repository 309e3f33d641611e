//! Looking at possible duplicates.

use std::sync::Arc;

use super::{Duplicate, DuplicateRepository};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::{Clock, Error, Invalid, OrgId, Result};

/// The use cases of possible duplicates.
#[derive(Clone)]
pub struct DuplicateService {
    duplicates: Arc<dyn DuplicateRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
}

impl DuplicateService {
    /// Makes the service.
    pub fn new(
        duplicates: Arc<dyn DuplicateRepository>,
        contacts: Arc<dyn ContactRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { duplicates, contacts, clock }
    }

    /// Those that may be the same person as a contact, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn list(
        &self,
        org: OrgId,
        contact: ContactId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Duplicate>> {
        if self.contacts.get(org, contact)?.is_none() {
            return Err(missing(&*self.contacts, org, contact));
        }
        self.duplicates.duplicates(org, contact, after, limit)
    }

    /// Remembers that two contacts are two people: neither is offered as the other again.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a contact and itself; [`Error::NotFound`].
    pub fn dismiss(&self, org: OrgId, contact: ContactId, other: ContactId) -> Result<()> {
        if contact == other {
            return Err(Invalid::one("other", "is the contact itself").into());
        }
        if self.duplicates.dismiss(org, contact, other, self.clock.now())? {
            return Ok(());
        }
        match self.contacts.get(org, contact)? {
            Some(_) => Err(Error::NotFound("contact")),
            None => Err(missing(&*self.contacts, org, contact)),
        }
    }
}
