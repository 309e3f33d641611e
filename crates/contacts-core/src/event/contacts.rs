//! The contacts of events, as they are now (R42).

use std::collections::BTreeMap;

use super::ContactEvent;
use crate::contact::{Contact, ContactId, ContactRepository, find_by_ids};
use crate::{OrgId, Result};

/// The current states of the contacts of some events. Contacts that were deleted or merged are
/// missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurrentContacts(BTreeMap<ContactId, Contact>);

impl CurrentContacts {
    /// Reads the contacts of events. Read the events *before* this, so that no state is older than
    /// its event.
    pub(crate) fn read<'a>(
        contacts: &dyn ContactRepository,
        org: OrgId,
        events: impl Iterator<Item = &'a ContactEvent>,
    ) -> Result<Self> {
        let ids = events.flat_map(|event| event.contacts.iter().copied()).collect();
        let found = find_by_ids(contacts, org, &ids)?;
        Ok(Self(found.into_iter().map(|contact| (contact.id, contact)).collect()))
    }

    /// Returns the state of each contact of an event, in the order of its contacts. `None` for a
    /// contact that is gone.
    pub fn of<'a>(
        &'a self,
        event: &'a ContactEvent,
    ) -> impl Iterator<Item = Option<&'a Contact>> + use<'a> {
        event.contacts.iter().map(|id| self.0.get(id))
    }
}
