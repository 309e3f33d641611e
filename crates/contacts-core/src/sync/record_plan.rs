//! What the records of a chunk do (R39), decided before any of it is written.
//!
//! A store reads what [`ReadPlan`] names, plans the chunk, and writes what is planned as sets.

mod contacts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::OffsetDateTime;

use self::contacts::PlannedContacts;
pub use self::contacts::{PlannedContact, StoredContact};
use super::{
    ConnectedSource, Link, PlannedRecord, SyncRow, ValueFingerprints, VanishPolicy, added, merge,
};
use crate::contact::{Activity, Contact, ContactId};
use crate::event::ContactEvent;
use crate::import::{Skip, Tally, Warning};
use crate::tag::TagName;

/// What a store has to read before it plans records, besides their links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPlan {
    /// Contacts by their ids.
    pub contacts: BTreeSet<ContactId>,
    /// Contacts by the keys of their addresses.
    pub addresses: BTreeSet<String>,
    /// The tags that contacts may get, to read their existing spelling.
    pub tags: BTreeSet<TagName>,
}

/// The stored data about the contacts that records may be about.
#[derive(Clone, Debug, Default)]
pub struct Existing {
    /// The links of the records' external ids.
    pub links: HashMap<String, Link>,
    /// The contacts that were needed.
    pub contacts: Vec<Contact>,
    /// The needed tags that exist, in their stored spelling.
    pub tags: Vec<TagName>,
}

/// A link leads to a contact that was deleted or merged since the link was read: the store must
/// read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a contact of the source was deleted or merged at this moment")]
pub struct StaleLink;

/// What a store has to write for a chunk of records.
#[derive(Clone, Debug, Default)]
pub struct RecordWrites {
    /// The contacts that are added or changed, or get a new source, by the keys of their addresses
    /// and their ids.
    pub contacts: Vec<PlannedContact>,
    /// The tags that are put on a contact, by their keys, each as it was first written.
    pub tags: BTreeMap<String, TagName>,
    /// The links to write, by their external ids.
    pub links: BTreeMap<String, Link>,
    /// The links to delete, before others are written.
    pub unlinked: BTreeSet<(String, ContactId)>,
    /// The activities of contacts, in their order.
    pub activity: Vec<(ContactId, Activity)>,
    /// The entries of the change feed.
    pub events: Vec<ContactEvent>,
    /// The counts of these records alone.
    pub tally: Tally,
    /// A line for each record that was skipped or has lost something.
    pub log: Vec<String>,
}

impl ReadPlan {
    /// Returns what has to be read to plan records. A record whose values were all written before
    /// needs nothing.
    pub fn of(
        source: &ConnectedSource,
        records: &[PlannedRecord],
        links: &HashMap<String, Link>,
    ) -> Self {
        let mut needed = Self::default();
        for planned in records {
            let link = links.get(&planned.external_id);
            match &planned.row {
                Err(_) => continue,
                Ok(Some(row)) if link.is_some_and(|link| link.fingerprints.covers(row)) => continue,
                Ok(Some(row)) => {
                    needed.addresses.extend(row.email.as_ref().map(|email| email.key().to_owned()));
                    needed.tags.extend(row.tags.iter().cloned());
                }
                Ok(None) => {}
            }
            needed.contacts.extend(link.map(|link| link.contact));
        }
        needed.add_tag_of_vanished(source);
        needed
    }

    /// Returns what has to be read to apply the policy to contacts that vanished at the source.
    pub fn of_vanished(source: &ConnectedSource, links: &HashMap<String, Link>) -> Self {
        let contacts = links.values().map(|link| link.contact).collect();
        let mut needed = Self { contacts, ..Self::default() };
        needed.add_tag_of_vanished(source);
        needed
    }

    fn add_tag_of_vanished(&mut self, source: &ConnectedSource) {
        if let VanishPolicy::Tag(tag) = &source.vanish {
            self.tags.insert(tag.clone());
        }
    }
}

/// Decides record by record what a chunk does.
#[derive(Debug)]
pub struct RecordPlan<'a> {
    source: &'a ConnectedSource,
    now: OffsetDateTime,
    contacts: PlannedContacts,
    links: HashMap<String, Link>,
    written_ids: BTreeSet<String>,
    unlinked: BTreeSet<(String, ContactId)>,
    tally: Tally,
    log: Vec<String>,
}

impl<'a> RecordPlan<'a> {
    /// Creates a plan for a source.
    pub fn new(source: &'a ConnectedSource, existing: Existing, now: OffsetDateTime) -> Self {
        let Existing { links, contacts, tags } = existing;
        let contacts = PlannedContacts::new(contacts, tags);
        let (written_ids, unlinked, tally, log) = Default::default();
        Self { source, now, contacts, links, written_ids, unlinked, tally, log }
    }

