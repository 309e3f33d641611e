//! The port that stores contacts.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{
    Activities, ActivityCursor, Change, Contact, ContactAddress, ContactFilter, ContactId,
    ContactPage, ContactPatch, EmailAddress, ExternalId, MergeFields, MergeRequest, Merged,
    PageRequest, Source, SourceCursor,
};
use crate::page::{Count, PageSize};
use crate::tag::TagName;
use crate::{Actor, OrgId, Result};

/// Result of an update.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated {
    /// The contact after the update.
    pub contact: Contact,
    /// Changes of the profile, without tags; empty when the patch changed nothing of it.
    pub changes: Change,
}

/// Result of tagging.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    /// The contact after tagging.
    pub contact: Contact,
    /// Tags that were added.
    pub added: Vec<TagName>,
    /// Tags that were removed.
    pub removed: Vec<TagName>,
}

/// Stores the contact list. Returned contacts lack the values of archived fields, which stay stored
/// (R11).
///
/// Every implementation passes `contacts_testkit::contact_repository_contract!`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait ContactRepository: Send + Sync {
    /// Adds a contact with its tags and its source.
    ///
    /// # Errors
    ///
    /// [`crate::Error::EmailTaken`] when another contact of the organisation has the address (R7);
    /// [`crate::Error::ExternalIdTaken`] when another one has the external id (R49);
    /// [`crate::Error::Invalid`] when a value does not fit the type that its field has now (R11).
    fn insert(&self, contact: &Contact, actor: Actor) -> Result<()>;

    /// Finds a contact.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn get(&self, org: OrgId, id: ContactId) -> Result<Option<Contact>>;

    /// Finds the contact that has an address, whether it is the primary one or not (R48).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn find_by_email(&self, org: OrgId, email: &EmailAddress) -> Result<Option<Contact>>;

    /// Returns the addresses of a contact: the primary one first, then the others by their keys.
    /// Empty when the contact does not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn addresses(&self, org: OrgId, id: ContactId) -> Result<Vec<ContactAddress>>;

    /// Finds the contact that has an external id (R49).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn of_external_id(&self, org: OrgId, id: &ExternalId) -> Result<Option<Contact>>;

    /// Applies a patch of the profile and the tags, in one transaction. With `if_version`, only
    /// when the contact has that version (R12). Tags are changed as [`ContactRepository::tag`]
    /// does, and both changes are one event.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when it has another version; [`crate::Error::EmailTaken`] when
    /// another contact has the new address; [`crate::Error::ExternalIdTaken`] when one has the new
    /// external id; the errors of [`ContactPatch::apply`].
    fn update(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        patch: &ContactPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Updated>>;

    /// Adds and removes tags. A new tag is created.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn tag(
        &self,
        org: OrgId,
        id: ContactId,
        add: &[TagName],
        remove: &[TagName],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Tagged>>;

    /// Deletes a contact and its dependent records (R14), and records it in the audit trail (R61).
    /// With `if_version`, only when the contact has that version. Returns whether the contact
    /// existed.
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

    /// Like [`ContactRepository::merge_contacts`], with the survivor's values kept.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when the survivor has another version; [`crate::Error::Conflict`]
    /// when the contacts have too many addresses together. Then nothing is changed.
    fn merge(
        &self,
        org: OrgId,
        survivor: ContactId,
        other: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>> {
        let from_other = MergeFields::default();
        let request = MergeRequest { survivor, other, from_other, if_version };
        self.merge_contacts(org, &request, actor, now)
    }

    /// Merges another contact into the survivor (R13), only when the survivor has the version of
    /// the request. Returns `None` when one of them does not exist.
    ///
    /// - Blank fields are filled, and the chosen fields are taken from the other contact; tags,
    ///   addresses and sources are united (R48).
    /// - Notes, conversations, visitors, subscriptions, deliveries and activity move.
    /// - An unsubscribe of either one holds for the survivor.
    /// - The other contact is deleted and its id points to the survivor.
    /// - The merge is recorded (R61).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Stale`] when the survivor has another version.
    fn merge_contacts(
        &self,
        org: OrgId,
        request: &MergeRequest,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>>;

    /// Returns the survivor of a merged contact, following several merges (R13).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn merged_into(&self, org: OrgId, id: ContactId) -> Result<Option<ContactId>>;

    /// Returns the survivors of those contacts that were merged, by the merged ids (R13).
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn survivors(
        &self,
        org: OrgId,
        ids: &BTreeSet<ContactId>,
    ) -> Result<BTreeMap<ContactId, ContactId>>;

    /// Returns a page of the contacts that match the filter.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn list(&self, org: OrgId, filter: &ContactFilter, page: &PageRequest) -> Result<ContactPage>;

    /// Counts the contacts that match the filter.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn count(&self, org: OrgId, filter: &ContactFilter) -> Result<u64>;

    /// Counts the contacts that match the filter if that is quick (R21), and estimates their number
    /// otherwise. The number of all contacts of the organisation is always quick.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn count_quickly(&self, org: OrgId, filter: &ContactFilter) -> Result<Count>;

    /// Rebuilds the stored search texts of the next `limit` contacts whose texts may be of an older
    /// version than [`SEARCH_VERSION`](super::SEARCH_VERSION), and stores how far the rebuild got,
    /// in one transaction. Nothing else of a contact changes: neither its version and times, nor
    /// its activity and the feed. A contact that is edited meanwhile keeps the text of the edit.
    ///
    /// Returns whether contacts are left.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn rebuild_search(&self, org: OrgId, limit: usize) -> Result<bool>;

    /// Returns up to `limit` sources of a contact after a cursor: the first source, and then the
    /// others, oldest first. Empty when the contact does not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn sources(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<SourceCursor>,
        limit: usize,
    ) -> Result<Vec<Source>>;

    /// Returns a page of a contact's activity, newest first. Empty when the contact does not exist.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Store`] when the store fails.
    fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<ActivityCursor>,
        size: PageSize,
    ) -> Result<Activities>;
}
