//! The port that reads and writes spreadsheets: the layout of a file, and its rows.

use std::fmt;
use std::io::{self, Read};

/// The layout of a file. It is detected once and stored with the import, so that every later
/// reading of the file returns the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The encoding's WHATWG name, in lower case: `utf-8`, `windows-1252`, `utf-16le`, ...; or
    /// `ibm850` or `ibm852`, the code pages of DOS that browsers do not read.
    pub encoding: String,
    /// The delimiter of cells: `,`, `;`, a tab or `|`.
    pub delimiter: char,
    /// How cells are quoted.
    pub quoting: Quoting,
    /// The line of the file, from 1, on which the header begins.
    pub header_line: u64,
    /// The cells of the header, trimmed. A name may be empty, and may occur twice.
    pub header: Vec<String>,
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
}

impl Quoting {
    /// Every way of quoting.
    pub const ALL: [Self; 4] =
        [Self::Standard, Self::AfterSpaces, Self::Backslash, Self::WholeLines];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::AfterSpaces => "after_spaces",
            Self::Backslash => "backslash",
            Self::WholeLines => "whole_lines",
        }
    }

    /// The way of quoting of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quoting| quoting.as_str() == name)
    }
}

/// The result of inspecting the beginning of a file (R30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The layout.
    pub layout: Layout,
    /// The first rows below the header, decoded: at most [`Inspection::SAMPLES`].
    pub samples: Vec<Vec<String>>,
}

impl Inspection {
    /// Number of rows that are shown before an import starts.
    pub const SAMPLES: usize = 20;
}

/// One row below the header. Rows without text are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the file, from 1, on which the row begins.
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
    #[error("the file is empty: choose a CSV file with a header row")]
    Empty,
    /// The file is a picture, a spreadsheet program's own format, an archive or the like.
    #[error("the file is {0}, not text: save it as CSV and choose that file")]
    NotText(&'static str),
    /// The first row contains data instead of names.
    #[error(
        "the file has no header row: add a first row that names the columns, such as name,email"
    )]
    NoHeader,
    /// The file has more columns than [`TableProblem::MAX_COLUMNS`].
    #[error("the file has {0} columns: at most 2000 can be read, so remove those you do not need")]
    TooManyColumns(usize),
}

impl TableProblem {
    /// Maximum number of columns.
    pub const MAX_COLUMNS: usize = 2_000;
}

/// The rows of a file, from top to bottom. An [`io::Error`] comes from the file and ends them.
pub type Rows = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

/// Reads and writes spreadsheets. Every method is a pure function of the bytes it is given.
pub trait Spreadsheets: Send + Sync {
    /// Detects the layout from the first bytes of a file, or from the whole file when `whole` is
    /// true. Bytes beyond the first mebibyte only serve to detect the encoding; see [`read_head`].
    ///
    /// # Errors
    ///
    /// A [`TableProblem`] when the file cannot be imported.
    fn inspect(&self, head: &[u8], whole: bool) -> Result<Inspection, TableProblem>;

    /// Reads the rows below the header, in memory that does not grow with the file or a row.
    ///
    /// The escapes that exports add to cells against formula injection are removed (R25).
    fn rows(&self, source: Box<dyn Read + Send>, layout: &Layout) -> Rows;

    /// Appends one row of RFC 4180 in UTF-8, with formulas escaped (R25).
    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>);
}

/// Reads as much of a file as [`Spreadsheets::inspect`] needs. Returns the bytes, and whether they
/// are the whole file.
///
/// It reads the first mebibyte. If that is only ASCII, the encoding is still unknown, so it reads
/// on to the first other letters, however late they occur, and includes them.
///
/// # Errors
///
/// Those of `source`.
pub fn read_head(source: &mut dyn Read) -> io::Result<(Vec<u8>, bool)> {
    const HEAD: u64 = 1 << 20;
    const WINDOW: u64 = 1 << 16;
    let mut head = Vec::new();
    source.take(HEAD).read_to_end(&mut head)?;
    if (head.len() as u64) < HEAD {
        return Ok((head, true));
    }
    let mut window = Vec::new();
    while head.is_ascii() {
        window.clear();
        if source.take(WINDOW).read_to_end(&mut window)? == 0 {
            break;
        }
        if !window.is_ascii() {
            head.extend_from_slice(&window);
        }
    }
    Ok((head, false))
}

impl fmt::Debug for dyn Spreadsheets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spreadsheets")
    }
}
