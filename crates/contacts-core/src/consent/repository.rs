//! The port that stores consent.

use time::OffsetDateTime;

use super::{Consent, ConsentChange};
use crate::contact::ContactId;
use crate::{Actor, OrgId, Result};

/// Changes the consent of contacts. Every port that returns a contact returns its consent.
///
/// Deliveries lower consent too ([`crate::campaign::CampaignRepository::deliver`]), and so does
/// every port that adds a contact, or gives it an address, when the address is unsubscribed.
/// Nothing but this port raises consent.
///
/// Every implementation passes `contacts_testkit::consent_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ConsentRepository: Send + Sync {
    /// Changes the consent of a contact and of all its addresses, in one transaction. A change that
    /// changes something is an activity and an `updated` event with the field `consent`. Returns
    /// the consent after the change, or `None` when the contact does not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn change(
        &self,
        org: OrgId,
        contact: ContactId,
        change: &ConsentChange,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Consent>>;
}
