//! Pages of a list, and how many there are in all (R21).

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
