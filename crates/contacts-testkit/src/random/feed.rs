//! The check that nobody who follows changes misses one, however it was made: neither by the change
//! feed (R42), nor by the time of the last change (R20).

use std::collections::{BTreeMap, BTreeSet};

use contacts_core::Clock;
use contacts_core::contact::{Contact, ContactFilter, ContactId, TimeRange, changed_fields};
use contacts_core::event::EventKind;
use time::{Duration, OffsetDateTime};

use super::run::Run;

/// What a reader of the feed has seen.
#[derive(Default)]
pub(super) struct FeedReader {
    /// Number of the last event.
    number: u64,
    /// Time of the last check.
    time: Option<OffsetDateTime>,
    /// The contacts after this event.
    contacts: BTreeMap<ContactId, Contact>,
}

impl Run<'_> {
    /// Checks that the events since the last check list each contact that was added, changed or
    /// removed since, with the fields in which it differs. Custom values are left out: archiving a
    /// field hides its values without an event. So are further addresses, which a change of the primary
    /// address changes, too.
    pub(super) fn check_feed(&self) {
        let mut reader = self.reader.borrow_mut();
        let contacts: BTreeMap<_, _> = self.people().into_iter().map(|c| (c.id, c)).collect();
        let events = self.ports.feed.after(self.org, Some(reader.number), 1_000).unwrap();
        reader.number = events.last().map_or(reader.number, |last| last.number);
        let updated_since = self.updated_since(reader.time);
        reader.time = Some(self.ports.clock.now());
        let (mut created, mut removed) = (BTreeSet::new(), BTreeSet::new());
        let mut updated: BTreeMap<ContactId, BTreeSet<String>> = BTreeMap::new();
        for event in events.into_iter().map(|numbered| numbered.event) {
            for id in event.contacts {
                match event.kind {
                    EventKind::Created => drop(created.insert(id)),
                    EventKind::Updated => {
                        updated.entry(id).or_default().extend(event.fields.clone())
                    }
                    EventKind::Merged(_) | EventKind::Deleted => drop(removed.insert(id)),
                }
            }
        }
        for (id, contact) in &contacts {
            let Some(before) = reader.contacts.get(id) else {
                assert!(created.contains(id), "{id} was added without an event");
                assert!(updated_since.contains(id), "{id} was added, but its update time is old");
                continue;
            };
            let mut fields = changed_fields(before, contact);
            fields.retain(|field| !field.starts_with("custom.") && field != "addresses");
            if before.consent.is_subscribed() != contact.consent.is_subscribed() {
                fields.push("consent".to_owned());
            }
            let listed = updated.get(id).cloned().unwrap_or_default();
            let missed: Vec<_> = fields.iter().filter(|field| !listed.contains(*field)).collect();
            assert!(missed.is_empty(), "{missed:?} of {id} changed, but events list {listed:?}");
            let is_found = fields.is_empty() || updated_since.contains(id);
            assert!(is_found, "{fields:?} of {id} changed, but its update time did not");
        }
        let mut gone = reader.contacts.keys().filter(|id| !contacts.contains_key(id));
        assert!(gone.all(|id| removed.contains(id)), "a contact was removed without an event");
        reader.contacts = contacts;
    }

    /// Returns the contacts that changed after a time.
    fn updated_since(&self, time: Option<OffsetDateTime>) -> BTreeSet<ContactId> {
        let from = time.map(|time| time + Duration::MICROSECOND);
        let updated = TimeRange { from, until: None };
        let filter = ContactFilter { updated, ..ContactFilter::default() };
        self.matching(&filter).into_iter().map(|contact| contact.id).collect()
    }
}
