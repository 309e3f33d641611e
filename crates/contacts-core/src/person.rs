//! Everything that is held of one person, to be given to them.

use std::sync::Arc;

use crate::contact::{ContactId, ContactRepository, missing};
use crate::{OrgId, Result};

/// What is held in one place, such as `notes`.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// The place.
    pub name: &'static str,
    /// What stands there.
    pub rows: Vec<Held>,
}

/// A value as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// None.
    Nothing,
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text, or a time as RFC 3339 has it.
    Text(String),
    /// Several values.
    List(Vec<Held>),
    /// Values by name.
    Named(Vec<(String, Held)>),
}

/// Tells everything that is held of one person.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait PersonRepository: Send + Sync {
    /// Everything that is held of a contact, values of archived fields too, place by place, as
    /// it was at one moment; nothing when it is not there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn everything(&self, org: OrgId, contact: ContactId) -> Result<Option<Vec<Section>>>;
}

/// The use case of telling a person what is held of them.
#[derive(Clone)]
pub struct PersonService {
    /// What tells.
    pub people: Arc<dyn PersonRepository>,
    /// The contacts.
    pub contacts: Arc<dyn ContactRepository>,
}

impl PersonService {
    /// Everything that is held of a contact, place by place.
    ///
    /// # Errors
    ///
    /// [`crate::Error::NotFound`]; [`crate::Error::Merged`].
    pub fn everything(&self, org: OrgId, contact: ContactId) -> Result<Vec<Section>> {
        let told = self.people.everything(org, contact)?;
        told.ok_or_else(|| missing(&*self.contacts, org, contact))
    }
}
