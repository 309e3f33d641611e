//! Use cases of consent.

use std::sync::Arc;

use super::{Consent, ConsentChange, ConsentRepository, RawConsent};
use crate::contact::{ContactId, ContactRepository, missing};
use crate::key::Scope;
use crate::{Actor, Clock, Error, OrgId, Ports, Result};

/// The use cases of consent (R51).
#[derive(Clone)]
pub struct ConsentService {
    consents: Arc<dyn ConsentRepository>,
    contacts: Arc<dyn ContactRepository>,
    clock: Arc<dyn Clock>,
}

impl ConsentService {
    pub(crate) fn over(ports: &Ports) -> Self {
        Self {
            consents: ports.consents.clone(),
            contacts: ports.contacts.clone(),
            clock: ports.clock.clone(),
        }
    }

    /// Returns the consent of a contact.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Merged`].
    pub fn get(&self, org: OrgId, contact: ContactId) -> Result<Consent> {
        match self.contacts.get(org, contact)? {
            Some(contact) => Ok(contact.consent),
            None => Err(missing(&*self.contacts, org, contact)),
        }
    }

    /// Changes the consent of a contact. Everybody who may write may lower it; only an
    /// administrator who says how the person agreed may raise it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with what is wrong; [`Error::ScopeMissing`] when anybody but an
    /// administrator raises consent; [`Error::NotFound`]; [`Error::Merged`].
    pub fn change(
        &self,
        org: OrgId,
        contact: ContactId,
        raw: &RawConsent<'_>,
        actor: Actor,
        is_admin: bool,
    ) -> Result<Consent> {
        if raw.state == "subscribed" && !is_admin {
            return Err(Error::ScopeMissing(Scope::Admin));
        }
        let change: ConsentChange = raw.read()?;
        let consent = self.consents.change(org, contact, &change, actor, self.clock.now())?;
        consent.ok_or_else(|| missing(&*self.contacts, org, contact))
    }
}
