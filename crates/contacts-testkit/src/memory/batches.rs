//! Batches in memory.

use contacts_core::Result;
use contacts_core::batch::{Batch, BatchRepository};
use contacts_core::contact::{AddressSource, Contact};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::field::check_types;
use contacts_core::import::{ChunkPlan, PlannedContact, RowKeys, RowOutcome};
use time::OffsetDateTime;

use crate::world::Rows;
use crate::{CountedIds, World};

impl BatchRepository for World {
    fn apply(&self, batch: &Batch, now: OffsetDateTime) -> Result<Vec<RowOutcome>> {
        self.rows(batch.org, |rows| {
            check_types(&rows.fields_in_order(), batch.custom_values())?;
            let existing = rows.with_keys(&RowKeys::of(&batch.items));
            let writes = ChunkPlan::new(batch, &batch.items, existing, now).finish();
            for name in writes.tags.values() {
                rows.tags.written(std::slice::from_ref(name), &self.ids());
            }
            let mut lowered = Vec::new();
            for planned in &writes.contacts {
                if rows.write_item(batch, planned, now, &self.ids())? {
                    lowered.push(planned.contact.id);
                }
            }
            rows.publish(writes.events);
            let (kind, fields) = (EventKind::Updated, ["consent".to_owned()]);
            let consents = ContactEvent::of_many(&lowered, kind, &fields, batch.actor, now);
            rows.publish(consents);
            Ok(writes.outcomes)
        })
    }
}

impl Rows {
    /// Writes a contact as a batch plans it. Returns whether a new address has changed the consent
    /// of a contact that existed.
    fn write_item(
        &mut self,
        batch: &Batch,
        planned: &PlannedContact,
        now: OffsetDateTime,
        ids: &CountedIds,
    ) -> Result<bool> {
        let put_on = self.tags.written(&planned.tags, ids);
        if planned.is_new() {
            let contact = Contact { tags: put_on, ..planned.contact.clone() };
            self.contacts.insert(contact, batch.actor)?;
            return Ok(false);
        }
        let Some(record) = self.contacts.records.get_mut(&planned.contact.id) else {
            return Ok(false);
        };
        for entry in planned.activity(&put_on, batch.actor, now) {
            record.note(entry.at, entry.actor, entry.what);
        }
        let mut tags = record.contact.tags.clone();
        tags.extend(put_on);
        tags.sort();
        let contact = Contact { tags, ..planned.contact.clone() };
        Ok(planned.is_changed() && self.contacts.replace(contact, AddressSource::Manual))
    }
}
