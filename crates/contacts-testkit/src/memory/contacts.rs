//! Contacts in memory.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use contacts_core::action::ActionId;
use contacts_core::campaign::{CampaignId, Delivery, DeliveryId, Subscription};
use contacts_core::contact::{
    About, Activities, Activity, ActivityKind, ActivityPlace, ActivitySource, Arrival, Contact,
    ContactFilter, ContactId, ContactPatch, ContactRepository, CursorKey, Listed, Merged, Origin,
    PageRequest, Tagged, Updated,
};
use contacts_core::conversation::{ConversationId, Visitor};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::page::{Count, Page, PageSize};
use contacts_core::tag::TagName;
use contacts_core::{Actor, Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

/// How many activities were noted, of anybody: what happens in one moment has an order.
static NOTED: AtomicU64 = AtomicU64::new(0);

/// An organisation's contacts.
#[derive(Default)]
pub(crate) struct Contacts {
    pub(crate) records: BTreeMap<ContactId, Record>,
    pub(super) by_address: HashMap<String, ContactId>,
    /// Hashes of addresses that were unsubscribed, and since when.
    pub(crate) suppressions: BTreeMap<[u8; 32], OffsetDateTime>,
}

/// A contact and what hangs on it.
pub(crate) struct Record {
    /// Its tags are spelled as the tags are.
    pub(crate) contact: Contact,
    pub(crate) arrivals: Vec<Arrival>,
    /// With which key each capture was sent.
    pub(crate) senders: Vec<(Origin, Actor)>,
    /// What each visitor said in each conversation that it came by.
    pub(crate) said: BTreeMap<(Visitor, ConversationId), BTreeSet<String>>,
    /// What was noted of it alone, by when it was noted among those of everybody.
    pub(crate) activity: BTreeMap<u64, Activity>,
    pub(crate) subscriptions: BTreeMap<CampaignId, Subscription>,
    /// In the order of their ids.
    pub(crate) deliveries: BTreeMap<DeliveryId, Delivery>,
    /// Since when the person wants no more of any campaign.
    pub(crate) unsubscribed_at: Option<OffsetDateTime>,
    /// What bulk actions did to it.
    pub(crate) bulk: BTreeMap<ActionId, Activity>,
}

impl Record {
    pub(crate) fn note(&mut self, at: OffsetDateTime, actor: Actor, what: ActivityKind) {
        self.activity.insert(NOTED.fetch_add(1, Relaxed), Activity { at, actor, what });
    }

    /// Keeps a way of coming, unless it is known; says whether it was not.
    pub(crate) fn arrive(&mut self, at: OffsetDateTime, origin: Origin) -> bool {
        if self.arrivals.iter().any(|known| known.origin.is_same_way(&origin)) {
            return false;
        }
        self.arrivals.push(Arrival { at, origin });
        // The first stays the first.
        self.arrivals[1..].sort_by_key(|arrival| arrival.at);
        true
    }

    /// Keeps what a visitor said in a conversation that it came by.
    pub(crate) fn hear(
        &mut self,
        visitor: &Visitor,
        conversation: ConversationId,
        said: BTreeSet<String>,
    ) {
        let origin = Origin::Chat {
            widget: visitor.widget(),
            visitor: visitor.id().to_owned(),
            conversation: conversation.to_string(),
        };
        if self.arrivals.iter().any(|arrival| arrival.origin == origin) {
            self.said.entry((visitor.clone(), conversation)).or_default().extend(said);
        }
    }

    /// Everything that happened to it, and where that stands.
    fn happened(&self) -> Vec<(ActivityPlace, Activity)> {
        let arrivals = self.arrivals.iter().cloned().enumerate();
        let arrivals = arrivals.filter_map(|(at, arrival)| {
            let sender =
                self.senders.iter().find(|(origin, _)| origin.is_same_way(&arrival.origin));
            let (place, activity) = Activity::of_arrival(arrival, at == 0)?;
            let actor = sender.map_or(activity.actor, |(_, actor)| *actor);
            Some((place, Activity { actor, ..activity }))
        });
        let events = self.activity.iter().map(|(nth, activity)| {
            let (at, source) = (activity.at, ActivitySource::Event);
            (ActivityPlace { at, source, key: format!("{nth:020}") }, activity.clone())
        });
        let actions = self.bulk.iter().map(|(id, activity)| {
            let (at, source) = (activity.at, ActivitySource::Action);
            (ActivityPlace { at, source, key: id.to_string() }, activity.clone())
        });
        arrivals.chain(events).chain(actions).collect()
    }

    /// Notes which tags came and went, if any did.
    pub(crate) fn note_tags(
        &mut self,
        at: OffsetDateTime,
        actor: Actor,
        added: &[TagName],
        removed: &[TagName],
    ) {
        let written = |tags: &[TagName]| tags.iter().map(ToString::to_string).collect();
        if !added.is_empty() || !removed.is_empty() {
            let what = ActivityKind::Tagged { added: written(added), removed: written(removed) };
            self.note(at, actor, what);
        }
    }
}

impl Contacts {
    /// The contact of an address.
    pub(crate) fn of_address(&mut self, key: &str) -> Option<&mut Record> {
        self.records.get_mut(self.by_address.get(key)?)
    }

    /// Adds a contact whose tags are spelled as the tags are.
    pub(crate) fn insert(&mut self, contact: Contact, actor: Actor) -> Result<()> {
        self.check_address(&contact)?;
        if self.records.contains_key(&contact.id) {
            return Err(Error::store("there is a contact of this id"));
        }
        let arrivals = vec![contact.source.clone()];
        let (id, at) = (contact.id, contact.created_at);
        self.claim_address(&contact);
        let by_hand = matches!(contact.source.origin, Origin::Manual { .. });
        let mut record = Record {
            contact,
            arrivals,
            senders: Vec::new(),
            said: BTreeMap::new(),
            activity: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            unsubscribed_at: None,
            bulk: BTreeMap::new(),
        };
        // The others are told of by their arrival.
        if by_hand {
            record.note(at, actor, ActivityKind::Created);
        }
        self.records.insert(id, record);
        self.suppress(id, None);
        Ok(())
    }

    fn update(
        &mut self,
        id: ContactId,
        if_version: Option<u64>,
        patch: &ContactPatch,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Updated>> {
        let Some(record) = self.records.get(&id) else { return Ok(None) };
        check_version(&record.contact, if_version)?;
        let mut contact = record.contact.clone();
        let changes = patch.apply(&mut contact, now)?;
        if !changes.is_empty() {
            self.check_address(&contact)?;
            let old = record.contact.email_key().to_owned();
            self.by_address.remove(&old);
            self.claim_address(&contact);
            if let Some(record) = self.records.get_mut(&id) {
                record.contact = contact.clone();
                record.note(now, actor, ActivityKind::Edited(changes.clone()));
            }
            self.suppress(id, None);
        }
        Ok(Some(Updated { contact, changes }))
    }

    /// Puts a changed contact in the place of what it was; its address must be its own.
    pub(crate) fn replace(&mut self, contact: Contact) {
        let id = contact.id;
        let Some(record) = self.records.get_mut(&id) else { return };
        let old = record.contact.email_key().to_owned();
        self.by_address.remove(&old);
        record.contact = contact.clone();
        self.claim_address(&contact);
        self.suppress(id, None);
    }

    pub(crate) fn delete(&mut self, id: ContactId, if_version: Option<u64>) -> Result<bool> {
        let Some(record) = self.records.get(&id) else { return Ok(false) };
        check_version(&record.contact, if_version)?;
        Ok(self.remove(id).is_some())
    }

    fn check_address(&self, contact: &Contact) -> Result<()> {
        match self.by_address.get(contact.email_key()) {
            Some(owner) if *owner != contact.id => Err(Error::EmailTaken(*owner)),
            _ => Ok(()),
        }
    }

    pub(super) fn claim_address(&mut self, contact: &Contact) {
        if let Some(email) = &contact.email {
            self.by_address.insert(email.key().to_owned(), contact.id);
        }
    }
}

impl Rows {
    /// Those that a filter means.
    pub(crate) fn matching<'a>(
        &'a self,
        filter: &'a ContactFilter,
    ) -> impl Iterator<Item = &'a Contact> {
        let records = self.contacts.records.values();
        records.filter(|record| self.is_meant(filter, record)).map(|record| &record.contact)
    }

    /// Whether a filter means a contact.
    pub(crate) fn is_meant(&self, filter: &ContactFilter, record: &Record) -> bool {
        // Everybody is looked at for it.
        let has_duplicates = filter.asks_for_duplicates() && self.has_duplicates(&record.contact);
        let Record { contact, arrivals, subscriptions, .. } = record;
        filter.matches(&About { contact, arrivals, subscriptions, has_duplicates })
    }

    fn page(&self, filter: &ContactFilter, page: &PageRequest) -> Listed {
        let sort = page.sort;
        let order = |one: &(CursorKey, ContactId), other: &(CursorKey, ContactId)| {
            let order = one.partial_cmp(other).unwrap_or(Ordering::Equal);
            if sort.descending { order.reverse() } else { order }
        };
        let after = page.after.as_ref().map(|cursor| (cursor.key.clone(), cursor.id));
        let mut rows: Vec<_> = self
            .matching(filter)
            .map(|contact| ((sort.key(contact), contact.id), contact))
            .filter(|(at, _)| after.as_ref().is_none_or(|after| order(at, after).is_gt()))
            .collect();
        rows.sort_by(|(one, _), (other, _)| order(one, other));
        let rows = rows.into_iter().take(page.size.get() + 1);
        Page::cut(rows.map(|(_, contact)| contact.clone()).collect(), page.size, |c| sort.cursor(c))
    }
}

