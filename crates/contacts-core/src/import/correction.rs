//! Corrections of cells. They belong to the import, and the file stays as it came (R58).

mod service;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::service::{not_correctable, stored_layout};
use super::{LayoutChoice, Row, Rows};
use crate::{Invalid, Result};

/// A change of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellEdit {
    /// The row, counted from 1 below the header.
    pub row: u64,
    /// The column, from 0.
    pub column: usize,
    /// The new text; `None` restores the cell of the file.
    pub text: Option<String>,
}

/// The corrected cells of an import, by row and column. Rows count from 1, columns from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corrections {
    rows: BTreeMap<u64, BTreeMap<usize, String>>,
}

/// A row of a file with its corrections, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCells {
    /// The row, counted from 1 below the header.
    pub row: u64,
    /// The line of the file, from 1, on which it begins.
    pub line: u64,
    /// The cells: at least one for each column of the header, and those beyond it. Empty if the row
    /// cannot be read.
    pub cells: Vec<Cell>,
}

/// A cell as an import reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The text: the correction, or else that of the file.
    pub text: String,
    /// The text of the file, if the cell is corrected.
    pub original: Option<String>,
}

impl CellEdit {
    /// Checks that a file has the cell and that the text can be stored. `at` is the index of the edit
    /// in the request.
    fn check(&self, at: usize, rows: u64, columns: usize) -> Result<(), Invalid> {
        let invalid =
            |member, reason: String| Err(Invalid::new(format!("cells[{at}].{member}"), reason));
        if self.row == 0 || self.row > rows {
            return invalid("row", format!("must be a row of the file: from 1 to {rows}"));
        }
        if self.column >= columns {
            let last = columns.saturating_sub(1);
            return invalid("column", format!("must be a column of the header: from 0 to {last}"));
        }
        let text = self.text.as_deref().unwrap_or_default();
        if text.chars().count() > Corrections::MAX_TEXT || text.contains('\0') {
            let max = Corrections::MAX_TEXT;
            return invalid("text", format!("must have at most {max} characters, without U+0000"));
        }
        Ok(())
    }
}

impl Corrections {
    /// Maximum number of corrected cells of an import.
    pub const MAX_CELLS: usize = 10_000;
    /// Maximum size of all corrections of an import in bytes.
    pub const MAX_BYTES: usize = 4 << 20;
    /// Maximum length of the text of a cell in characters.
    pub const MAX_TEXT: usize = 4_000;

    /// Changes cells. Either all edits are applied or none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `cells` when the corrections would exceed a limit.
    pub fn edit(&mut self, edits: &[CellEdit]) -> Result<()> {
        let mut edited = self.clone();
        for CellEdit { row, column, text } in edits {
            match text {
                Some(text) => {
                    edited.rows.entry(*row).or_default().insert(*column, text.clone());
                }
                None => {
                    if let Some(cells) = edited.rows.get_mut(row) {
                        cells.remove(column);
                    }
                }
            }
        }
        edited.rows.retain(|_, cells| !cells.is_empty());
        let (cells, bytes) = edited.size();
        if cells > Self::MAX_CELLS || bytes > Self::MAX_BYTES {
            let reason = format!(
                "would be more than {} corrected cells, or more than {} MiB of text: correct the \
                 file and upload it again",
                Self::MAX_CELLS,
                Self::MAX_BYTES >> 20
            );
            return Err(Invalid::one("cells", reason).into());
        }
        *self = edited;
        Ok(())
    }

    /// Checks that the edited rows were skipped: others were imported already.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming the cells of other rows.
    pub fn check_skipped(edits: &[CellEdit], skipped: &BTreeSet<u64>) -> Result<()> {
        let others = edits.iter().enumerate().filter(|(_, edit)| !skipped.contains(&edit.row));
        let reason = "must be a row that was skipped: the others are imported already";
        let wrong: Vec<_> =
            others.map(|(at, _)| Invalid::new(format!("cells[{at}].row"), reason)).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
    }

    /// Returns whether no cell is corrected.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the number of corrected cells and their size in bytes.
    fn size(&self) -> (usize, usize) {
        let cells = || self.rows.values().flat_map(BTreeMap::values);
        (cells().count(), cells().map(String::len).sum())
    }

