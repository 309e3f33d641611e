//! The contacts of a chunk of records, as the records planned so far leave them.

use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use super::RecordWrites;
use crate::Actor;
use crate::contact::{
    Activity, ActivityKind, Contact, ContactId, EmailAddress, FieldChange, Source, SourceDetail,
    changed_fields,
};
use crate::event::EventGroups;
use crate::sync::SourceId;
use crate::tag::TagName;

/// The stored state of a contact that the plan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredContact {
    /// Version of the contact.
    pub version: u64,
    /// All addresses as they are spelled, the primary one first.
    pub emails: Vec<String>,
}

/// A contact that the chunk adds, changes, or adds a source to.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedContact {
    /// The contact after the chunk.
    pub contact: Contact,
    /// The stored state; `None` for a contact that is added.
    pub stored: Option<StoredContact>,
    /// Whether the profile changes, so that the contact itself must be written.
    pub is_profile_changed: bool,
    /// The tags that the chunk puts on.
    pub tags: Vec<TagName>,
    /// The sources that the chunk adds. The first source of an added contact is how it was first
    /// added.
    pub sources: Vec<Source>,
}

impl PlannedContact {
    /// Whether the contact is stored and gets an address, another primary address, or another
    /// spelling of one.
    pub fn changes_addresses(&self) -> bool {
        let emails = || self.contact.emails().map(EmailAddress::as_str);
        self.stored.as_ref().is_some_and(|stored| !emails().eq(&stored.emails))
    }

    fn is_written(&self) -> bool {
        self.stored.is_none()
            || self.is_profile_changed
            || !self.tags.is_empty()
            || !self.sources.is_empty()
    }
}

/// A change of a contact, without an actor yet.
#[derive(Debug)]
enum Noted {
    Edited(Vec<FieldChange>),
    Tagged(Vec<TagName>),
}

#[derive(Debug, Default)]
pub(super) struct PlannedContacts {
    contacts: HashMap<ContactId, PlannedContact>,
    by_address: HashMap<String, ContactId>,
    /// The tags that exist or are put on a contact, by their keys, in their first spelling.
    tags: BTreeMap<String, TagName>,
    noted: Vec<(ContactId, Noted)>,
    events: EventGroups,
}

impl PlannedContacts {
    pub(super) fn new(contacts: Vec<Contact>, tags: Vec<TagName>) -> Self {
        let mut planned = Self::default();
        planned.note_tags(&tags);
        for contact in contacts {
            let emails = contact.emails().map(|email| email.as_str().to_owned()).collect();
            let stored = Some(StoredContact { version: contact.version, emails });
            let (is_profile_changed, tags, sources) = Default::default();
            planned.insert(PlannedContact { contact, stored, is_profile_changed, tags, sources });
        }
        planned
    }

    pub(super) fn of_id(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.get(&id).map(|planned| &planned.contact)
    }

    pub(super) fn of_address(&self, key: &str) -> Option<&Contact> {
        self.of_id(*self.by_address.get(key)?)
    }

    /// Adds a new contact.
    pub(super) fn add(&mut self, contact: Contact) {
        self.note_tags(&contact.tags);
        self.events.created(contact.id);
        let (tags, sources) = (contact.tags.clone(), vec![contact.source.clone()]);
        let (stored, is_profile_changed) = (None, false);
        self.insert(PlannedContact { contact, stored, is_profile_changed, tags, sources });
    }

    pub(super) fn add_source(&mut self, id: ContactId, source: Source) {
        if let Some(planned) = self.contacts.get_mut(&id) {
            planned.sources.push(source);
        }
    }

    /// Removes a source that the chunk added, unless the contact was first added from it.
    pub(super) fn remove_source(&mut self, id: ContactId, source: SourceId, external_id: &str) {
        let Some(planned) = self.contacts.get_mut(&id) else { return };
        let mut is_first = planned.stored.is_none();
        planned.sources.retain(|candidate| {
            std::mem::take(&mut is_first)
                || !matches!(&candidate.detail, SourceDetail::Connected { source: s, external_id: e }
                    if *s == source.0 && e == external_id)
        });
    }

    /// Replaces a contact by its changed state.
    pub(super) fn change(&mut self, after: Contact, changes: Vec<FieldChange>, tags: Vec<TagName>) {
        self.note_tags(&tags);
        let id = after.id;
        let Some(planned) = self.contacts.get_mut(&id) else { return };
        self.events.updated(id, changed_fields(&planned.contact, &after));
        // A record never removes an address from a contact.
        self.by_address.extend(after.emails().map(|email| (email.key().to_owned(), id)));
        planned.contact = after;
        planned.is_profile_changed |= !changes.is_empty();
        planned.tags.extend(tags.iter().cloned());
        if !changes.is_empty() {
            self.noted.push((id, Noted::Edited(changes)));
        }
        if !tags.is_empty() {
            self.noted.push((id, Noted::Tagged(tags)));
        }
    }

    pub(super) fn finish(self, actor: Actor, now: OffsetDateTime, writes: &mut RecordWrites) {
        let Self { contacts, tags, noted, events, .. } = self;
        let stored_spelling = |tag: &TagName| tags.get(tag.key()).unwrap_or(tag).to_string();
        let activity = noted.into_iter().map(|(contact, noted)| {
            let what = match noted {
                Noted::Edited(changes) => ActivityKind::Edited(changes),
                Noted::Tagged(tags) => {
                    let added = tags.iter().map(stored_spelling).collect();
                    ActivityKind::Tagged { added, removed: Vec::new() }
                }
            };
            (contact, Activity { at: now, actor, what })
        });
        writes.activity = activity.collect();
        writes.events = events.into_events(actor, now);
        writes.contacts = contacts.into_values().filter(PlannedContact::is_written).collect();
        writes.contacts.sort_unstable_by(|one, other| {
            (one.contact.email_key(), one.contact.id)
                .cmp(&(other.contact.email_key(), other.contact.id))
        });
        writes.tags = tags;
    }

    fn insert(&mut self, planned: PlannedContact) {
        let id = planned.contact.id;
        let emails = planned.contact.emails();
        self.by_address.extend(emails.map(|email| (email.key().to_owned(), id)));
        self.contacts.insert(id, planned);
    }

    fn note_tags(&mut self, tags: &[TagName]) {
        for tag in tags {
            self.tags.entry(tag.key().to_owned()).or_insert_with(|| tag.clone());
        }
    }
}
