//! What an import needs of a file: how it is laid out, and its rows in order.

use std::fmt;
use std::io::{self, Read};

/// How a file is to be read. Found once, kept with the import, so that every
/// later reading of the file sees the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The encoding's WHATWG name, in lower case: `utf-8`, `windows-1252`, `utf-16le`, ...
    pub encoding: String,
    /// What separates cells: `,`, `;`, a tab or `|`.
    pub delimiter: char,
    /// The line of the file, from 1, on which the header begins.
    pub header_line: u64,
    /// The header's cells, trimmed. A name may be empty, and may occur twice.
    pub header: Vec<String>,
}

/// What the beginning of a file shows (R30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// How the file is to be read.
    pub layout: Layout,
    /// The first rows below the header, decoded: at most [`Inspection::SAMPLES`].
    pub samples: Vec<Vec<String>>,
}

impl Inspection {
    /// How many rows are shown before an import starts.
    pub const SAMPLES: usize = 20;
}

/// One row below the header. Rows without any text are not rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the file, from 1, on which the row begins.
    pub line: u64,
    /// The row's cells as they stand, or why they could not be read.
    pub cells: Result<Vec<String>, Unreadable>,
}

/// Why a row could not be read. Its neighbours are read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Unreadable {
    /// The row is longer than [`Row::MAX_BYTES`].
    #[error("the row is longer than a mebibyte")]
    TooLong,
    /// A quotation mark opens a cell and nothing closes it.
    #[error("a quotation mark is never closed")]
    UnclosedQuote,
}

impl Row {
    /// The longest row that is read, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1 << 20;
}

/// Why a file cannot be imported at all; the sentence says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// There is nothing in it.
    #[error("the file is empty: choose a CSV file with a header row")]
    Empty,
    /// It is a picture, a spreadsheet program's own format, an archive, ...
    #[error("the file is {0}, not text: save it as CSV and choose that file")]
    NotText(&'static str),
    /// Its first row is data.
    #[error(
        "the file has no header row: add a first row that names the columns, such as name,email"
    )]
    NoHeader,
    /// It has more columns than [`TableProblem::MAX_COLUMNS`].
    #[error("the file has {0} columns: at most 2000 can be read, so remove those you do not need")]
    TooManyColumns(usize),
}

impl TableProblem {
    /// The most columns a file may have.
    pub const MAX_COLUMNS: usize = 2_000;
}

/// The rows of a file, top to bottom. An [`io::Error`] is the source's own and ends them.
pub type Rows = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

/// Reads and writes spreadsheets. Every method is a pure function of the bytes it is given.
pub trait Spreadsheets: Send + Sync {
    /// Finds the layout from the first bytes of a file, or of all of it when `whole`. See
    /// [`read_head`]: what is beyond the first mebibyte serves to tell the encoding.
    ///
    /// # Errors
    ///
    /// A [`TableProblem`] when the file cannot be imported.
    fn inspect(&self, head: &[u8], whole: bool) -> Result<Inspection, TableProblem>;

    /// Reads the rows below the header, in memory that does not grow with the file or a row.
    ///
    /// Cells that our own export made harmless for spreadsheet programs are undone (R25).
    fn rows(&self, source: Box<dyn Read + Send>, layout: &Layout) -> Rows;

    /// Appends one row of RFC 4180 in UTF-8, formulas made harmless (R25).
    fn write_row(&self, cells: &[&str], out: &mut Vec<u8>);
}

/// Reads as much of a file as [`Spreadsheets::inspect`] needs, and says whether that is all.
///
/// It is the first mebibyte. Where that is ASCII, any encoding would do, so it goes on to the
/// first letters that are not, however late they come, and takes them, too.
///
/// # Errors
///
/// The source's own.
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
