//! Sorting and paging of the list (R21).

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Contact, ContactId};
use crate::page::{Page, PageSize, read_micros, read_text, write_micros, write_text};

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The folded name; contacts without one come first.
    Name,
    /// The address; contacts without one come first.
    Email,
    /// When it was made.
    Created,
    /// When its profile last changed.
    Updated,
}

impl SortBy {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Name, Self::Email, Self::Created, Self::Updated];
}

/// An order of the list. Ids break ties, so it is total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the last comes first.
    pub descending: bool,
}

impl Default for Sort {
    /// The newest first.
    fn default() -> Self {
        Self { by: SortBy::Created, descending: true }
    }
}

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageRequest {
    /// The order.
    pub sort: Sort,
    /// How many rows.
    pub size: PageSize,
    /// After which row; nothing means from the beginning.
    pub after: Option<Cursor>,
}

/// A place in a sorted list: after the row of this key and id. It is no number of rows,
/// so rows that come and go neither shift it nor make it slow.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// The order in which it is a place.
    pub sort: Sort,
    /// What that row is sorted by.
    pub key: CursorKey,
    /// That row's id.
    pub id: ContactId,
}

/// What a row is sorted by.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum CursorKey {
    /// A name's or an address's key.
    Text(String),
    /// A moment.
    Time(OffsetDateTime),
}

/// A page of the list.
pub type Listed = Page<Contact, Cursor>;

impl Sort {
    /// What a contact is sorted by.
    pub fn key(self, contact: &Contact) -> CursorKey {
        match self.by {
            SortBy::Name => CursorKey::Text(contact.name_key()),
            SortBy::Email => CursorKey::Text(contact.email_key().to_owned()),
            SortBy::Created => CursorKey::Time(contact.created_at),
            SortBy::Updated => CursorKey::Time(contact.updated_at),
        }
    }

    /// The place after a contact.
    pub fn cursor(self, contact: &Contact) -> Cursor {
        Cursor { sort: self, key: self.key(contact), id: contact.id }
    }

    fn code(self) -> char {
        let code = match self.by {
            SortBy::Name => 'n',
            SortBy::Email => 'e',
            SortBy::Created => 'c',
            SortBy::Updated => 'u',
        };
        if self.descending { code.to_ascii_uppercase() } else { code }
    }
}

impl Cursor {
    /// The cursor as an opaque text of letters and digits.
    pub fn encode(&self) -> String {
        let key = match &self.key {
            CursorKey::Text(text) => write_text(text),
            CursorKey::Time(at) => write_micros(*at),
        };
        format!("{}{}{key}", self.sort.code(), self.id.0.simple())
    }

    /// Reads what [`Cursor::encode`] wrote; nothing when it is none of this order.
    pub fn decode(text: &str, sort: Sort) -> Option<Self> {
        let rest = text.strip_prefix(sort.code())?;
        let (id, key) = rest.split_at_checked(32)?;
        let id = ContactId(Uuid::try_parse(id).ok()?);
        let key = match sort.by {
            SortBy::Name | SortBy::Email => CursorKey::Text(read_text(key)?),
            SortBy::Created | SortBy::Updated => CursorKey::Time(read_micros(key)?),
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
            prop_assert_eq!(Cursor::decode(&cursor.encode(), sort), Some(cursor));
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,80}") {
            for by in SortBy::ALL {
                let _ = Cursor::decode(&text, Sort { by, descending: false });
            }
        }
    }

    #[test]
    fn a_cursor_of_another_order_is_none() {
        let sort = Sort::default();
        let key = CursorKey::Time(datetime!(2026-01-01 00:00 UTC));
        let cursor = Cursor { sort, key, id: ContactId(Uuid::from_u128(1)) };
        assert_eq!(Cursor::decode(&cursor.encode(), sort), Some(cursor.clone()));
        let other = Sort { by: SortBy::Updated, descending: true };
        assert_eq!(Cursor::decode(&cursor.encode(), other), None);
    }
}
