//! Helpers for the contract properties.

use contacts_core::page::{Count, Position};
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use contacts_core::contact::{
    Contact, ContactFilter, ContactId, ContactPage, PageRequest, SearchQuery, SortBy,
};
use contacts_core::{Actor, OrgId};

use crate::{Ports, samples};

impl Ports {
    /// Adds a contact with a name and an address, either of which can be empty.
    pub(crate) fn add(&self, org: OrgId, name: &str, email: &str) -> Contact {
        self.add_with(org, name, email, |_| {})
    }

    /// Adds a contact with a name and an address, and more fields.
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

    /// Returns all contacts that match a filter, sorted by name.
    pub(crate) fn all(&self, org: OrgId, filter: &ContactFilter) -> Vec<Contact> {
        self.contacts.list(org, filter, &samples::page(SortBy::Name, false, 200)).unwrap().items
    }

    /// Returns the names of the contacts that match a filter, and checks that the count agrees.
    pub(crate) fn names(&self, org: OrgId, filter: &ContactFilter) -> Vec<String> {
        let names: Vec<_> = self.all(org, filter).iter().map(display).collect();
        let number = names.len() as u64;
        assert_eq!(self.contacts.count(org, filter).unwrap(), number, "{filter:?}");
        let quickly = self.contacts.count_quickly(org, filter).unwrap();
        assert_eq!(quickly, Count::Exact(number), "{filter:?}");
        names
    }

    /// Returns the names of the contacts that a search finds.
    pub(crate) fn found(&self, org: OrgId, query: &str) -> Vec<String> {
        self.names(org, &search(query))
    }

    /// Returns the contacts of all pages of a list, and runs a function between pages.
    pub(crate) fn pages(
        &self,
        org: OrgId,
        first: &PageRequest,
        between: impl Fn(&ContactPage),
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

/// Returns a contact's name, or a dash.
pub(crate) fn display(contact: &Contact) -> String {
    contact.name.as_ref().map_or("-", |name| name.as_str()).to_owned()
}

pub(crate) fn search(query: &str) -> ContactFilter {
    ContactFilter { query: SearchQuery::parse(query), ..ContactFilter::default() }
}

/// Returns tag names in their stored spelling.
pub(crate) fn written(tags: &[contacts_core::tag::TagName]) -> Vec<&str> {
    tags.iter().map(|tag| tag.as_str()).collect()
}

/// Calls `act` with 0, 1, … on `count` threads, which a barrier releases together. Returns the
/// results in that order.
pub(crate) fn at_once<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (barrier, act) = (&Barrier::new(count), &act);
    thread::scope(|scope| {
        let start = |nth| {
            scope.spawn(move || {
                barrier.wait();
                act(nth)
            })
        };
        let threads: Vec<_> = (0..count).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Number of rounds in which two edits race. They overlap in only a few of them.
pub(crate) const RACES: usize = 20;

/// Reads a list by pages of `limit` rows. Each position is written and parsed in between.
/// `position` returns the position of a row, given the number of rows before it.
pub(crate) fn walk<T, P: Position>(
    limit: usize,
    read: impl Fn(Option<P>, usize) -> Vec<T>,
    position: impl Fn(&T, usize) -> P,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let last = all.last().map(|row| position(row, all.len() - 1).encode());
        let after = last.map(|text| P::decode(&text).unwrap());
        let rows = read(after, limit);
        assert!(rows.len() <= limit);
        let is_end = rows.is_empty();
        all.extend(rows);
        if is_end {
            return all;
        }
    }
}
