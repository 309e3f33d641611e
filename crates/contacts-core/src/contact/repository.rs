//! Where contacts are kept.

use time::OffsetDateTime;

use super::{
    Activities, ActivityPlace, Arrival, Change, Contact, ContactFilter, ContactId, ContactPatch,
    Listed, Merged, PageRequest,
};
use crate::page::{Count, PageSize};
use crate::tag::TagName;
use crate::{Actor, OrgId, Result};

/// A contact after an update, and what the update changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated {
    /// The contact as it is now.
    pub contact: Contact,
    /// What changed; nothing when it was so before.
    pub changes: Change,
}

/// A contact after tagging, and what that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    /// The contact as it is now.
    pub contact: Contact,
    /// Tags that it had not carried.
    pub added: Vec<TagName>,
    /// Tags that it carries no more.
    pub removed: Vec<TagName>,
}

/// Keeps the contact list. The contacts that it gives out lack their values of archived fields,
/// which are kept all the same (R11).
///
/// Every implementation passes `contacts_testkit::contact_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ContactRepository: Send + Sync {
    /// Adds a contact with its tags and its source.
    ///
    /// # Errors
    ///
    /// [`crate::Error::EmailTaken`] when the organisation already has the address.
    fn insert(&self, contact: &Contact, actor: Actor) -> Result<()>;

    /// Finds a contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn get(&self, org: OrgId, id: ContactId) -> Result<Option<Contact>>;

    /// Applies a patch to the contact, if it still has the version when one is given.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when it has another version; [`crate::Error::Invalid`] when
    /// the patch clears a required field; [`crate::Error::EmailTaken`] when another contact
    /// has the new address.
    fn update(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        patch: &ContactPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Updated>>;

    /// Puts tags on a contact and takes others off. A tag that nobody carried yet is made.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when that cannot be kept.
    fn tag(
        &self,
        org: OrgId,
        id: ContactId,
        add: &[TagName],
        remove: &[TagName],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Tagged>>;

    /// Deletes a contact and everything that hangs on it, if it still has the version when
    /// one is given (R14); says whether it was there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when it has another version.
    fn delete(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool>;

    /// Folds another contact into the survivor, if that still has the version when one is given
    /// (R13). Blanks are filled, tags and sources united; notes, conversations, visitors,
    /// subscriptions, deliveries and what happened move; whoever of them unsubscribed has. The
    /// other is gone, and its id points to the survivor. Nothing when one of them is not there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when the survivor has another version.
    fn merge(
        &self,
        org: OrgId,
        survivor: ContactId,
        other: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>>;

    /// The contact that one was folded into, which is there itself (R13).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn merged_into(&self, org: OrgId, id: ContactId) -> Result<Option<ContactId>>;

    /// One page of those that the filter means.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn list(&self, org: OrgId, filter: &ContactFilter, page: &PageRequest) -> Result<Listed>;

    /// How many the filter means: exactly, or only up to [`Count::BOUND`].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be counted.
    fn count(&self, org: OrgId, filter: &ContactFilter, exactly: bool) -> Result<Count>;

    /// Every way a contact came, the first one first; nothing when it is not there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when they cannot be read.
    fn arrivals(&self, org: OrgId, id: ContactId) -> Result<Vec<Arrival>>;

    /// A page of what happened to a contact, the newest first, from before a place; empty when
    /// it is not there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when it cannot be read.
    fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        before: Option<ActivityPlace>,
        size: PageSize,
    ) -> Result<Activities>;
}
