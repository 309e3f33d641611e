//! Sorting and paging of the contact list (R21).

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Contact, ContactId, Relevance, SearchQuery};
use crate::page::{Page, PageSize, Position, read_micros, read_text, write_micros, write_text};

/// Property by which the list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The folded name; contacts without a name come first.
    Name,
    /// The normalised address; contacts without an address come first.
    Email,
    /// Time of creation.
    Created,
    /// Time of the last change of the profile.
    Updated,
    /// How well the contact matches the search (R59), then time of creation. Without a search, the
    /// time of creation alone.
    Relevance,
}

impl SortBy {
    /// Every property.
    pub const ALL: [Self; 5] =
        [Self::Name, Self::Email, Self::Created, Self::Updated, Self::Relevance];
}

/// Order of the list. Ids break ties, so the order is total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Property by which the list is sorted.
    pub by: SortBy,
    /// Whether the order is reversed.
    pub descending: bool,
}

impl Sort {
    /// The best matches of a search first, and the newest first within each relevance (R59).
    pub const BEST_FIRST: Self = Self { by: SortBy::Relevance, descending: true };

    /// Every order that can be chosen.
    pub const ALL: [Self; 9] = [
        Self { by: SortBy::Name, descending: false },
        Self { by: SortBy::Name, descending: true },
        Self { by: SortBy::Email, descending: false },
        Self { by: SortBy::Email, descending: true },
        Self { by: SortBy::Created, descending: false },
        Self { by: SortBy::Created, descending: true },
        Self { by: SortBy::Updated, descending: false },
        Self { by: SortBy::Updated, descending: true },
        Self::BEST_FIRST,
    ];

    /// The name in the API and in the store; a leading `-` reverses the order.
    pub fn as_str(self) -> &'static str {
        match (self.by, self.descending) {
            (SortBy::Name, false) => "name",
            (SortBy::Name, true) => "-name",
            (SortBy::Email, false) => "email",
            (SortBy::Email, true) => "-email",
            (SortBy::Created, false) => "created",
            (SortBy::Created, true) => "-created",
            (SortBy::Updated, false) => "updated",
            (SortBy::Updated, true) => "-updated",
            (SortBy::Relevance, true) => "relevance",
            (SortBy::Relevance, false) => "-relevance",
        }
    }

    /// Parses a name; `None` when it is unknown.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == name)
    }
}

impl Default for Sort {
    /// Newest first.
    fn default() -> Self {
        Self { by: SortBy::Created, descending: true }
    }
}

/// A requested page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageRequest {
    /// Order of the list.
    pub sort: Sort,
    /// Number of rows.
    pub size: PageSize,
    /// Cursor after which the page starts. `None` means the first page.
    pub after: Option<Cursor>,
}

/// A position in a sorted list: after the row with this key and id. It does not count rows, so rows
/// that are added or deleted neither shift it nor make it slow.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// Order to which the cursor belongs.
    pub sort: Sort,
    /// Sort key of the row.
    pub key: CursorKey,
    /// Id of the row.
    pub id: ContactId,
}

/// Sort key of a row.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum CursorKey {
    /// Key of a name or an address.
    Text(String),
    /// A time.
    Time(OffsetDateTime),
    /// A relevance, and the time of creation.
    Ranked(Relevance, OffsetDateTime),
}

/// A page of the contact list.
pub type ContactPage = Page<Contact, Cursor>;

impl Sort {
    /// Returns the sort key of a contact in a list that was searched.
    pub fn key(self, contact: &Contact, search: &SearchQuery) -> CursorKey {
        match self.by {
            SortBy::Name => CursorKey::Text(contact.name_key()),
            SortBy::Email => CursorKey::Text(contact.email_key().to_owned()),
            SortBy::Created => CursorKey::Time(contact.created_at),
            SortBy::Updated => CursorKey::Time(contact.updated_at),
            SortBy::Relevance => CursorKey::Ranked(search.relevance(contact), contact.created_at),
        }
    }

    /// Returns the cursor after a contact in a list that was searched.
    pub fn cursor(self, contact: &Contact, search: &SearchQuery) -> Cursor {
        Cursor { sort: self, key: self.key(contact, search), id: contact.id }
    }

    fn from_code(code: char) -> Option<Self> {
        let sorts = SortBy::ALL
            .into_iter()
            .flat_map(|by| [true, false].map(|descending| Self { by, descending }));
        sorts.into_iter().find(|sort| sort.code() == code)
    }

    fn code(self) -> char {
        let code = match self.by {
            SortBy::Name => 'n',
            SortBy::Email => 'e',
            SortBy::Created => 'c',
            SortBy::Updated => 'u',
            SortBy::Relevance => 'r',
        };
        if self.descending { code.to_ascii_uppercase() } else { code }
    }
}

impl Position for Cursor {
    fn encode(&self) -> String {
        let key = match &self.key {
            CursorKey::Text(text) => write_text(text),
            CursorKey::Time(at) => write_micros(*at),
            CursorKey::Ranked(relevance, at) => {
                format!("{}{}", *relevance as u8, write_micros(*at))
            }
        };
        format!("{}{}{key}", self.sort.code(), self.id.0.simple())
    }

    fn decode(text: &str) -> Option<Self> {
        let sort = Sort::from_code(text.chars().next()?)?;
        let (id, key) = text.get(1..)?.split_at_checked(32)?;
        let id = ContactId(Uuid::try_parse(id).ok()?);
        let key = match sort.by {
            SortBy::Name | SortBy::Email => CursorKey::Text(read_text(key)?),
            SortBy::Created | SortBy::Updated => CursorKey::Time(read_micros(key)?),
            SortBy::Relevance => {
                let (relevance, at) = key.split_at_checked(1)?;
                let relevance = Relevance::ALL.get(relevance.parse::<usize>().ok()?)?;
                CursorKey::Ranked(*relevance, read_micros(at)?)
            }
        };
        Some(Self { sort, key, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    proptest! {
        #[test]
        fn a_cursor_is_read_back(name in "[^\\x00]{0,20}", id: u128, descending: bool) {
            let sort = Sort { by: SortBy::Name, descending };
            let cursor = Cursor { sort, key: CursorKey::Text(name), id: ContactId(Uuid::from_u128(id)) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,80}") {
            let _ = Cursor::decode(&text);
            for by in SortBy::ALL {
                let _ = Cursor::decode(&format!("{}{text}", Sort { by, descending: false }.code()));
            }
        }
    }

    #[test]
    fn a_cursor_contains_its_relevance() {
        for relevance in Relevance::ALL {
            let key = CursorKey::Ranked(relevance, datetime!(2026-01-01 00:00 UTC));
            let id = ContactId(Uuid::from_u128(1));
            let cursor = Cursor { sort: Sort::BEST_FIRST, key, id };
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
    }

    #[test]
    fn a_cursor_contains_its_order() {
        for by in [SortBy::Created, SortBy::Updated] {
            for descending in [false, true] {
                let sort = Sort { by, descending };
                let key = CursorKey::Time(datetime!(2026-01-01 00:00 UTC));
                let cursor = Cursor { sort, key, id: ContactId(Uuid::from_u128(1)) };
                assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
            }
        }
    }
}
