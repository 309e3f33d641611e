//! The port that reads and writes spreadsheets: the layout of a file, and its rows.

use std::fmt;
use std::io;

use super::{LayoutChoice, Outline};
use crate::Result;
use crate::file::FileContent;

/// The layout of a file. It is detected once and stored with the import, so that every later
/// reading of the file returns the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where the rows are, and how they are written.
    pub format: Format,
    /// The line of the text or the row of the sheet, from 1, on which the header begins; where there
    /// is none, on which the rows begin.
    pub header_line: u64,
    /// Whether the file has a header. Otherwise the first line is a row.
    pub has_header: bool,
    /// The cells of the header, trimmed. A name may be empty, and may occur twice. Without a header,
    /// the letters of the columns.
    pub header: Vec<String>,
}

impl Layout {
    /// Returns the sheet of a workbook.
    pub fn sheet(&self) -> Option<&str> {
        match &self.format {
            Format::Text(_) => None,
            Format::Sheet(sheet) => Some(sheet),
        }
    }
}

/// The format of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text whose cells are separated by a delimiter.
    Text(TextFormat),
    /// The sheet with this name of an XLSX or ODS workbook (R56).
    Sheet(String),
}

/// How text is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFormat {
    /// The encoding's WHATWG name, in lower case: `utf-8`, `windows-1252`, `utf-16le`, ...; or
    /// `ibm850` or `ibm852`, the code pages of DOS that browsers do not read.
    pub encoding: String,
    /// The delimiter of cells: `,`, `;`, a tab or `|`, or another ASCII character that a user chose.
    pub delimiter: char,
    /// How cells are quoted.
    pub quoting: Quoting,
}

impl TextFormat {
    /// UTF-8 with commas and the quotation marks of RFC 4180.
    pub fn standard() -> Self {
        Self { encoding: "utf-8".to_owned(), delimiter: ',', quoting: Quoting::Standard }
    }
}

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The name, which is unique within the workbook.
    pub name: String,
    /// Whether the spreadsheet program hides the sheet.
    pub is_hidden: bool,
}

/// How a file quotes cells that contain delimiters, line breaks or quotation marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quoting {
    /// In quotation marks, those within doubled (RFC 4180).
    #[default]
    Standard,
    /// As `Standard`, with spaces between a delimiter and the quotation mark.
    AfterSpaces,
    /// In quotation marks, those within after a backslash.
    Backslash,
    /// Whole lines are quoted as if they were one cell.
    WholeLines,
    /// In apostrophes, those within doubled. It is never suggested.
    Apostrophes,
    /// Not at all: quotation marks are a part of the cell. It is never suggested.
    Never,
}

impl Quoting {
    /// Every way of quoting.
    pub const ALL: [Self; 6] = [
        Self::Standard,
        Self::AfterSpaces,
        Self::Backslash,
        Self::WholeLines,
        Self::Apostrophes,
        Self::Never,
    ];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::AfterSpaces => "after_spaces",
            Self::Backslash => "backslash",
            Self::WholeLines => "whole_lines",
            Self::Apostrophes => "apostrophes",
            Self::Never => "never",
        }
    }

    /// The way of quoting of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quoting| quoting.as_str() == name)
    }
}

/// The result of inspecting a file (R30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The layout.
    pub layout: Layout,
    /// The first rows below the header, decoded: at most [`Inspection::SAMPLES`].
    pub samples: Vec<Vec<String>>,
    /// The sheets of a workbook, hidden ones last; empty for text.
    pub sheets: Vec<Sheet>,
}

impl Inspection {
    /// Number of rows that are shown before an import starts.
    pub const SAMPLES: usize = 20;
}

/// One row below the header. Rows without text are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the text or the row of the sheet, from 1, on which the row begins.
    pub line: u64,
    /// The cells as written, or the reason why the row cannot be read.
    pub cells: Result<Vec<String>, Unreadable>,
}

/// The reason why a row cannot be read. The other rows of the file are still read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Unreadable {
    /// The row is longer than [`Row::MAX_BYTES`].
    #[error("the row is longer than 1 MiB")]
    TooLong,
    /// A cell begins with a quotation mark that is never closed.
    #[error("a quotation mark is never closed")]
    UnclosedQuote,
}

impl Row {
    /// Maximum length of a row, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1 << 20;
}

