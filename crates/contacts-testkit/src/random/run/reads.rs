//! Descriptions of everything that can be read.

use contacts_core::contact::{ContactFilter, ContactId, PageRequest};
use contacts_core::field::Field;
use contacts_core::page::Count;
use contacts_core::trail::{TrailEntry, TrailEvent, TrailFilter};

use super::Run;
use crate::random::shown::{event, tag};

impl Run<'_> {
    /// Returns every page of a list, and both counts.
    pub(super) fn list(&self, filter: &ContactFilter, mut page: PageRequest) -> String {
        let filter = self.moved(filter);
        let mut values = Vec::new();
        loop {
            let listed = match self.ports.contacts.list(self.org, &filter, &page) {
                Ok(listed) => listed,
                Err(error) => return self.tell.error(&error),
            };
            values.extend(listed.items.iter().map(|contact| self.tell.contact(contact)));
            match listed.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
            values.push("next page".to_owned());
        }
        let count = self.ports.contacts.count(self.org, &filter);
        values.push(self.tell.result(count, |count| count.to_string()));
        let count = self.ports.contacts.count_quickly(self.org, &filter);
        values.push(self.tell.result(count, |count| format!("{count:?}")));
        self.tell.lines(values.into_iter())
    }

    /// Checks the number of contacts that follows from the feed, while the events of the last step
    /// have no numbers yet.
    pub(super) fn check_total(&self) {
        let (contacts, all) = (&self.ports.contacts, ContactFilter::default());
        let counted = contacts.count(self.org, &all).unwrap();
        assert_eq!(contacts.count_quickly(self.org, &all).unwrap(), Count::Exact(counted));
    }

    pub(super) fn everybody(&self) -> String {
        let contacts = &self.ports.contacts;
        let mut values = Vec::new();
        for contact in self.people() {
            assert_eq!(contacts.get(self.org, contact.id).unwrap().as_ref(), Some(&contact));
            values.push(self.tell.contact(&contact));
            let addresses = contacts.addresses(self.org, contact.id).unwrap();
            values.extend(addresses.iter().map(|address| self.tell.address(address)));
            values.extend(self.campaigns_of(contact.id));
            let sources = contacts.sources(self.org, contact.id, None, 1_000).unwrap();
            values.extend(sources.iter().map(|source| self.tell.source(source)));
            let activity = self.ports.activity(self.org, contact.id);
            values.extend(activity.iter().map(|entry| self.tell.activity(entry)));
            values.extend(self.hanging(contact.id));
            let notes = self.ports.notes(self.org, contact.id);
            values.extend(notes.iter().map(|note| self.tell.note(note)));
        }
        self.tell.lines(values.into_iter())
    }

    /// Returns the audit trail without ids, which differ.
    pub(super) fn trail(&self) -> String {
        let entries = self.ports.trail.list(self.org, &TrailFilter::default(), None, 10_000);
        let shown = |entry: &TrailEntry| {
            let TrailEntry { at, actor, event, .. } = entry;
            let has_subject = event.subject.is_some();
            let TrailEvent { kind, contacts, details, .. } = event;
            let at = self.tell.at(*at);
            format!("{at} {} {kind:?} {has_subject} {contacts:?} {details:?}", actor.parts().0)
        };
        self.tell.lines(entries.unwrap().iter().map(shown))
    }

    pub(super) fn tags(&self) -> String {
        self.tell.lines(self.ports.tags.list(self.org, "", "", 100).unwrap().iter().map(tag))
    }

    pub(super) fn fields(&self) -> String {
        let fields = self.ports.fields.list(self.org).unwrap();
        let shown = |field: &Field| {
            format!("{} {:?} {} {}", field.key, field.kind, field.archived, field.version)
        };
        self.tell.lines(fields.iter().map(shown))
    }

    /// Returns every event. Contacts are named by the order in which they first appear in events.
    pub(super) fn events(&self) -> String {
        let events = self.ports.feed.after(self.org, None, 10_000).unwrap();
        let mut met: Vec<ContactId> = Vec::new();
        for id in events.iter().flat_map(|event| &event.event.contacts) {
            if !met.contains(id) {
                met.push(*id);
            }
        }
        let who = |id| format!("#{:?}", met.iter().position(|known| *known == id));
        self.tell.lines(events.iter().map(|values| event(values, who)))
    }

    pub(super) fn imports(&self) -> String {
        let imports = self.ports.imports.list(self.org, None, 1_000).unwrap();
        self.tell.lines(imports.iter().map(|import| self.tell.import(import)))
    }
}
