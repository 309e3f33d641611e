//! Personal data: everything that is stored about one contact, to be given to that person.

use std::sync::Arc;

use crate::contact::{ContactId, ContactRepository, missing};
use crate::{OrgId, Ports, Result};

/// Personal data from one place, such as `notes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Name of the place.
    pub name: &'static str,
    /// Stored rows.
    pub rows: Vec<PersonalValue>,
}

/// A stored value.
#[derive(Clone, Debug, PartialEq)]
pub enum PersonalValue {
    /// No value.
    Nothing,
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text, or a time in RFC 3339.
    Text(String),
    /// A list of values.
    List(Vec<PersonalValue>),
    /// Values by name.
    Named(Vec<(String, PersonalValue)>),
}

/// Collects the personal data of one contact.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait PersonalDataRepository: Send + Sync {
    /// Returns everything that is stored about a contact at one moment, including values of
    /// archived fields, by place. `None` when the contact does not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn sections(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>>;
}

/// Use case of personal data.
#[derive(Clone)]
pub struct PersonalDataService {
    people: Arc<dyn PersonalDataRepository>,
    contacts: Arc<dyn ContactRepository>,
}

impl PersonalDataService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self { people: ports.people.clone(), contacts: ports.contacts.clone() }
    }

    /// Returns everything that is stored about a contact, by place.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`]; [`crate::Error::Merged`].
    pub fn sections(&self, org: OrgId, contact: ContactId) -> Result<Vec<Section>> {
        let sections_found = self.people.sections(org, contact)?;
        sections_found.ok_or_else(|| missing(&*self.contacts, org, contact))
    }
}
