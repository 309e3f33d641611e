//! The relevance of search results (R59).

use std::collections::BTreeSet;

use super::SearchQuery;
use super::spelling::spellings;
use crate::contact::{Contact, EmailAddress, Name};
use crate::field::FieldKey;
use crate::text;

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

/// The names and the address that equal the whole search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExactMatch {
    /// The keys of the name in its spellings, if the search can be one.
    pub name_keys: Vec<String>,
    /// The key of the address, if the search is one.
    pub email_key: Option<String>,
}

impl ExactMatch {
    /// Maximum number of spellings of a name. The combinations of the spellings of many words are
    /// cut off.
    pub const MAX_NAMES: usize = 16;

    pub(super) fn of(query: &str) -> Self {
        let email = EmailAddress::parse(query).ok();
        Self { name_keys: name_keys(query), email_key: email.map(|email| email.key().to_owned()) }
    }
}

/// Returns the key of the query as a name, and of the names that its words make in their other
/// spellings: `jürgen groß` for `juergen gross`.
fn name_keys(query: &str) -> Vec<String> {
    let key = |name: &str| Name::parse(name).ok().map(|name| name.key());
    let mut keys = Vec::from_iter(key(query));
    let mut names = vec![String::new()];
    for word in query.split_whitespace() {
        let spellings = spellings(text::trim(word));
        let longer = names
            .iter()
            .flat_map(|name| spellings.iter().map(move |spelling| format!("{name} {spelling}")));
        names = longer.take(ExactMatch::MAX_NAMES).collect();
    }
    for key in names.iter().filter_map(|name| key(name)) {
        if !keys.contains(&key) && keys.len() < ExactMatch::MAX_NAMES {
            keys.push(key);
        }
    }
    keys
}

impl SearchQuery {
    /// Returns how well a contact matches, given the custom fields that are searched. The result
    /// means nothing for a contact that does not [match](SearchQuery::matches) at all.
    pub fn relevance(&self, contact: &Contact, searched: &BTreeSet<FieldKey>) -> Relevance {
        if self.is_empty() {
            return Relevance::Within;
        }
        let is_name = self.exact.name_keys.contains(&contact.name_key());
        if is_name || self.exact.email_key.as_ref().is_some_and(|key| contact.has_email(key)) {
            return Relevance::Exact;
        }
        let text = contact.search_text(searched);
        let is_beginning = self.terms().iter().all(|term| {
            let mut beginnings = term.beginnings();
            beginnings.any(|beginning| text.contains(&beginning))
        });
        if is_beginning { Relevance::Beginning } else { Relevance::Within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(query: &str) -> Vec<String> {
        SearchQuery::parse(query).exact().name_keys.clone()
    }

    #[test]
    fn a_name_has_the_keys_of_its_spellings() {
        assert_eq!(keys("Ann Lee"), ["ann lee"]);
        assert_eq!(keys("Juergen Gross"), ["juergen gross", "jurgen gross"]);
        assert_eq!(keys("Jürgen Groß"), ["jurgen gross", "juergen gross"]);
        assert!(keys("Anne-Marie").contains(&"annemarie".to_owned()));
        assert_eq!(keys(" "), Vec::<String>::new());
    }

    #[test]
    fn the_spellings_of_a_name_are_bounded() {
        let words = ["O'Juergen-Goethe"; 5].join(" ");
        let keys = keys(&words);
        assert_eq!(keys[0], words.to_lowercase());
        assert!((2..=ExactMatch::MAX_NAMES).contains(&keys.len()), "{}", keys.len());
    }
}
