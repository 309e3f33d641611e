//! The choice of a file's layout by hand (R56).

mod service;

use super::garbled::repaired;
use super::{Format, Inspection, Quoting, Sheet, TableProblem};
use crate::{Invalid, Result};

/// The parts of a layout that a user chose. Parts that are `None` are detected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayoutChoice {
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The encoding of text, by one of its WHATWG labels, or `ibm850` or `ibm852`.
    pub encoding: Option<String>,
    /// The delimiter of text.
    pub delimiter: Option<char>,
    /// How cells of text are quoted.
    pub quoting: Option<Quoting>,
    /// The header row.
    pub header: Option<HeaderRow>,
    /// Whether text that another program has garbled is repaired, as in `JÃ¼rgen` (R57).
    pub repair_text: bool,
}

/// The header row of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderRow {
    /// The row that begins on this line of the text, or the row of the sheet with this number, from
    /// 1.
    Line(u64),
    /// The file has none: its columns are named A, B, C.
    Absent,
}

impl HeaderRow {
    /// Reads the number of a line; 0 means that there is no header.
    pub fn from_line(line: u64) -> Self {
        if line == 0 { Self::Absent } else { Self::Line(line) }
    }

    /// Returns the number of the line, or 0 without a header.
    pub fn line(self) -> u64 {
        match self {
            Self::Line(line) => line,
            Self::Absent => 0,
        }
    }
}

impl LayoutChoice {
    /// Checks the parts that can be checked without the file.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `delimiter`.
    pub fn check(&self) -> Result<()> {
        if self.delimiter.is_some_and(|delimiter| !is_delimiter(delimiter)) {
            let reason = "must be one ASCII character that separates cells, such as a comma, \
                          a semicolon or a tab";
            return Err(Invalid::one("delimiter", reason).into());
        }
        Ok(())
    }

    /// Returns the part that a problem of the file is about.
    fn part_of(&self, problem: &TableProblem) -> &'static str {
        match problem {
            TableProblem::UnknownEncoding(_) => "encoding",
            TableProblem::NoSheet(_) => "sheet",
            TableProblem::NoRow(_) | TableProblem::NoHeader => "header_row",
            _ if self.sheet.is_some() => "sheet",
            _ if self.encoding.is_some() => "encoding",
            _ if self.delimiter.is_some() => "delimiter",
            _ if self.quoting.is_some() => "quoting",
            _ => "header_row",
        }
    }

    /// Returns the first part that only text has.
    fn text_part(&self) -> Option<&'static str> {
        let parts = [
            ("encoding", self.encoding.is_some()),
            ("delimiter", self.delimiter.is_some()),
            ("quoting", self.quoting.is_some()),
        ];
        parts.into_iter().find(|(_, is_chosen)| *is_chosen).map(|(part, _)| part)
    }
}

impl Inspection {
    /// Repairs the header and the first rows, if the choice says so.
    #[must_use]
    pub fn repaired(mut self, choice: &LayoutChoice) -> Self {
        if choice.repair_text {
            let cells = self.layout.header.iter_mut().chain(self.samples.iter_mut().flatten());
            for cell in cells {
                if let Some(text) = repaired(cell) {
                    *cell = text;
                }
            }
        }
        self
    }
}

/// Returns whether a character can separate cells.
fn is_delimiter(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '"' | '\'' | '\r' | '\n' | '\0')
}

/// The beginning of a file, whether or not it can be imported: what a user needs to choose a layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Encoding and delimiter, or the sheet; `None` when the file is not a table.
    pub format: Option<Format>,
    /// The sheets of a workbook, hidden ones last; empty for text.
    pub sheets: Vec<Sheet>,
    /// The first rows with text, with the lines on which they begin: at most
    /// [`Outline::MAX_ROWS`], of at most [`Outline::MAX_COLUMNS`] cells. Long cells are cut.
    pub rows: Vec<(u64, Vec<String>)>,
}

impl Outline {
    /// Maximum number of rows.
    pub const MAX_ROWS: usize = 25;
    /// Maximum number of cells of a row.
    pub const MAX_COLUMNS: usize = 50;
    /// Maximum length of a cell in characters.
    pub const MAX_CELL: usize = 100;

    /// Creates an outline from the first rows of a file.
    pub fn new(format: Option<Format>, rows: Vec<(u64, Vec<String>)>) -> Self {
        let cut = |cell: &String| cell.chars().take(Self::MAX_CELL).collect();
        let rows = rows
            .into_iter()
            .take(Self::MAX_ROWS)
            .map(|(line, cells)| (line, cells.iter().take(Self::MAX_COLUMNS).map(cut).collect()));
        Self { format, sheets: Vec::new(), rows: rows.collect() }
    }
}

/// Returns the names of the columns of a file without a header, as spreadsheet programs name them:
/// A to Z, then AA, AB.
pub fn column_names(count: usize) -> Vec<String> {
    (0..count).map(column_name).collect()
}

fn column_name(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return letters.into_iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheet_programs_name_them() {
        let names = column_names(703);
        assert_eq!(names[..3], ["A", "B", "C"]);
        assert_eq!(
            [25, 26, 27, 51, 52, 701, 702].map(|at: usize| names[at].as_str()),
            ["Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]
        );
    }

    #[test]
    fn a_delimiter_is_a_sign_that_cells_rarely_contain() {
        let is_valid = |delimiter| {
            LayoutChoice { delimiter: Some(delimiter), ..LayoutChoice::default() }.check().is_ok()
        };
        assert!([',', ';', '\t', '|', '~', '^', ':', ' ', '\u{1f}'].into_iter().all(is_valid));
        assert!(!['a', '1', '"', '\'', '\n', '\r', '\0', 'é', '；'].into_iter().any(is_valid));
    }
}
