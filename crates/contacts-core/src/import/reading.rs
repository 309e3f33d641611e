//! What whole columns show about how their cells are read (R57).

use super::garbled::repaired;
use super::local_value::{DateOrder, DecimalMark};

/// How the cells of a file are read where one cell alone does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether the header is of a language that writes the family name first.
    pub family_name_first: bool,
    /// The reading of each column, in the order of the header.
    pub columns: Vec<ColumnReading>,
}

/// How the cells of one column are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnReading {
    /// The order of day and month that fits all dates; `None` if both or neither fit.
    pub date_order: Option<DateOrder>,
    /// The decimal mark of the numbers; `None` if no cell shows it.
    pub decimal_mark: Option<DecimalMark>,
    /// Whether cells contain HTML entities.
    pub has_entities: bool,
    /// Whether names are written `Last, First`.
    pub is_inverted: bool,
    /// Whether garbled text is repaired.
    pub repairs_text: bool,
}

/// Something that a user should know about a file before the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// The column, from 0; `None` if whole rows are concerned.
    pub column: Option<usize>,
    /// Number of rows that are concerned.
    pub rows: u64,
    /// The line of the file, from 1, on which the first of them begins.
    pub line: u64,
    /// The cell of that row, cut after [`Finding::MAX_EXAMPLE`] characters.
    pub example: String,
}

impl Finding {
    /// Maximum length of an example in characters.
    pub const MAX_EXAMPLE: usize = 100;

    /// Returns the example as it would be repaired; `None` unless it is garbled text.
    pub fn repaired(&self) -> Option<String> {
        (self.kind == FindingKind::GarbledText).then(|| repaired(&self.example)).flatten()
    }
}

/// What was found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// Characters that could not be decoded (U+FFFD).
    DamagedText,
    /// Text that another program decoded in the wrong encoding, such as `JÃ¼rgen`.
    GarbledText,
    /// More cells than the header has: those beyond it are not read.
    LongRow,
    /// Rows that look like a header: of a second table, or the same header again.
    HeaderRow,
    /// The same value in every row.
    OneValue,
    /// Dates such as `03/04/2026` in a column without any that shows the order of day and month.
    AmbiguousDate,
    /// Numbers such as `1.234` in a column without any that shows the decimal mark.
    AmbiguousNumber,
    /// Long numbers that a spreadsheet program has shortened, such as `4.91512E+12`.
    Exponent,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::DamagedText,
        Self::GarbledText,
        Self::LongRow,
        Self::HeaderRow,
        Self::OneValue,
        Self::AmbiguousDate,
        Self::AmbiguousNumber,
        Self::Exponent,
    ];

    /// The name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DamagedText => "damaged_text",
            Self::GarbledText => "garbled_text",
            Self::LongRow => "long_row",
            Self::HeaderRow => "header_row",
            Self::OneValue => "one_value",
            Self::AmbiguousDate => "ambiguous_date",
            Self::AmbiguousNumber => "ambiguous_number",
            Self::Exponent => "exponent",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
