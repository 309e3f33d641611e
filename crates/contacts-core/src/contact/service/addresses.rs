//! Use cases of the addresses of a contact (R48).

use super::ContactService;
use crate::contact::{
    AddressChange, Contact, ContactAddress, ContactId, ContactPatch, EmailAddress, Updated,
};
use crate::{Actor, Error, Invalid, OrgId, Result};

impl ContactService {
    /// Finds the contact that has an address, whether it is the primary one or not (R48).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for `email`; [`Error::NotFound`] when no contact has the address.
    pub fn find_by_email(&self, org: OrgId, email: &str) -> Result<Contact> {
        let email = parse_email(email)?;
        self.contacts.find_by_email(org, &email)?.ok_or(Error::NotFound("contact"))
    }

    /// Returns the addresses of a contact: the primary one first, then the others by their keys.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub fn addresses(&self, org: OrgId, id: ContactId) -> Result<Vec<ContactAddress>> {
        let addresses = self.contacts.addresses(org, id)?;
        if addresses.is_empty() {
            self.get(org, id)?;
        }
        Ok(addresses)
    }

    /// Adds an address to a contact (R48). Its first address becomes the primary one. An address
    /// that the contact has changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Invalid`] for `email`, also when the contact has
    /// [`Contact::MAX_ADDRESSES`]; [`Error::Stale`] when it has another version;
    /// [`Error::EmailTaken`].
    pub fn add_address(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        email: &str,
        actor: Actor,
    ) -> Result<Updated> {
        let change = AddressChange::Add(parse_email(email)?);
        self.change_address(org, id, if_version, change, actor)
    }

    /// Removes an address from a contact, except the primary one (R48).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such contact, or it lacks the address;
    /// [`Error::Conflict`] when it is the primary address; [`Error::Stale`] when the contact has
    /// another version.
    pub fn remove_address(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        email: &str,
        actor: Actor,
    ) -> Result<Updated> {
        // No contact has an address that is invalid.
        let email = EmailAddress::parse(email).map_err(|_invalid| Error::NotFound("address"))?;
        self.change_address(org, id, if_version, AddressChange::Remove(email), actor)
    }

    fn change_address(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        change: AddressChange,
        actor: Actor,
    ) -> Result<Updated> {
        let patch = ContactPatch { address: Some(change), ..ContactPatch::default() };
        let updated = self.contacts.update(org, id, if_version, &patch, actor, self.clock.now())?;
        updated.ok_or_else(|| self.missing(org, id))
    }
}

fn parse_email(text: &str) -> Result<EmailAddress> {
    EmailAddress::parse(text).map_err(|reason| Invalid::one("email", reason).into())
}
