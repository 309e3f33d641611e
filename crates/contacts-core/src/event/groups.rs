//! Grouping of many changes into few events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::OffsetDateTime;

use super::{ContactEvent, EventKind};
use crate::Actor;
use crate::contact::ContactId;

/// Changes of one transaction, grouped so that contacts with the same change share an event.
///
/// A contact that was created in the transaction is only reported as created.
#[derive(Clone, Debug, Default)]
pub struct EventGroups {
    created: Vec<ContactId>,
    /// Changed contacts, in the order of their first change.
    updated: Vec<ContactId>,
    fields: HashMap<ContactId, BTreeSet<String>>,
}

impl EventGroups {
    /// Records that a contact was created.
    pub fn created(&mut self, contact: ContactId) {
        self.created.push(contact);
    }

    /// Records that fields of a contact changed.
    pub fn updated(&mut self, contact: ContactId, fields: impl IntoIterator<Item = String>) {
        let mut fields = fields.into_iter().peekable();
        if fields.peek().is_none() {
            return;
        }
        let known = self.fields.entry(contact).or_insert_with(|| {
            self.updated.push(contact);
            BTreeSet::new()
        });
        known.extend(fields);
    }

    /// Returns the events: created contacts first, then one group for each set of fields.
    pub fn into_events(mut self, actor: Actor, at: OffsetDateTime) -> Vec<ContactEvent> {
        let created: BTreeSet<_> = self.created.iter().copied().collect();
        let mut alike: BTreeMap<Vec<String>, Vec<ContactId>> = BTreeMap::new();
        for contact in self.updated.into_iter().filter(|contact| !created.contains(contact)) {
            let fields = self.fields.remove(&contact).unwrap_or_default();
            alike.entry(fields.into_iter().collect()).or_default().push(contact);
        }
        let mut events = ContactEvent::of_many(&self.created, EventKind::Created, &[], actor, at);
        for (fields, contacts) in alike {
            let kind = EventKind::Updated;
            events.extend(ContactEvent::of_many(&contacts, kind, &fields, actor, at));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn contact(number: u128) -> ContactId {
        ContactId(Uuid::from_u128(number))
    }

    fn fields(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn contacts_that_changed_alike_share_an_event() {
        let mut groups = EventGroups::default();
        groups.updated(contact(3), fields(&["tags"]));
        groups.created(contact(1));
        groups.updated(contact(1), fields(&["name"]));
        groups.updated(contact(2), fields(&["name"]));
        groups.updated(contact(2), fields(&["tags", "name"]));
        groups.updated(contact(4), fields(&[]));
        groups.updated(contact(5), fields(&["tags"]));
        let events = groups.into_events(Actor::System, OffsetDateTime::UNIX_EPOCH);
        let events: Vec<_> =
            events.into_iter().map(|event| (event.kind, event.contacts, event.fields)).collect();
        let expected = [
            (EventKind::Created, vec![contact(1)], fields(&[])),
            (EventKind::Updated, vec![contact(2)], fields(&["name", "tags"])),
            (EventKind::Updated, vec![contact(3), contact(5)], fields(&["tags"])),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn an_event_has_five_hundred_contacts_at_most() {
        let mut groups = EventGroups::default();
        (0..1_001).for_each(|number| groups.created(contact(number)));
        let events = groups.into_events(Actor::System, OffsetDateTime::UNIX_EPOCH);
        let sizes: Vec<_> = events.iter().map(|event| event.contacts.len()).collect();
        assert_eq!(sizes, [500, 500, 1]);
    }
}