/// The reason why a file cannot be imported; the sentence says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// The file is empty.
    #[error("the file is empty: choose a file with a header row and rows below it")]
    Empty,
    /// The file is a picture, a document of another program, an archive or the like.
    #[error("the file is {0}, not a table: save it as XLSX, ODS or CSV and choose that file")]
    NotTable(&'static str),
    /// The file is an archive, which may contain a table.
    #[error("the file is {0}: unpack it and choose the file in it")]
    Archive(&'static str),
    /// The workbook is encrypted.
    #[error(
        "the workbook is protected by a password: remove the password in the spreadsheet program, \
         save the workbook and choose it again"
    )]
    Encrypted,
    /// The workbook is cut off or does not follow its format.
    #[error(
        "the workbook is damaged: open it in the spreadsheet program, save it again and choose \
         that file"
    )]
    Damaged,
    /// The workbook unpacks to more than can be read.
    #[error(
        "the workbook is too large when it is unpacked: save the sheet as CSV and choose that file"
    )]
    TooLarge,
    /// The workbook has no sheet of that name.
    #[error("the workbook has no sheet {0:?}: choose one of its sheets")]
    NoSheet(String),
    /// The first row contains data instead of names.
    #[error(
        "the file has no header row: add a first row that names the columns, such as name,email, or \
         choose that there is none, so that the columns are named A, B, C"
    )]
    NoHeader,
    /// No row begins on the chosen line.
    #[error("no row begins on line {0} of the first rows: choose another header row")]
    NoRow(u64),
    /// The chosen encoding does not exist.
    #[error("{0:?} is not an encoding: use a name such as utf-8 or windows-1252")]
    UnknownEncoding(String),
    /// The file has more columns than [`TableProblem::MAX_COLUMNS`].
    #[error("the file has {0} columns: at most 2000 can be read, so remove those you do not need")]
    TooManyColumns(usize),
}

impl TableProblem {
    /// Maximum number of columns.
    pub const MAX_COLUMNS: usize = 2_000;

    /// Returns the problem that ended the reading of a file. An error of the storage is none.
    ///
    /// # Errors
    ///
    /// The error of the storage.
    pub fn of(error: io::Error) -> io::Result<Self> {
        error.downcast()
    }
}

impl From<TableProblem> for io::Error {
    /// Returns the error that ends the rows of a file that turns out to be damaged or too large.
    fn from(problem: TableProblem) -> Self {
        Self::new(io::ErrorKind::InvalidData, problem)
    }
}

/// The rows of a file, from top to bottom. An [`io::Error`] ends them; [`TableProblem::of`] tells
/// whether it is a problem of the file or of its storage.
pub type Rows = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

/// The bytes of a file that is being written. An empty item means that none are available yet.
pub type FileBytes = Box<dyn Iterator<Item = Result<Vec<u8>>> + Send>;

/// What the cells of a column are in a workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Text, which spreadsheet programs keep as it is.
    Text,
    /// A decimal number, written with a point.
    Number,
    /// A day, written as `2026-11-30`.
    Date,
    /// `true` or `false`.
    Boolean,
}

/// Reads and writes spreadsheets. Every method is a pure function of the bytes it is given.
pub trait Spreadsheets: Send + Sync {
    /// Detects the layout of a file, except for the parts that were chosen. Of a workbook, it is that
    /// of the chosen sheet, or else of the first visible sheet that can be imported; of the first
    /// hidden one where no visible sheet has rows. Parts that the kind of file does not have are
    /// ignored.
    ///
    /// # Errors
    ///
    /// The inner one when the file cannot be imported, the outer one when it cannot be read.
    fn inspect(
        &self,
        file: Box<dyn FileContent>,
        choice: &LayoutChoice,
    ) -> io::Result<Result<Inspection, TableProblem>>;

    /// Reads the beginning of a file as a choice reads it, also of one that cannot be imported.
    ///
    /// # Errors
    ///
    /// Those of the storage.
    fn outline(&self, file: Box<dyn FileContent>, choice: &LayoutChoice) -> io::Result<Outline>;

    /// Reads the rows below the header, or all rows where there is none. Memory does not grow with
    /// the rows, but with the number of different texts that an XLSX workbook stores apart from its
    /// sheets, up to a limit.
    ///
    /// The escapes that exports add to cells against formula injection are removed (R25).
    fn rows(&self, file: Box<dyn FileContent>, layout: &Layout) -> Rows;

    /// Appends one row of RFC 4180 in UTF-8, with formulas escaped (R25).
    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>);

    /// Returns the bytes of an XLSX workbook with the rows of a CSV file, as [`Self::write_row`]
    /// writes them, whose columns have these kinds. A cell whose text is none of its kind is text.
    /// Errors of the file are returned as they are.
    fn workbook(&self, csv: FileBytes, kinds: Vec<CellKind>) -> FileBytes;
}

impl fmt::Debug for dyn Spreadsheets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spreadsheets")
    }
}
