//! Contacts.

mod activity;
mod filter;
mod list;
mod merge;
mod row;
mod write;

use contacts_core::contact::{
    Activities, ActivityPlace, Arrival, Contact, ContactFilter, ContactId, ContactPatch,
    ContactRepository, Listed, Merged, PageRequest, Tagged, Updated,
};
use contacts_core::page::{Count, PageSize};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId, Result};
use diesel::pg::PgConnection;
use time::OffsetDateTime;

pub(crate) use self::activity::{arrivals, events_of, record, record_all};
pub(crate) use self::filter::{Look, push_filter};
pub use self::list::explain_list;
pub(crate) use self::merge::{fold, hold};
pub(crate) use self::row::{ContactRow, Custom, FIRST_SOURCE, find, select_contacts};
pub(crate) use self::write::{Sources, insert_contacts, insert_sources, link_tags, update_row};
use crate::Database;

/// The contact with its values of archived fields, held until the transaction ends.
pub(crate) fn find_whole(
    db: &mut PgConnection,
    org: OrgId,
    id: ContactId,
) -> Result<Option<Contact>> {
    row::find(db, org, id, Custom::Whole, " FOR UPDATE OF c")
}

impl ContactRepository for Database {
    fn insert(&self, contact: &Contact, actor: Actor) -> Result<()> {
        write::insert(self, contact, actor)
    }

    fn get(&self, org: OrgId, id: ContactId) -> Result<Option<Contact>> {
        self.read(|db| row::find(db, org, id, Custom::Shown, ""))
    }

    fn update(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        patch: &ContactPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Updated>> {
        write::update(self, org, id, if_version, patch, actor, now)
    }

    fn tag(
        &self,
        org: OrgId,
        id: ContactId,
        add: &[TagName],
        remove: &[TagName],
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Tagged>> {
        write::tag(self, org, id, add, remove, actor, now)
    }

    fn delete(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        write::delete(self, org, id, if_version, actor, now)
    }

    fn merge(
        &self,
        org: OrgId,
        survivor: ContactId,
        other: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>> {
        merge::merge(self, org, survivor, other, if_version, actor, now)
    }

    fn merged_into(&self, org: OrgId, id: ContactId) -> Result<Option<ContactId>> {
        self.read(|db| merge::merged_into(db, org, id))
    }

    fn list(&self, org: OrgId, filter: &ContactFilter, page: &PageRequest) -> Result<Listed> {
        self.read(|db| list::list(db, org, filter, page))
    }

    fn count(&self, org: OrgId, filter: &ContactFilter, exactly: bool) -> Result<Count> {
        self.read(|db| list::count(db, org, filter, exactly))
    }

    fn arrivals(&self, org: OrgId, id: ContactId) -> Result<Vec<Arrival>> {
        self.read(|db| activity::arrivals(db, org, id))
    }

    fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        before: Option<ActivityPlace>,
        size: PageSize,
    ) -> Result<Activities> {
        self.read(|db| activity::activity(db, org, id, before.as_ref(), size))
    }
}