    /// Returns the corrected cells: row, column and text.
    pub fn iter(&self) -> impl Iterator<Item = (u64, usize, &str)> {
        let of_row = |(row, cells): (&u64, _)| (*row, cells);
        self.rows.iter().map(of_row).flat_map(|(row, cells): (u64, &BTreeMap<_, _>)| {
            cells.iter().map(move |(column, text): (&usize, &String)| (row, *column, text.as_str()))
        })
    }

    /// Returns the corrected texts of each row.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (u64, Vec<String>)> {
        self.rows.iter().map(|(row, cells)| (*row, cells.values().cloned().collect()))
    }

    /// Corrects the rows of a file. Rows that cannot be read stay so.
    pub(super) fn applied_to(self, rows: Rows) -> Rows {
        if self.is_empty() {
            return rows;
        }
        Box::new((1..).zip(rows).map(move |(number, row)| {
            row.map(|row| match self.rows.get(&number) {
                Some(cells) => corrected(row, cells),
                None => row,
            })
        }))
    }

    /// Returns the cells of a row of the file, with their corrections.
    fn cells_of(&self, number: u64, row: Row, columns: usize) -> RowCells {
        let line = row.line;
        let Ok(mut cells) = row.cells else {
            return RowCells { row: number, line, cells: Vec::new() };
        };
        cells.resize(cells.len().max(columns), String::new());
        let mut cells: Vec<_> =
            cells.into_iter().map(|text| Cell { text, original: None }).collect();
        for (column, text) in self.rows.get(&number).into_iter().flatten() {
            if let Some(cell) = cells.get_mut(*column) {
                cell.original = Some(std::mem::replace(&mut cell.text, text.clone()));
            }
        }
        RowCells { row: number, line, cells }
    }
}

impl FromIterator<(u64, usize, String)> for Corrections {
    /// Returns stored corrections, without a check of the limits.
    fn from_iter<T: IntoIterator<Item = (u64, usize, String)>>(cells: T) -> Self {
        let mut rows: BTreeMap<u64, BTreeMap<usize, String>> = BTreeMap::new();
        for (row, column, text) in cells {
            rows.entry(row).or_default().insert(column, text);
        }
        Self { rows }
    }
}

fn corrected(row: Row, corrections: &BTreeMap<usize, String>) -> Row {
    let cells = row.cells.map(|mut cells| {
        for (column, text) in corrections {
            if *column >= cells.len() {
                cells.resize(column + 1, String::new());
            }
            cells[*column].clone_from(text);
        }
        cells
    });
    Row { line: row.line, cells }
}