pub(super) fn check_version(contact: &Contact, if_version: Option<u64>) -> Result<()> {
    match if_version {
        Some(version) if version != contact.version => Err(Error::Stale(Box::new(contact.clone()))),
        _ => Ok(()),
    }
}

impl ContactRepository for World {
    fn insert(&self, contact: &Contact, actor: Actor) -> Result<()> {
        self.rows(contact.org, |rows| {
            // Nothing of a refused contact is kept, not even its tags.
            rows.contacts.check_address(contact)?;
            let tags = rows.tags.written(&contact.tags, &self.ids());
            rows.contacts.insert(Contact { tags, ..contact.clone() }, actor)?;
            let at = contact.created_at;
            let made = ContactEvent::of(contact.id, EventKind::Created, Vec::new(), actor, at);
            rows.events.push(made);
            Ok(())
        })
    }

    fn get(&self, org: OrgId, id: ContactId) -> Result<Option<Contact>> {
        self.rows(org, |rows| {
            let record = rows.contacts.records.get(&id);
            Ok(record.map(|record| rows.shown(record.contact.clone())))
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
            let updated = rows.contacts.update(id, if_version, patch, actor, now);
            let updated = updated.map_err(|error| rows.shown_in(error))?;
            if let Some(updated) = updated.as_ref().filter(|updated| !updated.changes.is_empty()) {
                let fields = updated.changes.iter().map(|change| change.field.clone()).collect();
                rows.events.push(ContactEvent::of(id, EventKind::Updated, fields, actor, now));
            }
            Ok(updated.map(|Updated { contact, changes }| Updated {
                contact: rows.shown(contact),
                changes,
            }))
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
            record.contact.tags.retain(|tag| !removed.contains(tag));
            record.contact.tags.extend(added.iter().cloned());
            record.contact.tags.sort();
            record.note_tags(now, actor, &added, &removed);
            let contact = record.contact.clone();
            if !added.is_empty() || !removed.is_empty() {
                let fields = vec!["tags".to_owned()];
                rows.events.push(ContactEvent::of(id, EventKind::Updated, fields, actor, now));
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
                rows.events.push(gone);
            }
            Ok(deleted)
        })
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
        self.rows(org, |rows| {
            let merged = rows.merge(survivor, other, if_version, actor, now);
            let merged = merged.map_err(|error| rows.shown_in(error))?;
            Ok(merged.map(|merged| Merged { contact: rows.shown(merged.contact), ..merged }))
        })
    }

