//! Consent in memory.

use contacts_core::consent::{Consent, ConsentChange, ConsentRepository};
use contacts_core::contact::{ActivityKind, ContactId};
use contacts_core::event::{ContactEvent, EventKind};
use contacts_core::{Actor, OrgId, Result};
use time::OffsetDateTime;

use crate::World;

impl ConsentRepository for World {
    fn change(
        &self,
        org: OrgId,
        contact: ContactId,
        change: &ConsentChange,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Consent>> {
        self.rows(org, |rows| {
            let Some(record) = rows.contacts.records.get(&contact) else { return Ok(None) };
            let is_changed = match change.unsubscribe(actor, now) {
                Some(unsubscribe) => rows.contacts.suppress(contact, Some(unsubscribe)),
                None => {
                    let is_raised = !record.contact.consent.is_subscribed();
                    rows.contacts.resubscribe(contact);
                    is_raised
                }
            };
            let Some(record) = rows.contacts.records.get_mut(&contact) else { return Ok(None) };
            let consent = record.contact.consent.clone();
            if is_changed {
                record.note(now, actor, ActivityKind::ConsentChanged(change.clone()));
                let fields = vec!["consent".to_owned()];
                let event = ContactEvent::of(contact, EventKind::Updated, fields, actor, now);
                rows.publish([event]);
            }
            Ok(Some(consent))
        })
    }
}