    /// Plans a record and counts it.
    ///
    /// # Errors
    ///
    /// [`StaleLink`].
    pub fn plan_record(&mut self, planned: &PlannedRecord) -> Result<(), StaleLink> {
        let mut warnings = Vec::new();
        let skipped = match &planned.row {
            Err(skip) => Some(*skip),
            Ok(None) => {
                let is_change = self.vanish(&planned.external_id)?;
                self.tally.updated += u64::from(is_change);
                (!is_change).then_some(Skip::Unchanged)
            }
            Ok(Some(row)) => self.plan_row(planned, row, &mut warnings)?,
        };
        self.tally.count(skipped, planned.warnings.len() + warnings.len());
        self.log.extend(planned.lines(skipped, &warnings));
        Ok(())
    }

    /// Applies the source's policy to a contact whose record has vanished. Returns whether that
    /// changes something.
    ///
    /// # Errors
    ///
    /// [`StaleLink`].
    pub fn vanish(&mut self, external_id: &str) -> Result<bool, StaleLink> {
        let Some(link) = self.links.get_mut(external_id) else { return Ok(false) };
        let contact = link.contact;
        match &self.source.vanish {
            VanishPolicy::Nothing => Ok(false),
            VanishPolicy::Tag(_) if link.vanished => Ok(false),
            VanishPolicy::Tag(tag) => {
                link.vanished = true;
                self.written_ids.insert(external_id.to_owned());
                self.tag(contact, tag)
            }
            VanishPolicy::Unlink => {
                self.links.remove(external_id);
                self.written_ids.remove(external_id);
                self.contacts.remove_source(contact, self.source.id, external_id);
                self.unlinked.insert((external_id.to_owned(), contact));
                Ok(true)
            }
        }
    }

    /// Returns what has to be written.
    pub fn finish(self) -> RecordWrites {
        let Self { source, now, contacts, mut links, written_ids, unlinked, tally, log } = self;
        let link = |id: String| links.remove(&id).map(|link| (id, link));
        let links = written_ids.into_iter().filter_map(link).collect();
        let mut writes = RecordWrites { links, unlinked, tally, log, ..RecordWrites::default() };
        contacts.finish(source.actor(), now, &mut writes);
        writes
    }

    fn plan_row(
        &mut self,
        planned: &PlannedRecord,
        row: &SyncRow,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Skip>, StaleLink> {
        if let Some(link) = self.links.get_mut(&planned.external_id)
            && link.fingerprints.covers(row)
        {
            // When the source watches for vanished contacts, the run records which contacts it has
            // seen.
            if std::mem::take(&mut link.vanished) || self.source.watches_for_vanished() {
                self.written_ids.insert(planned.external_id.clone());
            }
            return Ok(Some(Skip::Unchanged));
        }
        let Some((contact, fingerprints)) = self.find(planned, row)? else {
            let source = planned.source(self.source.id, self.now);
            let (contact, fingerprints) = added(row, self.source.org, planned.contact, source);
            self.contacts.add(contact);
            self.link(planned, planned.contact, fingerprints);
            self.tally.added += 1;
            return Ok(None);
        };
        let is_taken = |key: &str| self.contacts.of_address(key).is_some();
        let merged = merge(&contact, &fingerprints, row, &self.source.mapping, &is_taken, self.now);
        let is_change = merged.is_change();
        *warnings = merged.warnings;
        if is_change {
            let (changes, tags) = (merged.changes, merged.tags);
            self.contacts.change(merged.contact, changes, tags);
        }
        if !self.links.contains_key(&planned.external_id) {
            self.contacts.add_source(contact.id, planned.source(self.source.id, self.now));
        }
        self.link(planned, contact.id, merged.fingerprints);
        self.tally.updated += u64::from(is_change);
        Ok((!is_change).then_some(Skip::Unchanged))
    }

    /// Returns the contact that a record is about, and the source's values that were written under
    /// the record's external id.
    fn find(
        &self,
        planned: &PlannedRecord,
        row: &SyncRow,
    ) -> Result<Option<(Contact, ValueFingerprints)>, StaleLink> {
        if let Some(link) = self.links.get(&planned.external_id) {
            let contact = self.contacts.of_id(link.contact).ok_or(StaleLink)?;
            return Ok(Some((contact.clone(), link.fingerprints.clone())));
        }
        let of_address = row.email.as_ref().and_then(|email| self.contacts.of_address(email.key()));
        Ok(of_address.map(|contact| (contact.clone(), ValueFingerprints::default())))
    }

    fn link(
        &mut self,
        planned: &PlannedRecord,
        contact: ContactId,
        fingerprints: ValueFingerprints,
    ) {
        let id = planned.external_id.clone();
        self.written_ids.insert(id.clone());
        self.links.insert(id, Link { contact, fingerprints, vanished: false });
    }

    fn tag(&mut self, contact: ContactId, tag: &TagName) -> Result<bool, StaleLink> {
        let mut contact = self.contacts.of_id(contact).ok_or(StaleLink)?.clone();
        if contact.tags.contains(tag) {
            return Ok(false);
        }
        contact.tags.push(tag.clone());
        contact.tags.sort();
        self.contacts.change(contact, Vec::new(), vec![tag.clone()]);
        Ok(true)
    }
}
