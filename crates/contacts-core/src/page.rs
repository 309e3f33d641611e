//! Pages of a list, and how many there are in all (R21).

use std::fmt::Write;

use time::OffsetDateTime;
use uuid::Uuid;

/// How many rows a page holds: 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The most rows a page may hold.
    pub const MAX: u16 = 200;

    /// The size, when it is one.
    pub fn new(rows: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&rows).then_some(Self(rows))
    }

    /// The number of rows.
    pub fn get(self) -> usize {
        self.0.into()
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

/// Some rows, and where the next ones begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T, C> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// Where the next page begins; nothing on the last one.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of rows that were read one beyond the size.
    pub fn cut(mut items: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> C) -> Self {
        let more = items.len() > size.get();
        items.truncate(size.get());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exact(u64),
    /// More than so many: nobody counted on.
    MoreThan(u64),
}

impl Count {
    /// Up to where a count is exact unless the exact one is asked for.
    pub const BOUND: u64 = 10_000;

    /// What to make of a count that was stopped one beyond [`Count::BOUND`].
    pub fn bounded(counted: u64) -> Self {
        if counted > Self::BOUND { Self::MoreThan(Self::BOUND) } else { Self::Exact(counted) }
    }
}

/// A place in a list that is sorted by time: after what was made then and has this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub at: OffsetDateTime,
    /// The id of what was made then.
    pub id: Uuid,
}

impl Moment {
    /// The place as an opaque text of letters and digits.
    pub fn encode(self) -> String {
        format!("{}{}", self.id.simple(), write_micros(self.at))
    }

    /// Reads what [`Moment::encode`] wrote.
    pub fn decode(text: &str) -> Option<Self> {
        let (id, at) = text.split_at_checked(32)?;
        Some(Self { at: read_micros(at)?, id: Uuid::try_parse(id).ok()? })
    }
}

/// A time as cursors write it, to the microsecond.
pub(crate) fn write_micros(at: OffsetDateTime) -> String {
    let micros = i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or_default();
    format!("{:x}", micros.cast_unsigned())
}

pub(crate) fn read_micros(text: &str) -> Option<OffsetDateTime> {
    let micros = u64::from_str_radix(text, 16).ok()?.cast_signed();
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}

/// A text as cursors write it.
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
    let text = String::from_utf8(bytes?).ok()?;
    // A store may not be able to ask for it.
    (!text.contains('\0')).then_some(text)
}