impl LayoutChoice {
    /// Returns whether a file has the same rows and columns by another choice, so that corrections
    /// are still those of the same cells.
    pub fn has_cells_of(&self, other: &Self) -> bool {
        let parts = |choice: &Self| {
            let Self { sheet, delimiter, quoting, header, .. } = choice.clone();
            (sheet, delimiter, quoting, header)
        };
        parts(self) == parts(other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{HeaderRow, Unreadable};

    fn edit(row: u64, column: usize, text: Option<&str>) -> CellEdit {
        CellEdit { row, column, text: text.map(str::to_owned) }
    }

    fn rows(cells: &[&[&str]]) -> Rows {
        let row = |(line, cells): (u64, &&[&str])| {
            let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
            Ok(Row { line, cells: Ok(cells) })
        };
        Box::new((2..).zip(cells).map(row).collect::<Vec<_>>().into_iter())
    }

    fn read(corrections: Corrections, cells: &[&[&str]]) -> Vec<String> {
        let rows = corrections.applied_to(rows(cells));
        rows.map(|row| row.unwrap().cells.unwrap().join("|")).collect()
    }

    #[test]
    fn a_corrected_cell_replaces_that_of_the_file() {
        let mut corrections = Corrections::default();
        corrections.edit(&[edit(2, 1, Some("b@x.org")), edit(3, 2, Some("late"))]).unwrap();
        let file: [&[&str]; 3] = [&["Ann", "a@x.org"], &["Bob", "b@@x"], &["Cy"]];
        assert_eq!(
            read(corrections.clone(), &file),
            ["Ann|a@x.org", "Bob|b@x.org", "Cy||late"],
            "a row may be shorter than the header"
        );
        corrections.edit(&[edit(2, 1, None), edit(3, 2, Some(""))]).unwrap();
        assert_eq!(read(corrections, &file), ["Ann|a@x.org", "Bob|b@@x", "Cy||"]);
    }

    #[test]
    fn a_row_that_cannot_be_read_stays_so() {
        let mut corrections = Corrections::default();
        corrections.edit(&[edit(1, 0, Some("Ann"))]).unwrap();
        let row = Row { line: 2, cells: Err(Unreadable::TooLong) };
        let read: Vec<_> =
            corrections.applied_to(Box::new([Ok(row.clone())].into_iter())).collect();
        assert_eq!(read[0].as_ref().unwrap(), &row);
    }

    #[test]
    fn cells_are_shown_with_their_originals() {
        let mut corrections = Corrections::default();
        corrections.edit(&[edit(1, 1, Some("a@x.org"))]).unwrap();
        let row = Row { line: 2, cells: Ok(vec!["Ann".to_owned()]) };
        let shown = corrections.cells_of(1, row, 3);
        let cells: Vec<_> =
            shown.cells.iter().map(|cell| (cell.text.as_str(), cell.original.as_deref())).collect();
        assert_eq!(cells, [("Ann", None), ("a@x.org", Some("")), ("", None)]);
    }

    #[test]
    fn corrections_are_limited_and_a_refused_edit_changes_nothing() {
        let mut corrections = Corrections::default();
        let all: Vec<_> =
            (1..=Corrections::MAX_CELLS as u64).map(|n| edit(n, 0, Some("x"))).collect();
        corrections.edit(&all).unwrap();
        let before = corrections.clone();
        assert!(corrections.edit(&[edit(1, 1, Some("x"))]).is_err());
        assert_eq!(corrections, before);
        corrections.edit(&[edit(1, 0, None), edit(1, 1, Some("x"))]).unwrap();
        let long = "x".repeat(Corrections::MAX_BYTES);
        assert!(corrections.edit(&[edit(1, 1, Some(&long))]).is_err());
    }

    #[test]
    fn an_edit_must_be_of_a_cell_of_the_file() {
        let is_valid =
            |row, column, text: &str| edit(row, column, Some(text)).check(0, 5, 2).is_ok();
        assert!(is_valid(1, 0, "") && is_valid(5, 1, "x"));
        assert!(!is_valid(0, 0, "x") && !is_valid(6, 0, "x") && !is_valid(1, 2, "x"));
        assert!(!is_valid(1, 0, "\0") && !is_valid(1, 0, &"x".repeat(Corrections::MAX_TEXT + 1)));
    }

    #[test]
    fn a_layout_with_other_rows_has_other_cells() {
        let detected = LayoutChoice::default();
        let repaired = LayoutChoice { repair_text: true, ..detected.clone() };
        let headless = LayoutChoice { header: Some(HeaderRow::Absent), ..detected.clone() };
        assert!(repaired.has_cells_of(&detected));
        assert!(!headless.has_cells_of(&detected));
    }

    proptest! {
        /// Edits and their removal leave what the last edit of each cell says.
        #[test]
        fn the_last_edit_of_a_cell_counts(edits in prop::collection::vec((1..4u64, 0..3usize, prop::option::of("[ab]{0,2}")), 0..20)) {
            let mut corrections = Corrections::default();
            let mut expected = BTreeMap::new();
            for (row, column, text) in edits {
                corrections.edit(&[edit(row, column, text.as_deref())]).unwrap();
                match text {
                    Some(text) => expected.insert((row, column), text),
                    None => expected.remove(&(row, column)),
                };
            }
            let found: BTreeMap<_, _> =
                corrections.iter().map(|(r, c, text)| ((r, c), text.to_owned())).collect();
            prop_assert_eq!(&found, &expected);
            let stored: Corrections =
                corrections.iter().map(|(r, c, text)| (r, c, text.to_owned())).collect();
            prop_assert_eq!(stored, corrections);
        }
    }
}
