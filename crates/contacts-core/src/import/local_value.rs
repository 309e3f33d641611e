//! Dates and numbers as people and spreadsheet programs of different countries write them (R57).

mod date;
mod number;

pub use self::date::DateOrder;
pub(super) use self::date::{date_evidence, iso_day};
pub use self::number::DecimalMark;
pub(super) use self::number::{number_evidence, plain_number};

/// What one cell shows about its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence<T> {
    /// The cell can be read in this way only.
    Only(T),
    /// The cell can be read in two ways.
    Ambiguous,
}
