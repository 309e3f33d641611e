//! The rows of a sheet.

use std::io;

use contacts_core::import::{Row, TableProblem, Unreadable};

use crate::records::is_blank;

/// Maximum bytes of text in the rows of a sheet: some bytes of a workbook can stand for a long text
/// that occurs in every cell, or for a million equal rows.
const MAX_TEXT_BYTES: u64 = 4 << 30;

/// Maximum number of a row with text, some times that of spreadsheet programs.
const MAX_ROWS: u64 = 1 << 24;

/// Maximum number of equal rows with text that follow each other: a workbook of some bytes could
/// stand for millions of them.
const MAX_EQUAL_ROWS: u64 = 10_000;

/// Rows that are stored once, in place of equal ones that follow each other.
pub(super) struct Span {
    /// The number of the first row in the sheet, from 1.
    pub(super) line: u64,
    /// Number of equal rows.
    pub(super) count: u64,
}

/// Reads the rows of a sheet in its format.
pub(super) trait ReadRows {
    /// Reads the next row, blank or not. `cells` is empty before. Returns `None` at the end.
    fn read(&mut self, cells: &mut Cells) -> io::Result<Option<Span>>;
}

/// The cells of a row while they are read.
#[derive(Default)]
pub(super) struct Cells {
    cells: Vec<String>,
    bytes: usize,
}

impl Cells {
    /// Maximum columns of a sheet in spreadsheet programs. Cells beyond it are left out.
    pub(super) const MAX_COLUMNS: usize = 16_384;

    /// Sets the cell in a column, which counts from 0. Empty cells need not be set. Nothing more
    /// is stored of a row that is too long.
    pub(super) fn set(&mut self, column: usize, text: String) {
        if text.is_empty() || column >= Self::MAX_COLUMNS {
            return;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        if self.is_too_long() {
            self.cells.clear();
            return;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
    }

    /// Whether the row is longer than [`Row::MAX_BYTES`].
    pub(super) fn is_too_long(&self) -> bool {
        self.bytes > Row::MAX_BYTES
    }

    /// Takes the row, unless it has no text.
    fn take(&mut self) -> Option<Result<Vec<String>, Unreadable>> {
        let is_too_long = self.is_too_long();
        let cells = std::mem::take(self).cells;
        if is_too_long {
            return Some(Err(Unreadable::TooLong));
        }
        let has_text = cells.iter().any(|cell| !cell.chars().all(is_blank));
        has_text.then_some(Ok(cells))
    }
}

/// The rows of a sheet that have text. An error ends them.
pub(super) struct SheetRows<'a> {
    reader: Box<dyn ReadRows + Send + 'a>,
    cells: Cells,
    /// The row that is returned `left` times more.
    row: Row,
    left: u64,
    text_bytes: u64,
    has_ended: bool,
}

impl<'a> SheetRows<'a> {
    pub(super) fn new(reader: impl ReadRows + Send + 'a) -> Self {
        Self {
            reader: Box::new(reader),
            cells: Cells::default(),
            row: Row { line: 0, cells: Ok(Vec::new()) },
            left: 0,
            text_bytes: 0,
            has_ended: false,
        }
    }

    fn row(&mut self) -> io::Result<Option<Row>> {
        while self.left == 0 {
            let Some(Span { line, count }) = self.reader.read(&mut self.cells)? else {
                return Ok(None);
            };
            if let Some(cells) = self.cells.take() {
                let bytes = cells.iter().flatten().map(|cell| cell.len() as u64).sum::<u64>();
                self.text_bytes = self.text_bytes.saturating_add(bytes.saturating_mul(count));
                let last = line.saturating_add(count).saturating_sub(1);
                if count > MAX_EQUAL_ROWS || self.text_bytes > MAX_TEXT_BYTES || last > MAX_ROWS {
                    return Err(TableProblem::TooLarge.into());
                }
                (self.row, self.left) = (Row { line, cells }, count);
            }
        }
        self.left -= 1;
        let line = self.row.line;
        self.row.line += 1;
        let cells = if self.left == 0 {
            std::mem::replace(&mut self.row.cells, Ok(Vec::new()))
        } else {
            self.row.cells.clone()
        };
        Ok(Some(Row { line, cells }))
    }
}

impl Iterator for SheetRows<'_> {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<io::Result<Row>> {
        if self.has_ended {
            return None;
        }
        let row = self.row().transpose();
        self.has_ended = !matches!(row, Some(Ok(_)));
        row
    }
}
