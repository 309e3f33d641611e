//! The port of contacts.

mod activity;
mod addresses;
mod count;
mod filter;
mod list;
mod merge;
mod merge_trace;
mod row;
mod search_texts;
mod unmerge;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::contact::{
    Activities, ActivityCursor, Contact, ContactAddress, ContactFilter, ContactId, ContactPage,
    ContactPatch, ContactRepository, EmailAddress, ExternalId, MergeRequest, Merged, PageRequest,
    Source, SourceCursor, Tagged, Updated,
};
use contacts_core::page::{Count, PageSize};
use contacts_core::tag::TagName;
use contacts_core::{Actor, OrgId, Result};
use diesel::{ExpressionMethods, QueryDsl};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::activity::{events_of, record, record_all, sources};
pub(crate) use self::addresses::{OWNERS, add_addresses, joined, rewrite_addresses};
pub(crate) use self::filter::{Access, push_filter};
pub use self::list::explain_list;
pub(crate) use self::merge::{fold, lock_contacts, merged_into};
pub(crate) use self::row::{ContactRow, Custom, FIRST_SOURCE, find, select_contacts};
pub(crate) use self::search_texts::restart_rebuild;
pub(crate) use self::unmerge::{undoable_merge, unmerge};
pub(crate) use self::write::{Sources, insert_contacts, insert_sources, link_tags, update_row};
use crate::Database;
use crate::database::{PgResult, RunQuery, Tx};
use crate::schema::{contacts, merged_contacts};

/// Locks a contact, so that it cannot be deleted until the transaction ends. Returns whether the
/// contact exists.
pub(crate) fn lock_contact(tx: &mut Tx<'_>, id: ContactId) -> PgResult<bool> {
    let contact = contacts::table.find((tx.org.0, id.0)).select(contacts::id).for_key_share();
    let locked: Option<Uuid> = contact.row(tx)?;
    Ok(locked.is_some())
}

/// Returns the contact with its values of archived fields, locked until the transaction ends.
pub(crate) fn find_whole(tx: &mut Tx<'_>, id: ContactId) -> PgResult<Option<Contact>> {
    row::find(tx, id, Custom::Whole, " FOR UPDATE OF c")
}

impl ContactRepository for Database {
    fn insert(&self, contact: &Contact, actor: Actor) -> Result<()> {
        write::insert(self, contact, actor)
    }

    fn get(&self, org: OrgId, id: ContactId) -> Result<Option<Contact>> {
        self.read(org, |tx| row::find(tx, id, Custom::Shown, ""))
    }

    fn find_by_email(&self, org: OrgId, email: &EmailAddress) -> Result<Option<Contact>> {
        self.read(org, |tx| addresses::find(tx, email))
    }

    fn addresses(&self, org: OrgId, id: ContactId) -> Result<Vec<ContactAddress>> {
        self.read(org, |tx| addresses::list(tx, id))
    }

    fn of_external_id(&self, org: OrgId, id: &ExternalId) -> Result<Option<Contact>> {
        self.read(org, |tx| match write::owner_of_external_id(tx, id)? {
            Some(owner) => row::find(tx, owner, Custom::Shown, ""),
            None => Ok(None),
        })
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

    fn merge_contacts(
        &self,
        org: OrgId,
        request: &MergeRequest,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>> {
        merge::merge(self, org, request, actor, now)
    }

    fn survivors(
        &self,
        org: OrgId,
        ids: &BTreeSet<ContactId>,
    ) -> Result<BTreeMap<ContactId, ContactId>> {
        self.read(org, |tx| {
            let rows: Vec<(Uuid, Uuid)> = merged_contacts::table
                .filter(merged_contacts::org_id.eq(tx.org.0))
                .filter(merged_contacts::id.eq_any(ids.iter().map(|id| id.0)))
                .select((merged_contacts::id, merged_contacts::survivor_id))
                .load(tx)?;
            Ok(rows.into_iter().map(|(id, to)| (ContactId(id), ContactId(to))).collect())
        })
    }

    fn merged_into(&self, org: OrgId, id: ContactId) -> Result<Option<ContactId>> {
        self.read(org, |tx| merge::merged_into(tx, id))
    }

    fn list(&self, org: OrgId, filter: &ContactFilter, page: &PageRequest) -> Result<ContactPage> {
        self.read(org, |tx| list::list(tx, filter, page))
    }

    fn count(&self, org: OrgId, filter: &ContactFilter) -> Result<u64> {
        self.read(org, |tx| count::count(tx, filter))
    }

    fn count_quickly(&self, org: OrgId, filter: &ContactFilter) -> Result<Count> {
        count::count_quickly(self, org, filter)
    }

    fn rebuild_search(&self, org: OrgId, limit: usize) -> Result<bool> {
        search_texts::rebuild(self, org, limit)
    }

    fn sources(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<SourceCursor>,
        limit: usize,
    ) -> Result<Vec<Source>> {
        self.read(org, |tx| activity::sources_after(tx, id, after.as_ref(), Some(limit)))
    }

    fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<ActivityCursor>,
        size: PageSize,
    ) -> Result<Activities> {
        self.read(org, |tx| activity::activity(tx, id, after.as_ref(), size))
    }
}
