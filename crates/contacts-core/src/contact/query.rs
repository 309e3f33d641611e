//! Pages of the contact list (R21).

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Contact, ContactId, Relevance, Sort, SortBy};
use crate::field::{FieldType, Number};
use crate::page::{Page, PageSize, Position, read_micros, read_text, write_micros, write_text};
use crate::text;

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
    /// Key of a name, an address, or a value of a custom field.
    Text(String),
    /// A time.
    Time(OffsetDateTime),
    /// A relevance, and the time of creation.
    Ranked(Relevance, OffsetDateTime),
    /// A value of a custom field that is a number, or has a place in an order.
    Number(Number),
    /// The contact has no value.
    Missing,
}

/// A page of the contact list.
pub type ContactPage = Page<Contact, Cursor>;

impl CursorKey {
    /// Maximum length of a text that is compared, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Returns the sort key of a value of a custom field, given as a cell contains it:
    /// - The key of a number is the number.
    /// - No comes before yes.
    /// - Choices are in the order of the options; a value that is no option any more comes after
    ///   them.
    /// - Dates, and values that do not fit the type, are compared as texts.
    /// - Of other texts, the first 200 characters are compared, folded like names.
    pub fn of_value(kind: &FieldType, value: &str) -> Self {
        let number = match kind {
            FieldType::Number => value.parse().ok(),
            FieldType::Boolean => Some(if value == "true" { 1.0 } else { 0.0 }),
            FieldType::Select(options) => {
                let at = options.iter().position(|option| option == value);
                Some(at.unwrap_or(options.len()) as f64)
            }
            FieldType::Text | FieldType::Date | FieldType::Url => None,
        };
        match number.and_then(Number::new) {
            Some(number) => Self::Number(number),
            None => {
                let first =
                    |text: &str| text.char_indices().nth(Self::MAX_CHARS).map(|(end, _)| end);
                let mut key = text::fold(first(value).map_or(value, |end| &value[..end]));
                // Folding can make several letters of one sign.
                if let Some(end) = first(&key) {
                    key.truncate(end);
                }
                Self::Text(key)
            }
        }
    }

    fn encode(&self) -> String {
        match self {
            Self::Text(text) => format!("t{}", write_text(text)),
            Self::Time(at) => format!("a{}", write_micros(*at)),
            Self::Ranked(relevance, at) => format!("r{}{}", *relevance as u8, write_micros(*at)),
            Self::Number(number) => format!("n{:x}", number.get().to_bits()),
            Self::Missing => "m".to_owned(),
        }
    }

    fn decode(text: &str) -> Option<Self> {
        let (kind, key) = text.split_at_checked(1)?;
        match kind {
            "t" => read_text(key).map(Self::Text),
            "a" => read_micros(key).map(Self::Time),
            "r" => {
                let (relevance, at) = key.split_at_checked(1)?;
                let relevance = Relevance::ALL.get(relevance.parse::<usize>().ok()?)?;
                Some(Self::Ranked(*relevance, read_micros(at)?))
            }
            "n" => {
                Number::new(f64::from_bits(u64::from_str_radix(key, 16).ok()?)).map(Self::Number)
            }
            "m" => key.is_empty().then_some(Self::Missing),
            _ => None,
        }
    }

    /// Returns whether a row of a list with this order can have the key.
    fn fits(&self, by: &SortBy) -> bool {
        match by {
            SortBy::Name | SortBy::Email => matches!(self, Self::Text(_)),
            SortBy::Created | SortBy::Updated => matches!(self, Self::Time(_)),
            SortBy::Relevance => matches!(self, Self::Ranked(..)),
            SortBy::LastConversation => matches!(self, Self::Time(_) | Self::Missing),
            SortBy::Field(_) => matches!(self, Self::Text(_) | Self::Number(_) | Self::Missing),
        }
    }
}

impl Position for Cursor {
    fn encode(&self) -> String {
        format!("{}{}.{}", self.id.0.simple(), self.key.encode(), self.sort.code())
    }

    fn decode(text: &str) -> Option<Self> {
        let (id, rest) = text.split_at_checked(32)?;
        let (key, sort) = rest.split_once('.')?;
        let id = ContactId(Uuid::try_parse(id).ok()?);
        let (key, sort) = (CursorKey::decode(key)?, Sort::from_code(sort)?);
        key.fits(&sort.by).then_some(Self { sort, key, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldKey;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn read_back(by: SortBy, key: CursorKey) {
        for descending in [false, true] {
            let sort = Sort { by: by.clone(), descending };
            let cursor = Cursor { sort, key: key.clone(), id: ContactId(Uuid::from_u128(1)) };
            assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }
    }

    fn tier() -> SortBy {
        SortBy::Field(FieldKey::parse("tier").unwrap())
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_back(name in "[^\\x00]{0,20}", id: u128, descending: bool) {
            let sort = Sort { by: SortBy::Name, descending };
            let cursor = Cursor { sort, key: CursorKey::Text(name), id: ContactId(Uuid::from_u128(id)) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn a_cursor_contains_its_number(number in proptest::num::f64::NORMAL) {
            read_back(tier(), CursorKey::Number(Number::new(number).unwrap()));
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,80}") {
            let id = Uuid::nil().simple();
            for by in SortBy::ALL.into_iter().chain([tier()]) {
                let sort = Sort { by, descending: false }.code();
                let _ = Cursor::decode(&format!("{id}{text}.{sort}"));
            }
            let _ = (Cursor::decode(&text), Cursor::decode(&format!("{id}{text}")));
        }
    }

    #[test]
    fn a_cursor_contains_its_relevance() {
        for relevance in Relevance::ALL {
            let key = CursorKey::Ranked(relevance, datetime!(2026-01-01 00:00 UTC));
            read_back(SortBy::Relevance, key);
        }
    }

    #[test]
    fn a_cursor_contains_its_order() {
        for by in [SortBy::Created, SortBy::Updated, SortBy::LastConversation] {
            read_back(by, CursorKey::Time(datetime!(2026-01-01 00:00 UTC)));
        }
        for by in [SortBy::LastConversation, tier()] {
            read_back(by, CursorKey::Missing);
        }
    }

    #[test]
    fn a_key_of_another_order_is_refused() {
        let sort = Sort { by: SortBy::Created, descending: true };
        let cursor = Cursor { sort, key: CursorKey::Missing, id: ContactId(Uuid::nil()) };
        assert_eq!(Cursor::decode(&cursor.encode()), None);
    }
}
