//! Formats of columns that a user chose, where their values do not show them (R58).

use super::{ColumnReading, DateOrder, DecimalMark, FindingKind, Plan};
use crate::{Invalid, Result};

/// The formats of a column that a user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnFormat {
    /// The column, from 0.
    pub column: usize,
    /// The order of day and month in dates that have both readings.
    pub date_order: Option<DateOrder>,
    /// The decimal mark of numbers that have both readings.
    pub decimal_mark: Option<DecimalMark>,
}

impl ColumnFormat {
    /// Returns the reading of the column, in which the chosen formats take the place of those that
    /// its values show.
    pub(super) fn over(self, shown: ColumnReading) -> ColumnReading {
        ColumnReading {
            date_order: self.date_order.or(shown.date_order),
            decimal_mark: self.decimal_mark.or(shown.decimal_mark),
            ..shown
        }
    }

    /// Checks the formats of a file with a number of columns.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming the format of a column that the file does not have, or that
    /// has another one.
    pub(super) fn check_all(formats: &[Self], columns: usize) -> Result<()> {
        let mut errors = Vec::new();
        for (at, format) in formats.iter().enumerate() {
            let member = format!("formats[{at}].column");
            if format.column >= columns {
                errors.push(Invalid::new(member, "must be a column of the file"));
            } else if formats[..at].iter().any(|other| other.column == format.column) {
                errors.push(Invalid::new(member, "is given twice"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }
}

impl Plan {
    /// Returns the formats that a user chose for a column.
    pub(super) fn format(&self, column: usize) -> ColumnFormat {
        self.formats.iter().copied().find(|format| format.column == column).unwrap_or_default()
    }

    /// Returns whether a user chose the format about which a finding warns.
    pub(super) fn settles(&self, kind: FindingKind, column: Option<usize>) -> bool {
        let format = column.map(|column| self.format(column)).unwrap_or_default();
        match kind {
            FindingKind::AmbiguousDate => format.date_order.is_some(),
            FindingKind::AmbiguousNumber => format.decimal_mark.is_some(),
            _ => false,
        }
    }
}
