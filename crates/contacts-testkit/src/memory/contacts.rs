//! Contacts in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contacts_core::consent::Unsubscribe;
use contacts_core::contact::{
    Activities, ActivityCursor, ActivityKind, AddressSource, Contact, ContactAddress,
    ContactFilter, ContactId, ContactPage, ContactPatch, ContactRepository, Cursor, EmailAddress,
    ExternalId, FilterSubject, MergeRequest, Merged, PageRequest, Relevance, SortBy, SortSubject,
    Source, SourceCursor, SourceDetail, Tagged, Updated,
};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::field::check_types;
use contacts_core::page::{Count, Page, PageSize};
use contacts_core::tag::TagName;
use contacts_core::trail::TrailEvent;
use contacts_core::{Actor, Current, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::memory::record::Record;
use crate::world::Rows;

/// An organisation's contacts.
#[derive(Default)]
pub(crate) struct Contacts {
    pub(crate) records: BTreeMap<ContactId, Record>,
    pub(super) by_address: HashMap<String, ContactId>,
    pub(super) by_external_id: HashMap<ExternalId, ContactId>,
    /// The unsubscribe of each unsubscribed address, by the hash of the address.
    pub(crate) suppressions: BTreeMap<[u8; 32], Unsubscribe>,
}

impl Contacts {
    /// Returns the contact that has an address.
    pub(crate) fn of_address(&mut self, key: &str) -> Option<&mut Record> {
        self.records.get_mut(self.by_address.get(key)?)
    }

    /// Adds a contact, with its tags spelled as the stored tags are.
    pub(crate) fn insert(&mut self, contact: Contact, actor: Actor) -> Result<()> {
        self.check_address(&contact)?;
        if self.records.contains_key(&contact.id) {
            return Err(Error::store("there is a contact of this id"));
        }
        let sources = vec![contact.source.clone()];
        let (id, at) = (contact.id, contact.created_at);
        let source = AddressSource::from(contact.source.detail.kind());
        let by_hand = matches!(contact.source.detail, SourceDetail::Manual { .. });
        let mut record = Record {
            contact,
            sources,
            senders: Vec::new(),
            stated: BTreeMap::new(),
            activity: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            bulk: BTreeMap::new(),
            addresses: BTreeMap::new(),
        };
        // Contacts from other sources get their activity from the source.
        if by_hand {
            record.note(at, actor, ActivityKind::Created);
        }
        self.records.insert(id, record);
        self.index_keys(id, at, source);
        Ok(())
    }

    /// Returns the update, and whether a new address has changed the consent.
    fn update(
        &mut self,
        id: ContactId,
        if_version: Option<u64>,
        patch: &ContactPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<(Updated, bool)>> {
        let Some(record) = self.records.get(&id) else { return Ok(None) };
        check_version(&record.contact, if_version)?;
        let mut contact = record.contact.clone();
        let changes = patch.apply(&mut contact, now)?;
        if !changes.is_empty() {
            self.check_address(&contact)?;
            let old = record.contact.clone();
            self.release_external_id(&old);
            if let Some(record) = self.records.get_mut(&id) {
                record.contact = contact.clone();
                record.note(now, actor, ActivityKind::Edited(changes.clone()));
            }
            let is_consent_changed = self.index_keys(id, now, AddressSource::Manual);
            let contact = self.records.get(&id).map_or(contact, |record| record.contact.clone());
            return Ok(Some((Updated { contact, changes }, is_consent_changed)));
        }
        Ok(Some((Updated { contact, changes }, false)))
    }

    /// Replaces a contact by its changed version, whose addresses must belong to no other contact.
    /// The stored consent stays. Returns whether a new address has changed it.
    pub(crate) fn replace(&mut self, contact: Contact, source: AddressSource) -> bool {
        let (id, now) = (contact.id, contact.updated_at);
        let Some(record) = self.records.get_mut(&id) else { return false };
        let consent = record.contact.consent.clone();
        let old = std::mem::replace(&mut record.contact, Contact { consent, ..contact });
        self.release_external_id(&old);
        self.index_keys(id, now, source)
    }

    pub(crate) fn delete(&mut self, id: ContactId, if_version: Option<u64>) -> Result<bool> {
        let Some(record) = self.records.get(&id) else { return Ok(false) };
        check_version(&record.contact, if_version)?;
        Ok(self.remove(id).is_some())
    }

    /// Checks that no other contact has the address or the external id.
    fn check_address(&self, contact: &Contact) -> Result<()> {
        let is_other = |owner: &&ContactId| **owner != contact.id;
        let mut owners = contact.emails().filter_map(|email| self.by_address.get(email.key()));
        if let Some(owner) = owners.find(is_other) {
            return Err(Error::EmailTaken(*owner));
        }
        let owner = contact.external_id.as_ref().and_then(|id| self.by_external_id.get(id));
        owner.filter(is_other).map_or(Ok(()), |owner| Err(Error::ExternalIdTaken(*owner)))
    }

    /// Removes the external id of a contact from the index, unless another contact has taken it in
    /// the same transaction.
    pub(super) fn release_external_id(&mut self, old: &Contact) {
        if let Some(id) = &old.external_id
            && self.by_external_id.get(id) == Some(&old.id)
        {
            self.by_external_id.remove(id);
        }
    }

    /// Makes the addresses and the external id of a stored contact find it, and its former
    /// addresses not. Unsubscribes the contact if one of them is unsubscribed, and returns whether
    /// that changed its consent.
    pub(super) fn index_keys(
        &mut self,
        id: ContactId,
        now: OffsetDateTime,
        source: AddressSource,
    ) -> bool {
        let Some(Record { contact, addresses, .. }) = self.records.get_mut(&id) else {
            return false;
        };
        addresses.retain(|key, _| {
            let is_kept = contact.has_email(key);
            if !is_kept {
                self.by_address.remove(key);
            }
            is_kept
        });
        for email in contact.emails() {
            self.by_address.insert(email.key().to_owned(), id);
            addresses.entry(email.key().to_owned()).or_insert((now, source));
        }
        if let Some(external_id) = &contact.external_id {
            self.by_external_id.insert(external_id.clone(), id);
        }
        self.suppress(id, None)
    }
}

impl Rows {
    /// Returns the contacts that match a filter.
    pub(crate) fn matching<'a>(
        &'a self,
        filter: &'a ContactFilter,
    ) -> impl Iterator<Item = &'a Contact> {
        let records = self.contacts.records.values();
        records.filter(|record| self.is_matching(filter, record)).map(|record| &record.contact)
    }

    /// Returns whether a contact matches a filter.
    pub(crate) fn is_matching(&self, filter: &ContactFilter, record: &Record) -> bool {
        // Finding duplicates scans all contacts, so do it only if the filter asks for it.
        let has_duplicates = filter.asks_for_duplicates() && self.has_duplicates(&record.contact);
        let Record { contact, sources, subscriptions, .. } = record;
        let changed_at = self.changed_at(contact);
        let last_conversation = self.conversations.last_of(contact.id);
        let searched = &self.searched_fields();
        filter.matches(&FilterSubject {
            contact,
            changed_at,
            sources,
            subscriptions,
            has_duplicates,
            last_conversation,
            searched,
        })
    }

    fn page(&self, filter: &ContactFilter, page: &PageRequest) -> ContactPage {
        let sort = &page.sort;
        let field = match &sort.by {
            SortBy::Field(key) => self.fields_in_order().into_iter().find(|f| f.key == *key),
            _ => None,
        };
        let searched = self.searched_fields();
        let relevance = |contact: &Contact| match sort.by {
            SortBy::Relevance => filter.query.relevance(contact, &searched),
            _ => Relevance::Within,
        };
        let cursor = |contact: &Contact| {
            sort.cursor(&SortSubject {
                contact,
                relevance: relevance(contact),
                last_conversation: self.conversations.last_of(contact.id),
                field: field.as_ref().map(|field| &field.kind),
            })
        };
        let order =
            |one: &Cursor, other: &Cursor| sort.compare((&one.key, one.id), (&other.key, other.id));
        let mut rows: Vec<_> = self
            .matching(filter)
            .map(|contact| (cursor(contact), contact))
            .filter(|(at, _)| page.after.as_ref().is_none_or(|after| order(at, after).is_gt()))
            .collect();
        rows.sort_by(|(one, _), (other, _)| order(one, other));
        let rows = rows.into_iter().take(page.size.get() + 1);
        Page::cut(rows.map(|(_, contact)| contact.clone()).collect(), page.size, cursor)
    }
}