    fn merged_into(&self, org: OrgId, id: ContactId) -> Result<Option<ContactId>> {
        self.rows(org, |rows| Ok(rows.merged.get(&id).copied()))
    }

    fn list(&self, org: OrgId, filter: &ContactFilter, page: &PageRequest) -> Result<Listed> {
        self.rows(org, |rows| {
            let mut listed = rows.page(filter, page);
            listed.items = listed.items.into_iter().map(|c| rows.shown(c)).collect();
            Ok(listed)
        })
    }

    fn count(&self, org: OrgId, filter: &ContactFilter, exactly: bool) -> Result<Count> {
        self.rows(org, |rows| {
            let counted = rows.matching(filter).count() as u64;
            Ok(if exactly { Count::Exact(counted) } else { Count::bounded(counted) })
        })
    }

    fn arrivals(&self, org: OrgId, id: ContactId) -> Result<Vec<Arrival>> {
        self.rows(org, |rows| {
            let record = rows.contacts.records.get(&id);
            Ok(record.map(|record| record.arrivals.clone()).unwrap_or_default())
        })
    }

    fn activity(
        &self,
        org: OrgId,
        id: ContactId,
        before: Option<ActivityPlace>,
        size: PageSize,
    ) -> Result<Activities> {
        self.rows(org, |rows| {
            let record = rows.contacts.records.get(&id);
            let mut happened = record.map(Record::happened).unwrap_or_default();
            happened.extend(rows.campaign_activity(id));
            happened.retain(|(place, _)| before.as_ref().is_none_or(|before| place < before));
            happened.sort_by(|(one, _), (other, _)| other.cmp(one));
            let page = Page::cut(happened, size, |(place, _)| place.clone());
            let mut items: Vec<_> = page.items.into_iter().map(|(_, activity)| activity).collect();
            items.iter_mut().for_each(|entry| rows.tell_import(id, entry));
            Ok(Page { items, next: page.next })
        })
    }
}
