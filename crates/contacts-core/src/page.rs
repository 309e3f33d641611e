//! Pages of a list, and counts (R21).

use std::fmt::Write;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::Result;

/// Number of rows on a page: 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// Maximum number of rows on a page.
    pub const MAX: u16 = 200;

    /// Makes a page size, or `None` when it is out of range.
    pub fn new(rows: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&rows).then_some(Self(rows))
    }

    /// Returns the number of rows.
    pub fn get(self) -> usize {
        self.0.into()
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

/// Some rows of a list, and the cursor of the next page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// Rows, in order.
    pub items: Vec<T>,
    /// Cursor of the next page. `None` on the last page.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of rows that were read with one row more than the size.
    pub fn cut(mut items: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> C) -> Self {
        let more = items.len() > size.get();
        items.truncate(size.get());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

impl<T, C> Page<T, C> {
    /// Makes a page of a complete list that is sorted by its cursors in ascending order. For lists
    /// that are bounded by a limit of the organisation, and so are read as a whole.
    pub fn of_all(
        items: Vec<T>,
        after: Option<&C>,
        size: PageSize,
        cursor: impl Fn(&T) -> C,
    ) -> Self
    where
        C: PartialOrd,
    {
        let rest = items.into_iter().filter(|item| after.is_none_or(|after| cursor(item) > *after));
        Self::cut(rest.take(size.get() + 1).collect(), size, cursor)
    }

    /// Converts each row.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U, C> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

/// Reads all rows of a list, page by page. `read` returns up to the given number of rows after a
/// position; `position` returns the position of a row.
///
/// # Errors
///
/// Those of `read`.
pub fn read_all<T, P>(
    read: impl Fn(Option<P>, usize) -> Result<Vec<T>>,
    position: impl Fn(&T) -> P,
) -> Result<Vec<T>> {
    let mut all: Vec<T> = Vec::new();
    let limit = usize::from(PageSize::MAX);
    loop {
        let rows = read(all.last().map(&position), limit)?;
        let is_last = rows.len() < limit;
        all.extend(rows);
        if is_last {
            return Ok(all);
        }
    }
}

/// A position in a list, after which the next page begins. Adapters make cursors of its text.
pub trait Position: Sized {
    /// Writes the position as text.
    fn encode(&self) -> String;

    /// Reads a position that [`Position::encode`] wrote. Returns `None` for any other text.
    fn decode(text: &str) -> Option<Self>;
}

/// A row of a file.
impl Position for u64 {
    fn encode(&self) -> String {
        self.to_string()
    }

    fn decode(text: &str) -> Option<Self> {
        // A store may keep numbers as signed integers.
        text.parse().ok().filter(|number| i64::try_from(*number).is_ok())
    }
}

/// A name.
impl Position for String {
    fn encode(&self) -> String {
        self.clone()
    }

    fn decode(text: &str) -> Option<Self> {
        is_storable(text).then(|| text.to_owned())
    }
}

impl Position for Uuid {
    fn encode(&self) -> String {
        self.simple().to_string()
    }

    fn decode(text: &str) -> Option<Self> {
        Self::try_parse(text).ok()
    }
}

/// Number of matching rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Exactly this many.
    Exact(u64),
    /// About this many: an estimate, which can be wrong in both directions.
    About(u64),
}

/// A position in a list that is sorted by time: after the row with this time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeCursor {
    /// Time of the row.
    pub at: OffsetDateTime,
    /// Id of the row.
    pub id: Uuid,
}

impl Position for TimeCursor {
    fn encode(&self) -> String {
        format!("{}{}", self.id.simple(), write_micros(self.at))
    }

    fn decode(text: &str) -> Option<Self> {
        let (id, at) = text.split_at_checked(32)?;
        Some(Self { at: read_micros(at)?, id: Uuid::try_parse(id).ok()? })
    }
}

/// Writes a time for a cursor, in microseconds.
pub(crate) fn write_micros(at: OffsetDateTime) -> String {
    let micros = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or_default();
    format!("{:x}", micros.cast_unsigned())
}

pub(crate) fn read_micros(text: &str) -> Option<OffsetDateTime> {
    let micros = u64::from_str_radix(text, 16).ok()?.cast_signed();
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

/// Writes text for a cursor.
pub(crate) fn write_text(text: &str) -> String {
    text.bytes().fold(String::with_capacity(2 * text.len()), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

pub(crate) fn read_text(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    String::from_utf8(bytes?).ok().filter(|text| is_storable(text))
}

/// Returns whether every store can compare a text: some refuse NUL.
pub(crate) fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_cursor_is_read_back(id: u128, micros in -1_000_000_000_000_000i64..1_000_000_000_000_000) {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).unwrap();
            let cursor = TimeCursor { at, id: Uuid::from_u128(id) };
            prop_assert_eq!(TimeCursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn names_numbers_and_ids_are_read_back(name in "[^\\x00]{0,20}", number in 0..=i64::MAX, id: u128) {
            prop_assert_eq!(String::decode(&name.encode()), Some(name));
            prop_assert_eq!(u64::decode(&number.cast_unsigned().encode()), Some(number.cast_unsigned()));
            let id = Uuid::from_u128(id);
            prop_assert_eq!(Uuid::decode(&id.encode()), Some(id));
        }

        #[test]
        fn no_text_breaks_decoding(text in "\\PC{0,60}") {
            let _ = (TimeCursor::decode(&text), u64::decode(&text), Uuid::decode(&text));
        }
    }

    #[test]
    fn a_complete_list_is_cut_into_pages() {
        let size = PageSize::new(2).unwrap();
        let page = |after: Option<u64>| {
            Page::of_all(vec![1, 3, 5], after.as_ref(), size, |number| *number)
        };
        assert_eq!(page(None), Page { items: vec![1, 3], next: Some(3) });
        assert_eq!(page(Some(3)), Page { items: vec![5], next: None });
        assert_eq!(page(Some(2)), Page { items: vec![3, 5], next: None });
        assert_eq!(page(Some(5)), Page { items: vec![], next: None });
    }

    #[test]
    fn all_rows_are_read_page_by_page() {
        let read = |after: Option<u64>, limit| {
            Ok((0..450).skip_while(|n| Some(*n) <= after).take(limit).collect())
        };
        assert_eq!(read_all(read, |number| *number).unwrap(), (0..450).collect::<Vec<u64>>());
    }
}
