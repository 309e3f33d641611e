//! What the properties have in common.

use std::collections::BTreeSet;

use contacts_core::contact::{
    Contact, ContactFilter, ContactId, Listed, PageRequest, SearchQuery, SortBy,
};
use contacts_core::{Actor, OrgId};

use crate::{Ports, samples};

impl Ports {
    /// Adds a contact of a name and an address; either may be empty.
    pub(crate) fn add(&self, org: OrgId, name: &str, email: &str) -> Contact {
        self.add_with(org, name, email, |_| {})
    }

    /// Adds a contact of which more is said.
    pub(crate) fn add_with(
        &self,
        org: OrgId,
        name: &str,
        email: &str,
        more: impl FnOnce(&mut Contact),
    ) -> Contact {
        let mut contact = samples::contact(org, &self.ids, &self.clock, name, email);
        more(&mut contact);
        self.contacts.insert(&contact, Actor::System).unwrap();
        contact
    }

    pub(crate) fn get(&self, org: OrgId, id: ContactId) -> Contact {
        self.contacts.get(org, id).unwrap().unwrap()
    }

    pub(crate) fn of_address(&self, org: OrgId, email: &str) -> Option<Contact> {
        let email = samples::email(email);
        self.all(org, &ContactFilter::default()).into_iter().find(|c| c.email_key() == email.key())
    }

    /// Everybody that a filter means, by name.
    pub(crate) fn all(&self, org: OrgId, filter: &ContactFilter) -> Vec<Contact> {
        self.contacts.list(org, filter, &samples::page(SortBy::Name, false, 200)).unwrap().items
    }

    /// The names of those that a filter means, which the count confirms.
    pub(crate) fn names(&self, org: OrgId, filter: &ContactFilter) -> Vec<String> {
        let names: Vec<_> = self.all(org, filter).iter().map(shown).collect();
        let count = self.contacts.count(org, filter, true).unwrap();
        assert_eq!(count, contacts_core::page::Count::Exact(names.len() as u64), "{filter:?}");
        names
    }

    /// The names of those that a search finds.
    pub(crate) fn found(&self, org: OrgId, query: &str) -> Vec<String> {
        self.names(org, &search(query))
    }

    /// Every page of a list, one after another; between two pages something is done.
    pub(crate) fn pages(
        &self,
        org: OrgId,
        first: &PageRequest,
        between: impl Fn(&Listed),
    ) -> Vec<Contact> {
        let mut request = first.clone();
        let mut rows = Vec::new();
        loop {
            let listed = self.contacts.list(org, &ContactFilter::default(), &request).unwrap();
            assert!(listed.items.len() <= request.size.get());
            between(&listed);
            rows.extend(listed.items);
            match listed.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        let ids: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), rows.len(), "no row stands on two pages");
        rows
    }
}

/// A contact's name, or a dash.
pub(crate) fn shown(contact: &Contact) -> String {
    contact.name.as_ref().map_or("-", |name| name.as_str()).to_owned()
}

pub(crate) fn search(query: &str) -> ContactFilter {
    ContactFilter { query: SearchQuery::parse(query), ..ContactFilter::default() }
}

/// Names of tags as they are written.
pub(crate) fn written(tags: &[contacts_core::tag::TagName]) -> Vec<&str> {
    tags.iter().map(|tag| tag.as_str()).collect()
}
