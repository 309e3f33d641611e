//! The relevance of search results (R59).

use super::SearchQuery;
use crate::contact::{Contact, EmailAddress, Name};

/// How well a contact matches a search, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relevance {
    /// A word of the search occurs within a word of the contact only, or in a tag.
    Within,
    /// Each word of the search is the beginning of a word of the contact.
    Beginning,
    /// The search is the name of the contact, or one of its addresses.
    Exact,
}

impl Relevance {
    /// Every relevance, from the worst to the best.
    pub const ALL: [Self; 3] = [Self::Within, Self::Beginning, Self::Exact];
}

/// The name and the address that equal the whole search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExactMatch {
    /// The key of the name, if the search can be one.
    pub name_key: Option<String>,
    /// The key of the address, if the search is one.
    pub email_key: Option<String>,
}

impl ExactMatch {
    pub(super) fn of(query: &str) -> Self {
        let email = EmailAddress::parse(query).ok();
        Self {
            name_key: Name::parse(query).ok().map(|name| name.key()),
            email_key: email.map(|email| email.key().to_owned()),
        }
    }
}

impl SearchQuery {
    /// Returns how well a contact matches. The contact must [match](SearchQuery::matches).
    pub fn relevance(&self, contact: &Contact) -> Relevance {
        if self.is_empty() {
            return Relevance::Within;
        }
        let is_name = self.exact.name_key.as_ref().is_some_and(|key| contact.name_key() == *key);
        if is_name || self.exact.email_key.as_ref().is_some_and(|key| contact.has_email(key)) {
            return Relevance::Exact;
        }
        let text = contact.search_text();
        let is_beginning = self.terms().iter().all(|term| {
            let mut beginnings = term.beginnings();
            beginnings.any(|beginning| text.contains(&beginning))
        });
        if is_beginning { Relevance::Beginning } else { Relevance::Within }
    }
}
