//! The contacts of a chunk, found by each of their keys.

use std::collections::{BTreeSet, HashMap};

use super::{ExistingContact, PlannedContact};
use crate::contact::{Contact, ContactId, EmailAddress, ExternalId};
use crate::import::{ImportRow, Lookup, Lookups};

/// Contacts as the rows so far leave them. Each key finds the contact that has it now.
#[derive(Clone, Debug, Default)]
pub(in crate::import) struct PlannedContacts {
    contacts: Vec<PlannedContact>,
    by_id: HashMap<ContactId, usize>,
    by_external_id: HashMap<ExternalId, usize>,
    by_email: HashMap<String, usize>,
}

impl PlannedContacts {
    pub(in crate::import) fn of(existing: impl Iterator<Item = ExistingContact>) -> Self {
        let mut contacts = Self::default();
        for existing in existing {
            let former_ids = existing.former_ids.clone();
            let index = contacts.add(PlannedContact::of(existing));
            contacts.by_id.extend(former_ids.into_iter().map(|id| (id, index)));
        }
        contacts
    }

    /// Adds a contact. Returns its index.
    pub(in crate::import) fn add(&mut self, planned: PlannedContact) -> usize {
        let index = self.contacts.len();
        self.by_id.insert(planned.contact.id, index);
        self.contacts.push(planned);
        self.insert_keys(index);
        index
    }

    /// Looks up the keys of a row.
    pub(in crate::import) fn look_up(&self, row: &ImportRow) -> Lookups<'_> {
        let owners = row.emails().filter_map(|email| self.by_email.get(email.key()));
        let mut owners = owners.collect::<BTreeSet<_>>().into_iter();
        let email = row.emails().next().map(|_| owners.next());
        Lookups {
            id: self.found(row.id.as_ref().map(|id| self.by_id.get(id))),
            external_id: self.found(row.external_id.as_ref().map(|id| self.by_external_id.get(id))),
            email: self.found(email),
            has_several_owners: owners.next().is_some(),
        }
    }

    /// Returns the contact that has an address.
    pub(in crate::import) fn owner(&self, email: &EmailAddress) -> Option<&Contact> {
        self.by_email.get(email.key()).map(|index| &self.contacts[*index].contact)
    }

    fn found(&self, key: Option<Option<&usize>>) -> Lookup<'_> {
        match key {
            None => Lookup::Absent,
            Some(None) => Lookup::Nobody,
            Some(Some(index)) => Lookup::Found(&self.contacts[*index].contact),
        }
    }

    /// Returns the contact with an id, which must be one of them.
    pub(in crate::import) fn get_mut(&mut self, id: ContactId) -> &mut PlannedContact {
        &mut self.contacts[self.by_id[&id]]
    }

    /// Replaces a contact by its changed version, and returns it as it was.
    pub(in crate::import) fn replace(&mut self, contact: Contact) -> Contact {
        let index = self.by_id[&contact.id];
        let slot = &mut self.contacts[index].contact;
        let old = std::mem::replace(slot, contact);
        let has_same_keys =
            old.external_id == slot.external_id && email_keys(&old).eq(email_keys(slot));
        if !has_same_keys {
            self.remove_keys(&old, index);
            self.insert_keys(index);
        }
        old
    }

    /// Removes the keys that a contact had.
    fn remove_keys(&mut self, old: &Contact, index: usize) {
        for key in email_keys(old) {
            if self.by_email.get(key) == Some(&index) {
                self.by_email.remove(key);
            }
        }
        if let Some(id) = &old.external_id
            && self.by_external_id.get(id) == Some(&index)
        {
            self.by_external_id.remove(id);
        }
    }

    fn insert_keys(&mut self, index: usize) {
        let contact = &self.contacts[index].contact;
        self.by_email.extend(email_keys(contact).map(|key| (key.to_owned(), index)));
        self.by_external_id.extend(contact.external_id.iter().map(|id| (id.clone(), index)));
    }

    pub(in crate::import) fn iter(&self) -> impl Iterator<Item = &PlannedContact> {
        self.contacts.iter()
    }

    pub(in crate::import) fn into_contacts(self) -> Vec<PlannedContact> {
        self.contacts
    }
}

/// Returns the keys of the addresses by which a contact is found.
fn email_keys(contact: &Contact) -> impl Iterator<Item = &str> {
    contact.emails().map(EmailAddress::key)
}
