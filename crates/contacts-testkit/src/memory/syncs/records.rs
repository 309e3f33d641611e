//! Records of a connected source, written as contacts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contacts_core::contact::{AddressSource, Contact, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::sync::{
    ConnectedSource, Existing, Link, PlannedContact, PlannedRecord, ReadPlan, RecordPlan,
    RecordWrites, SyncRunId,
};
use contacts_core::{Error, Result};
use time::OffsetDateTime;

use super::StoredLink;
use crate::CountedIds;
use crate::world::Rows;

/// A chunk of a sync run.
pub(super) struct ChunkOfRun<'a> {
    pub(super) source: &'a ConnectedSource,
    pub(super) run: SyncRunId,
    pub(super) now: OffsetDateTime,
    pub(super) ids: &'a CountedIds,
    pub(super) rows: &'a mut Rows,
    pub(super) links: &'a mut BTreeMap<String, StoredLink>,
}

impl ChunkOfRun<'_> {
    /// Plans records and applies their changes. Returns what was written.
    pub(super) fn take(&mut self, records: &[PlannedRecord]) -> Result<RecordWrites> {
        let needed = ReadPlan::of(self.source, records, &self.read_links());
        let mut plan = RecordPlan::new(self.source, self.existing(&needed), self.now);
        for planned in records {
            plan.plan_record(planned).map_err(Error::store)?;
        }
        let writes = plan.finish();
        self.write(&writes)?;
        Ok(writes)
    }

    /// Applies the source's policy to contacts that vanished there.
    pub(super) fn vanish(&mut self, external_ids: &[String]) -> Result<()> {
        let needed = ReadPlan::of_vanished(self.source, &self.read_links());
        let mut plan = RecordPlan::new(self.source, self.existing(&needed), self.now);
        for external_id in external_ids {
            plan.vanish(external_id).map_err(Error::store)?;
        }
        self.write(&plan.finish())
    }

    fn read_links(&self) -> HashMap<String, Link> {
        self.links.iter().map(|(id, stored)| (id.clone(), stored.link.clone())).collect()
    }

    fn existing(&mut self, needed: &ReadPlan) -> Existing {
        let mut ids: BTreeSet<ContactId> = needed.contacts.clone();
        for key in &needed.addresses {
            ids.extend(self.rows.contacts.of_address(key).map(|record| record.contact.id));
        }
        let records = ids.iter().filter_map(|id| self.rows.contacts.records.get(id));
        let contacts = records.map(|record| record.contact.clone()).collect();
        let spelled = |tag| self.rows.tags.spelled(tag);
        let tags = needed.tags.iter().filter_map(spelled).collect();
        Existing { links: self.read_links(), contacts, tags }
    }

    fn write(&mut self, writes: &RecordWrites) -> Result<()> {
        for (external_id, contact) in &writes.unlinked {
            self.links.remove(external_id);
            self.remove_source(*contact, external_id);
        }
        for name in writes.tags.values() {
            // Store each tag in the spelling of the first record, whichever contact is written
            // first.
            self.rows.tags.written(std::slice::from_ref(name), self.ids);
        }
        let mut lowered = Vec::new();
        for planned in &writes.contacts {
            if self.write_contact(planned)? {
                lowered.push(planned.contact.id);
            }
        }
        for (contact, activity) in &writes.activity {
            if let Some(record) = self.rows.contacts.records.get_mut(contact) {
                record.note(activity.at, activity.actor, activity.what.clone());
            }
        }
        for (external_id, link) in &writes.links {
            let stored = StoredLink { link: link.clone(), seen: Some(self.run) };
            self.links.insert(external_id.clone(), stored);
        }
        self.rows.publish(writes.events.clone());
        let (kind, fields) = (EventKind::Updated, ["consent".to_owned()]);
        let actor = self.source.actor();
        self.rows.publish(ContactEvent::of_many(&lowered, kind, &fields, actor, self.now));
        Ok(())
    }

    /// Returns whether a new address of an existing contact has changed its consent.
    fn write_contact(&mut self, planned: &PlannedContact) -> Result<bool> {
        let mut is_lowered = false;
        let put_on = self.rows.tags.written(&planned.tags, self.ids);
        let id = planned.contact.id;
        let contacts = &mut self.rows.contacts;
        if planned.stored.is_none() {
            let contact = Contact { tags: put_on, ..planned.contact.clone() };
            contacts.insert(contact, self.source.actor())?;
        } else if let Some(record) = contacts.records.get(&id)
            && (planned.is_profile_changed || !put_on.is_empty())
        {
            let mut tags = record.contact.tags.clone();
            tags.extend(put_on);
            tags.sort();
            is_lowered = contacts
                .replace(Contact { tags, ..planned.contact.clone() }, AddressSource::Connected);
        }
        if let Some(record) = contacts.records.get_mut(&id) {
            for source in &planned.sources {
                record.add_source(self.now, source.detail.clone());
            }
        }
        Ok(is_lowered)
    }

    /// Removes the source from a contact, unless the contact was first added from it.
    fn remove_source(&mut self, contact: ContactId, external_id: &str) {
        use contacts_core::contact::SourceDetail::Connected;

        let Some(record) = self.rows.contacts.records.get_mut(&contact) else { return };
        let id = self.source.id.0;
        let mut is_first = true;
        record.sources.retain(|known| {
            std::mem::take(&mut is_first)
                || !matches!(&known.detail, Connected { source, external_id: e }
                    if *source == id && e == external_id)
        });
    }
}
