//! The change feed in memory. Each event gets its number immediately.

use contacts_core::contact::Contact;
use contacts_core::event::{ContactEvent, EventFeed, EventKind, NumberedEvent};
use contacts_core::{Error, OrgId, Result};
use time::OffsetDateTime;

use crate::World;
use crate::world::Rows;

impl Rows {
    pub(super) fn last_number(&self) -> u64 {
        self.events_swept + self.events.len() as u64
    }

    /// Publishes events, and stores the times of changes that `updated_at` does not count.
    pub(super) fn publish(&mut self, events: impl IntoIterator<Item = ContactEvent>) {
        for event in events {
            for contact in &event.contacts {
                if event.leaves_update_time() {
                    self.changes.insert(*contact, event.at);
                } else if matches!(event.kind, EventKind::Merged(_) | EventKind::Deleted) {
                    self.changes.remove(contact);
                }
            }
            self.events.push(event);
        }
    }

    /// Returns the time of the last change of a contact's profile, tags or consent.
    pub(super) fn changed_at(&self, contact: &Contact) -> OffsetDateTime {
        let renamed = contact.tags.iter().filter_map(|tag| self.tags.renamed_at(tag));
        let changed = self.changes.get(&contact.id).copied();
        changed.into_iter().chain(renamed).fold(contact.updated_at, OffsetDateTime::max)
    }
}

impl EventFeed for World {
    fn after(&self, org: OrgId, number: Option<u64>, limit: usize) -> Result<Vec<NumberedEvent>> {
        self.read(org, |rows| {
            let after = number.unwrap_or(rows.events_swept);
            if after < rows.events_swept || after > rows.last_number() {
                return Err(Error::CursorExpired);
            }
            let numbered = (rows.events_swept + 1..).zip(&rows.events);
            let later = numbered.filter(|(number, _)| *number > after).take(limit);
            Ok(later
                .map(|(number, event)| NumberedEvent { number, event: event.clone() })
                .collect())
        })
    }

    fn end(&self, org: OrgId) -> Result<u64> {
        self.read(org, |rows| Ok(rows.last_number()))
    }

    fn sweep(&self, org: OrgId, before: OffsetDateTime) -> Result<bool> {
        self.rows(org, |rows| {
            let old = rows.events.iter().take_while(|event| event.at < before).count();
            rows.events.drain(..old);
            rows.events_swept += old as u64;
            Ok(false)
        })
    }
}
