//! Setting one field of the contacts of a part, in memory.

use contacts_core::Result;
use contacts_core::action::{Chunk, FieldSetting};
use contacts_core::contact::{ActivityKind, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::field::{check_in_use, check_types};

use super::Taking;
use crate::world::Rows;

impl Taking<'_> {
    pub(super) fn set_field(
        &self,
        rows: &mut Rows,
        chunk: &mut Chunk,
        chunk_contacts: &[ContactId],
        setting: &FieldSetting,
    ) -> Result<()> {
        let fields = rows.fields_in_order();
        setting.custom_key().map_or(Ok(()), |key| check_in_use(&fields, key))?;
        check_types(&fields, setting.custom_value())?;
        for id in chunk_contacts {
            let Some(record) = rows.contacts.records.get_mut(id) else { continue };
            let changes = setting.apply(&mut record.contact, self.now)?;
            if changes.is_empty() {
                chunk.unchanged.push(*id);
            } else {
                record.note(self.now, self.action.actor, ActivityKind::Edited(changes));
                chunk.changed.push(*id);
            }
        }
        let (kind, actor) = (EventKind::Updated, self.action.actor);
        let fields = [setting.field()];
        rows.publish(ContactEvent::of_many(&chunk.changed, kind, &fields, actor, self.now));
        Ok(())
    }
}