pub(super) fn check_version(contact: &Contact, if_version: Option<u64>) -> Result<()> {
    Current::check(contact, if_version)
}

impl ContactRepository for World {
    fn rebuild_search(&self, _: OrgId, _: usize) -> Result<bool> {
        // The text is made from the contact by each search.
        Ok(false)
    }

    fn insert(&self, contact: &Contact, actor: Actor) -> Result<()> {
        self.rows(contact.org, |rows| {
            // Check before anything is stored: a refused contact must leave nothing behind, not
            // even tags.
            check_types(&rows.fields_in_order(), &contact.custom)?;
            rows.contacts.check_address(contact)?;
            let tags = rows.tags.written(&contact.tags, &self.ids());
            rows.contacts.insert(Contact { tags, ..contact.clone() }, actor)?;
            let at = contact.created_at;
            let made = ContactEvent::of(contact.id, EventKind::Created, Vec::new(), actor, at);
            rows.publish([made]);
            Ok(())
        })
    }

    fn get(&self, org: OrgId, id: ContactId) -> Result<Option<Contact>> {
        self.read(org, |rows| {
            let record = rows.contacts.records.get(&id);
            Ok(record.map(|record| rows.shown(record.contact.clone())))
        })
    }

    fn find_by_email(&self, org: OrgId, email: &EmailAddress) -> Result<Option<Contact>> {
        self.read(org, |rows| {
            let found = rows.contacts.of_address(email.key()).map(|record| record.contact.clone());
            Ok(found.map(|contact| rows.shown(contact)))
        })
    }

