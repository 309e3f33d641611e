//! The e-mail addresses of a contact (R48).

use time::OffsetDateTime;

use super::{Change, Contact, EmailAddress, FieldChange, SourceKind};
use crate::{Error, Invalid, Result};

/// An address of a contact, with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactAddress {
    /// The address as it was typed.
    pub email: EmailAddress,
    /// Whether campaigns use this address. A contact with addresses has one primary address.
    pub is_primary: bool,
    /// When the address was added to the contact.
    pub added_at: OffsetDateTime,
    /// How the address was added to the contact.
    pub source: AddressSource,
}

/// How an address was added to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressSource {
    /// By hand or by API.
    Manual,
    /// By an imported file.
    CsvImport,
    /// By a visitor of a chat widget.
    Chat,
    /// By a connected source.
    Connected,
    /// By a merge with a contact that had the address.
    Merge,
}

impl AddressSource {
    /// Every source.
    pub const ALL: [Self; 5] =
        [Self::Manual, Self::CsvImport, Self::Chat, Self::Connected, Self::Merge];

    /// Returns the name of the source.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::CsvImport => "csv_import",
            Self::Chat => "chat",
            Self::Connected => "connected",
            Self::Merge => "merge",
        }
    }

    /// Returns the source of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

impl From<SourceKind> for AddressSource {
    fn from(kind: SourceKind) -> Self {
        match kind {
            SourceKind::Chat => Self::Chat,
            SourceKind::CsvImport => Self::CsvImport,
            SourceKind::Manual => Self::Manual,
            SourceKind::Connected => Self::Connected,
        }
    }
}

/// A change of a contact's addresses that leaves its primary address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressChange {
    /// Adds an address. The first address of a contact becomes its primary address.
    Add(EmailAddress),
    /// Removes an address, except the primary one.
    Remove(EmailAddress),
}

impl Contact {
    /// Maximum number of addresses of a contact (R48).
    pub const MAX_ADDRESSES: usize = 20;

    /// Returns all addresses: the primary one first, then the others by their keys.
    pub fn emails(&self) -> impl Iterator<Item = &EmailAddress> {
        self.email.iter().chain(&self.other_emails)
    }

    /// Returns whether an address of the contact has this key.
    pub fn has_email(&self, key: &str) -> bool {
        self.emails().any(|email| email.key() == key)
    }

    /// Returns whether the address can be added: the contact has it already, or has fewer than
    /// [`Contact::MAX_ADDRESSES`].
    pub fn has_room_for(&self, email: &EmailAddress) -> bool {
        self.has_email(email.key()) || self.emails().count() < Self::MAX_ADDRESSES
    }

    /// Returns whether both states of a contact have the same addresses in the same spelling, and
    /// the same primary address.
    pub fn has_same_emails(&self, other: &Self) -> bool {
        self.emails().map(EmailAddress::as_str).eq(other.emails().map(EmailAddress::as_str))
    }

    /// Returns whether another contact can be merged into this one: together they have at most
    /// [`Contact::MAX_ADDRESSES`] addresses.
    pub fn has_room_for_all(&self, other: &Self) -> bool {
        self.emails_with(other) <= Self::MAX_ADDRESSES
    }

    fn emails_with(&self, other: &Self) -> usize {
        let new = other.emails().filter(|email| !self.has_email(email.key())).count();
        self.emails().count() + new
    }

    /// Checks that another contact can be merged into this one.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] with a sentence that says what to do.
    pub fn check_merge(&self, other: &Self) -> Result<()> {
        let total = self.emails_with(other);
        if total <= Self::MAX_ADDRESSES {
            return Ok(());
        }
        Err(Error::Conflict(format!(
            "together the contacts have {total} email addresses, and {} is the limit: remove some \
             first",
            Self::MAX_ADDRESSES
        )))
    }

    /// Sets the primary address. The previous one stays as a further address, unless it is the same
    /// address in another spelling.
    pub(crate) fn set_primary(&mut self, email: EmailAddress) {
        self.other_emails.retain(|other| *other != email);
        if let Some(previous) =
            self.email.replace(email).filter(|old| Some(old) != self.email.as_ref())
        {
            self.add_others([previous]);
        }
    }

    /// Adds further addresses that the contact does not have.
    pub(crate) fn add_others(&mut self, emails: impl IntoIterator<Item = EmailAddress>) {
        self.other_emails.extend(emails);
        self.other_emails.sort_unstable_by(|one, other| one.key().cmp(other.key()));
    }
}

impl AddressChange {
    /// Applies the change. Adding an address that the contact has changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the contact has no room for the address; [`Error::NotFound`] when it
    /// lacks the address to remove; [`Error::Conflict`] when that is the primary address. Then
    /// nothing is changed.
    pub(super) fn apply(&self, contact: &mut Contact) -> Result<Change> {
        let change = |field: &str, from: Option<&EmailAddress>, to: Option<&EmailAddress>| {
            let text = |email: &EmailAddress| email.as_str().to_owned();
            vec![FieldChange { field: field.to_owned(), from: from.map(text), to: to.map(text) }]
        };
        match self {
            Self::Add(email) if contact.has_email(email.key()) => Ok(Vec::new()),
            Self::Add(email) if !contact.has_room_for(email) => Err(vec![no_room()].into()),
            Self::Add(email) if contact.email.is_none() => {
                contact.email = Some(email.clone());
                Ok(change("email", None, Some(email)))
            }
            Self::Add(email) => {
                contact.add_others([email.clone()]);
                Ok(change("addresses", None, Some(email)))
            }
            Self::Remove(email) if contact.email.as_ref() == Some(email) => Err(Error::Conflict(
                "this is the primary address: make another address primary first".to_owned(),
            )),
            Self::Remove(email) => {
                let at = contact.other_emails.iter().position(|other| other == email);
                let removed = contact.other_emails.remove(at.ok_or(Error::NotFound("address"))?);
                Ok(change("addresses", Some(&removed), None))
            }
        }
    }
}

/// Returns the reason why a contact gets no further address.
pub(crate) fn no_room() -> Invalid {
    let reason = format!(
        "cannot be added, because the contact already has {} addresses: remove one of them first",
        Contact::MAX_ADDRESSES
    );
    Invalid::new("email", reason)
}

#[cfg(test)]
mod tests;