    fn addresses(&self, org: OrgId, id: ContactId) -> Result<Vec<ContactAddress>> {
        self.read(org, |rows| {
            let Some(record) = rows.contacts.records.get(&id) else { return Ok(Vec::new()) };
            let stored = |email: &EmailAddress| {
                let (added_at, source) = *record.addresses.get(email.key())?;
                let is_primary = record.contact.email.as_ref() == Some(email);
                Some(ContactAddress { email: email.clone(), is_primary, added_at, source })
            };
            Ok(record.contact.emails().filter_map(stored).collect())
        })
    }

    fn of_external_id(&self, org: OrgId, id: &ExternalId) -> Result<Option<Contact>> {
        self.read(org, |rows| {
            let contacts = &rows.contacts;
            let owner = contacts.by_external_id.get(id).and_then(|id| contacts.records.get(id));
            Ok(owner.map(|record| rows.shown(record.contact.clone())))
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
        self.rows(org, |rows| {
            if let Some(record) = rows.contacts.records.get(&id) {
                check_version(&record.contact, if_version).map_err(|error| rows.shown_in(error))?;
                check_types(&rows.fields_in_order(), patch.custom_values())?;
            }
            let updated = rows.contacts.update(id, if_version, patch, actor, now);
            let updated = updated.map_err(|error| rows.shown_in(error))?;
            let Some((mut updated, is_consent_changed)) = updated else { return Ok(None) };
            let fields = updated.changes.iter().map(|change| change.field.clone());
            let mut fields: Vec<_> = fields.collect();
            fields.extend(is_consent_changed.then(|| "consent".to_owned()));
            let (added, removed) = patch.tagging(&updated.contact.tags);
            if !added.is_empty() || !removed.is_empty() {
                fields.push("tags".to_owned());
                let added = rows.tags.written(&added, &self.ids());
                if let Some(record) = rows.contacts.records.get_mut(&id) {
                    record.change_tags(now, actor, &added, &removed);
                    updated.contact = record.contact.clone();
                }
            }
            if !fields.is_empty() {
                rows.publish([ContactEvent::of(id, EventKind::Updated, fields, actor, now)]);
            }
            Ok(Some(Updated { contact: rows.shown(updated.contact), ..updated }))
        })
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
        self.rows(org, |rows| {
            let Some(record) = rows.contacts.records.get_mut(&id) else { return Ok(None) };
            let carried = record.contact.tags.clone();
            let mut added = rows.tags.written(add, &self.ids());
            added.retain(|tag| !carried.contains(tag));
            let removed: Vec<_> =
                carried.into_iter().filter(|carried| remove.contains(carried)).collect();
            record.change_tags(now, actor, &added, &removed);
            let contact = record.contact.clone();
            if !added.is_empty() || !removed.is_empty() {
                let fields = vec!["tags".to_owned()];
                rows.publish([ContactEvent::of(id, EventKind::Updated, fields, actor, now)]);
            }
            let contact = rows.shown(contact);
            Ok(Some(Tagged { contact, added, removed }))
        })
    }

    fn delete(
        &self,
        org: OrgId,
        id: ContactId,
        if_version: Option<u64>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<bool> {
        self.rows(org, |rows| {
            let deleted = rows.contacts.delete(id, if_version);
            let deleted = deleted.map_err(|error| rows.shown_in(error))?;
            if deleted {
                rows.forget(id);
                let gone = ContactEvent::of(id, EventKind::Deleted, Vec::new(), actor, now);
                rows.publish([gone]);
                rows.record(TrailEvent::contact_deleted(id), actor, now);
            }
            Ok(deleted)
        })
    }

    fn merge_contacts(
        &self,
        org: OrgId,
        request: &MergeRequest,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Merged>> {
        self.rows(org, |rows| {
            let merged = rows.merge(request, actor, now);
            let merged = merged.map_err(|error| rows.shown_in(error))?;
            if merged.is_some() {
                rows.record(TrailEvent::contact_merged(request.other), actor, now);
            }
            Ok(merged.map(|merged| Merged { contact: rows.shown(merged.contact), ..merged }))
        })
    }

    fn survivors(
        &self,
        org: OrgId,
        ids: &BTreeSet<ContactId>,
    ) -> Result<BTreeMap<ContactId, ContactId>> {
        self.read(org, |rows| {
            let merged = rows.merged.iter().filter(|(id, _)| ids.contains(id));
            Ok(merged.map(|(id, survivor)| (*id, *survivor)).collect())
        })
    }

    fn merged_into(&self, org: OrgId, id: ContactId) -> Result<Option<ContactId>> {
        self.read(org, |rows| Ok(rows.merged.get(&id).copied()))
    }

    fn list(&self, org: OrgId, filter: &ContactFilter, page: &PageRequest) -> Result<ContactPage> {
        self.read(org, |rows| {
            let mut listed = rows.page(filter, page);
            listed.items = listed.items.into_iter().map(|c| rows.shown(c)).collect();
            Ok(listed)
        })
    }

    fn count(&self, org: OrgId, filter: &ContactFilter) -> Result<u64> {
        self.read(org, |rows| Ok(rows.matching(filter).count() as u64))
    }

    fn count_quickly(&self, org: OrgId, filter: &ContactFilter) -> Result<Count> {
        self.count(org, filter).map(Count::Exact)
    }

    fn sources(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<SourceCursor>,
        limit: usize,
    ) -> Result<Vec<Source>> {
        self.read(org, |rows| {
            let record = rows.contacts.records.get(&id);
            let sources = record.map(|record| record.sources.as_slice()).unwrap_or_default();
            let at = |after| sources.iter().position(|s| SourceCursor::after(s, false) == after);
            // A source that was removed meanwhile is found by its time.
            let start = after.map_or(0, |after| {
                let later = || sources.iter().skip(1).take_while(|s| s.at <= after.at).count();
                at(SourceCursor { is_first: false, ..after.clone() }).unwrap_or_else(later) + 1
            });
            Ok(sources.iter().skip(start).take(limit).cloned().collect())
        })
    }

    fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        after: Option<ActivityCursor>,
        size: PageSize,
    ) -> Result<Activities> {
        self.read(org, |rows| {
            let record = rows.contacts.records.get(&id);
            let mut happened = record.map(Record::happened).unwrap_or_default();
            happened.extend(rows.campaign_activity(id));
            happened.retain(|(place, _)| after.as_ref().is_none_or(|after| place < after));
            happened.sort_by(|(one, _), (other, _)| other.cmp(one));
            let page = Page::cut(happened, size, |(place, _)| place.clone());
            let mut items: Vec<_> = page.items.into_iter().map(|(_, activity)| activity).collect();
            for entry in &mut items {
                rows.tell_import(id, entry);
                rows.rename_campaign(entry);
            }
            Ok(Page { items, next: page.next })
        })
    }
}
